/** `sockchat proxy` between real clients and services. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {createHash, randomBytes} from 'node:crypto';
import {createSocket} from 'node:dgram';
import {once} from 'node:events';
import {
	mkdtempSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	rmSync,
} from 'node:fs';
import type {AddressInfo, Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import process from 'node:process';
import test, {after} from 'node:test';
import {connect as connectTls, createServer} from 'node:tls';
import {requireExecutable} from '../helpers/environment.js';
import {timerBySs} from '../helpers/kernel.js';
import {makeCertificates, startPython} from '../helpers/link-peers.js';
import {findPort} from '../helpers/ports.js';
import {bin, startBin, startProcess} from '../helpers/process.js';
import {dialService, openService, startDial} from '../helpers/services.js';
import {openTerminal} from '../helpers/terminal.js';
import {until} from '../helpers/until.js';

const done = {code: 0, signal: undefined};
const folder = mkdtempSync(join(tmpdir(), 'sockchat-proxy-'));
after(() => {
	rmSync(folder, {recursive: true});
});

const hashOf = (bytes: Buffer) =>
	createHash('sha256').update(bytes).digest('hex');

const readAll = async (socket: Socket): Promise<Buffer> => {
	const chunks: Buffer[] = [];
	for await (const chunk of socket) {
		chunks.push(chunk as Buffer);
	}

	return Buffer.concat(chunks);
};

test('e2e: a proxy passes on every byte, and an end of either side alone', async t => {
	const fromClient = randomBytes(3_000_000);
	const fromTarget = randomBytes(2_000_000);
	const heard: Array<Promise<Buffer>> = [];
	const {port} = await openService(t, peer => {
		heard.push(readAll(peer));
		void heard.at(-1)!.then(() => {
			peer.end(fromTarget);
		});
	});
	for (const flags of [
		[],
		['--quiet'],
		['--slice', '1000'],
		['--delay', '5'],
	]) {
		const proxy = startBin(t, ['proxy', '0', port, '--once', ...flags]);
		const isQuiet = flags.includes('--quiet');
		const at = isQuiet
			? await until(
					() => /(\d+)$/.exec(listeningPorts(proxy.pid!).join(' '))?.[1],
					{what: 'a port'},
				)
			: await proxy.waitForOutput(/on 127\.0\.0\.1:(\d+)/);
		const client = startDial(t, at);
		client.end(fromClient);
		assert.equal(hashOf(await readAll(client)), hashOf(fromTarget));
		assert.equal(hashOf(await heard.at(-1)!), hashOf(fromClient));
		assert.deepEqual(await proxy.waitForExit(), done, flags.join(' '));
	}
});

/** From the kernel's table, by the process's descriptors. */
const listeningPorts = (pid: number): readonly number[] => {
	const own = new Set(
		readFileSync(`/proc/${pid}/net/tcp`, 'utf8')
			.split('\n')
			.filter(row => row.includes(' 0A '))
			.map(row => row.trim().split(/\s+/))
			.map(([, local, , , , , , , , inode]) => `${inode} ${local}`),
	);
	const held = new Set(inodesOf(pid));
	return [...own]
		.map(row => row.split(' '))
		.filter(([inode]) => held.has(inode!))
		.map(([, local]) => Number.parseInt(local!.split(':')[1]!, 16));
};

const inodesOf = (pid: number): readonly string[] =>
	readdirSync(`/proc/${pid}/fd`).flatMap(fd => {
		try {
			const [, inode] =
				/^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? [];
			return inode ?? [];
		} catch {
			return [];
		}
	});

test('e2e: a proxy passes on the end of the target first', async t => {
	let heard: Promise<Buffer> | undefined;
	const {port} = await openService(t, peer => {
		heard = readAll(peer);
		peer.end('all I say');
	});
	const proxy = startBin(t, ['proxy', '0', port, '--once']);
	const at = await proxy.waitForOutput(/on 127\.0\.0\.1:(\d+)/);
	const client = startDial(t, at);
	assert.equal(String(await readAll(client)), 'all I say');
	client.end('after your end');
	assert.deepEqual(await proxy.waitForExit(), done, proxy.seen());
	assert.equal(String(await heard), 'after your end');
	assert.match(proxy.stdout(), /: ended \(closed\), 14 B out, 9 B in$/m);
});

