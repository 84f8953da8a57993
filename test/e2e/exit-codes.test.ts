/** What the exit code says about what was asked for. */
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {createServer, type Socket} from 'node:net';
import test, {type TestContext} from 'node:test';
import {maxTextBytes} from '../../source/protocol/frame.js';
import {startBin, type RunningProcess} from '../helpers/process.js';
import {joinScreen, serveJson} from '../helpers/sockchat.js';
import {until} from '../helpers/until.js';

const signals = {SIGINT: 130, SIGTERM: 143, SIGHUP: 129} as const;

type SignalName = keyof typeof signals;

const names = Object.keys(signals) as SignalName[];

/** A listener that takes connections and never answers. */
const listenMute = async (t: TestContext, {isReading = true} = {}) => {
	const sockets = new Set<Socket>();
	let awaited = 0;
	const mute = createServer({allowHalfOpen: true}, socket => {
		sockets.add(socket);
		socket.on('error', () => undefined);
		if (isReading) {
			socket.resume();
		}
	});
	mute.listen(0, '127.0.0.1');
	await once(mute, 'listening');
	t.after(() => {
		mute.close();
		for (const socket of sockets) {
			socket.destroy();
		}
	});
	return {
		port: String((mute.address() as {port: number}).port),
		/** Settles at the next connection. */
		async connected() {
			awaited++;
			await until(() => sockets.size >= awaited, {what: 'a connection'});
		},
	};
};

const exits = async (chat: RunningProcess, code: number) => {
	assert.deepEqual(
		await chat.waitForExit(),
		{code, signal: undefined},
		chat.seen(),
	);
};

const told = (chat: RunningProcess, isJson: boolean) =>
	isJson
		? chat
				.stdout()
				.trimEnd()
				.split('\n')
				.map(line => JSON.parse(line) as {type: string; message?: string})
				.filter(({type}) => type === 'error')
				.map(({message}) => message)
				.join('\n')
		: chat.stderr().trimEnd().split('\n').at(-1)!;

for (const name of names) {
	test(`e2e: ${name} before a --message is stored is exit code ${signals[name]}`, async t => {
		const check = async (...args: readonly string[]) => {
			const {port, connected} = await listenMute(t);
			const chat = startBin(t, [
				'connect',
				'--port',
				port,
				'--message',
				'x',
				...args,
			]);
			await connected();
			chat.signal(name);
			await exits(chat, signals[name]);
			assert.equal(
				told(chat, args.length > 0),
				'The message was not confirmed as stored.',
			);
		};

		// Each waits for an answer to its goodbye.
		await Promise.all([check(), check('--json')]);
	});
}

test('e2e: a signal before lines of stdin are stored is 128 + N, and says how many', async t => {
	const {server, port} = await serveJson(t);
	for (const isJson of [false, true]) {
		const chat = startBin(t, [
			'connect',
			'--port',
			port,
			'--json',
			'--nick',
			isJson ? 'heron' : 'egret',
			...(isJson ? ['--input', 'json'] : []),
		]);
		await chat.waitForOutput('"type":"welcome"');
		server.signal('SIGSTOP');
		chat.write(
			isJson
				? '{"type":"say","text":"one"}\n{"type":"say","text":"two"}\n'
				: 'one\ntwo\n',
		);
		await chat.waitForOutput('"n":2,"mark":"sent"');
		chat.signal('SIGTERM');
		await exits(chat, 143);
		assert.equal(told(chat, true), '2 lines were not confirmed as stored.');
		server.signal('SIGCONT');
	}
});

test('e2e: a signal before what --wait-for wants is 128 + N', async t => {
	const {server, port} = await serveJson(t);
	for (const [name, nick, ...args] of [
		['SIGINT', 'ibis', '--wait-for', 'never'],
		['SIGTERM', 'kite', '--wait-for-mention', 'heron', '--json'],
	] as const) {
		const to = ['--port', port, '--nick', nick];
		const chat = startBin(t, ['connect', ...to, ...args]);
		await server.waitForOutput(`"nick":"${nick}"`);
		chat.signal(name);
		await exits(chat, signals[name]);
		assert.equal(told(chat, args.length > 2), 'No message matched.');
	}
});

