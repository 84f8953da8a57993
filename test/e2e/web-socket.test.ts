/** Raw mode over WebSocket: with ws, and with Python that frames by hand. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {randomBytes} from 'node:crypto';
import {once} from 'node:events';
import {readFileSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:https';
import type {AddressInfo} from 'node:net';
import {join} from 'node:path';
import test, {type TestContext} from 'node:test';
import {WebSocket, WebSocketServer} from 'ws';
import {
	makeCertificates,
	newFolder,
	startPython,
} from '../helpers/link-peers.js';
import {bin, startBin, startProcess} from '../helpers/process.js';
import {dialService, openService} from '../helpers/services.js';
import {toShellLine} from '../helpers/shell.js';
import {openTerminal} from '../helpers/terminal.js';
import {until} from '../helpers/until.js';
import {
	acceptUpgrade,
	closeFrame,
	frameOf,
	requestUpgrade,
} from '../helpers/web-socket-frames.js';

const done = {code: 0, signal: undefined};
const failed = {code: 1, signal: undefined};

type Heard = {
	readonly port: string;
	/** What came, as kind and text. */
	readonly messages: string[];
	/** Codes of Close frames. */
	readonly codes: number[];
	readonly peers: WebSocket[];
};

/** A server of the library, which answers each message as it is asked to. */
const openPeer = async (
	t: TestContext,
	answer: (peer: WebSocket, text: string) => void = () => undefined,
): Promise<Heard> => {
	const server = new WebSocketServer({host: '127.0.0.1', port: 0, path: '/in'});
	await once(server, 'listening');
	t.after(() => {
		for (const peer of server.clients) {
			peer.terminate();
		}

		server.close();
	});
	const messages: string[] = [];
	const codes: number[] = [];
	const peers: WebSocket[] = [];
	server.on('connection', peer => {
		peers.push(peer);
		peer.on('message', (data: Buffer, isBinary) => {
			const text = data.toString(isBinary ? 'hex' : 'utf8');
			messages.push(`${isBinary ? 'binary' : 'text'} ${text}`);
			answer(peer, text);
		});
		peer.on('close', code => {
			codes.push(code);
		});
	});
	const {port} = server.address() as AddressInfo;
	return {port: String(port), messages, codes, peers};
};

const connectTo = (t: TestContext, {port}: Heard, ...args: readonly string[]) =>
	startBin(t, ['connect', '--raw', '--ws', '/in', port, ...args]);

test('e2e: ws sends a line as a message, and a message as a line', async t => {
	const peer = await openPeer(t, (socket, text) => {
		socket.send(`got ${text}`);
	});
	const client = connectTo(t, peer);
	client.write(Buffer.from('one\r\n\nthree, ünd '));
	client.write(
		Buffer.concat([Buffer.from('more\n'), Buffer.from('fe80ff', 'hex')]),
	);
	client.end();
	assert.deepEqual(await client.waitForExit(), done, client.seen());
	assert.deepEqual(peer.messages, [
		'text one',
		'text ',
		'text three, ünd more',
		'binary fe80ff',
	]);
	assert.equal(
		client.stdout(),
		'got one\ngot \ngot three, ünd more\ngot fe80ff\n',
	);
	await until(() => peer.codes.length > 0, {what: 'its end'});
	assert.deepEqual(peer.codes, [1000]);
});

// As in vi/websocat#245: the answer to what was piped in is printed.
test('e2e: ws in a pipe waits for the answers before it closes', async t => {
	const peer = await openPeer(t, socket => {
		for (let count = 0; count < 200; count++) {
			socket.send(`answer ${count} ${'x'.repeat(5000)}`);
		}
	});
	const client = connectTo(t, peer);
	client.writeLine('{"command":"list"}');
	client.end();
	assert.deepEqual(await client.waitForExit(), done, client.seen());
	assert.equal(client.stdout().match(/^answer /gm)?.length, 200);
});

