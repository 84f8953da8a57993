/** Raw mode over UDP, with Python and socat as the other side. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {createSocket} from 'node:dgram';
import {existsSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test, {type TestContext} from 'node:test';
import {requireExecutable} from '../helpers/environment.js';
import {newFolder, startPython} from '../helpers/link-peers.js';
import {findPort} from '../helpers/ports.js';
import {bin, startBin, startProcess} from '../helpers/process.js';
import {toShellLine} from '../helpers/shell.js';
import {openTerminal} from '../helpers/terminal.js';
import {until} from '../helpers/until.js';

const done = {code: 0, signal: undefined};

// Prints the length of each datagram and what it begins with; answers by three.
const answers = `
import socket
bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
bound.bind(('127.0.0.1', 0))
print(bound.getsockname()[1])
while True:
    data, peer = bound.recvfrom(70000)
    print(len(data), data[:8])
    for part in (b'one', b'', b'two'):
        bound.sendto(part, peer)
`;

type Line = {readonly type: string; readonly [key: string]: unknown};

const linesOf = (text: string): readonly Line[] =>
	text
		.split('\n')
		.filter(line => line !== '')
		.map(line => JSON.parse(line) as Line);

test('e2e: udp keeps boundaries, also of an empty datagram, and says of no connection', async t => {
	const peer = await startPython(t, answers);
	const client = startBin(t, [
		'connect',
		'--raw',
		'--udp',
		'--json',
		peer.port,
		'--replies',
		'3',
	]);
	client.writeLine('hello');
	assert.deepEqual(await client.waitForExit(), done);
	assert.match(peer.stdout(), /^6 b'hello\\n'$/m);
	const lines = linesOf(client.stdout());
	const chunks = lines.filter(({type}) => type === 'chunk');
	assert.deepEqual(
		chunks.map(({direction, text}) => [direction, text]),
		[
			['out', 'hello\n'],
			['in', 'one'],
			['in', ''],
			['in', 'two'],
		],
	);
	const open = lines.find(({phase}) => phase === 'open');
	assert.deepEqual(open?.['link'], {kind: 'udp'});
});

test('e2e: udp --replies and --idle end it, and the end of stdin does not', async t => {
	const peer = await startPython(t, answers);
	for (const limit of [
		['--replies', '3'],
		['--idle', '0.5'],
	]) {
		const client = startBin(t, ['connect', '-ru', peer.port, ...limit]);
		client.write('hello');
		client.end();
		assert.deepEqual(await client.waitForExit(), done, client.seen());
		assert.equal(client.stdout(), 'onetwo');
	}

	assert.equal(peer.stdout().match(/^5 b'hello'$/gm)?.length, 2);
	assert.doesNotMatch(peer.stdout(), /^0 /m, 'the end sent nothing');
});

test('e2e: udp says that nobody is there, once ICMP has', async t => {
	const client = startBin(t, ['connect', '--raw', '--udp', '9']);
	client.writeLine('hello');
	assert.equal((await client.waitForExit()).code, 1);
	assert.equal(
		client.stderr(),
		"ECONNREFUSED: no UDP socket is bound to 127.0.0.1:9; ICMP 'port unreachable' came back for a datagram, which is lost.\n",
	);
});

test('e2e: on the screen, who was told that nobody is there may send again', async t => {
	const port = await findPort();
	const client = openTerminal(t, bin('connect', '--raw', '--udp', port));
	await client.waitFor('bytes to send');
	client.type('early\r');
	await client.waitFor('ECONNREFUSED: no UDP socket is bound to');
	const socket = createSocket('udp4');
	t.after(() => {
		socket.close();
	});
	const heard: string[] = [];
	socket.on('message', datagram => {
		heard.push(datagram.toString());
	});
	await new Promise<void>(resolve => {
		socket.bind(Number(port), '127.0.0.1', resolve);
	});
	client.type('later\r');
	await until(() => heard.length > 0, {
		what: 'a datagram',
		seen: client.framed,
	});
	assert.deepEqual(heard, ['later\n']);
});

/** The client with a file as stdin. */
const sendFile = (t: TestContext, path: string, ...args: readonly string[]) => {
	const {command, args: all} = bin('connect', '--raw', '--udp', ...args);
	return startProcess(t, 'sh', [
		'-c',
		`exec ${toShellLine(command, all)} < ${toShellLine(path)}`,
	]);
};

