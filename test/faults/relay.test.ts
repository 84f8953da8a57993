/**
 * Three servers of one room, and what befalls them and their engine: each ends
 * with the same messages in the same order, none lost and none doubled.
 */
import assert from 'node:assert/strict';
import {join} from 'node:path';
import {test, type TestContext} from 'node:test';
import {openClient, type TestClient} from '../helpers/client.js';
import {openFaultProxy} from '../helpers/fault-proxy.js';
import {makeFolder, serveOn} from '../helpers/faults/process.js';
import {createRandom, deadlineMs, sized} from '../helpers/faults/size.js';
import {allEntriesOf, startCluster, startNats} from '../helpers/nats.js';
import {findPort} from '../helpers/ports.js';
import {loopback} from '../helpers/sockchat.js';
import {until} from '../helpers/until.js';

const each = sized(2000, 200);
const stopMs = sized(10_000, 5000);
const engineKills = sized(3, 1);

type Line = {
	readonly type: string;
	readonly seq: number;
	readonly id: string;
	readonly n: number;
	readonly text: string;
};

const messagesOf = (path: string): Line[] =>
	allEntriesOf(path)
		.split('\n')
		.map(line => JSON.parse(line) as Line)
		.filter(({type}) => type === 'message');

/** A server, and one client of it that says its part of the messages. */
class Side {
	readonly path: string;
	readonly #t: TestContext;
	readonly #port: string;
	readonly #args: readonly string[];
	readonly #name: string;
	#server!: Awaited<ReturnType<typeof serveOn>>['server'];
	client!: TestClient;
	said = 0;

