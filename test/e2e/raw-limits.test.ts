/** What ends a raw chat, or begins it, besides both FINs; as bytes and as JSON. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {once} from 'node:events';
import {readFileSync, writeFileSync} from 'node:fs';
import {connect, type AddressInfo, type Socket} from 'node:net';
import {join} from 'node:path';
import type {Duplex} from 'node:stream';
import test, {type TestContext} from 'node:test';
import {createServer} from 'node:tls';
import {createWebSocketStream, WebSocketServer} from 'ws';
import {requireExecutable} from '../helpers/environment.js';
import {makeCertificates, newFolder} from '../helpers/link-peers.js';
import {findPort} from '../helpers/ports.js';
import {bin, machineNode, startBin, startProcess} from '../helpers/process.js';
import {portOf} from '../helpers/room.js';
import {listenBare} from '../helpers/scripted.js';
import {toShellLine} from '../helpers/shell.js';
import {openTerminal} from '../helpers/terminal.js';
import {until} from '../helpers/until.js';

const done = {code: 0, signal: undefined};
const failed = {code: 1, signal: undefined};

const listen = async (
	t: TestContext,
	converse: (socket: Socket) => void = () => undefined,
	port = 0,
) => {
	const {address} = await listenBare(t, converse, port);
	return String(portOf(address));
};

/** What came, as a text, of either output. */
const heard = (chat: {readonly stdout: () => string}, isJson: boolean) =>
	isJson
		? chat
				.stdout()
				.split('\n')
				.filter(line => line.includes('"direction":"in"'))
				.map(line => (JSON.parse(line) as {text: string}).text)
				.join('')
		: chat.stdout();

