/** The history's FILE, removed, renamed, replaced and cut while it is written. */
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {readFileSync, readdirSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {test, type TestContext} from 'node:test';
import {openClient, type TestClient} from '../helpers/client.js';
import {eventsOf, makeFolder, serveOn} from '../helpers/faults/process.js';
import {deadlineMs, isFull, sized} from '../helpers/faults/size.js';
import {findPort} from '../helpers/ports.js';
import type {RunningProcess} from '../helpers/process.js';
import {loopback} from '../helpers/sockchat.js';
import {until} from '../helpers/until.js';

const rounds = sized(40, 2);
const clientCount = 3;
const perBurst = 25;

const commands: Readonly<Record<string, string>> = {
	rm: 'rm "$1"',
	mv: 'mv "$1" "$1.$2"',
	'mv as logrotate does, with create': 'mv "$1" "$1.$2" && : > "$1"',
	'mv and gzip': 'mv "$1" "$1.$2" && gzip "$1.$2"',
	'mv over': 'echo other > "$1.x" && mv "$1.x" "$1"',
	'sed -i': 'sed -i "s/burst/BURST/" "$1"',
	'copytruncate as logrotate does': 'cp "$1" "$1.$2" && truncate -s 0 "$1"',
	truncate: 'truncate -s 300 "$1"',
	'cp over': 'cp "$1" "$1.x" && echo >> "$1.x" && cp "$1.x" "$1"; rm "$1.x"',
	'echo >>': 'echo more >> "$1"',
};

const names = Object.keys(commands);

type Line = {
	readonly type: string;
	readonly seq: number;
	readonly id: string;
	readonly n: number;
	readonly text: string;
};

/** The entries of FILE and of those closed before it, in their order. */
const entriesOf = (path: string): Line[] => {
	const closed = readdirSync(dirname(path)).filter(name =>
		/^room\.jsonl\.\d{12}$/.test(name),
	);
	return [...closed.toSorted(), 'room.jsonl']
		.flatMap(name =>
			readFileSync(join(dirname(path), name), 'utf8').split('\n'),
		)
		.filter(line => line !== '')
		.map(line => JSON.parse(line) as Line)
		.filter(({type}) => type !== 'checkpoint' && type !== 'sum');
};

const troublesOf = (server: RunningProcess) =>
	eventsOf(server).filter(
		event =>
			event.type === 'history' &&
			(event as {state?: string}).state === 'failing',
	);

const shownTo = ({frames}: TestClient): string[] =>
	frames().flatMap(frame =>
		frame.type === 'message'
			? [`${frame.seq} ${frame.id} ${frame.n} ${frame.text}`]
			: [],
	);

const assertAllKept = (path: string, all: readonly TestClient[]): void => {
	const entries = entriesOf(path);
	assert.deepEqual(
		entries.map(({seq}) => seq),
		Array.from({length: entries.length}, (_, index) => index + 1),
		'no seq is missing, none is there twice',
	);
	const kept = entries
		.filter(({type}) => type === 'message')
		.map(({seq, id, n, text}) => `${seq} ${id} ${n} ${text}`);
	for (const each of all) {
		assert.deepEqual(shownTo(each), kept, 'what was shown is kept');
		assert.deepEqual(each.of('failed'), []);
		assert.ok(each.frames().every(({type}) => type !== 'gap'));
	}
};

const serveClients = async (t: TestContext, args: readonly string[]) => {
	const path = join(makeFolder(t), 'room.jsonl');
	const port = await findPort();
	const all = [...args, '--history', path];
	const {server} = await serveOn(t, port, all);
	const clients = Array.from({length: clientCount}, (_, index) =>
		openClient(t, loopback(port), `otter-${index}`),
	);
	for (const each of clients) {
		await each.untilPhase('open');
	}

	const untilStored = async () =>
		until(() => clients.every(({client}) => client.unstored === 0), {
			what: 'all to be stored',
			seen: () => server.stdout().slice(-2000),
			deadlineMs,
		});
	return {
		path,
		server,
		clients,
		untilStored,
		restart: async () => serveOn(t, port, all),
	};
};

for (const fsync of ['interval', 'always'] as const) {
	for (const name of fsync === 'always' ? sized(names, ['rm']) : names) {
		const command = commands[name]!;
		test(
			`faults: ${name} under traffic, with ${fsync}: everything shown is stored, under its seq`,
			{timeout: deadlineMs},
			async t => {
				const {path, server, clients, untilStored, restart} =
					await serveClients(t, ['--fsync', fsync]);
				const befall = (round: number) =>
					execFileSync('sh', ['-c', command, 'sh', path, String(round)]);
				for (let round = 1; round <= rounds; round++) {
					const before = troublesOf(server).length;
					for (let burst = 0; burst < perBurst; burst++) {
						for (const {client} of clients) {
							client.say(`burst ${round}.${burst}`);
						}

						if (burst !== 10) {
							continue;
						}

						// Some of it is on its way, some in the kernel, some on the disk.
						await until(() => clients[0]!.client.unstored < 10, {
							what: 'an echo',
							deadlineMs,
						});
						befall(round);
					}

					await untilStored();
					await until(() => troublesOf(server).length > before, {
						what: `the host to be told of round ${round}`,
						seen: server.seen,
						deadlineMs,
					});
				}

				server.signal('SIGTERM');
				assert.equal((await server.waitForExit()).code, 0);
				await until(() => clients.every(({phase}) => phase() !== 'open'), {
					what: 'the clients to wait',
					deadlineMs,
				});
				await restart();
				for (const {client} of clients) {
					client.say('after the restart');
				}

				await untilStored();
				const last = clientCount * (rounds * perBurst + 1);
				await until(() => clients.every(each => shownTo(each).length >= last), {
					what: 'each to be shown all',
					deadlineMs,
				});
				assertAllKept(path, clients);
				if (isFull) {
					t.diagnostic(`${rounds} times, ${last} messages kept once each`);
				}
			},
		);
	}
}

test(
	'faults: FILE is restored within a second in a quiet room, and survives a kill',
	{timeout: deadlineMs},
	async t => {
		const {path, server, clients, untilStored, restart} = await serveClients(
			t,
			[],
		);
		const suffered = sized(names, ['rm', 'mv over', 'truncate']);
		for (const name of suffered) {
			const before = troublesOf(server).length;
			clients[0]!.client.say('burst');
			await untilStored();
			await until(
				() => clients.every(each => shownTo(each).length === before + 1),
				{what: 'all to see it', deadlineMs},
			);
			const args = ['sh', path, String(before)];
			execFileSync('sh', ['-c', commands[name]!, ...args]);
			await until(() => troublesOf(server).length > before, {
				what: `the host to be told after ${name}`,
				seen: server.seen,
			});
			assertAllKept(path, clients);
		}

		server.signal('SIGKILL');
		await server.waitForExit();
		await restart();
		clients[1]!.client.say('and on');
		await untilStored();
		const last = suffered.length + 1;
		await until(() => clients.every(each => shownTo(each).length === last), {
			what: 'all to see it',
			deadlineMs,
		});
		assertAllKept(path, clients);
	},
);

test(
	'faults: refuses messages while the folder is gone',
	{timeout: deadlineMs},
	async t => {
		const {path, server, clients, untilStored} = await serveClients(t, []);
		const [otter] = clients;
		otter!.client.say('before');
		await untilStored();
		execFileSync('mv', [dirname(path), `${dirname(path)}-away`]);
		t.after(() => {
			execFileSync('rm', ['-rf', `${dirname(path)}-away`]);
		});
		otter!.client.say('meanwhile');
		await until(() => otter!.of('failed').length > 0, {
			what: 'it to be refused',
			seen: server.seen,
		});
		assert.ok(!otter!.said().includes('meanwhile'));
		assert.match(server.stdout(), /was renamed or moved while/);
		execFileSync('mv', [`${dirname(path)}-away`, dirname(path)]);
		await until(() => server.stdout().includes('"state":"mended"'), {
			what: 'the host to be told',
			seen: server.seen,
		});
		otter!.client.say('after');
		await until(() => otter!.said().includes('after'), {what: 'it to be kept'});
		assert.deepEqual(
			entriesOf(path).flatMap(({type, text}) =>
				type === 'message' ? [text] : [],
			),
			['before', 'after'],
		);
	},
);