	constructor(
		t: TestContext,
		name: string,
		{port, path, url}: {port: string; path: string; url: string},
		args: readonly string[],
	) {
		this.#t = t;
		this.#name = name;
		this.#port = port;
		this.path = path;
		this.#args = [
			'--input=none',
			'--room=lab',
			'--rate=20000',
			`--history=${path}`,
			`--relay=${url}`,
			'--relay-optional',
			...args,
		];
	}

	async start(): Promise<void> {
		const {server} = await serveOn(this.#t, this.#port, this.#args);
		this.#server = server;
	}

	async join(): Promise<void> {
		this.client = openClient(this.#t, loopback(this.#port), this.#name);
		await this.client.untilPhase('open');
	}

	async kill(): Promise<void> {
		this.#server.signal('SIGKILL');
		await this.#server.waitForExit();
	}

	/** @param most How many may wait for their echo meanwhile. */
	async sayUpTo(count: number, most: number): Promise<void> {
		while (this.said < count) {
			this.said++;
			this.client.client.say(`${this.#name} ${this.said}`);
			if (this.said % 10 === 0) {
				await until(() => this.client.client.unstored < most, {
					what: `fewer than ${most} to wait`,
					seen: () => `${this.client.client.unstored} of ${this.#name}`,
					deadlineMs,
				});
			}
		}
	}
}

const openSides = async (
	t: TestContext,
	urls: readonly string[],
	args: readonly string[] = [],
): Promise<Side[]> => {
	const folder = makeFolder(t);
	const sides: Side[] = [];
	for (const [index, url] of urls.entries()) {
		const port = await findPort();
		const path = join(folder, `${index}.jsonl`);
		const side = new Side(t, `otter${index}`, {port, path, url}, args);
		await side.start();
		await side.join();
		sides.push(side);
	}

	return sides;
};

/** Everything was said: each server must end with the same log. */
const assertSame = async (t: TestContext, sides: readonly Side[]) => {
	const total = each * sides.length;
	for (const side of sides) {
		await until(() => side.client.client.unstored === 0, {
			what: 'all to be stored',
			seen: () => `${side.client.client.unstored} wait`,
			deadlineMs,
		});
	}

	for (const {path} of sides) {
		await until(() => messagesOf(path).length >= total, {
			what: `${total} messages in ${path}`,
			seen: () => `${messagesOf(path).length}`,
			deadlineMs,
		});
	}

	const [first, ...others] = sides.map(({path}) => messagesOf(path));
	for (const other of others) {
		assert.deepEqual(other, first);
	}

	const known = new Set(first!.map(({id, n}) => `${id}:${n}`));
	assert.equal(first!.length, total, `${first!.length - total} too many`);
	assert.equal(known.size, total, `${total - known.size} doubled`);
	for (const index of sides.keys()) {
		const texts = first!
			.map(({text}) => text)
			.filter(text => text.startsWith(`otter${index} `));
		assert.deepEqual(
			texts,
			Array.from({length: each}, (_, n) => `otter${index} ${n + 1}`),
		);
	}

	// The files have the same bytes, seqs and comings included.
	const [one, ...rest] = sides.map(({path}) =>
		allEntriesOf(path).split('\n').slice(0, first!.at(-1)!.seq),
	);
	for (const other of rest) {
		assert.deepEqual(other, one);
	}

	t.diagnostic(`${total} messages, 0 lost, 0 doubled, one order on all sides`);
};

test(
	`faults: nats-server is killed ${engineKills} times and stopped for ${stopMs / 1000} s`,
	{timeout: 2 * deadlineMs},
	async t => {
		const nats = await startNats(t);
		const sides = await openSides(t, [nats.url, nats.url, nats.url]);
		const random = createRandom(3);
		const saying = sides.map(async side => side.sayUpTo(each, 300));
		for (let kill = 0; kill < engineKills; kill++) {
			const after = Math.floor(each * ((kill + random()) / (engineKills + 1)));
			await until(() => sides[0]!.said >= after, {
				what: `${after} to be said`,
				deadlineMs,
			});
			await nats.kill();
			await nats.start();
		}

		nats.signal('SIGSTOP');
		const stoppedAt = performance.now();
		await until(() => performance.now() - stoppedAt > stopMs, {
			what: 'the stop to end',
			deadlineMs: 2 * stopMs,
		});
		nats.signal('SIGCONT');
		await Promise.all(saying);
		await assertSame(t, sides);
	},
);

test(
	'faults: a server is killed in mid-publish, and another is cut off for all of it',
	{timeout: 2 * deadlineMs},
	async t => {
		const nats = await startNats(t);
		const proxy = await openFaultProxy(t, loopback(nats.port));
		const {port} = proxy.address as {port: number};
		const cut = `nats://127.0.0.1:${port}`;
		const sides = await openSides(t, [nats.url, nats.url, cut]);
		const [one, two, three] = sides as [Side, Side, Side];
		proxy.manner.isStalled = true;
		for (const link of proxy.open()) {
			link.cut('reset');
		}

		const saying = Promise.all([
			one.sayUpTo(each, 300),
			two.sayUpTo(each, 300),
			three.sayUpTo(each, Infinity),
		]);
		for (const part of [0.3, 0.6]) {
			await until(() => two.said >= each * part, {
				what: 'a part to be said',
				deadlineMs,
			});
			await two.kill();
			await two.start();
		}

		await saying;
		await until(() => one.client.client.unstored === 0, {
			what: 'the others to be done',
			deadlineMs,
		});
		assert.equal(three.client.client.unstored, each);
		proxy.manner.isStalled = false;
		for (const link of proxy.open()) {
			link.cut('reset');
		}

		await assertSame(t, sides);
	},
);

test(
	'faults: the leader of a cluster of three is killed',
	{timeout: 2 * deadlineMs},
	async t => {
		const cluster = await startCluster(t);
		const sides = await openSides(
			t,
			[cluster.url, cluster.url, cluster.url],
			['--relay-replicas', '3'],
		);
		const saying = Promise.all(
			sides.map(async side => side.sayUpTo(each, 100)),
		);
		await until(() => sides[0]!.said >= each / 3, {
			what: 'a third to be said',
			deadlineMs,
		});
		await cluster.killLeader('sockchat-lab');
		await saying;
		await assertSame(t, sides);
	},
);