// As in vi/websocat#212 and in cron: a stdin that has ended must not end it.
test('e2e: ws --input none and --no-shutdown stay until the other side closes', async t => {
	for (const flag of [['--input', 'none'], ['--no-shutdown']]) {
		const peer = await openPeer(t);
		const client = connectTo(t, peer, ...flag);
		client.end();
		await until(() => peer.peers[0], {what: 'a client'});
		peer.peers[0]!.send('late');
		await client.waitForOutput('late\n');
		peer.peers[0]!.close(1001, 'bye');
		assert.deepEqual(await client.waitForExit(), done, client.seen());
	}
});

// As in websockets/wscat#17: a message of the command line, and its answers.
test('e2e: ws --message sends it, prints what comes, and --replies ends it', async t => {
	const peer = await openPeer(t, socket => {
		socket.send('{"id":1}');
		socket.send('{"id":2}');
	});
	const client = connectTo(t, peer, '-m', 'subscribe?a=b', '--replies', '2');
	assert.deepEqual(await client.waitForExit(), done, client.seen());
	assert.deepEqual(peer.messages, ['text subscribe?a=b']);
	assert.equal(client.stdout(), '{"id":1}\n{"id":2}\n');
});

for (const flags of [[], ['--json']]) {
	const name = flags.join('');
	test(`e2e: ws --replies ends though the other side has closed before all was said ${name}`, async t => {
		const peer = await openPeer(t, socket => {
			socket.send('first');
			socket.send('second');
			socket.close(1000);
		});
		const client = connectTo(t, peer, '--replies', '1', ...flags);
		client.write('ask\n');
		assert.deepEqual(await client.waitForExit(), done, client.seen());
		assert.equal(client.stderr(), '');
		assert.match(client.stdout(), /first/);
	});

	test(`e2e: ws --replies says that a line has no end yet ${name}`, async t => {
		const peer = await openPeer(t, socket => {
			socket.send('answer');
		});
		const client = connectTo(t, peer, '--replies', '1', ...flags);
		client.write('ask\nhalf');
		assert.deepEqual(
			await client.waitForExit(),
			{code: 1, signal: undefined},
			client.seen(),
		);
		assert.match(
			client.stdout() + client.stderr(),
			/7 bytes were read, and the kernel took 3 of them\./,
		);
		assert.deepEqual(peer.messages, ['text ask']);
	});
}

test('e2e: ws --replies closes in good order over TLS, too', async t => {
	const {ca, good} = makeCertificates(newFolder(t));
	const carrier = createServer({
		cert: readFileSync(good.cert),
		key: readFileSync(good.key),
	});
	const server = new WebSocketServer({server: carrier});
	carrier.listen(0, '127.0.0.1');
	await once(carrier, 'listening');
	t.after(() => {
		carrier.closeAllConnections();
		carrier.close();
	});
	const codes: number[] = [];
	server.on('connection', peer => {
		// Our answer to its Close may meet a closed socket.
		peer.on('error', () => undefined);
		peer.on('close', code => {
			codes.push(code);
		});
		peer.send('hello');
	});
	const {port} = carrier.address() as AddressInfo;
	for (const end of ['--replies', '--idle']) {
		const client = startBin(t, [
			'connect',
			'--raw',
			'--tls',
			'--tls-ca',
			ca,
			'--ws',
			'/',
			String(port),
			'--input',
			'none',
			end,
			'1',
		]);
		assert.deepEqual(await client.waitForExit(), done, client.seen());
		assert.equal(client.stderr(), '');
		assert.equal(client.stdout(), 'hello\n');
	}

	await until(() => codes.length === 2, {what: 'both ends'});
	assert.deepEqual(codes, [1000, 1000]);
});