for (const output of [[], ['--json']]) {
	const isJson = output.length > 0;
	const as = isJson ? 'as JSON' : 'as bytes';

	test(`e2e: --idle ends a raw chat after silence, ${as}`, async t => {
		const port = await listen(t, socket => {
			socket.on('data', data => {
				socket.write(data);
			});
		});
		const chat = startBin(t, [
			'connect',
			'--raw',
			'--idle',
			'0.2',
			...output,
			port,
		]);
		chat.write('hello');
		// Its stdin is still open.
		assert.deepEqual(await chat.waitForExit(), done, chat.seen());
		assert.equal(heard(chat, isJson), 'hello');
	});

	test(`e2e: --replies ends a raw chat after so many chunks, ${as}`, async t => {
		const answers = ['one', 'two', 'three'];
		const port = await listen(t, socket => {
			socket.on('data', () => {
				socket.write(answers.shift() ?? 'none');
			});
		});
		const args = ['connect', '--raw', '--replies', '2', ...output, port];
		const chat = startBin(t, args);
		chat.write('1');
		await until(() => heard(chat, isJson) === 'one', {what: 'one reply'});
		chat.write('2');
		assert.deepEqual(await chat.waitForExit(), done, chat.seen());
		assert.equal(heard(chat, isJson), 'onetwo');

		const short = await listen(t, socket => {
			socket.end('only one');
		});
		const missed = startBin(t, [...args.slice(0, -1), short]);
		missed.end();
		assert.deepEqual(await missed.waitForExit(), failed, missed.seen());
		assert.match(
			missed.stderr() + missed.stdout(),
			/The other side ended after 1 of 2 replies\./,
		);
	});

	test(`e2e: an end of ours before all --replies is said, and no 0, ${as}`, async t => {
		const sentence = /Ended after 1 of 2 replies\./;
		let accepted = 0;
		const port = await listen(t, socket => {
			accepted++;
			socket.write('one');
			socket.on('end', () => {
				socket.end();
			});
		});
		const args = ['--raw', '--replies', '2', ...output];
		for (const more of [[], ['--retry'], ['--input', 'none']]) {
			const left = startBin(t, ['connect', ...args, ...more, port]);
			await until(() => heard(left, isJson) === 'one', {what: 'one reply'});
			left.signal('SIGTERM');
			assert.equal((await left.waitForExit()).code, 143, left.seen());
			assert.match(left.stderr() + left.stdout(), sentence);
		}

		assert.equal(accepted, 3);
		const silent = startBin(t, ['connect', ...args, '--idle', '0.1', port]);
		assert.deepEqual(await silent.waitForExit(), failed, silent.seen());
		assert.match(silent.stderr() + silent.stdout(), sentence);

		for (const more of [[], ['--once']]) {
			const socket = join(newFolder(t), 'served.sock');
			const server = startBin(t, ['serve', ...args, ...more, socket]);
			const peer = startBin(t, ['connect', '--raw', '--wait', socket]);
			peer.write('one');
			await until(() => heard(server, isJson) === 'one', {what: 'one reply'});
			server.signal('SIGTERM');
			assert.equal((await server.waitForExit()).code, 143, server.seen());
			assert.match(
				server.stderr() + server.stdout(),
				/Ended after 1 of 2 replies\.|was closed before the other side had ended/,
			);
		}
	});

	test(`e2e: --no-shutdown and --input none send no FIN first, ${as}`, async t => {
		let hasFin = false;
		const port = await listen(t, socket => {
			socket.on('end', () => {
				hasFin = true;
			});
			socket.once('data', () => {
				asked = socket;
			});
			if (isSpeakingFirst) {
				socket.end('an answer');
			}
		});
		let asked: Socket | undefined;
		let isSpeakingFirst = false;
		const patient = startBin(t, [
			'connect',
			'--raw',
			'--no-shutdown',
			...output,
			port,
		]);
		patient.write('a question');
		const peer = await until(() => asked, {what: 'the question'});
		patient.end();
		// It goes on after the end of stdin, which it has seen by the second turn.
		for (const part of ['an', ' ', 'answer']) {
			peer.write(part);
			await patient.waitForOutput(isJson ? `"text":"${part}"` : part, {
				stream: 'stdout',
			});
		}

		assert.equal(hasFin, false);
		peer.end();
		assert.deepEqual(await patient.waitForExit(), done, patient.seen());
		assert.equal(heard(patient, isJson), 'an answer');

		isSpeakingFirst = true;
		const mute = startBin(t, [
			'connect',
			'--raw',
			'--input',
			'none',
			...output,
			port,
		]);
		assert.deepEqual(await mute.waitForExit(), done, mute.seen());
		assert.equal(heard(mute, isJson), 'an answer');
	});

	test(`e2e: --wait dials until somebody listens, ${as}`, async t => {
		const port = await findPort();
		const chat = startBin(t, ['connect', '--raw', '--wait', ...output, port]);
		chat.write('early');
		chat.end();
		if (isJson) {
			await chat.waitForOutput('"phase":"waiting"');
		}

		let received = '';
		await listen(
			t,
			socket => {
				socket.on('data', data => {
					received += data.toString();
				});
				socket.on('end', () => {
					socket.end('late');
				});
			},
			Number(port),
		);
		assert.deepEqual(await chat.waitForExit(), done, chat.seen());
		assert.equal(received, 'early');
		assert.equal(heard(chat, isJson), 'late');
		const nobody = startBin(t, [
			'connect',
			'--raw',
			'--wait',
			'--timeout',
			'0.3',
			...output,
			await findPort(),
		]);
		assert.deepEqual(await nobody.waitForExit(), {code: 3, signal: undefined});
		assert.match(
			nobody.stderr() + nobody.stdout(),
			/Not connected within 0\.3 s/,
		);
	});

	test(`e2e: --timeout bounds all of UDP, and of TCP what is asked for, ${as}`, async t => {
		const silent = await listen(t, socket => {
			socket.resume();
		});
		const bound = startBin(t, ['serve', '--raw', '-u', '0']);
		const port = await bound.waitForOutput(/127\.0\.0\.1:(\d+)/, {
			stream: 'stderr',
		});
		const late = {code: 3, signal: undefined};
		for (const [ending, sentence, ...args] of [
			[
				late,
				'Nothing ended it within 0.3 s. With UDP, --replies N or --idle SECONDS says when it is over.',
				'-u',
				port,
			],
			[
				late,
				'Nothing ended it within 0.3 s. With UDP, --replies N or --idle SECONDS says when it is over.',
				'-u',
				port,
				'--input',
				'none',
			],
			[
				late,
				'Nothing ended it within 0.3 s. With UDP, --replies N or --idle SECONDS says when it is over.',
				'-u',
				port,
				'-m',
				'hello',
			],
			[
				late,
				'No reply came within 0.3 s. A longer --timeout may help.',
				'-u',
				port,
				'--replies',
				'1',
			],
			[
				late,
				'No reply came within 0.3 s. A longer --timeout may help.',
				silent,
				'--replies',
				'1',
			],
			// It is connected, and nothing else is asked for.
			[done, '', silent, '--input', 'none', '--idle', '1'],
		] as const) {
			const chat = startBin(t, [
				'connect',
				'--raw',
				'--timeout',
				'0.3',
				...output,
				...args,
			]);
			chat.end();
			assert.deepEqual(await chat.waitForExit(), ending, chat.seen());
			assert.ok(
				(chat.stderr() + chat.stdout()).includes(sentence),
				chat.seen(),
			);
		}
	});

	test(`e2e: --timeout bounds a handshake that nobody answers, ${as}`, async t => {
		const {address} = await listenBare(t, socket => {
			socket.resume();
		});
		const port = String(portOf(address));
		for (const link of [['--tls'], ['--ws', '/']]) {
			const flags = [...link, '--timeout', '0.3', ...output];
			const chat = startBin(t, ['connect', '--raw', port, ...flags]);
			assert.deepEqual(
				await chat.waitForExit(),
				{code: 3, signal: undefined},
				chat.seen(),
			);
			assert.match(
				chat.stderr() + chat.stdout(),
				/Not connected within 0\.3 s/,
			);
		}
	});

	test(`e2e: serve --raw --once serves one peer both ways, ${as}`, async t => {
		const serving = startBin(t, ['serve', '--raw', '--once', ...output, '0']);
		const port = await serving.waitForOutput(
			isJson ? /"listening".*"port":(\d+)/ : /listening on \S+:(\d+)\n/,
			{stream: isJson ? 'stdout' : 'stderr'},
		);
		const peer = startProcess(t, requireExecutable('nc.openbsd', 'netcat'), [
			'-N',
			'127.0.0.1',
			port,
		]);
		peer.write('all I say');
		peer.end();
		// Its FIN is there before anything of ours.
		await until(() => heard(serving, isJson) === 'all I say', {
			what: 'its words',
		});
		serving.write('an answer');
		await peer.waitForOutput('an answer');
		serving.write(', and its end');
		serving.end();
		assert.deepEqual(await serving.waitForExit(), done, serving.seen());
		assert.deepEqual(await peer.waitForExit(), done);
		assert.equal(peer.stdout(), 'an answer, and its end');
	});

	test(`e2e: the first peer of serve --raw gets stdin, ${as}`, async t => {
		const serving = startBin(t, ['serve', '--raw', ...output, '0']);
		const port = await serving.waitForOutput(
			isJson ? /"listening".*"port":(\d+)/ : /listening on \S+:(\d+)\n/,
			{stream: isJson ? 'stdout' : 'stderr'},
		);
		serving.write('for the first');
		const peers = [];
		for (const name of ['first', 'second']) {
			const peer = startProcess(t, requireExecutable('nc.openbsd', 'netcat'), [
				'127.0.0.1',
				port,
			]);
			peer.write(name);
			await until(() => heard(serving, isJson).endsWith(name), {what: name});
			peers.push(peer);
		}

		await peers[0]!.waitForOutput('for the first');
		serving.end();
		for (const [index, peer] of peers.entries()) {
			peer.end();
			assert.deepEqual(await peer.waitForExit(), done);
			assert.equal(peer.stdout(), index === 0 ? 'for the first' : '');
		}

		serving.signal('SIGTERM');
		assert.deepEqual(await serving.waitForExit(), done, serving.seen());
	});
}

