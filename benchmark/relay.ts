/**
 * What a relayed room costs beside its engine: messages per second, CPU per
 * message and server, and the latency that the relay adds.
 *
 * Each run follows one of the engine alone, in rounds that alternate; figures are
 * medians, and the ratio is the median of the ratios of the rounds.
 *
 * `npm run build && npx tsx benchmark/relay.ts` prints tables for
 * docs/scaling.md. It needs nats-server.
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

/** Says all, so many in flight. @returns Messages per second. */
const flood = async (peers: readonly Peer[]): Promise<number> => {
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
						lines += `{"type":"say","n":${n},"text":"${text}"}\n`;
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
	const nc = await connect({servers: `127.0.0.1:${enginePort}`});
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

	await delay(500);
	const before = servers.map(server => cpuOf(server));
	const engineBefore = cpuOf(engine);
	const perSecond = await flood(peers);
	await delay(500);
	const used = servers.map((server, index) => cpuOf(server) - before[index]!);
	const serverUs = used.reduce((sum, each) => sum + each, 0) / count / messages;
	const engineUs = (cpuOf(engine) - engineBefore) / messages;
	for (const {socket} of peers) {
		socket.destroy();
	}

	await Promise.all(servers.map(async server => stop(server)));
	return {perSecond, ratio: perSecond / limit, serverUs, engineUs};
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

let engine: ChildProcess;
try {
	engine = start('/usr/sbin/nats-server', [
		...['-js', '-sd', join(folder, 'nats')],
		...['-a', '127.0.0.1', '-p', String(enginePort)],
	]);
	await delay(1000);
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

	console.log(
		`engine alone, publish with acks: ${whole(median(limits))}/s, from ${whole(Math.min(...limits))} to ${whole(Math.max(...limits))}\n`,
	);
	console.log(
		'| servers | messages per second | of the engine alone | CPU per message and server, µs | CPU of nats-server per message, µs |\n| --: | --: | --: | --: | --: |',
	);
	for (const [count, each] of outcomes) {
		const of = (key: keyof Outcome) => median(each.map(one => one[key]));
		console.log(
			`| ${count} | ${whole(of('perSecond'))} | ${of('ratio').toFixed(2)} | ${of('serverUs').toFixed(1)} | ${of('engineUs').toFixed(1)} |`,
		);
	}

	console.log(
		'\n| at 200 messages/s | p50, ms | p99, ms |\n| --- | --: | --: |',
	);
	for (const [index, name] of [
		'a plain room',
		'relayed, same server',
		'relayed, another server',
	].entries()) {
		const of = (key: keyof Latency) =>
			median(latencies.map(each => each[index]![key])).toFixed(2);
		console.log(`| ${name} | ${of('p50')} | ${of('p99')} |`);
	}
} finally {
	for (const child of children) {
		child.kill('SIGKILL');
	}

	await delay(200);
	rmSync(folder, {recursive: true, force: true});
}

process.exit(0);