test('e2e: a proxy passes on a reset as a reset, from either side', async t => {
	const {port, peers} = await openService(t);
	const proxy = startBin(t, ['proxy', '0', port]);
	const at = await proxy.waitForOutput(/on 127\.0\.0\.1:(\d+)/);
	const codeOf = async (socket: Socket) => {
		const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
		return error.code;
	};

	for (const isByClient of [true, false]) {
		const client = startDial(t, at);
		client.write('hello');
		const target = await until(() => peers.find(peer => !peer.destroyed), {
			what: 'the target',
		});
		await once(target, 'data');
		const [from, to] = isByClient ? [client, target] : [target, client];
		const code = codeOf(to);
		from.resetAndDestroy();
		assert.equal(await code, 'ECONNRESET');
		await until(() => client.destroyed && target.destroyed, {what: 'ends'});
	}

	await proxy.waitForOutput(/(?:ended \(reset: RST\)[\s\S]*){2}/);
	proxy.end();
	proxy.signal('SIGTERM');
	assert.deepEqual(await proxy.waitForExit(), done, proxy.seen());
});

test('e2e: a proxy resets a client whose target is not there', async t => {
	const proxy = startBin(t, ['proxy', '0', '1', '--once']);
	const at = await proxy.waitForOutput(/on 127\.0\.0\.1:(\d+)/);
	const client = startDial(t, at);
	const [error] = (await once(client, 'error')) as [NodeJS.ErrnoException];
	assert.equal(error.code, 'ECONNRESET');
	assert.equal((await proxy.waitForExit()).code, 1);
	assert.match(
		proxy.stderr(),
		/^127\.0\.0\.1:\d+: Nobody listens on 127\.0\.0\.1:1: the connection was refused\./,
	);
});

test('e2e: a proxy says what was lost before the command that helps', async t => {
	const proxy = startBin(t, ['proxy', '0', '1', '--once']);
	const at = await proxy.waitForOutput(/on 127\.0\.0\.1:(\d+)/);
	const client = startDial(t, at);
	client.write('hello');
	await once(client, 'error');
	assert.equal((await proxy.waitForExit()).code, 1);
	// The refusal may be there before the bytes are.
	assert.match(
		proxy.stderr(),
		/^127\.0\.0\.1:\d+: (?:5 bytes of the client were read and not passed on to the target\. )?Nobody listens on .*: sockchat serve --raw --port 1\n$/,
	);
});

test('e2e: a proxy holds back a client whose target does not read', async t => {
	const {port, peers} = await openService(t, peer => {
		peer.pause();
	});
	const proxy = startBin(t, ['proxy', '0', port]);
	const at = await proxy.waitForOutput(/on 127\.0\.0\.1:(\d+)/);
	const client = startDial(t, at);
	const piece = Buffer.alloc(1_000_000);
	for (let count = 0; count < 200; count++) {
		client.write(piece);
	}

	let taken = -1;
	let polls = 0;
	await until(
		() => {
			const now = client.bytesWritten - client.writableLength;
			polls = now === taken ? polls + 1 : 0;
			taken = now;
			return polls === 50;
		},
		{what: 'a client that is held back', seen: () => `${taken} bytes taken`},
	);
	assert.ok(taken < 100_000_000, `${taken} bytes were taken`);
	const rss = Number(
		/^VmRSS:\s+(\d+)/m.exec(
			readFileSync(`/proc/${proxy.pid}/status`, 'utf8'),
		)![1],
	);
	assert.ok(rss < 120_000, `${rss} kB`);
	const [target] = peers;
	target!.resume();
	client.end();
	await once(target!, 'end');
	assert.equal(target!.bytesRead, 200_000_000);
});