test('e2e: --idle ends a raw connection on a screen, too', async t => {
	const port = await listen(t);
	const chat = openTerminal(t, bin('connect', '--raw', '--idle', '0.5', port));
	await chat.waitFor('The connection has ended');
});

test('e2e: --probe says who listens, of one port or of a range', async t => {
	let accepted = 0;
	let received = 0;
	const port = await listen(t, socket => {
		accepted++;
		socket.on('data', data => {
			received += Buffer.byteLength(data);
		});
		socket.on('end', () => {
			socket.end();
		});
	});
	const one = startBin(t, ['connect', '--raw', '--probe', port]);
	assert.deepEqual(await one.waitForExit(), done, one.seen());
	assert.equal(one.stdout(), `127.0.0.1:${port}\n`);
	const from = Number(port) - 40;
	const range = startBin(t, ['connect', '--probe', `${from}-${port}`]);
	assert.deepEqual(await range.waitForExit(), done, range.seen());
	assert.ok(range.stdout().endsWith(`127.0.0.1:${port}\n`), range.seen());
	assert.deepEqual([accepted, received], [2, 0]);

	const free = await findPort();
	const nobody = startBin(t, ['connect', '--raw', '--probe', free]);
	assert.deepEqual(await nobody.waitForExit(), failed, nobody.seen());
	assert.equal(nobody.stderr(), `Nobody listens on 127.0.0.1:${free}.\n`);
	const late = startBin(t, [
		'connect',
		'--raw',
		'--probe',
		'--wait',
		'--timeout',
		'0.3',
		free,
	]);
	assert.deepEqual(await late.waitForExit(), {code: 3, signal: undefined});
});

test("e2e: --probe of many ports, or for long, makes the machine's own Node warn of nothing", async t => {
	const free = await findPort();
	const probe = (...args: readonly string[]) =>
		startProcess(
			t,
			machineNode(),
			bin('connect', '--raw', '--probe', ...args).args,
		);
	const many = probe('--quiet', `${Number(free) - 40}-${free}`);
	// It asks 13 times.
	const long = probe('--wait', '--timeout', '3.2', free);
	await many.waitForExit();
	assert.doesNotMatch(many.stderr(), /Warning/);
	assert.deepEqual(await long.waitForExit(), {code: 3, signal: undefined});
	assert.doesNotMatch(long.stderr(), /Warning/);
});