test('e2e: a signal with nothing left to do is exit code 0', async t => {
	const {port} = await serveJson(t);
	for (const name of names) {
		const chat = startBin(t, ['connect', '--port', port, '--json']);
		chat.writeLine('stored');
		await chat.waitForOutput('"mark":"stored"');
		chat.signal(name);
		await exits(chat, 0);
	}

	const {port: mutePort, connected} = await listenMute(t);
	const idle = startBin(t, ['connect', '--port', mutePort]);
	await connected();
	idle.signal('SIGTERM');
	await exits(idle, 0);
	assert.equal(idle.stderr(), '');
});

test('e2e: a second signal ends it at once, by its number', async t => {
	const {server, port} = await serveJson(t);
	const chat = startBin(t, ['connect', '--port', port, '--json']);
	await chat.waitForOutput('"type":"welcome"');
	server.signal('SIGSTOP');
	chat.signal('SIGINT');
	await chat.waitForOutput('"phase":"draining"');
	chat.signal('SIGTERM');
	// Sooner than the 2 seconds of a drain.
	assert.deepEqual(await chat.waitForExit({deadlineMs: 1500}), {
		code: 143,
		signal: undefined,
	});
	server.signal('SIGCONT');
});

test('e2e: quit waits for what was said before it', async t => {
	const {server, port} = await serveJson(t);
	const chat = startBin(t, [
		'connect',
		'--port',
		port,
		'--input',
		'commands',
		'--plain',
	]);
	chat.write('hello\nquit\n');
	await exits(chat, 0);
	assert.match(server.stdout(), /"text":"hello"/);

	const {port: mutePort, connected} = await listenMute(t);
	const waiting = startBin(t, [
		'connect',
		'--port',
		mutePort,
		'--input',
		'commands',
	]);
	waiting.write('hello\nquit\n');
	await connected();
	waiting.signal('SIGTERM');
	await exits(waiting, 143);
	assert.equal(waiting.stderr(), '1 line was not confirmed as stored.\n');
});

test('e2e: a host that quits has stored what it said', async t => {
	const host = startBin(t, [
		'serve',
		'--port',
		'0',
		'--json',
		'--input',
		'commands',
	]);
	host.write('hello\nquit\n');
	await exits(host, 0);
	assert.match(host.stdout(), /"n":1,"mark":"stored"/);
});

test('e2e: a refused line is exit code 1, and the others are stored', async t => {
	const {server, port} = await serveJson(t);
	const refused = [
		['text', `one\n${'x'.repeat(maxTextBytes + 1)}\ntwo\n`],
		['commands', 'one\n/hlep\ntwo\n'],
		['commands', 'one\n/nick server\ntwo\n'],
		['commands', 'one\n/msg nobody hello\ntwo\n'],
		['json', '{"type":"say","text":"one"}\n7\n{"type":"say","text":"two"}\n'],
	] as const;
	for (const [index, [mode, lines]] of refused.entries()) {
		const nick = `rail-${index}`;
		const chat = startBin(t, [
			'connect',
			'--port',
			port,
			'--nick',
			nick,
			'--input',
			mode,
		]);
		chat.write(lines);
		chat.end();
		await exits(chat, 1);
		await server.waitForOutput(
			new RegExp(`"from":"${nick}".*"text":"one"\\}[^]*"text":"two"\\}`),
		);
	}
});

test('e2e: --timeout bounds the message too, with exit code 3', async t => {
	const {port} = await listenMute(t);
	for (const args of [[], ['--json'], ['--message', 'x']]) {
		const chat = startBin(t, [
			'connect',
			'--port',
			port,
			'--timeout',
			'0.3',
			...args,
		]);
		await exits(chat, 3);
		assert.match(
			told(chat, args.includes('--json')),
			/ within 0\.3 s\. A longer --timeout may help\.$/,
		);
	}

	const {server, port: stopped} = await serveJson(t);
	server.signal('SIGSTOP');
	const piped = startBin(t, [
		'connect',
		'--port',
		stopped,
		'--timeout',
		'0.3',
		'--message',
		'-',
	]);
	await exits(piped, 3);
	server.signal('SIGCONT');
});