// As in vi/websocat#261: the kernel's line editing cuts at 4096 bytes.
test('e2e: ws sends a long line of a terminal whole', async t => {
	const peer = await openPeer(t, socket => {
		socket.ping('are you there');
	});
	const chat = openTerminal(
		t,
		bin('connect', '--raw', '--ws', '/in', peer.port),
	);
	await chat.waitFor(/open.*ws \/in/);
	const line = 'lorem ipsum '.repeat(700).trim();
	chat.type(`${line}\r`);
	await until(() => peer.messages[0], {
		what: 'the message',
		seen: () => chat.screen().join('\n'),
	});
	assert.deepEqual(peer.messages, [`text ${line}`]);
	chat.press('ctrl-c');
	assert.equal(await chat.waitForExit(), 0);
});

test('e2e: ws shows frames in the view of the wire, and what was agreed in the pane', async t => {
	const peer = await openPeer(t, (socket, text) => {
		socket.ping('p1');
		socket.send(Buffer.from(text));
	});
	const chat = openTerminal(t, {
		...bin('connect', '--raw', '--ws', '/in', peer.port),
		columns: 120,
	});
	await chat.waitFor('ws /in');
	chat.type('hello\r');
	await until(() => peer.messages[0], {what: 'the message'});
	chat.type('/wire\r');
	await chat.waitFor(/← ping · 2 bytes/);
	await chat.waitFor(/→ pong · 2 bytes/);
	await chat.waitFor(/→ text · 5 bytes/);
	await chat.waitFor(/← binary · 5 bytes/);
	peer.peers[0]!.close(4000, 'enough');
	chat.type('/wire\r');
	await chat.waitFor(
		'Close frame: the other side closed the WebSocket (4000 enough)',
	);
	chat.press('ctrl-c');
	await chat.waitForExit();
});

test('e2e: ws frames are in JSON', async t => {
	const peer = await openPeer(t, socket => {
		socket.ping('p1');
		socket.send('text');
		socket.send(Buffer.from([1, 2]));
		socket.close(1000, 'fine');
	});
	const client = connectTo(t, peer, '--json', '--no-shutdown');
	client.writeLine('go');
	client.end();
	assert.deepEqual(await client.waitForExit(), done, client.seen());
	const lines = client
		.stdout()
		.trimEnd()
		.split('\n')
		.map(line => JSON.parse(line) as Record<string, unknown>)
		.filter(({type}) => type === 'chunk' || type === 'control')
		.map(({direction, frame, bytes, code, reason}) =>
			[direction, frame, bytes ?? code, reason].filter(
				value => value !== undefined,
			),
		);
	assert.deepEqual(lines, [
		['out', 'text', 2],
		['in', 'ping', 2],
		['out', 'pong', 2],
		['in', 'text', 4],
		['in', 'binary', 2],
		['in', 'close', 1000, 'fine'],
	]);
});

test('e2e: ws that a signal ends amid a transfer exits with 128 + N', async t => {
	const heard = await openPeer(t);
	const {command, args} = bin('connect', '--raw', '--ws', '/in', heard.port);
	for (const [signal, code] of [
		['SIGTERM', 143],
		['SIGINT', 130],
	] as const) {
		heard.peers.length = 0;
		const chat = startProcess(t, 'sh', [
			'-c',
			`exec ${toShellLine(command, [...args, '--ws-binary'])} < /dev/zero`,
		]);
		const peer = await until(() => heard.peers[0], {what: 'the connection'});
		const before = heard.messages.length;
		await until(() => heard.messages.length > before, {what: 'a message'});
		peer.pause();
		chat.signal(signal);
		assert.deepEqual(
			await chat.waitForExit(),
			{code, signal: undefined},
			chat.seen(),
		);
	}
});

test('e2e: ws says how it was closed, if not in good order', async t => {
	const failing = await openPeer(t, socket => {
		socket.send('last');
		socket.close(1011, 'no memory');
	});
	const client = connectTo(t, failing);
	client.writeLine('go');
	client.end();
	assert.equal((await client.waitForExit()).code, 1);
	assert.equal(client.stdout(), 'last\n');
	assert.equal(
		client.stderr(),
		'The other side closed the WebSocket with 1011: "no memory".\n',
	);

	const cut = await openPeer(t, socket => {
		socket.send('last', () => {
			socket.terminate();
		});
	});
	const second = connectTo(t, cut);
	second.writeLine('go');
	assert.equal((await second.waitForExit()).code, 1);
	assert.equal(second.stdout(), 'last\n');
	assert.match(second.stderr(), /ended without a Close frame \(1006\)/);
});