test('e2e: a proxy goes from TLS to TCP, from TCP to a Unix domain socket, and back', async t => {
	const {ca, good} = makeCertificates(folder);
	const path = join(folder, 'service');
	await openService(
		t,
		peer => {
			void readAll(peer).then(bytes => {
				peer.end(`got ${bytes.length}`);
			});
		},
		path,
	);
	const inner = startBin(t, ['proxy', '0', `unix:${path}`]);
	const at = await inner.waitForOutput(/on 127\.0\.0\.1:(\d+)/);
	const outer = startBin(t, [
		'proxy',
		'tls:0',
		at,
		'--tls-cert',
		good.cert,
		'--tls-key',
		good.key,
	]);
	const secure = await outer.waitForOutput(/on 127\.0\.0\.1:(\d+)/);
	const third = startBin(t, ['proxy', '0', `tls:${secure}`, '--tls-ca', ca]);
	const port = await third.waitForOutput(/on 127\.0\.0\.1:(\d+)/);
	const client = startDial(t, port);
	client.end('x'.repeat(100_000));
	assert.equal(String(await readAll(client)), 'got 100000');
	assert.match(
		third.stdout(),
		/connected to 127\.0\.0\.1:\d+ from [^,]+, TLSv1\.3$/m,
	);
});

test('e2e: a proxy agrees by ALPN with its client and its target', async t => {
	const {ca, good} = makeCertificates(folder);
	const [cert, key] = [readFileSync(good.cert), readFileSync(good.key)];
	// As a server of HTTP/2 alone, it ends what agrees on nothing.
	const server = createServer({cert, key, ALPNProtocols: ['h2']}, socket => {
		socket.on('error', () => undefined);
		socket.end(socket.alpnProtocol === 'h2' ? 'two' : '');
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	t.after(() => {
		server.close();
	});
	const {port: target} = server.address() as AddressInfo;
	const proxy = startBin(t, [
		'proxy',
		'tls:0',
		`tls:${target}`,
		'--tls-alpn',
		'h2',
		'--tls-ca',
		ca,
		'--tls-cert',
		good.cert,
		'--tls-key',
		good.key,
	]);
	const port = await proxy.waitForOutput(/on 127\.0\.0\.1:(\d+)/);
	const client = connectTls({
		host: '127.0.0.1',
		port: Number(port),
		ALPNProtocols: ['h2'],
		ca: readFileSync(ca),
	});
	await once(client, 'secureConnect');
	assert.equal(client.alpnProtocol, 'h2');
	assert.equal(String(await readAll(client)), 'two');
	const other = startProcess(t, requireExecutable('openssl', 'openssl'), [
		's_client',
		'-alpn',
		'h2',
		'-CAfile',
		ca,
		'-connect',
		`127.0.0.1:${port}`,
	]);
	await other.waitForOutput('ALPN protocol: h2');
	await other.waitForOutput('two');
});

test('e2e: a proxy keeps the messages of WebSocket and the datagrams of UDP', async t => {
	const service = startBin(t, ['serve', '--raw', '--ws', '/chat', '0']);
	const inner = await service.waitForOutput(/:(\d+)$/m, {stream: 'stderr'});
	const proxy = startBin(t, [
		'proxy',
		'ws:0/front',
		`ws:${inner}/chat`,
		'--json',
	]);
	const port = await proxy.waitForOutput(/"port":(\d+)/);
	const client = startBin(t, ['connect', '--raw', '--ws', '/front', port]);
	client.write('one\ntwo\n');
	await service.waitForOutput('one\ntwo\n');
	service.write('three\n');
	await client.waitForOutput('three\n');
	client.end();
	assert.deepEqual(await client.waitForExit(), done, client.seen());
	const texts = Array.from(
		proxy
			.stdout()
			.matchAll(/"direction":"(\w+)".*?"frame":"(\w+)".*?"text":"(\w+)"/g),
		([, direction, frame, text]) => `${direction} ${frame} ${text}`,
	);
	assert.deepEqual(texts, ['out text one', 'out text two', 'in text three']);

	const udp = await startPython(
		t,
		`
import socket
bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
bound.bind(('127.0.0.1', 0))
print(bound.getsockname()[1])
while True:
    data, peer = bound.recvfrom(70000)
    for part in (b'one', b'', data):
        bound.sendto(part, peer)
`,
	);
	const datagrams = startBin(t, ['proxy', 'udp:0', `udp:${udp.port}`]);
	const bound = await datagrams.waitForOutput(/:(\d+), for datagrams/);
	const sender = startBin(t, [
		'connect',
		'-ru',
		'--json',
		bound,
		'--replies',
		'3',
	]);
	sender.write('ping');
	assert.deepEqual(await sender.waitForExit(), done, sender.seen());
	assert.equal(sender.stdout().match(/"direction":"in"/g)?.length, 3);
});

test('e2e: a proxy is in JSON, with the states of all ends, and records each chunk once', async t => {
	const record = join(folder, 'record');
	const {port} = await openService(t, peer => {
		peer.once('data', () => {
			peer.write('answer');
		});
		peer.once('end', () => {
			peer.end();
		});
	});
	const proxy = startBin(t, [
		'proxy',
		'0',
		port,
		'--json',
		'--explain',
		'--once',
		'--record',
		record,
		'--slice',
		'2',
		'--delay',
		'20',
	]);
	const at = await proxy.waitForOutput(/"port":(\d+)/);
	const client = startDial(t, at);
	client.write('hello');
	await once(client, 'data');
	await proxy.waitForOutput('"type":"ends"');
	client.end();
	assert.deepEqual(await proxy.waitForExit(), done, proxy.seen());
	const lines = proxy
		.stdout()
		.trimEnd()
		.split('\n')
		.map(line => JSON.parse(line) as Record<string, unknown>);
	const ends = lines.find(({type}) => type === 'ends')!;
	assert.deepEqual(ends['client'], {
		local: 'ESTABLISHED',
		remote: 'ESTABLISHED',
	});
	const chunks = (all: ReadonlyArray<Record<string, unknown>>) =>
		all
			.filter(({type}) => type === 'chunk')
			.map(({direction, text}) => [direction, text]);
	const wanted = [
		['out', 'hello'],
		['in', 'answer'],
	];
	assert.deepEqual(chunks(lines).slice(0, 1), wanted.slice(0, 1));
	const kept = readFileSync(record, 'utf8')
		.trimEnd()
		.split('\n')
		.map(line => JSON.parse(line) as Record<string, unknown>);
	assert.deepEqual(chunks(kept), chunks(lines));
	assert.equal(
		chunks(kept)
			.filter(([direction]) => direction === 'in')
			.map(([, text]) => text)
			.join(''),
		'answer',
	);
	assert.equal(kept[0]!['side'], 'proxy');
});

test('e2e: a proxy obeys a script, whose end ends nothing', async t => {
	const {port, peers} = await openService(t);
	const proxy = startBin(t, ['proxy', '0', port, '--json']);
	const at = await proxy.waitForOutput(/"port":(\d+)/);
	const client = startDial(t, at);
	await until(() => peers.length === 1, {what: 'a connection'});
	proxy.write('/pause out\n\n/dance\r\n');
	await proxy.waitForOutput('Paused for out, of 1 connection', {
		stream: 'stderr',
	});
	await proxy.waitForOutput('"/dance" is no command of a proxy', {
		stream: 'stderr',
	});
	let heard = '';
	peers[0]!.on('data', chunk => {
		heard += String(chunk);
	});
	client.write('held');
	client.end();
	proxy.write(`/${'x'.repeat(2_000_000)}\n`);
	await proxy.waitForOutput('The line has 2000001 bytes', {stream: 'stderr'});
	assert.equal(heard, '');
	proxy.write('/resume');
	proxy.end();
	await until(() => peers[0]!.readableEnded, {what: 'its end'});
	assert.equal(heard, 'held');
	proxy.signal('SIGINT');
	assert.deepEqual(await proxy.waitForExit(), done, proxy.seen());
});

test('e2e: a proxy obeys what is typed, by direction and by connection', async t => {
	const {port, peers} = await openService(t);
	const proxy = openTerminal(t, bin('proxy', '0', port, '--plain'));
	const at = await proxy.waitFor(/on 127\.0\.0\.1:(\d+)/);
	const clients = [startDial(t, at), startDial(t, at)];
	await until(() => peers.length === 2, {what: 'two connections'});
	const heard = ['', ''];
	for (const [index, peer] of peers.entries()) {
		peer.on('data', chunk => {
			heard[index] += String(chunk);
		});
	}

	proxy.type('/pause out\r');
	await proxy.waitFor('Paused for out, of 2 connections and those that come.');
	for (const client of clients) {
		client.write('held');
	}

	peers[0]!.write('the other way');
	await Promise.race(clients.map(async client => once(client, 'data')));
	assert.deepEqual(heard, ['', '']);
	proxy.type('/resume\r');
	await proxy.waitFor('Resumed for both directions, of 2 connections');
	await until(() => heard.join('') === 'heldheld', {what: 'what was held'});
	const name = clients[0]!.localPort!;
	proxy.type(`/reset :${name}\r`);
	await proxy.waitFor('1 connection is reset.');
	await until(() => clients[0]!.destroyed, {what: 'its end'});
	assert.equal(clients[1]!.destroyed, false);
	for (const [typed, words] of [
		['/slice 2 out', 'Slice 2 B for out'],
		['/slice off out', 'Slice off for out'],
		['/rate-limit 5000 out', 'Rate limit 5000 B/s for out'],
		['/rate-limit off out', 'Rate limit off for out'],
		['/delay 1 out', 'Delay 1 ms for out'],
		['/delay 0 out', 'Delay off for out'],
	] as const) {
		proxy.type(`${typed}\r`);
		await proxy.waitFor(`${words}, of 1 connection and those that come.`);
	}

	const left = `127.0.0.1:${clients[1]!.localPort!}`;
	proxy.type(`/pause in :${clients[1]!.localPort!}\r`);
	await proxy.waitFor(`Paused for in of ${left}.`);
	proxy.type(`/cut in :${clients[1]!.localPort!}\r`);
	await proxy.waitFor(`Direction in is cut for ${left}.`);

	proxy.type('/cut out\r');
	await proxy.waitFor('Direction out is cut for 1 connection.');
	await until(() => peers.some(peer => peer.readableEnded), {what: 'its FIN'});
	proxy.type('/delay soon\r');
	await proxy.waitFor('/delay needs a number of milliseconds; got "soon".');
	proxy.type('/dance\r');
	await proxy.waitFor('"/dance" is no command of a proxy; /help lists them.');
	proxy.type('/quit\r');
	assert.equal(await proxy.waitForExit(), 0);
});

test('e2e: a fault of a proxy is as a flag for all, and by hand for one direction of one client', async t => {
	const target = createSocket('udp4');
	target.bind(0, '127.0.0.1');
	await once(target, 'listening');
	t.after(() => {
		target.close();
	});
	// Each write of the proxy is a datagram here.
	const heard: string[] = [];
	target.on('message', bytes => {
		heard.push(String(bytes));
	});
	const untilHeard = async (...wanted: readonly string[]) => {
		await until(() => heard.length >= wanted.length, {
			what: wanted.join('|'),
			seen: () => heard.join('|'),
		});
		assert.deepEqual(heard.splice(0), wanted);
	};

	const proxy = startBin(t, [
		'proxy',
		'0',
		`udp:${target.address().port}`,
		'--slice',
		'3',
	]);
	const at = await proxy.waitForOutput(/on 127\.0\.0\.1:(\d+)/);
	const [one, two] = [await dialService(t, at), await dialService(t, at)];
	one.write('abcdefgh');
	await untilHeard('abc', 'def', 'gh');
	const name = `127.0.0.1:${one.localPort!}`;
	for (const [command, answer, ofOne, ofTwo] of [
		[
			`/slice off in :${one.localPort!}`,
			`Slice off for in of ${name}.`,
			['abc', 'de'],
			['abc', 'de'],
		],
		[
			`/slice off out :${one.localPort!}`,
			`Slice off for out of ${name}.`,
			['abcde'],
			['abc', 'de'],
		],
		['/slice 4', 'Slice 4 B for both', ['abcd', 'e'], ['abcd', 'e']],
	] as const) {
		proxy.writeLine(command);
		await proxy.waitForOutput(answer, {stream: 'stderr'});
		one.write('abcde');
		await untilHeard(...ofOne);
		two.write('abcde');
		await untilHeard(...ofTwo);
	}
});

test('e2e: a target that sends back the TLS handshake is said without numbers', async t => {
	const {port} = await openService(t, peer => {
		peer.pipe(peer);
	});
	const proxy = startBin(t, ['proxy', '0', `tls:${port}`, '--once']);
	const client = startDial(
		t,
		await proxy.waitForOutput(/on 127\.0\.0\.1:(\d+)/),
	);
	client.write('hello');
	assert.equal((await proxy.waitForExit()).code, 1);
	assert.match(proxy.stderr(), /does not speak TLS as a server does/);
	assert.doesNotMatch(proxy.stderr(), /:error:/);
});

test('e2e: wrong words of a proxy are code 2, in one sentence', async t => {
	for (const [args, sentence] of [
		[['9000'], /^proxy needs LISTEN and TARGET, such as: /],
		[['9000', '9000'], /^LISTEN and TARGET are both 127\.0\.0\.1:9000: /],
		[['./a.sock', join(process.cwd(), 'a.sock')], /would connect to itself\.$/],
		[['unix:', '80'], /^LISTEN "unix:": an address is missing after the colon/],
		[['', '80'], /^LISTEN is empty; give PORT, /],
		[['9000', ''], /^TARGET is empty; give PORT, /],
		[['9000', 'ws:'], /^TARGET "ws:": an address is missing after the colon/],
		[['9000', 'example.com:80'], /^"example\.com" is not a loopback address/],
		[['192.0.2.1:9000', '80'], /^"192\.0\.2\.1" is not a loopback address/],
		[
			['udp:./socket', '80'],
			/^LISTEN "udp:\.\/socket": udp: goes before a port/,
		],
		[
			['9000', '80', '--tls-alpn', 'h2'],
			/^--tls-alpn needs a LISTEN or TARGET that begins/,
		],
		[
			['9000', '80', '--tls-insecure'],
			/^--tls-insecure needs a TARGET that begins/,
		],
		[['9000', '80', '--delay', 'x'], /^--delay needs a number of milliseconds/],
		[
			['9000', '80', '--slice', '0'],
			/^--slice needs a whole number of at least 1/,
		],
		[['tls:9000', '80', '--tls-cert', '/x'], /^--tls-cert needs --tls-key\.$/],
		[['9000', '80', '90'], /^Unexpected "90" after 80/],
	] as const) {
		const wrong = startBin(t, ['proxy', ...args]);
		assert.equal((await wrong.waitForExit()).code, 2, wrong.seen());
		assert.match(wrong.stderr().trimEnd(), sentence);
	}
});

test('e2e: a proxy passes on what waits when a WebSocket or UDP ends', async t => {
	const chat = startBin(t, [
		'serve',
		'--raw',
		'--ws',
		'/chat',
		'0',
		'--once',
		'--send',
		'hello',
	]);
	chat.end();
	const inner = await chat.waitForOutput(/:(\d+)$/m, {stream: 'stderr'});
	const slow = startBin(t, [
		'proxy',
		'0',
		`ws:${inner}/chat`,
		'--delay',
		'200',
		'--once',
	]);
	const client = startDial(
		t,
		await slow.waitForOutput(/on 127\.0\.0\.1:(\d+)/),
	);
	assert.equal(String(await readAll(client)), 'hello');
	assert.deepEqual(await slow.waitForExit(), done, slow.seen());

	const echo = startBin(t, ['serve', '-r', '-u', '0', '--echo']);
	const bound = await echo.waitForOutput(/:(\d+), for datagrams/, {
		stream: 'stderr',
	});
	for (const flags of [[], ['--delay', '200']]) {
		const proxy = startBin(t, [
			'proxy',
			'0',
			`udp:${bound}`,
			'--once',
			...flags,
		]);
		const asker = startDial(
			t,
			await proxy.waitForOutput(/on 127\.0\.0\.1:(\d+)/),
		);
		asker.end('ping');
		assert.equal(String(await readAll(asker)), 'ping');
		assert.deepEqual(await proxy.waitForExit(), done, proxy.seen());
	}
});

test('e2e: a proxy cuts what comes by TCP into datagrams that fit', async t => {
	const echo = startBin(t, ['serve', '-r', '-u', '0', '--json']);
	const bound = await echo.waitForOutput(/"port":(\d+)/);
	const proxy = startBin(t, ['proxy', '0', `udp:${bound}`, '--once']);
	const client = startDial(
		t,
		await proxy.waitForOutput(/on 127\.0\.0\.1:(\d+)/),
	);
	client.end(Buffer.alloc(100_000));
	assert.equal(String(await readAll(client)), '');
	assert.deepEqual(await proxy.waitForExit(), done, proxy.seen());
	assert.match(proxy.stdout(), /, 100000 B out, 0 B in$/m);
});

test('e2e: a signal lets a proxy pass on what waits, or says what was lost', async t => {
	const {port, peers} = await openService(t, peer => {
		peer.pause();
	});
	const proxy = startBin(t, ['proxy', '0', port, '--delay', '1000']);
	const client = startDial(
		t,
		await proxy.waitForOutput(/on 127\.0\.0\.1:(\d+)/),
	);
	client.write('hello');
	await proxy.waitForOutput('→ 5 B');
	client.end();
	proxy.signal('SIGTERM');
	const target = await until(() => peers[0], {what: 'the target'});
	assert.equal(String(await readAll(target)), 'hello');
	target.end();
	assert.deepEqual(await proxy.waitForExit(), done, proxy.seen());

	const stuck = startBin(t, ['proxy', '0', port, '--delay', '60000']);
	const another = startDial(
		t,
		await stuck.waitForOutput(/on 127\.0\.0\.1:(\d+)/),
	);
	another.write('hello');
	await stuck.waitForOutput('→ 5 B');
	stuck.signal('SIGTERM');
	await stuck.waitForOutput('draining');
	stuck.signal('SIGTERM');
	assert.notEqual((await stuck.waitForExit()).code, 0, stuck.seen());
	assert.match(
		stuck.stderr(),
		/: 5 bytes of the client were read and not passed on to the target\.$/m,
	);
});

/** Sends as long as it is let. */
const pour = (client: Socket): void => {
	const more = () => {
		while (client.writable && client.write(Buffer.alloc(100_000, 'x'))) {
			// As much as the kernel takes.
		}
	};

	client.on('drain', more);
	more();
};

/** Reads one peer, all the time or once it is told to, and says how that ends. */
const readOne = `
import socket, sys
listening = socket.create_server(('127.0.0.1', 0))
print(listening.getsockname()[1])
peer, _ = listening.accept()
if sys.argv[1] == 'deaf':
    sys.stdin.readline()
try:
    while peer.recv(1 << 16):
        pass
    print('ended by FIN')
except ConnectionResetError:
    print('ended by RST')
`;

for (const isDeaf of [true, false]) {
	test(`e2e: after a signal a proxy reads no more of who goes on sending, and resets a target that ${isDeaf ? 'reads nothing' : 'reads all'}`, async t => {
		// Not Node, which may take an RST behind bytes for an end.
		const target = await startPython(t, readOne, isDeaf ? 'deaf' : 'all');
		const proxy = startBin(t, ['proxy', '0', target.port]);
		const listening = await proxy.waitForOutput(/on 127\.0\.0\.1:(\d+)/);
		const client = await dialService(t, listening);
		client.resume();
		pour(client);
		const ends = [
			`127.0.0.1:${client.localPort}`,
			`127.0.0.1:${listening}`,
		] as const;
		await until(
			async () =>
				isDeaf
					? // Its window is closed: the proxy has what the target doesn't take.
						(await timerBySs(...ends)) === 'persist'
					: client.bytesWritten > 20_000_000,
			{what: isDeaf ? 'a flow that stands' : 'a flow'},
		);
		proxy.signal('SIGTERM');
		assert.deepEqual(
			await proxy.waitForExit(),
			{code: 143, signal: undefined},
			proxy.stderr(),
		);
		const [, lost] =
			/(\d+) bytes of the client were read and not passed on to the target/.exec(
				proxy.seen(),
			) ?? [];
		assert.ok(Number(lost) <= 2 * 1024 * 1024, `${lost} bytes were lost`);
		target.writeLine('read');
		assert.equal(await target.waitForOutput(/ended by (\w+)/), 'RST');
	});
}

test('e2e: half a character of a connection of a proxy is not joined to the next one from its port', async t => {
	const {port} = await openService(t, peer => {
		peer.resume();
	});
	const proxy = startBin(t, ['proxy', '0', port, '--json']);
	const listening = await proxy.waitForOutput(/"port":(\d+)/);
	const localPort = Number(await findPort());
	const first = startDial(t, listening, localPort);
	await once(first, 'connect');
	first.write(Buffer.from([0xe2, 0x82]));
	await proxy.waitForOutput('"base64":"4oI="');
	first.resetAndDestroy();
	await proxy.waitForOutput('"type":"ended"');
	const second = startDial(t, listening, localPort);
	second.write('x');
	const text = await proxy.waitForOutput(/"base64":"eA==","text":"(.*?)"/);
	assert.equal(text, 'x');
});