test('e2e: --replies sends all that is piped in before it ends, over each link', async t => {
	const folder = newFolder(t);
	const {good} = makeCertificates(folder);
	const own = {cert: readFileSync(good.cert), key: readFileSync(good.key)};
	const path = join(folder, 'service');
	const source = join(folder, 'source');
	const total = 3_000_000;
	writeFileSync(source, Buffer.alloc(total, 'x'));
	let count = 0;
	/** Answers at once, and reads on. */
	const answer = (peer: Duplex) => {
		peer.once('data', () => {
			peer.write('enough');
		});
		peer.on('data', (chunk: Buffer) => {
			count += chunk.length;
		});
		peer.on('error', () => undefined);
	};

	const secure = createServer(own, answer);
	const sockets = new WebSocketServer({host: '127.0.0.1', port: 0});
	sockets.on('connection', socket => {
		answer(createWebSocketStream(socket));
	});
	secure.listen(0, '127.0.0.1');
	await Promise.all([once(secure, 'listening'), once(sockets, 'listening')]);
	t.after(() => {
		secure.close();
		sockets.close();
	});
	const at = (server: {address: () => unknown}) =>
		String((server.address() as AddressInfo).port);
	await listenBare(t, answer, path);
	for (const where of [
		[await listen(t, answer)],
		[path],
		['--tls', '--tls-insecure', at(secure)],
		['--ws', '/', '--ws-binary', at(sockets)],
	]) {
		for (const output of [[], ['--json']]) {
			count = 0;
			const flags = ['-r', '--replies', '1', ...output, ...where];
			const {command, args} = bin('connect', ...flags);
			const chat = startProcess(t, 'sh', [
				'-c',
				`cat ${source} | ${toShellLine(command, args)}`,
			]);
			assert.deepEqual(await chat.waitForExit(), done, chat.seen().slice(-999));
			assert.match(chat.stdout(), /^enough$|"text":"enough"/);
			await until(() => count === total, {
				what: 'all bytes',
				seen: () => `${count} by ${flags.join(' ')}`,
			});
		}
	}
});

for (const output of [[], ['--json']]) {
	const isJson = output.includes('--json');
	const as = output.join('') || 'as bytes';

	test(`e2e: --replies prints so many chunks and no more while a file is sent, ${as}`, async t => {
		const source = join(newFolder(t), 'source');
		const total = 8_000_000;
		writeFileSync(source, Buffer.alloc(total, 'x'));
		let count = 0;
		const port = await listen(t, peer => {
			peer.once('data', () => {
				peer.write('one ');
			});
			peer.on('data', chunk => {
				// More than the kernel holds, so the first was read before.
				if (count < total - 100_000 && count > total / 2) {
					peer.write('more ');
				}

				count += chunk.length;
			});
		});
		const flags = ['-r', '--replies', '1', ...output];
		const {command, args} = bin('connect', ...flags, port);
		const chat = startProcess(t, 'sh', [
			'-c',
			`${toShellLine(command, args)} < ${source}`,
		]);
		assert.deepEqual(await chat.waitForExit(), done, chat.seen().slice(-999));
		assert.equal(count, total);
		assert.equal(heard(chat, isJson), 'one ');
	});

	test(`e2e: serve --replies prints no chunk of another peer meanwhile, ${as}`, async t => {
		const folder = newFolder(t);
		const source = join(folder, 'source');
		const total = 8_000_000;
		writeFileSync(source, Buffer.alloc(total, 'x'));
		const path = join(folder, 'service');
		const flags = ['-r', '--replies', '1', ...output, path];
		const {command, args} = bin('serve', ...flags);
		const server = startProcess(t, 'sh', [
			'-c',
			`${toShellLine(command, args)} < ${source}`,
		]);
		await server.waitForOutput('listening', {
			stream: isJson ? 'stdout' : 'stderr',
		});
		const dial = async () => {
			const socket = connect(path);
			socket.on('error', () => undefined);
			t.after(() => socket.destroy());
			await once(socket, 'connect');
			return socket;
		};

		const reader = await dial();
		let count = 0;
		const isBegun = once(reader, 'data');
		reader.on('data', (chunk: Buffer) => {
			count += chunk.length;
		});
		await isBegun;
		reader.pause();
		const [one, other] = [await dial(), await dial()];
		one.write('one ');
		await until(() => heard(server, isJson) === 'one ', {
			what: 'one reply',
			seen: () => server.seen().slice(-999),
		});
		one.write('two ');
		other.end('three ');
		await once(other.resume(), 'end');
		reader.resume();
		assert.deepEqual(await server.waitForExit(), done, server.stderr());
		assert.equal(count, total);
		assert.equal(heard(server, isJson), 'one ');
	});
}