test('e2e: ws says that a Close came amid a message, as client, server and proxy', async t => {
	const amid = (isMasked: boolean) =>
		Buffer.concat([
			frameOf('text', 'whole', {isMasked}),
			frameOf('text', 'fragm', {isMasked, isLast: false}),
			closeFrame(1000, {isMasked}),
		]);
	const service = await openService(t, peer => {
		void acceptUpgrade(peer).then(() => {
			peer.end(amid(false));
		});
	});
	const sentence =
		'The other side closed the WebSocket amid a message in fragments: 5 bytes of it came, and are dropped.\n';
	for (const more of [[], ['--json']]) {
		const args = ['connect', '-r', '--ws', '/', '--input', 'none'];
		const client = startBin(t, [...args, ...more, service.port]);
		assert.equal((await client.waitForExit()).code, 1, client.seen());
		assert.match(client.stdout(), /whole/);
		assert.ok(client.seen().includes(sentence.trim()), client.seen());
	}

	const {port: other} = await openService(t);
	for (const [stream, ...args] of [
		['stderr', 'serve', '-r', '--ws', '/', '0', '--once', '--input', 'none'],
		['stdout', 'proxy', 'ws:0/', other, '--once'],
	] as const) {
		const server = startBin(t, args);
		const port = await server.waitForOutput(/:(\d+)(?:\/?)$/m, {stream});
		const peer = await dialService(t, port);
		await requestUpgrade(peer);
		peer.end(amid(true));
		assert.equal((await server.waitForExit()).code, 1, server.seen());
		assert.ok(server.stderr().endsWith(sentence), server.seen());
	}
});

test('e2e: ws says that a subprotocol was not agreed to, and lets no header end the line', async t => {
	const server = new WebSocketServer({
		host: '127.0.0.1',
		port: 0,
		handleProtocols: () => false,
	});
	await once(server, 'listening');
	t.after(() => {
		server.close();
	});
	const port = String((server.address() as AddressInfo).port);
	const args = ['connect', '--raw', '--ws', '/', port];
	const chat = startBin(t, [...args, '--ws-protocol', 'v2,v1']);
	assert.equal((await chat.waitForExit()).code, 1, chat.seen());
	assert.equal(
		chat.stderr(),
		'The WebSocket at "/" agrees to none of v2, v1: Server sent no subprotocol.\n',
	);
	const forged = startBin(t, [...args, '--ws-header', 'a: b\r\nHost: other']);
	assert.equal((await forged.waitForExit()).code, 2, forged.seen());
	assert.match(forged.stderr(), /^--ws-header needs "NAME: VALUE" in ASCII; /);
});

test('e2e: ws asks with headers of any name', async t => {
	const server = new WebSocketServer({host: '127.0.0.1', port: 0});
	await once(server, 'listening');
	t.after(() => {
		server.close();
	});
	const asked: string[][] = [];
	server.on('connection', (socket, {rawHeaders}) => {
		asked.push(rawHeaders);
		socket.send('hello');
	});
	const port = String((server.address() as AddressInfo).port);
	const names = ['constructor', '__proto__', 'x-many', 'x-many'];
	const chat = startBin(t, [
		'connect',
		'--raw',
		'--ws',
		'/',
		'--replies',
		'1',
		port,
		...names.flatMap((name, index) => ['--ws-header', `${name}: ${index}`]),
	]);
	assert.deepEqual(
		await chat.waitForExit(),
		{code: 0, signal: undefined},
		chat.seen(),
	);
	const seen = asked[0]!.flatMap((name, index) =>
		index % 2 === 0 && names.includes(name)
			? [`${name}: ${asked[0]![index + 1]}`]
			: [],
	);
	assert.deepEqual(
		seen,
		names.map((name, index) => `${name}: ${index}`),
	);
});

