/**
 * What a relayed room costs beside its engine: messages per second, CPU per
 * message and server, and the latency that the relay adds.
 *
 * Each run follows one of the engine alone, in rounds that alternate; figures are
 * medians, and the ratio is the median of the ratios of the rounds. Servers take
 * as many messages first as are measured, as V8 compiles their code meanwhile;
 * the client that measures the engine is warm, too.
 *
 * `npm run build && npx tsx benchmark/relay.ts` prints what docs/scaling.md has
 * of it, in its form. It needs nats-server.
 */
import {spawn, type ChildProcess} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {createConnection, type Socket} from 'node:net';
import {randomUUID} from 'node:crypto';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import process from 'node:process';
import {setTimeout as delay} from 'node:timers/promises';
import {jetstream, jetstreamManager} from '@nats-io/jetstream';
import {connect} from '@nats-io/transport-node';
import {median} from './generator.js';
import {
	engineRate,
	memberUs,
	rooms,
	serverRate,
	sharedRate,
	superclusterFigures,
	superclusters,
	type Costs,
} from './scaling.js';

const rounds = 5;
const messages = 20_000;
const inFlight = 1024;
const text = 'x'.repeat(64);
const enginePort = 24_222;
const folder = mkdtempSync(join(tmpdir(), 'sockchat-relay-benchmark-'));
const children: ChildProcess[] = [];

const start = (command: string, args: readonly string[]): ChildProcess => {
	const child = spawn(command, args, {
		stdio: ['ignore', 'pipe', 'ignore'],
		env: {...process.env, XDG_STATE_HOME: folder, XDG_CONFIG_HOME: folder},
	});
	children.push(child);
	return child;
};

const stop = async (child: ChildProcess): Promise<void> => {
	const ended = new Promise(resolve => {
		child.once('exit', resolve);
	});
	child.kill('SIGTERM');
	await ended;
};

/** User and system time of a process, in µs. */
const cpuOf = (child: ChildProcess): number => {
	const stat = readFileSync(`/proc/${child.pid!}/stat`, 'utf8');
	const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
	return (Number(fields[11]) + Number(fields[12])) * 10_000;
};

type Peer = {
	readonly socket: Socket;
	/** Of messages, by the times of `performance.now()` in their texts. */
	received: number;
	readonly latencies: number[];
	onMessage: () => void;
};

const join_ = async (port: number, nick: string): Promise<Peer> => {
	const socket = createConnection({port, host: '127.0.0.1', noDelay: true});
	const peer: Peer = {
		socket,
		received: 0,
		latencies: [],
		onMessage: () => undefined,
	};
	let rest = '';
	const welcomed = new Promise<void>(resolve => {
		socket.setEncoding('latin1').on('data', (chunk: string) => {
			const lines = (rest + chunk).split('\n');
			rest = lines.pop()!;
			for (const line of lines) {
				if (line.startsWith('{"type":"message"')) {
					peer.received++;
					const sent = /"text":"t(\d+\.\d+)/.exec(line)?.[1];
					if (sent) {
						peer.latencies.push(performance.now() - Number(sent));
					}
				} else if (line.startsWith('{"type":"welcome"')) {
					// eslint-disable-next-line unicorn/no-multiple-promise-resolver-calls -- one welcome comes
					resolve();
				} else if (line.startsWith('{"type":"ping"')) {
					socket.write(`${line.replace('ping', 'pong')}\n`);
				}
			}

			peer.onMessage();
		});
	});
	const hello = {type: 'hello', v: 1, client: randomUUID(), nick, last: 0};
	socket.write(`${JSON.stringify(hello)}\n`);
	await welcomed;
	return peer;
};

const serve = async (
	port: number,
	args: readonly string[],
): Promise<ChildProcess> => {
	const child = start(process.execPath, [
		'dist/cli.js',
		'serve',
		'--json',
		'--events=state',
		'--input=none',
		'--rate=off',
		`--port=${port}`,
		...args,
	]);
	await new Promise<void>(resolve => {
		child.stdout!.on('data', (chunk: Buffer) => {
			if (chunk.includes('"listening"')) {
				resolve();
			}
		});
	});
	return child;
};

/**
 * Says all, so many in flight.
 *
 * @param said How many each peer has said before.
 * @returns Messages per second.
 */
const flood = async (peers: readonly Peer[], said: number): Promise<number> => {
	const each = messages / peers.length;
	const startedAt = performance.now();
	await Promise.all(
		peers.map(async peer => {
			const before = peer.received;
			let n = 0;
			const all = each * peers.length;
			await new Promise<void>(resolve => {
				const more = () => {
					let lines = '';
					// Others' messages come, too: as many as one's own.
					const own = (peer.received - before) / peers.length;
					while (n < each && n - own < inFlight / peers.length) {
						n++;
						lines += `{"type":"say","n":${said + n},"text":"${text}"}\n`;
					}

					if (lines !== '') {
						peer.socket.write(lines);
					}

					if (peer.received - before >= all) {
						resolve();
					}
				};

				peer.onMessage = more;
				more();
			});
		}),
	);
	return messages / ((performance.now() - startedAt) / 1000);
};

