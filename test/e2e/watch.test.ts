/** `sockchat watch`: the tutorial's own pair, seen from outside. */
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {createConnection, createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import process from 'node:process';
import test, {type TestContext} from 'node:test';
import type {StepTime} from '../../source/tcp/tcp.js';
import type {PortEvent, SocketsEvent} from '../../source/event/port-event.js';
import {requireExecutable} from '../helpers/environment.js';
import {startPython} from '../helpers/peers.js';
import {findPort} from '../helpers/ports.js';
import {startBin, startProcess} from '../helpers/process.js';
import {until} from '../helpers/until.js';

const done = {code: 0, signal: undefined};

/** A `step` event, whatever its kind. */
type StepEvent = StepTime & {
	readonly type: string;
	readonly kind: string;
	readonly end?: string;
	readonly state?: string;
	readonly call?: string;
	readonly result?: string;
	readonly evidence?: string;
	readonly isBlocked?: true;
	readonly peer?: string;
};

const startWatch = async (t: TestContext, address: string, first: string) => {
	const watch = startBin(t, ['watch', '--json', address]);
	await watch.waitForOutput(first);
	const events = () =>
		watch
			.stdout()
			.split('\n')
			.slice(0, -1)
			.map(line => JSON.parse(line) as PortEvent);
	const steps = () =>
		watch
			.stdout()
			.split('\n')
			.slice(0, -1)
			.map(line => JSON.parse(line) as StepEvent)
			.filter(({type}) => type === 'step');
	const untilSeen = async (
		what: string,
		condition: () => boolean,
	): Promise<void> => {
		await until(condition, {what, seen: watch.seen});
	};

	return {
		...watch,
		events,
		steps,
		untilSeen,
		/** Waits for a step that has these keys. */
		async untilStep(keys: Readonly<Record<string, unknown>>) {
			await untilSeen(JSON.stringify(keys), () =>
				steps().some(step =>
					Object.entries(keys).every(
						([key, value]) =>
							(step as Readonly<Record<string, unknown>>)[key] === value,
					),
				),
			);
		},
		async untilSockets(
			what: string,
			condition: (sockets: SocketsEvent) => boolean,
		) {
			await untilSeen(what, () => {
				const last = events().findLast(event => event.type === 'sockets');
				return last?.type === 'sockets' && condition(last);
			});
		},
	};
};

const nobody = '"listening":[]';

test("e2e: watch shows each step of the tutorial's pair", async t => {
	const port = await findPort();
	const watch = await startWatch(t, port, nobody);
	watch.end();

	const server = startPython(t, 'server', [port]);
	await watch.untilStep({call: 'socket()', evidence: 'inferred'});
	await watch.untilStep({call: 'bind()', evidence: 'inferred'});
	await watch.untilStep({call: 'listen()', evidence: 'inferred'});
	await watch.untilStep({end: 'local', state: 'LISTEN', evidence: 'read'});
	const accept = {call: 'accept()', end: 'local'};
	await watch.untilStep({...accept, isBlocked: true, pid: server.pid});
	await watch.untilSockets('the backlog', ({listening}) => {
		const {waiting, backlog, program, pid, call} = listening[0] ?? {};
		return (
			waiting === 0 &&
			backlog === 1 &&
			program === 'python3' &&
			pid === server.pid &&
			call === 'accept()'
		);
	});

	const client = startPython(t, 'client', [port]);
	await watch.untilStep({call: 'connect()', end: 'remote'});
	await watch.untilStep({end: 'remote', state: 'ESTABLISHED'});
	const opened = watch.steps().find(({call}) => call === 'connect()');
	const peer = opened!.peer!;
	assert.match(peer, /^127\.0\.0\.1:\d+$/);
	await watch.untilStep({peer, end: 'local', state: 'ESTABLISHED'});
	await watch.untilStep({...accept, evidence: 'inferred', result: peer});
	const receive = {peer, call: 'recv(1024)', evidence: 'read'};
	await watch.untilStep({...receive, end: 'local', isBlocked: true});

	client.writeLine('hello');
	await watch.untilStep({...receive, end: 'remote', isBlocked: true});
	await watch.untilSeen('5 bytes', () => sent(watch.events(), 'remote') === 5);
	server.writeLine('hello yourself');
	await watch.untilSeen('14 bytes', () => sent(watch.events(), 'local') === 14);

	client.writeLine('quit');
	const end = {peer, kind: 'state', evidence: 'read'};
	await watch.untilStep({...end, end: 'remote', state: 'TIME-WAIT'});
	await watch.untilStep({...end, end: 'local', state: 'CLOSED'});
	await watch.untilSockets('the countdown', ({connections}) => {
		const [left] = connections;
		const {state, timer, pid} = left?.remote ?? {};
		return (
			left?.local === undefined &&
			state === 'TIME-WAIT' &&
			pid === undefined &&
			timer?.name === 'time-wait' &&
			timer.inMs > 30_000 &&
			timer.inMs <= 60_000
		);
	});
	await watch.untilSeen('the programs to end', () =>
		[server.pid, client.pid].every(pid =>
			watch
				.events()
				.some(
					event =>
						event.type === 'process' &&
						event.pid === pid &&
						event.state === 'ended',
				),
		),
	);

	const all = watch.steps();
	for (const {at, notBefore, seenAt} of all) {
		assert.ok(at ?? notBefore < seenAt, 'a time, or its bounds');
	}

	const order = all.map(step =>
		step.kind === 'state' ? `${step.end} ${step.state}` : step.kind,
	);
	for (const [first, then] of [
		['remote ESTABLISHED', 'local ESTABLISHED'],
		['remote FIN-WAIT-1', 'remote TIME-WAIT'],
		['local CLOSE-WAIT', 'local LAST-ACK'],
		['local LAST-ACK', 'local CLOSED'],
	] as const) {
		assert.ok(order.includes(first), first);
		assert.ok(order.indexOf(first) < order.lastIndexOf(then), order.join('\n'));
	}

	watch.signal('SIGINT');
	assert.deepEqual(await watch.waitForExit(), done);
	assert.equal(watch.stderr(), '');
});

const sent = (events: readonly PortEvent[], end: 'local' | 'remote') => {
	let bytes = 0;
	for (const event of events) {
		bytes += event.type === 'data' && event.from === end ? event.bytes : 0;
	}

	return bytes;
};

test('e2e: watch prints lines for people, each with its explanation', async t => {
	const port = await findPort();
	const watch = startBin(t, ['watch', '--times', '--explain', '-p', port]);
	await watch.waitForOutput(`nobody listens on 127.0.0.1:${port} yet\n`);
	const server = startPython(t, 'server', [port]);
	await watch.waitForOutput(
		/^≤ \d\d:\d\d:\d\d\.\d{3} +server +accept\(\) blocks\n.*The process waits for a connection/m,
	);
	await watch.waitForOutput(
		`server        python3 (pid ${server.pid!}) listens, backlog 0 of 1\n`,
	);
	const client = startPython(t, 'client', [port]);
	await watch.waitForOutput(/server :\d+ recv\(1024\) blocks\n/);
	client.writeLine('quit');
	await watch.waitForOutput(/client :\d+ TIME-WAIT ends in \d\d s\n/);
	await watch.waitForOutput('any more\n');
	watch.signal('SIGTERM');
	assert.deepEqual(await watch.waitForExit(), done);
});

const python = (t: TestContext, ...lines: readonly string[]) =>
	startProcess(t, requireExecutable('python3', 'python3'), [
		'-uc',
		['import socket', ...lines].join('\n'),
	]);

test('e2e: watch sees the backlog fill, and half-close, on ::1', async t => {
	const port = await findPort();
	const watch = await startWatch(t, `[::1]:${port}`, nobody);
	const server = python(
		t,
		'server = socket.socket(socket.AF_INET6)',
		`server.bind(("::1", ${port}))`,
		'server.listen(1)',
		'print("listening")',
		'input()',
		'conn, address = server.accept()',
		'input()',
		'conn.shutdown(socket.SHUT_WR)',
		'input()',
		'conn.close()',
		'input()',
	);
	await server.waitForOutput('listening');
	const client = createConnection({host: '::1', port: Number(port)});
	t.after(() => {
		client.destroy();
	});
	client.on('end', () => undefined);
	client.allowHalfOpen = true;
	await once(client, 'connect');
	await watch.untilSockets(
		'one that waits',
		({listening, connections}) =>
			listening[0]?.waiting === 1 &&
			connections[0]?.isAccepted === false &&
			connections[0].local?.state === 'ESTABLISHED' &&
			connections[0].remote?.pid === process.pid,
	);
	client.write('unread');
	await watch.untilSockets(
		'the queue',
		({connections}) => connections[0]?.local?.unreadBytes === 6,
	);
	const peer = `[::1]:${client.localPort!}`;
	assert.ok(
		watch.steps().every(({result}) => result !== peer),
		'not accepted',
	);
	server.writeLine('');
	await watch.untilStep({call: 'accept()', result: peer});
	server.writeLine('');
	await watch.untilStep({peer, call: 'shutdown(SHUT_WR)', end: 'local'});
	await watch.untilStep({peer, state: 'FIN-WAIT-2', end: 'local'});
	await watch.untilStep({peer, state: 'CLOSE-WAIT', end: 'remote'});
	server.writeLine('');
	await watch.untilStep({peer, call: 'close()', end: 'local'});
	watch.signal('SIGTERM');
	assert.deepEqual(await watch.waitForExit(), done);
});

test('e2e: watch says when a program is stopped, goes on and is killed', async t => {
	const port = await findPort();
	const watch = await startWatch(t, port, nobody);
	const server = startPython(t, 'server', [port]);
	await watch.untilStep({call: 'accept()', isBlocked: true});
	const client = createConnection({host: '127.0.0.1', port: Number(port)});
	client.on('error', () => undefined);
	t.after(() => {
		client.destroy();
	});
	await watch.untilStep({call: 'recv(1024)', isBlocked: true});
	const untilProcess = async (state: string) =>
		watch.untilSeen(`it to be ${state}`, () =>
			watch
				.events()
				.some(
					event =>
						event.type === 'process' &&
						event.pid === server.pid &&
						event.state === state,
				),
		);

	server.signal('SIGSTOP');
	await untilProcess('stopped');
	client.write('unread');
	await watch.untilSockets(
		'the queue',
		({connections}) => connections[0]?.local?.unreadBytes === 6,
	);
	server.signal('SIGCONT');
	await untilProcess('running');
	await watch.untilSeen('it to read', () =>
		watch
			.steps()
			.some(
				({call, evidence, isBlocked}) =>
					call === 'recv(1024)' && evidence === 'read' && !isBlocked,
			),
	);
	server.signal('SIGKILL');
	await untilProcess('ended');
	await watch.untilStep({state: 'CLOSED', end: 'local'});
	assert.ok(
		watch
			.steps()
			.every(({call, end}) => call !== 'close()' || end === 'remote'),
		'it called nothing',
	);
	watch.signal('SIGINT');
	assert.deepEqual(await watch.waitForExit(), done);
});

test('e2e: watch of 500 connections prints no more than it follows', async t => {
	const server = createServer(socket => {
		socket.on('error', () => undefined);
	});
	// Not any that listen() chooses: that may have old connections in TIME-WAIT.
	const port = Number(await findPort());
	server.listen(port, '127.0.0.1');
	await once(server, 'listening');
	const watch = await startWatch(t, String(port), '"state":"LISTEN"');
	const clients = Array.from({length: 500}, () =>
		createConnection({host: '127.0.0.1', port}).on('error', () => undefined),
	);
	t.after(() => {
		server.close();
		for (const client of clients) {
			client.destroy();
		}
	});
	await watch.untilSockets(
		'all 500',
		({connections, more}) => connections.length + more === 500,
	);
	const peers = new Set(watch.steps().map(({peer}) => peer));
	assert.ok(peers.size <= 101, `${peers.size} peers have steps`);
	for (const line of watch.stdout().split('\n')) {
		assert.ok(line.length < 16_384, `a line of ${line.length} characters`);
	}

	watch.signal('SIGINT');
	assert.deepEqual(await watch.waitForExit(), done);
});

test('e2e: watch --capture has each segment, as lines and as JSON', async t => {
	const port = await findPort();
	const file = join(
		mkdtempSync(join(tmpdir(), 'sockchat-watch-')),
		'own.pcapng',
	);
	t.after(() => {
		rmSync(dirname(file), {recursive: true});
	});
	const lines = startBin(t, ['watch', port, '--pcapng', file]);
	await lines.waitForOutput('nobody listens');
	const json = startBin(t, ['watch', port, '--capture', '--json']);
	await json.waitForOutput(nobody);
	startPython(t, 'server', [port]);
	await lines.waitForOutput('accept() blocks');
	const client = startPython(t, 'client', [port]);
	client.writeLine('hello');
	await lines.waitForOutput(/^client :\d+ sends SYN seq=0 win=\d+$/m);
	await lines.waitForOutput(
		/^server :\d+ sends SYN\+ACK seq=0 ack=1 win=\d+$/m,
	);
	await lines.waitForOutput(
		/^client :\d+ sends PSH seq=1 ack=1 len=5 win=\d+ "hello"$/m,
	);
	await json.waitForOutput(
		/"segment":"PSH",[^\n]*"evidence":"captured","direction":"in"/,
	);
	for (const watch of [lines, json]) {
		watch.signal('SIGTERM');
		assert.deepEqual(await watch.waitForExit(), done);
	}

	assert.ok(readFileSync(file).includes('hello'));
});

test('e2e: an RST that was captured is said once, as lines and as JSON', async t => {
	const port = await findPort();
	const lines = startBin(t, ['watch', port, '--capture']);
	await lines.waitForOutput('nobody listens');
	const json = startBin(t, ['watch', port, '--capture', '--json']);
	await json.waitForOutput(nobody);
	const server = python(
		t,
		'server = socket.socket()',
		`server.bind(("127.0.0.1", ${port}))`,
		'server.listen(1)',
		'conn, address = server.accept()',
		'input()',
		'conn.close()',
		'input()',
	);
	const client = python(
		t,
		'import time',
		'client = socket.socket()',
		`while client.connect_ex(("127.0.0.1", ${port})): client = socket.socket()`,
		'client.send(b"unread")',
		'input()',
	);
	await json.waitForOutput('"unreadBytes":6');
	await lines.waitForOutput('6 B unread');
	server.writeLine('');
	await json.waitForOutput(/"state":"CLOSED"[^\n]*"peer"/);
	await lines.waitForOutput(/^server :\d+ CLOSED$/m);
	client.writeLine('');
	for (const watch of [lines, json]) {
		watch.signal('SIGTERM');
		assert.deepEqual(await watch.waitForExit(), done);
	}

	const ofConnection = lines
		.stdout()
		.split('\n')
		.filter(line => / sends RST(?! seq=0 )/.test(line));
	assert.equal(ofConnection.length, 1, lines.stdout());
	const resets = json
		.stdout()
		.split('\n')
		.filter(line => line.includes('"segment":"RST"'))
		.filter(line => !/"seq":0\b/.test(line));
	assert.equal(resets.length, 1, json.stdout());
});

test('e2e: watch refuses what has no port', async t => {
	const cases = [
		[
			'./room.sock',
			'watch shows TCP states, and a Unix domain socket has none; give a port.\n',
		],
		['0', '"0" is not a port: give a whole number from 1 to 65535.\n'],
	] as const;
	for (const [word, sentence] of cases) {
		const watch = startBin(t, ['watch', word]);

		assert.deepEqual(await watch.waitForExit(), {...done, code: 2});
		assert.equal(watch.stderr(), sentence);
		assert.equal(watch.stdout(), '');
	}
});
