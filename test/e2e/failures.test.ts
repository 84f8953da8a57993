/** What fails at run time: one sentence, no stack, exit code 1; also as JSON. */
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import {
	createConnection,
	createServer,
	type AddressInfo,
	type Socket,
} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {after, type TestContext} from 'node:test';
import {maxFrameBytes} from '../../source/protocol/frame.js';
import {formatAddress} from '../../source/socket/address.js';
import {createEnvironment} from '../helpers/environment.js';
import {findPort} from '../helpers/ports.js';
import {startBin, type RunningProcess} from '../helpers/process.js';
import {openPlain} from '../helpers/wire-peer.js';
import {joinBare, loopback, serveJson} from '../helpers/sockchat.js';

const {server, port} = await serveJson({after}, ['--nick', 'otter']);

/** A server that isn't ours; it answers what comes first, or connections. */
const listenForeign = async (
	t: TestContext,
	onConnection: (socket: Socket) => void,
): Promise<string> => {
	const sockets = new Set<Socket>();
	const foreign = createServer(socket => {
		sockets.add(socket);
		socket.on('error', () => undefined);
		onConnection(socket);
	});
	foreign.listen(0, '127.0.0.1');
	await once(foreign, 'listening');
	t.after(() => {
		foreign.close();
		for (const socket of sockets) {
			socket.destroy();
		}
	});
	return String((foreign.address() as {port: number}).port);
};

/** The last sentence told in lines, and as JSON. */
const failing = async (
	t: TestContext,
	args: readonly string[],
	exitCode: number,
): Promise<{sentence: string; code: string; message: string}> => {
	const lines = startBin(t, args);
	const json = startBin(t, [...args, '--json']);
	const told = async (chat: RunningProcess) => {
		assert.deepEqual(
			await chat.waitForExit(),
			{code: exitCode, signal: undefined},
			chat.seen(),
		);
		return (chat.stderr() || chat.stdout()).trimEnd().split('\n').at(-1)!;
	};

	const sentence = await told(lines);
	const last = JSON.parse(await told(json)) as {
		code?: string;
		message?: string;
		cause?: {code: string; message: string};
	};
	assert.equal(json.stderr(), '');
	assert.doesNotMatch(lines.seen() + json.seen(), /at \S+:\d+:\d+|Error:/);
	const {code = '', message = ''} = last.cause ?? last;
	return {sentence, code, message};
};

const fails = async (
	t: TestContext,
	args: readonly string[],
	wantedCode: string,
	wanted: RegExp | string,
	exitCode = 1,
) => {
	const {sentence, code, message} = await failing(t, args, exitCode);
	for (const said of [sentence, message]) {
		if (typeof wanted === 'string') {
			assert.equal(said, wanted);
		} else {
			assert.match(said, wanted);
		}
	}

	assert.equal(code, wantedCode);
};

test('e2e: a taken port is named with its holder, and the way to join', async t => {
	await fails(
		t,
		['serve', '--port', port],
		'ERR_PORT_TAKEN',
		new RegExp(
			String.raw`^127\.0\.0\.1:${port} is taken by \S+ \(process ${server.pid}\)\. Choose another port with --port, or join what is there: sockchat connect --port ${port}$`,
		),
	);
	await fails(
		t,
		['serve', '--raw', '--port', port],
		'ERR_PORT_TAKEN',
		/ is taken by /,
	);
});

test('e2e: a refused connection names the address, and how to serve there', async t => {
	const wanted =
		/^Nobody listens on 127\.0\.0\.1:1: the connection was refused\. Start a room there with: sockchat serve --port 1$/;
	await fails(t, ['connect', '--port', '1'], 'ERR_REFUSED', wanted);
	await fails(
		t,
		['connect', '--raw', '--port', '1'],
		'ERR_REFUSED',
		/^Nobody listens on 127\.0\.0\.1:1: the connection was refused\. Start the service, or take its place with: sockchat serve --raw --port 1$/,
	);
	await fails(
		t,
		['connect', '--host', '::1', '--port', '1'],
		'ERR_REFUSED',
		/^Nobody listens on \[::1\]:1: .* with: sockchat serve '\[::1\]:1'$/,
	);
	await fails(
		t,
		['connect', '127.0.0.9:1', '-m', 'x'],
		'ERR_REFUSED',
		/^Nobody listens on 127\.0\.0\.9:1: .* with: sockchat serve 127\.0\.0\.9:1$/,
	);
});