const quantile = (sorted: readonly number[], part: number): number =>
	sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;

/** In ms. */
type Latency = {readonly p50: number; readonly p99: number};

/** At 200 messages a second. */
const latency = async (from: Peer, to: Peer): Promise<Latency> => {
	to.latencies.length = 0;
	for (let n = 1; n <= 1000; n++) {
		const stamp = performance.now().toFixed(3);
		from.socket.write(`{"type":"say","n":${n},"text":"t${stamp} ${text}"}\n`);
		await delay(5);
	}

	await delay(500);
	const sorted = to.latencies.toSorted((a, b) => a - b);
	return {p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99)};
};

/** Publishes to one stream with acks. @returns Messages per second. */
const engineLimit = async (): Promise<number> => {
	const nc = await connect({
		servers: `127.0.0.1:${enginePort}`,
		waitOnFirstConnect: true,
	});
	const jsm = await jetstreamManager(nc);
	await jsm.streams.add({name: 'limit', subjects: ['limit']});
	const js = jetstream(nc);
	const body = `{"type":"message","at":${Date.now()},"from":"otter","id":"0123456789abcdef","n":12345,"text":"${text}"}`;
	const startedAt = performance.now();
	let sent = 0;
	const worker = async () => {
		while (sent < messages) {
			sent++;
			await js.publish('limit', body, {msgID: `0123456789abcdef:${sent}`});
		}
	};

	await Promise.all(Array.from({length: inFlight}, worker));
	const rate = messages / ((performance.now() - startedAt) / 1000);
	await jsm.streams.delete('limit');
	await nc.close();
	return rate;
};

const whole = (value: number): string =>
	Math.round(value).toLocaleString('en-GB');

const relayArgs = (name: string, room: string) => [
	`--relay=nats://127.0.0.1:${enginePort}`,
	`--room=${room}`,
	`--history=${join(folder, name)}.jsonl`,
];

type Outcome = {
	readonly perSecond: number;
	/** Of the engine's own limit just before. */
	readonly ratio: number;
	/** CPU of a server per message, in µs. */
	readonly serverUs: number;
	/** The same of its first messages. */
	readonly coldUs: number;
	/** CPU of the engine per message, in µs. */
	readonly engineUs: number;
};

const runServers = async (count: number, round: number): Promise<Outcome> => {
	const limit = await engineLimit();
	limits.push(limit);
	const room = `of${count}-${round}`;
	const servers: ChildProcess[] = [];
	const peers: Peer[] = [];
	for (let index = 0; index < count; index++) {
		const port = 25_000 + index;
		servers.push(await serve(port, relayArgs(`${room}-${index}`, room)));
		peers.push(await join_(port, `otter${index}`));
	}

	const serverUsOf = async (work: () => Promise<unknown>): Promise<number> => {
		await delay(500);
		const before = servers.map(server => cpuOf(server));
		await work();
		await delay(500);
		const used = servers.map((server, index) => cpuOf(server) - before[index]!);
		return used.reduce((sum, each) => sum + each, 0) / count / messages;
	};

	const coldUs = await serverUsOf(async () => flood(peers, 0));
	let perSecond = 0;
	const engineBefore = cpuOf(engine);
	const serverUs = await serverUsOf(async () => {
		perSecond = await flood(peers, messages);
	});
	const engineUs = (cpuOf(engine) - engineBefore) / messages;
	for (const {socket} of peers) {
		socket.destroy();
	}

	await Promise.all(servers.map(async server => stop(server)));
	return {perSecond, ratio: perSecond / limit, serverUs, coldUs, engineUs};
};

/** In a plain room, on one server of a relayed room, and on two. */
const runLatency = async (round: number): Promise<readonly Latency[]> => {
	const plain = await serve(25_100, [
		`--history=${join(folder, `plain-${round}`)}.jsonl`,
	]);
	const a = await join_(25_100, 'otter');
	const b = await join_(25_100, 'heron');
	const alone = await latency(a, b);
	await stop(plain);
	const room = `far-${round}`;
	const one = await serve(25_101, relayArgs(`one-${round}`, room));
	const two = await serve(25_102, relayArgs(`two-${round}`, room));
	const c = await join_(25_101, 'otter');
	const d = await join_(25_101, 'heron');
	const wren = await join_(25_102, 'wren');
	const here = await latency(c, d);
	const f = await join_(25_101, 'crane');
	const there = await latency(f, wren);
	await Promise.all([stop(one), stop(two)]);
	return [alone, here, there];
};