test('e2e: ws says that there is no WebSocket', async t => {
	const peer = await openPeer(t);
	const wrong = startBin(t, ['connect', '--raw', '--ws', '/out', peer.port]);
	assert.equal((await wrong.waitForExit()).code, 1);
	assert.equal(
		wrong.stderr(),
		'There is no WebSocket at "/out": the server answered 400 Bad Request, not 101. Give the path with --ws PATH.\n',
	);
	for (const [path, got] of [
		['chat', '"chat"'],
		['/a b', '"/a b"'],
		['/#part', '"/#part"'],
	]) {
		const bad = startBin(t, ['serve', '--raw', '--ws', path!, '--port', '0']);

		assert.equal((await bad.waitForExit()).code, 2);
		assert.equal(
			bad.stderr(),
			`--ws needs the path of a request, such as / or /chat; got ${got}.\n`,
		);
	}
});

// A client by RFC 6455 alone: its key, masks, a fragmented message, ping, Close.
const byHand = `
import base64, hashlib, os, socket, struct, sys
peer = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
key = base64.b64encode(os.urandom(16)).decode()
origin = 'Origin: ' + sys.argv[2] + '\\r\\n' if len(sys.argv) > 2 else ''
peer.sendall(('GET /chat?x=1 HTTP/1.1\\r\\nHost: localhost\\r\\nUpgrade: websocket\\r\\n'
    'Connection: Upgrade\\r\\nSec-WebSocket-Version: 13\\r\\n' + origin +
    'Sec-WebSocket-Key: ' + key + '\\r\\n\\r\\n').encode())
stream = peer.makefile('rb')
status = stream.readline().decode().strip()
print(peer.getsockname()[1])
print(status)
if ' 101 ' not in status: sys.exit(3)
while (line := stream.readline().strip()):
    if line.lower().startswith(b'sec-websocket-accept'):
        wanted = base64.b64encode(hashlib.sha1((key + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').encode()).digest())
        print('accepted', line.split(b' ')[1] == wanted)
def send(head, data):
    mask = os.urandom(4)
    masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))
    peer.sendall(bytes([head, 0x80 | len(data)]) + mask + masked)
send(0x01, b'frag')
send(0x89, b'ping')
send(0x80, b'ments')
while True:
    head, length = stream.read(2)
    data = stream.read(struct.unpack('>H', stream.read(2))[0] if length == 126 else length)
    print(hex(head), data, flush=True)
    if head == 0x88:
        send(0x88, data)
        break
print('end', stream.read())
`;

test('e2e: serve --ws speaks with a client that frames by hand', async t => {
	const server = startBin(t, ['serve', '-r', '--once', '--ws', '/chat', '0']);
	const port = await server.waitForOutput(/:(\d+)$/m, {stream: 'stderr'});
	const peer = await startPython(t, byHand, port);
	await server.waitForOutput('fragments\n');
	server.write('to the peer\n');
	await peer.waitForOutput("0x81 b'to the peer'");
	server.end();
	// It answers no ping, so it is a signal that ends the wait for the pong.
	await peer.waitForOutput("0x89 b'last'");
	assert.match(peer.stdout(), /^accepted True$/m);
	assert.match(peer.stdout(), /^0x8a b'ping'$/m);
	server.signal('SIGTERM');
	await server.waitForExit();
});