// A service that was told localhost may be on ::1 alone, as Vite is.
test('e2e: a refused connection says who listens on the other loopback address', async t => {
	for (const [own, other] of [
		['::1', '127.0.0.1'],
		['127.0.0.1', '::1'],
	] as const) {
		const service = createServer();
		service.listen(0, own);
		await once(service, 'listening');
		t.after(() => {
			service.close();
		});
		const {port: itsPort} = service.address() as AddressInfo;
		const [there, here] = [own, other].map(host =>
			formatAddress({kind: 'tcp', host, port: itsPort}),
		) as [string, string];
		const sentence = `Nobody listens on ${here}: the connection was refused. Somebody listens on ${there}.`;
		await fails(t, ['connect', '--raw', here], 'ERR_REFUSED', sentence);
		const probe = startBin(t, ['connect', '--raw', '--probe', here]);
		assert.equal((await probe.waitForExit()).code, 1);
		assert.equal(
			probe.stderr(),
			`Nobody listens on ${here}. Somebody listens on ${there}.\n`,
		);
	}
});

test('e2e: a socket that is not there was not refused, and a folder is a typo', async t => {
	const folder = mkdtempSync(join(tmpdir(), "sockchat-o'paths-"));
	t.after(() => {
		rmSync(folder, {recursive: true});
	});
	const path = join(folder, 'x.sock');
	for (const [advice, ...how] of [
		['Start a room there with: sockchat serve', '-m', 'hi'],
		[
			'Start the service, or take its place with: sockchat serve --raw',
			'--raw',
		],
	] as const) {
		await fails(
			t,
			['connect', path, ...how],
			'ERR_REFUSED',
			new RegExp(
				String.raw`^Nobody listens on ${path}: there is no such socket\. ${advice} --socket '.*/sockchat-o'\\''paths-\w+/x\.sock'$`,
			),
		);
		const missing = join(folder, 'nofolder');
		await fails(
			t,
			['connect', join(missing, 'x.sock'), ...how],
			'ERR_SOCKET_PATH',
			new RegExp(
				`^Nobody listens on ${missing}/x\\.sock: there is no folder ${missing}\\.$`,
			),
			2,
		);
	}
});

test('e2e: a nick that is taken is told, whatever its case', async t => {
	await fails(
		t,
		['connect', '--port', port, '--nick', 'OTTER'],
		'ERR_NICK_TAKEN',
		/^"OTTER" is taken, or looks like a nick that is\. Choose another\.$/,
	);
});

test('e2e: garbage instead of a welcome is quoted, and --raw advised', async t => {
	for (const garbage of [
		'220 mail.example ESMTP\r\n',
		'HTTP/1.1 400 Bad Request\r\n\r\n',
		'\u{0}\u{1}\u{1B}]0;owned\u{7}\n',
		'{"type":"message"}\n',
		'{"type":"welcome"}\n',
		'{}\n',
		'[[[[\n',
	]) {
		const foreign = await listenForeign(t, socket => {
			socket.end(garbage);
		});

		await fails(
			t,
			['connect', '--port', foreign],
			'ERR_NOT_SOCKCHAT',
			/^This is not a sockchat server: instead of a welcome it sent .*use --raw\.$/,
		);
	}
});

test('e2e: an end before the welcome is told', async t => {
	const foreign = await listenForeign(t, socket => {
		socket.end();
	});
	await fails(
		t,
		['connect', '--port', foreign],
		'ERR_LOST',
		/^The connection was closed \(FIN\) before a welcome came\./,
	);
});

test('e2e: a frame that is too long ends the connection on either side', async t => {
	const foreign = await listenForeign(t, socket => {
		socket.write('x'.repeat(maxFrameBytes + 10));
	});
	await fails(
		t,
		['connect', '--port', foreign],
		'ERR_NOT_SOCKCHAT',
		/^This is not a sockchat server: instead of a welcome it sent "x+"\./,
	);

	const peer = await joinBare(t, port, 'flooder');
	peer.write('y'.repeat(maxFrameBytes + 10));
	const error = await peer.untilFrame('error');
	assert.equal(error.code, 'ERR_LINE_TOO_LONG');
	await peer.untilFin();
	const guest = await openPlain(t, loopback(port));
	guest.write('z'.repeat(maxFrameBytes + 10));
	await guest.untilText(`The peer sent `);
	await guest.untilFin();
	assert.equal(guest.text.split('\n').length, 2);
	await server.waitForOutput(/"type":"left".*"reason":"protocol"/);
});