test('e2e: udp sends a file in datagrams of 16 KiB', async t => {
	const path = join(newFolder(t), 'file');
	writeFileSync(path, Buffer.alloc(40_000, 'x'));
	const peer = await startPython(t, answers);
	const client = sendFile(t, path, peer.port, '--replies', '9');
	assert.deepEqual(await client.waitForExit(), done, client.seen());
	assert.deepEqual(peer.stdout().match(/^\d+(?= )/gm), [
		'16384',
		'16384',
		'7232',
	]);
});

// Answers with far more than a queue of the kernel holds, while nobody reads it.
const floods = `
import os, signal, socket
bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
bound.bind(('127.0.0.1', 0))
print(bound.getsockname()[1])
data, peer = bound.recvfrom(70000)
process = int(data)
os.kill(process, signal.SIGSTOP)
while 'T (stopped)' not in open('/proc/%d/status' % process).read(): pass
for index in range(9000): bound.sendto(b'%04d' % index * 1000, peer)
os.kill(process, signal.SIGCONT)
`;

test('e2e: udp says how many datagrams were lost here, in the kernel too', async t => {
	const peer = await startPython(t, floods);
	const client = startBin(t, ['connect', '-ru', peer.port, '--idle', '1']);
	client.write(String(client.pid));

	assert.equal((await client.waitForExit()).code, 1, client.seen());
	const kept = client.stdout().length / 4000;
	assert.ok(kept < 9000);
	assert.equal(
		client.stderr(),
		`${9000 - kept} datagrams were lost: more came than was read here in time.\n`,
	);
});

test('e2e: udp serves, and says how many datagrams were lost here', async t => {
	const server = startBin(t, ['serve', '-ru', '--port=0', '--idle=1']);
	const port = await server.waitForOutput(/to 127\.0\.0\.1:(\d+)/, {
		stream: 'stderr',
	});
	const program = floods
		.replace('print(bound.getsockname()[1])', 'print(0)')
		.replace('data, peer = bound.recvfrom(70000)', 'import sys')
		.replace(
			'int(data)',
			'int(sys.argv[1]); peer = ("127.0.0.1", int(sys.argv[2]))',
		);
	await startPython(t, program, String(server.pid), port);

	assert.equal((await server.waitForExit()).code, 1, server.seen());
	const kept = server.stdout().length / 4000;
	assert.ok(kept < 9000);
	assert.match(
		server.stderr(),
		new RegExp(`: ${9000 - kept} datagrams were lost: more came `),
	);
});

test('e2e: udp sends what was given as one message as one datagram', async t => {
	const path = join(newFolder(t), 'file');
	writeFileSync(path, Buffer.alloc(65_507, 'x'));
	const peer = await startPython(t, answers);
	const connect = ['connect', '-ru', peer.port, '--replies', '1'];
	const lines = `${'x'.repeat(30_000)}\n`.repeat(2);
	for (const args of [
		['--message', lines.trimEnd()],
		['--message', lines.trimEnd(), '--eol', 'crlf'],
		['--message', lines.trimEnd(), '--json'],
		['--send', lines],
		['--send-hex', '78'.repeat(60_003)],
		['--send-file', path],
	]) {
		const client = startBin(t, [...connect, ...args]);
		client.end();
		assert.deepEqual(await client.waitForExit(), done, args[0]);
	}

	const sizes = [60_002, 60_004, 60_002, 60_002, 60_003, 65_507];
	assert.deepEqual(peer.stdout().match(/^\d+(?= )/gm), sizes.map(String));
});