const limits: number[] = [];

/** What the page has, in its order. */
const printPage = (
	outcomes: ReadonlyMap<number, readonly Outcome[]>,
	latencies: ReadonlyArray<readonly Latency[]>,
): void => {
	const of = (count: number, key: keyof Outcome): readonly number[] =>
		outcomes.get(count)!.map(each => each[key]);
	const counts = [...outcomes.keys()];
	const range = (values: readonly number[], between: string): string =>
		`${whole(Math.min(...values))}${between}${whole(Math.max(...values))}`;
	const medians = (key: keyof Outcome) =>
		counts.map(count => Math.round(median(of(count, key))));
	console.log(`## Measured

Medians of ${rounds} runs, each beside the engine's own limit in the same run: publishing to one stream with acks by its own client, ${whole(median(limits))} messages per second (${range(limits, ' to ')}).

| servers | messages per second | from … to | of the engine alone |
| --: | --: | --: | --: |`);
	for (const count of counts) {
		const rates = of(count, 'perSecond');
		const ratio = median(of(count, 'ratio')).toFixed(2);
		console.log(
			`| ${count} | ${whole(median(rates))} | ${range(rates, ' … ')} | ${ratio} |`,
		);
	}

	const [first, last] = [counts.at(0)!, counts.at(-1)!].map(count =>
		Math.round(median(of(count, 'engineUs'))),
	) as [number, number];
	console.log(`
A message costs each server from ${range(medians('serverUs'), ' to ')} µs of CPU, however many they are, and nats-server ${first} µs with one server and ${last} µs with ten. Of the first ${whole(messages)} after a start, while V8 compiles the code, each costs a server from ${range(medians('coldUs'), ' to ')} µs.

|  | p50, ms | p99, ms |
| --- | --: | --: |`);
	for (const [index, name] of [
		'a plain room',
		'relayed, same server',
		'relayed, another server',
	].entries()) {
		const cell = (key: keyof Latency) =>
			median(latencies.map(each => each[index]![key])).toFixed(2);
		console.log(`| ${name} | ${cell('p50')} | ${cell('p99')} |`);
	}

	const deliver = Math.round((last - first) / (counts.at(-1)! - counts.at(0)!));
	printWorkedOut({
		server: Math.max(...medians('serverUs')),
		member: memberUs,
		store: first - deliver,
		deliver,
	});
};

const printWorkedOut = (costs: Costs): void => {
	const {server, member, store, deliver} = costs;
	console.log(`
## Worked out

R × ${server} µs of CPU, and R × M × ${member} µs
R × (${store} + ${deliver} × S) µs of CPU

On the two cores of the measurement, these costs give ${whole(sharedRate(costs, 3))} messages per second with three servers and ${whole(sharedRate(costs, 10))} with ten

| room | messages per second | a server | the engine |
| --- | --: | --: | --: |`);
	for (const {servers, members} of rooms) {
		const most = serverRate(costs, {members});
		const engineMost = engineRate(costs, {servers});
		console.log(
			`| ${whole(servers)} servers, ${whole(members)} on each | ${whole(Math.min(most, engineMost))} | ${whole(most)} | ${whole(engineMost)} |`,
		);
	}

	console.log(`
## A supercluster

R × (${store} + ${deliver === 3 ? '' : `${deliver} ÷ 3 × `}S) µs

| sites | rooms × servers × members on each | members in all | a server | the engine | beats |
| --: | --- | --: | --: | --: | --: |`);
	for (const each of superclusters) {
		const figures = superclusterFigures(costs, each);
		console.log(
			`| ${each.sites} | ${whole(each.rooms)} × ${whole(each.servers)} × ${whole(each.members)} | ${whole(figures.members)} | ${whole(figures.server)} | ${whole(figures.engine)} | ${figures.beats} |`,
		);
	}
};

let engine: ChildProcess;
try {
	engine = start('/usr/sbin/nats-server', [
		...['-js', '-sd', join(folder, 'nats')],
		...['-a', '127.0.0.1', '-p', String(enginePort)],
	]);
	await engineLimit();
	const counts = [1, 3, 10];
	const outcomes = new Map(counts.map(count => [count, [] as Outcome[]]));
	const latencies: Array<readonly Latency[]> = [];
	for (let round = 0; round < rounds; round++) {
		for (const count of round % 2 === 0 ? counts : counts.toReversed()) {
			outcomes.get(count)!.push(await runServers(count, round));
		}

		latencies.push(await runLatency(round));
	}

	printPage(outcomes, latencies);
} finally {
	for (const child of children) {
		child.kill('SIGKILL');
	}

	await delay(200);
	rmSync(folder, {recursive: true, force: true});
}

process.exit(0);