test('e2e: a room that is full says so', async t => {
	const {port: full} = await serveJson(t, ['--max-members', '1']);
	await fails(
		t,
		['connect', '--port', full],
		'ERR_ROOM_FULL',
		/^The room is full: its limit is 1 members\./,
	);
});

test('e2e: a local port that is in use is named', async t => {
	await fails(
		t,
		['connect', '--port', port, '--local-port', port],
		'ERR_ADDRESS_UNAVAILABLE',
		new RegExp(`^Can't bind the local port ${port}: it is in use`),
	);
});

test('e2e: a connection that exists already is not blamed on bind()', async t => {
	const foreign = await listenForeign(t, () => undefined);
	const local = await findPort();
	const host = '127.0.0.1';
	const taken = createConnection({
		host,
		port: Number(foreign),
		localAddress: host,
		localPort: Number(local),
	});
	t.after(() => {
		taken.destroy();
	});
	await once(taken, 'connect');
	await fails(
		t,
		['connect', '--port', foreign, '--local-port', local],
		'ERR_ADDRESS_UNAVAILABLE',
		new RegExp(
			`^Can't connect from the local port ${local} to 127\\.0\\.0\\.1:${foreign}: that connection exists already`,
		),
	);
});

test('e2e: what is at the path and is no socket is a wrong value', async t => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-path-'));
	t.after(() => {
		rmSync(folder, {recursive: true});
	});
	const file = join(folder, 'file');
	writeFileSync(file, 'no socket');
	const inner = join(folder, 'inner');
	mkdirSync(inner);
	const link = join(folder, 'link');
	symlinkSync(join(folder, 'nothing'), link);
	for (const [path, kind] of [
		[file, 'a file'],
		[inner, 'a folder'],
		[link, 'a symbolic link to nothing'],
	] as const) {
		const sentence = new RegExp(
			`^"${path}" is ${kind}, not a socket; name another path\\.$`,
		);
		for (const [exitCode, ...args] of [
			[2, 'serve', '--no-history', path],
			[2, '--no-history', path],
			[2, 'connect', path, '-m', 'x'],
			[1, 'status', path],
		] as const) {
			await fails(t, args, 'ERR_SOCKET_PATH', sentence, exitCode);
		}

		const raw = startBin(t, ['connect', '--raw', path]);
		assert.equal((await raw.waitForExit()).code, 2, raw.seen());
		assert.match(raw.stderr().trimEnd(), sentence);
	}

	const below = join(file, 'x.sock');
	const noFolder = new RegExp(`there is no folder ${file}\\.`);
	await fails(t, ['serve', below], 'ERR_SOCKET_PATH', noFolder, 2);
	await fails(t, ['connect', below], 'ERR_SOCKET_PATH', noFolder, 2);
	for (const path of [file, below]) {
		const doctor = startBin(t, ['doctor', path]);
		assert.equal((await doctor.waitForExit()).code, 1, doctor.seen());
		assert.match(
			doctor.stdout(),
			/^fails {2}address: .*(?:not a socket|no folder)/m,
		);
	}

	const status = startBin(t, ['status', below]);
	assert.equal((await status.waitForExit()).code, 1, status.seen());
	assert.equal(status.stdout(), `${below}: nobody listens\n`);
});

test('e2e: no file that holds something is written over, whatever is to be kept in it', async t => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-kept-'));
	t.after(() => {
		rmSync(folder, {recursive: true});
	});
	const file = join(folder, 'mine');
	writeFileSync(file, 'mine');
	for (const [code, ...args] of [
		['ERR_RECORDING', 'serve', '--raw', '0', '--record', file],
		['ERR_RECORDING', 'connect', '--raw', port, '--record', file],
		['ERR_RECORDING', 'proxy', '0', port, '--record', file],
		['ERR_CAPTURE_FILE', 'serve', '0', '--pcapng', file],
		['ERR_CAPTURE_FILE', 'serve', await findPort(), '--pcapng', file],
		['ERR_CAPTURE_FILE', 'connect', port, '--pcapng', file],
		['ERR_CAPTURE_FILE', 'connect', '--raw', port, '--pcapng', file],
		['ERR_CAPTURE_FILE', 'watch', port, '--pcapng', file],
	] as const) {
		await fails(
			t,
			args,
			code,
			new RegExp(`${file}: the file is there already, and not empty\\.`),
			2,
		);
		assert.equal(readFileSync(file, 'utf8'), 'mine');
	}
});