test('e2e: serve --ws refuses pages of other sites, and takes those of this machine', async t => {
	const server = startBin(t, ['serve', '-r', '--ws', '/chat', '--port', '0']);
	const port = await server.waitForOutput(/:(\d+)$/m, {stream: 'stderr'});
	for (const origin of [
		'https://example.com',
		'null',
		'https://127.0.0.1.evil',
	]) {
		const page = await startPython(t, byHand, port, origin);
		await page.waitForOutput(/^HTTP\/1\.1 403 Forbidden$/m);
	}

	await server.waitForOutput(
		/was turned away: A page of "https:\/\/example\.com" asked for the WebSocket; only pages of this machine may\./,
		{stream: 'stderr'},
	);
	const own = await startPython(t, byHand, port, 'http://localhost:3000');
	await own.waitForOutput('101 Switching Protocols');
});

test('e2e: serve --ws tells who asks for no WebSocket of it, and says so', async t => {
	const server = startBin(t, ['serve', '-r', '--ws', '/chat', '--port', '0']);
	const port = await server.waitForOutput(/:(\d+)$/m, {stream: 'stderr'});
	const plain = await fetch(`http://127.0.0.1:${port}/chat`);
	assert.equal(plain.status, 426);
	assert.equal(plain.headers.get('upgrade'), 'websocket');
	const ofPath =
		'This is a WebSocket at /chat, and the request was plain HTTP.';
	assert.equal(await plain.text(), `${ofPath}\n`);
	const other = startBin(t, ['connect', '-r', '--ws', '/chats', port]);
	assert.deepEqual(await other.waitForExit(), failed, other.seen());
	assert.equal(
		other.stderr(),
		'There is no WebSocket at "/chats": the server answered 404 Not Found, not 101. Give the path with --ws PATH.\n',
	);
	await server.waitForOutput(
		/was turned away: There is no WebSocket at "\/chats", only at \/chat\.\n/,
		{stream: 'stderr'},
	);
	assert.ok(server.stderr().includes(`was turned away: ${ofPath}\n`));
});

test('e2e: a message of a WebSocket may have 16 MiB, and is refused with one byte more', async t => {
	const limit = 16 * 1024 * 1024;
	const server = startBin(t, ['serve', '-r', '--ws', '/', '--port', '0']);
	const port = await server.waitForOutput(/:(\d+)$/m, {stream: 'stderr'});
	const peer = new WebSocket(`ws://127.0.0.1:${port}/`);
	peer.on('error', () => undefined);
	await once(peer, 'open');
	peer.send(Buffer.alloc(limit, 'x'));
	peer.send(Buffer.alloc(limit + 1, 'y'));
	const codes: number[] = [];
	peer.on('close', code => {
		codes.push(code);
	});
	await until(() => codes.length > 0, {what: 'its close', seen: server.seen});
	assert.deepEqual(codes, [1009]);
	await server.waitForOutput('broke the rules of WebSocket: Max payload', {
		stream: 'stderr',
	});
	await until(() => server.stdout().length === limit, {
		what: 'the message of 16 MiB',
		seen: () => String(server.stdout().length),
	});

	const heard = await openPeer(t);
	const client = connectTo(t, heard, '--input', 'none');
	const other = await until(() => heard.peers[0], {what: 'the connection'});
	other.send(Buffer.alloc(limit + 1, 'y'));
	await until(() => heard.codes.length > 0, {what: 'its close'});
	assert.deepEqual(heard.codes, [1009]);
	assert.deepEqual(await client.waitForExit(), failed, client.seen());
	assert.match(client.stderr(), /broke the rules of WebSocket: Max payload/);
});

for (const flags of [['--tls'], ['--ws', '/']]) {
	test(`e2e: serve ${flags[0]} --once turns away whoever does no handshake, and takes the next`, async t => {
		const listen = ['serve', '-r', '--once', '--port', '0', ...flags];
		const server = startBin(t, listen);
		const port = await server.waitForOutput(/on 127\.0\.0\.1:(\d+)$/m, {
			stream: 'stderr',
		});
		const silent = await dialService(t, port);
		silent.resume();
		await server.waitForOutput(
			/was turned away: (?:Connected, but the TLS handshake was not done|No WebSocket was asked for) within 10 s[.;]/,
			{stream: 'stderr', deadlineMs: 30_000},
		);
		await until(() => silent.readableEnded, {what: 'its end'});
		const insecure = flags[0] === '--tls' ? ['--tls-insecure'] : [];
		const dial = ['connect', '-r', port, '-m', 'hello', ...flags];
		const client = startBin(t, [...dial, ...insecure]);
		server.end();
		assert.deepEqual(await client.waitForExit(), done, client.seen());
		assert.deepEqual(await server.waitForExit(), done, server.seen());
		assert.equal(server.stdout(), 'hello\n');
	});
}