test('e2e: --timeout bounds lines that were piped in, once they are all there', async t => {
	const {server, port} = await serveJson(t);
	const chat = startBin(t, ['connect', '--port', port, '--timeout', '2']);
	await chat.waitForOutput(/./);
	server.signal('SIGSTOP');
	chat.writeLine('for nobody');
	chat.end();
	await exits(chat, 3);
	server.signal('SIGCONT');
	assert.equal(
		told(chat, false),
		'1 line was not confirmed as stored within 2 s. A longer --timeout may help.',
	);
});

test('e2e: --timeout alone stops counting once connected', async t => {
	const {port} = await serveJson(t);
	const limit = ['--timeout', '1'];
	const chat = startBin(t, ['connect', '--port', port, '--json', ...limit]);
	await chat.waitForOutput('"type":"welcome"');
	const {port: mutePort} = await listenMute(t);
	const later = startBin(t, ['connect', '--port', mutePort, ...limit]);
	await exits(later, 3);
	chat.writeLine('still here');
	await chat.waitForOutput('"mark":"stored"');
	chat.end();
	await exits(chat, 0);
});

test('e2e: a screen that is left says what was not stored', async t => {
	const {server, port} = await serveJson(t);
	for (const {leave, code} of [
		{leave: 'key', code: 1},
		{leave: 'SIGTERM', code: 143},
	] as const) {
		const screen = await joinScreen(t, port, leave === 'key' ? 'ibis' : 'kite');
		server.signal('SIGSTOP');
		screen.type('lost\r');
		await screen.waitFor(/lost *↑/);
		if (leave === 'key') {
			screen.press('ctrl-c');
			await screen.waitFor(
				'1 line is not stored yet. Ctrl-C again leaves without it.',
			);
			screen.press('ctrl-c');
		} else {
			screen.signal(leave);
		}

		assert.equal(await screen.waitForExit(), code, screen.framed());
		assert.match(screen.output(), /1 line was not confirmed as stored\.\r\n/);
		server.signal('SIGCONT');
	}
});

test('e2e: a signal before all of stdin is sent raw is 128 + N, and says how much', async t => {
	const {port, connected} = await listenMute(t, {isReading: false});
	const chat = startBin(t, ['connect', '--raw', '--json', '--port', port]);
	chat.write(Buffer.alloc(32 * 1024 * 1024));
	await connected();
	await chat.waitForOutput('"direction":"out"');
	chat.signal('SIGTERM');
	await exits(chat, 143);
	assert.match(
		told(chat, true),
		/^(?:Not all of stdin was sent: \d+ bytes were read, and the kernel took \d+ of them|Stdin had not ended: the kernel took all that was read, \d+ bytes, and what follows was not sent)\.$/,
	);

	const {port: otherPort, connected: otherConnected} = await listenMute(t);
	const trickle = startBin(t, [
		'connect',
		'--raw',
		'--json',
		'--port',
		otherPort,
	]);
	trickle.write('all that there is so far');
	await otherConnected();
	await trickle.waitForOutput('"direction":"out"');
	trickle.signal('SIGTERM');
	await exits(trickle, 143);

	const whole = startBin(t, [
		'connect',
		'--raw',
		'--json',
		'--events=chunk,step',
		'--port',
		otherPort,
	]);
	whole.write('all');
	whole.end();
	await whole.waitForOutput('"direction":"out"');
	await whole.waitForOutput('FIN-WAIT-2');
	whole.signal('SIGTERM');
	await exits(whole, 0);
});

test('e2e: a program with nothing left to wait for is not code 0 by that', async t => {
	// As if something that it waits for had been forgotten.
	const forgetful = `
		import {Server} from 'node:net';
		const {listen} = Server.prototype;
		Server.prototype.listen = function (...args) {
			return listen.apply(this, args).unref();
		};`;
	const program = startBin(
		t,
		['serve', '--raw', '--port', '0', '--input', 'none'],
		{
			env: {
				NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(forgetful)}`,
			},
		},
	);
	assert.deepEqual(await program.waitForExit(), {code: 1, signal: undefined});
	assert.match(
		program.stderr(),
		/\nsockchat ended before it was done, .*a fault of sockchat\.\n$/,
	);
});