test('e2e: a file for packets that leads nowhere is a wrong value', async t => {
	for (const args of [
		['serve', '0'],
		['serve', await findPort()],
		['connect', port],
	]) {
		await fails(
			t,
			[...args, '--pcapng', '/nowhere/own.pcapng'],
			'ERR_CAPTURE_FILE',
			/^The packets can't be written to \/nowhere\/own\.pcapng: there is no such folder \(ENOENT\)/,
			2,
		);
	}
});

test('e2e: a history that is a folder says so, also with a slash at its end', async t => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-folder-'));
	t.after(() => {
		rmSync(folder, {recursive: true});
	});
	for (const path of [folder, `${folder}/`, join(folder, 'none/')]) {
		await fails(
			t,
			['serve', '--port', '0', '--history', path],
			'ERR_HISTORY',
			/^The history \S+ can't be opened or read: it is a folder; /,
			2,
		);
	}
});

test("e2e: a socket's path in no folder says so", async t => {
	await fails(
		t,
		['serve', '--socket', '/nowhere/deep/room.sock'],
		'ERR_SOCKET_PATH',
		/^Can't make "\/nowhere\/deep\/room\.sock": there is no folder \/nowhere\/deep\./,
		2,
	);
});

// Node's recursive mkdir never returns from below /proc.
for (const path of [
	'/proc/nowhere/deep/room.jsonl',
	'/proc/room.jsonl',
	'/proc/self/fd/room.jsonl',
	'/proc/self/fd/0/room.jsonl',
	'/sys/nowhere/room.jsonl',
	'/sys/room.jsonl',
	'/dev/nowhere/room.jsonl',
	'/dev/null/deep/room.jsonl',
	'/dev/fd/room.jsonl',
]) {
	test(`e2e: no history can stand at ${path}, which is told at once`, async t => {
		await fails(
			t,
			['serve', '--port', '0', '--history', path],
			'ERR_HISTORY',
			/^The history \/(?:proc|sys|dev)\/\S+ /,
			2,
		);
	});
}

test('e2e: a history that is none, or a token that is nowhere, is a wrong value', async t => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-path-'));
	t.after(() => {
		rmSync(folder, {recursive: true});
	});
	const file = join(folder, 'file');
	writeFileSync(file, 'no history\n', {mode: 0o600});
	const serve = ['serve', '--port', '0', '--history'];
	await fails(
		t,
		[...serve, join(folder, 'nowhere', 'room.jsonl')],
		'ERR_HISTORY',
		/^The history \S+ can't be opened or read: there is no folder /,
		2,
	);
	// One at a time: the file is locked while it is read.
	const none = startBin(t, [...serve, file]);
	assert.equal((await none.waitForExit()).code, 2, none.seen());
	assert.match(none.stderr(), /^The history \S+ can't be read .* "no history/);

	const nowhere = join(folder, 'token');
	for (const command of [['serve'], ['connect', '--port', port], ['status']]) {
		await fails(
			t,
			[...command, '--token-file', nowhere],
			'ERR_TOKEN_FILE',
			/^"\S+token" can't hold a token: there is no such file\.$/,
			2,
		);
	}
});

for (const home of ['/proc/nowhere', '/sys/nowhere', '/dev/null']) {
	test(`e2e: nor can the default one below ${home}`, async t => {
		const args = ['serve', '--port', await findPort()];
		const serving = startBin(t, args, {
			env: {XDG_STATE_HOME: home},
		});
		assert.equal((await serving.waitForExit()).code, 1, serving.seen());
		assert.match(serving.stderr(), /^The history \/\S+ can't be opened.*\.\n$/);
	});
}

test('e2e: a room without a place for its history says so', async t => {
	const environment = createEnvironment();
	t.after(environment.remove);
	const nowhere = {HOME: undefined, XDG_STATE_HOME: undefined};
	const path = `${environment.home}/room.sock`;
	const open = (...flags: readonly string[]) =>
		startBin(t, ['serve', path, '--plain', '--input', 'none', ...flags], {
			env: nowhere,
		});
	const room = open();
	await room.waitForOutput(
		/kept in memory only: .*XDG_STATE_HOME nor HOME .*--history FILE/,
		{stream: 'stderr'},
	);
	room.signal('SIGTERM');
	assert.equal((await room.waitForExit()).code, 0);

	// Who asked for that knows.
	const asked = open('--no-history');
	await asked.waitForOutput('listening', {stream: 'stderr'});
	asked.signal('SIGTERM');
	await asked.waitForExit();
	assert.doesNotMatch(asked.stderr(), /memory/);
});
