/**
 * What agents cost that wait, and how soon a wait returns: 100 `sockchat mcp`,
 * of which 99 wait. `npx tsx benchmark/agents.ts [SECONDS]`, after a build.
 *
 * The time of a delivery to a bare socket in this process is the unit: what
 * stored the message, and what the machine did meanwhile, is in both.
 */
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {connect, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import process from 'node:process';
import {setTimeout as delay} from 'node:timers/promises';
import {Client} from '@modelcontextprotocol/client';
import {
	getDefaultEnvironment,
	StdioClientTransport,
} from '@modelcontextprotocol/client/stdio';
import {median} from './generator.js';
import {freePort, start, untilListening} from './processes.js';

const count = 100;
const rounds = 200;
const atOnce = 10;
const seconds = Number(process.argv[2] ?? 60);
const bin = new URL('../dist/cli.js', import.meta.url).pathname;
const state = mkdtempSync(join(tmpdir(), 'sockchat-benchmark-'));
const env = {...getDefaultEnvironment(), XDG_STATE_HOME: state};
const port = await freePort();

// In clock ticks, of which Linux has 100 a second.
const cpuMs = (pid: number): number => {
	const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
	const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
	return (Number(fields[11]) + Number(fields[12])) * 10;
};

const openAgent = async (nick: string) => {
	const transport = new StdioClientTransport({
		command: process.execPath,
		args: [bin, 'mcp', String(port), '--nick', nick],
		env,
		stderr: 'ignore',
	});
	const client = new Client({name: nick, version: '1'});
	await client.connect(transport);
	const call = async (name: string, given: Record<string, unknown> = {}) =>
		client.callTool({name, arguments: given}, {timeout: 3_600_000});
	await call('who');
	return {client, call, pid: transport.pid!};
};

/** A member over a bare socket, which calls back with each text it gets. */
const openBare = async (nick: string, onText: (text: string) => void) => {
	const socket: Socket = connect(port, '127.0.0.1');
	socket.setNoDelay(true);
	let rest = '';
	let welcome = () => {};
	const welcomed = new Promise<void>(resolve => {
		welcome = resolve;
	});
	socket.setEncoding('utf8').on('data', (chunk: string) => {
		const lines = (rest + chunk).split('\n');
		rest = lines.pop()!;
		for (const line of lines) {
			const frame = JSON.parse(line) as {
				type: string;
				id: number;
				text: string;
			};
			switch (frame.type) {
				case 'message': {
					onText(frame.text);
					break;
				}

				case 'ping': {
					socket.write(`{"type":"pong","id":${frame.id}}\n`);
					break;
				}

				case 'welcome': {
					welcome();
					break;
				}

				default: {
					break;
				}
			}
		}
	});
	const client = crypto.randomUUID();
	const hello = {type: 'hello', v: 1, client, nick, last: 0};
	socket.write(`${JSON.stringify(hello)}\n`);
	await welcomed;
	return socket;
};

const server = start(
	[process.execPath, bin, 'serve', String(port), '--input', 'none', '--json'],
	env,
);
await untilListening(port);
const agents: Array<Awaited<ReturnType<typeof openAgent>>> = [];
while (agents.length < count) {
	const nicks = Array.from(
		{length: atOnce},
		(_, index) => `agent-${agents.length + index}`,
	);
	agents.push(...(await Promise.all(nicks.map(async nick => openAgent(nick)))));
}

const [talker, ...waiters] = agents;
const waits = waiters.map(async ({call}) => call('wait', {seconds: 3600}));
// Each waits by the time that it has answered.
await Promise.all(waiters.map(async ({call}) => call('who')));
const before = waiters.map(({pid}) => cpuMs(pid));
const serverBefore = cpuMs(server.pid);
await delay(seconds * 1000);
const spent = waiters.map(({pid}, index) => cpuMs(pid) - before[index]!);
const serverSpent = cpuMs(server.pid) - serverBefore;
const all = spent.reduce((sum, each) => sum + each, 0);

let onText = (_text: string) => {};
const listener = await openBare('listener', text => {
	onText(text);
});
const speaker = await openBare('speaker', () => undefined);
const bareMs: number[] = [];
const waitMs: number[] = [];
const measureRound = async (round: number): Promise<void> => {
	const index = round % waiters.length;
	const text = `agent-${index + 1}: ${round}`;
	const {call} = waiters[index]!;
	const waiting =
		round < waiters.length ? waits[index]! : call('wait', {seconds: 60});
	await call('who');
	const at = performance.now();
	const heard = new Promise<void>(resolve => {
		onText = said => {
			if (said === text) {
				bareMs.push(performance.now() - at);
				resolve();
			}
		};
	});
	const returned = (async () => {
		await waiting;
		waitMs.push(performance.now() - at);
	})();
	speaker.write(`${JSON.stringify({type: 'say', n: round + 1, text})}\n`);
	await Promise.all([heard, returned]);
};

for (let round = 0; round < rounds; round++) {
	await measureRound(round);
}

const bare = median(bareMs);
const wait = median(waitMs);
console.log(
	JSON.stringify({
		agents: count,
		waiting: waiters.length,
		seconds,
		cpuMsOfAll: all,
		percentOfACoreEach: Number(
			((all / waiters.length / seconds / 1000) * 100).toFixed(3),
		),
		serverCpuMs: serverSpent,
		deliveryMs: Number(bare.toFixed(2)),
		waitMs: Number(wait.toFixed(2)),
		ratio: Number((wait / bare).toFixed(2)),
	}),
);
listener.destroy();
speaker.destroy();
await Promise.all(
	[talker!, ...waiters].map(async ({client}) => client.close()),
);
await server.stop();
rmSync(state, {recursive: true, force: true});