test('e2e: ws copies files exactly with --ws-binary, over TLS too', async t => {
	const folder = newFolder(t);
	const {ca, good} = makeCertificates(folder);
	const at = (name: string) => join(folder, name);
	for (const name of ['a', 'b']) {
		writeFileSync(at(name), randomBytes(2_000_000));
	}

	const run = (args: readonly string[], input: string, output: string) => {
		const {command, args: all} = bin(...args, '--raw', '--ws-binary');
		return startProcess(t, 'sh', [
			'-c',
			`exec ${toShellLine(command, all)} < ${toShellLine(at(input))} > ${toShellLine(at(output))}`,
		]);
	};

	for (const [own, its] of [
		[[], []],
		[
			['--tls', '--tls-cert', good.cert, '--tls-key', good.key],
			['--tls', '--tls-ca', ca],
		],
	] as const) {
		// Whoever closes ends both ways, so only one of them sends.
		for (const [one, another] of [
			[[], ['--input', 'none']],
			[['--input', 'none'], []],
		] as const) {
			const listen = ['serve', '--once', '--ws', '/', '0', ...own, ...one];
			const server = run(listen, 'a', 'A');

			const port = await server.waitForOutput(/:(\d+)$/m, {stream: 'stderr'});
			const dial = ['connect', '--ws', '/', port, ...its, ...another];
			const client = run(dial, 'b', 'B');

			assert.deepEqual(await client.waitForExit(), done, client.seen());

			assert.deepEqual(await server.waitForExit(), done, server.seen());
			const [from, to] = one.length > 0 ? ['b', 'A'] : ['a', 'B'];
			assert.ok(readFileSync(at(to)).equals(readFileSync(at(from))));
		}
	}
});

test('e2e: ws runs over a Unix domain socket, and chat scripts over it', async t => {
	const path = join(newFolder(t), 'socket');
	const server = startBin(t, [
		'serve',
		'-r',
		'--once',
		'--ws',
		'/',
		path,
		'--expect',
		'PING',
		'--send',
		'PONG',
	]);
	await server.waitForOutput('listening', {stream: 'stderr'});
	const client = startBin(t, [
		'connect',
		'-r',
		'--ws',
		'/',
		path,
		'--send',
		'PING',
		'--expect',
		'^PONG$',
	]);
	client.end();
	server.end();
	assert.deepEqual(await client.waitForExit(), done, client.seen());
	assert.deepEqual(await server.waitForExit(), done, server.seen());
	assert.equal(client.stdout(), 'PONG\n');
});

for (const flags of [[], ['--json'], ['--retry'], ['--retry', '--json']]) {
	test(`e2e: a line that is too long for a message is said to be that ${flags.join(' ')}`, async t => {
		const {port, messages} = await openPeer(t);
		const asking = startBin(t, [
			'connect',
			'--raw',
			'--ws',
			'/in',
			port,
			...flags,
		]);
		asking.write(Buffer.alloc(16 * 1024 * 1024 + 1, 'x'));
		const {code} = await asking.waitForExit();
		assert.equal(code, 1, asking.seen());
		const said = asking.stderr() + asking.stdout();
		assert.match(
			said,
			/A line of stdin is longer than 16777216 bytes, the limit for a WebSocket message; --ws-binary sends each read as one\.(?:\n|")/,
		);
		assert.doesNotMatch(said, /other side|can't be read|before stdin did| at /);
		assert.deepEqual(messages, []);
	});
}