test('e2e: udp says what does not fit into a datagram, and sends nothing', async t => {
	const folder = newFolder(t);
	const path = join(folder, 'file');
	const record = join(folder, 'record');
	writeFileSync(path, Buffer.alloc(300_000));
	const peer = await startPython(t, answers);
	const long = 'x'.repeat(65_508);
	for (const [name, bytes, ...args] of [
		['--message', 65_509, '--message', long],
		['--message', 65_509, '--message', long, '--json'],
		['--send', 65_508, '--send', 'first', '--send', long],
		['--send-hex', 65_508, '--send-hex', '78'.repeat(65_508)],
		[`--send-file ${path}`, 300_000, '--send-file', path],
	] as const) {
		const connect = ['connect', '-ru', peer.port, '--record', record];
		const client = startBin(t, [...connect, ...args]);
		client.end();
		assert.equal((await client.waitForExit()).code, 1, client.seen());
		const sentence = `EMSGSIZE: the ${bytes} bytes of ${name} don't fit into a datagram, which holds 65507; nothing is sent.`;
		const [line, ...more] = `${client.stdout()}${client.stderr()}`
			.trimEnd()
			.split('\n');
		assert.ok(line!.includes(sentence), client.seen());
		assert.deepEqual([more, existsSync(record)], [[], false]);
	}

	assert.doesNotMatch(peer.stdout(), /^\d+ /m);
});

test('e2e: a udp server answers whoever spoke last', async t => {
	const server = startBin(t, ['serve', '--raw', '--udp', '--port', '0']);
	const port = await server.waitForOutput(
		/^bound to 127\.0\.0\.1:(\d+), for datagrams$/m,
		{stream: 'stderr'},
	);
	const socat = requireExecutable('socat', 'socat');
	const peers = ['first', 'second'].map(() =>
		startProcess(t, socat, ['-', `UDP:127.0.0.1:${port}`]),
	);
	for (const [index, peer] of [...peers, peers[0]!].entries()) {
		peer.write(`said ${index}`);

		await server.waitForOutput(`said ${index}`);
		server.write(`answer ${index}`);

		await peer.waitForOutput(`answer ${index}`);
	}

	assert.equal(peers[0]!.stdout(), 'answer 0answer 2');
	assert.equal(server.stderr().match(/^first datagram from /gm)?.length, 2);
	server.end();
	peers[1]!.write('after');
	await server.waitForOutput('after');
	server.signal('SIGTERM');
	assert.deepEqual(await server.waitForExit(), done, server.seen());
	assert.doesNotMatch(server.stderr(), /FIN|connection/, server.stderr());
});

for (const flags of [[], ['--json']]) {
	test(`e2e: serve --udp --once ${flags.join('')} says how many datagrams of others it dropped`, async t => {
		const args = ['serve', '-r', '-u', '-p', '0', '--once', '--replies', '2'];
		const server = startBin(t, [...args, '--input', 'none', ...flags]);
		const text = () => server.stdout() + server.stderr();
		const listening = /(?::|"port":)(\d+)(?:, for|,"link")/;
		const port = await until(() => listening.exec(text())?.[1], {
			what: 'a port',
			seen: server.seen,
		});
		const [first, other] = [createSocket('udp4'), createSocket('udp4')];
		t.after(() => {
			first.close();
			other.close();
		});
		// All wait in the queue of one socket as the first is read.
		server.signal('SIGSTOP');
		for (const [socket, word] of [
			[first, 'one'],
			[other, 'no'],
			[other, 'no'],
			[first, 'two'],
		] as const) {
			await new Promise(resolve => {
				socket.send(word, Number(port), '127.0.0.1', resolve);
			});
		}

		server.signal('SIGCONT');
		assert.deepEqual(await server.waitForExit(), done, server.seen());
		assert.match(
			text(),
			/2 datagrams from others were dropped, as no further peer was taken\./,
		);
	});
}

test('e2e: serve --udp --once serves one peer, and --replies ends it', async t => {
	const server = startBin(t, [
		'serve',
		'-ru',
		'--once',
		'--replies',
		'2',
		'--port',
		'0',
	]);
	const port = await server.waitForOutput(/:(\d+), for/, {stream: 'stderr'});
	const ncat = requireExecutable('socat', 'socat');
	const first = startProcess(t, ncat, ['-', `UDP:127.0.0.1:${port}`]);
	first.write('one');
	await server.waitForOutput('one');
	const second = startProcess(t, ncat, ['-', `UDP:127.0.0.1:${port}`]);
	second.write('not heard');
	server.write('to the first');
	await first.waitForOutput('to the first');
	first.write('two');
	assert.deepEqual(await server.waitForExit(), done, server.seen());
	assert.equal(server.stdout(), 'onetwo');
});

test('e2e: udp flags that contradict each other are refused', async t => {
	for (const [args, sentence] of [
		[['connect', '--udp', '9000'], '--udp needs --raw.'],
		[
			['connect', '-ru', './socket'],
			'--udp sends datagrams to a port, and --socket has none; give only one of them.',
		],
		[
			['connect', '-ru', '--tls', '9000'],
			'--tls needs a connection, and --udp has none; give only one of them.',
		],
		[
			['connect', '-ru', '--wait', '9000'],
			'--wait asks by a connection, and --udp has none; give only one of them.',
		],
		[
			['connect', '-ru', '192.0.2.1:9000'],
			/^"192\.0\.2\.1" is not a loopback address/,
		],
	] as const) {
		const wrong = startBin(t, args);

		assert.equal((await wrong.waitForExit()).code, 2, wrong.seen());
		if (typeof sentence === 'string') {
			assert.equal(wrong.stderr(), `${sentence}\n`);
		} else {
			assert.match(wrong.stderr(), sentence);
		}
	}
});

test('e2e: the pane of a udp server speaks of no connection', async t => {
	const server = openTerminal(t, {
		...bin('serve', '-ru', '0'),
		columns: 110,
	});
	const port = await server.waitFor(
		/bound to 127\.0\.0\.1:(\d+), for datagrams/,
	);
	await server.waitFor('0 peers heard');
	const client = startBin(t, ['connect', '-ru', port]);
	client.write('hello');
	await server.waitFor('first datagram from ');
	await server.waitFor('1 peer heard');
	assert.doesNotMatch(server.screen().join('\n'), /connected|accepted|LISTEN/);
	server.press('ctrl-c');
	assert.equal(await server.waitForExit(), 0);
});

for (const output of [[], ['--json']]) {
	test(`e2e: serve --udp reads what is in the kernel's queue before a signal ends it ${output.join('')}`, async t => {
		const server = startBin(t, ['serve', '-ru', '-p', '0', ...output]);
		const port = await server.waitForOutput(/(?:bound to \S+:|"port":)(\d+)/, {
			stream: output.length > 0 ? 'stdout' : 'stderr',
		});
		const burst = `
import os, signal, socket
process, port = ${server.pid}, ${port}
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.connect(('127.0.0.1', port))
print(port)
client.send(b'first;')
input()
os.kill(process, signal.SIGSTOP)
for _ in range(150): client.send(b'more;')
os.kill(process, signal.SIGTERM)
os.kill(process, signal.SIGCONT)
`;
		const client = await startPython(t, burst);
		await server.waitForOutput('first;');
		client.write('go\n');
		assert.deepEqual(await server.waitForExit(), done, server.stderr());
		assert.equal(server.stdout().match(/more;"?/g)?.length, 150);
	});
}

test("e2e: connect --udp reads what is in the kernel's queue before a signal ends it", async t => {
	const burst = `
import os, signal, socket
bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
bound.bind(('127.0.0.1', 0))
print(bound.getsockname()[1])
data, peer = bound.recvfrom(70000)
process = int(data)
os.kill(process, signal.SIGSTOP)
for _ in range(150): bound.sendto(b'more;', peer)
os.kill(process, signal.SIGTERM)
os.kill(process, signal.SIGCONT)
`;
	const peer = await startPython(t, burst);
	const client = startBin(t, ['connect', '-ru', peer.port]);
	client.write(String(client.pid));
	// With 143, as stdin has not ended.
	assert.equal((await client.waitForExit()).code, 143, client.stderr());
	assert.equal(client.stdout(), 'more;'.repeat(150));
});
