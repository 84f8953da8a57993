/** Raw mode by hand: what is lost of what was typed, over real sockets. */
import assert from 'node:assert/strict';
import {randomBytes} from 'node:crypto';
import {writeFileSync} from 'node:fs';
import {connect, createServer, type Socket} from 'node:net';
import {join} from 'node:path';
import {test, type TestContext} from 'node:test';
import type {ChatEvent} from '../../source/event/event.js';
import {openByHand} from '../../source/hand/open.js';
import type {RawModeOptions} from '../../source/options/options.js';
import {readWords} from '../../source/options/words.js';
import {emptyTranscript} from '../../source/store/transcript.js';
import {newFolder} from '../helpers/link-peers.js';
import {parseOptions} from '../helpers/parse-options.js';
import {until} from '../helpers/until.js';

/** Raw mode by hand, with these words on the command line. */
const openWith = async (t: TestContext, ...words: readonly string[]) => {
	const events: ChatEvent[] = [];
	const opened = await openByHand({
		options: parseOptions(readWords(words), {
			isTerminal: true,
			loginName: () => 'otter',
			env: {},
			config: undefined,
		}) as RawModeOptions,
		raw: {isPipe: false},
		emit(event) {
			events.push(event);
		},
		transcript: () => emptyTranscript,
	});
	t.after(async () => {
		opened.chat.leave();
		opened.chat.leave();
		await opened.chat.closed;
		// Its sockets are looked after until the kernel has forgotten them.
		opened.chat.leave();
	});
	const notices = () =>
		events.flatMap(event => (event.type === 'notice' ? [event.text] : []));
	return {
		...opened,
		lost: opened.hand.lost,
		events,
		notices,
		untilNotice: async (pattern: RegExp) =>
			until(() => notices().some(text => pattern.test(text)), {
				what: `a notice like ${String(pattern)}`,
				seen: () => notices().join('\n'),
			}),
	};
};

/** Takes connections, and reads nothing by itself. */
const listenDeaf = async (t: TestContext, ...where: [port: 0] | [string]) => {
	let peer: Socket | undefined;
	const server = createServer(
		{pauseOnConnect: true, allowHalfOpen: true},
		socket => {
			peer = socket;
			socket.on('error', () => undefined);
		},
	);
	await new Promise<void>(resolve => {
		if (where[0] === 0) {
			server.listen(0, '127.0.0.1', resolve);
		} else {
			server.listen(where[0], resolve);
		}
	});
	t.after(() => {
		peer?.destroy();
		server.close();
	});
	return {
		address() {
			const bound = server.address()!;
			return typeof bound === 'string' ? bound : String(bound.port);
		},
		peer: async () => until(() => peer, {what: 'a connection'}),
	};
};

/** A connection by hand to a peer that reads nothing by itself. */
const openTo = async (t: TestContext, ...words: readonly string[]) => {
	const there = await listenDeaf(t, 0);
	const opened = await openWith(
		t,
		'connect',
		'--raw',
		there.address(),
		...words,
	);
	const peer = await there.peer();
	await until(() => opened.chat.whyNotSent() === undefined, {
		what: 'a connection on this side',
	});
	return {...opened, peer};
};

const typedCharacters = 16 * 1024 * 1024;
const typedBytes = typedCharacters + 1;
const sentence = `Not all was sent: the connection ended amid ${typedBytes} bytes, a part of which may have arrived.`;

test('hand: what was typed and waits here as one leaves is said to be lost', async t => {
	const {chat, hand, lost, notices} = await openTo(t);
	hand.say('x'.repeat(typedCharacters));
	chat.leave();
	chat.leave();
	await chat.closed;
	const error = await lost();
	assert.equal(error?.code, 'ERR_NOT_SENT');
	assert.equal(error.message, sentence);
	assert.deepEqual(notices(), [sentence]);
});

test('hand: a leave that waits in vain says it, too', async t => {
	const {chat, hand, lost} = await openTo(t);
	hand.say('x'.repeat(typedCharacters));
	chat.leave();
	await chat.closed;
	assert.equal((await lost())?.message, sentence);
});

test('hand: what the kernel takes while one leaves is not lost', async t => {
	const {chat, hand, lost, notices, peer} = await openTo(t);
	let bytes = 0;
	peer.on('data', (chunk: Uint8Array) => {
		bytes += chunk.length;
	});
	peer.on('end', () => {
		peer.end();
	});
	hand.say('x'.repeat(typedCharacters));
	peer.resume();
	chat.leave();
	await chat.closed;
	assert.equal(await lost(), undefined);
	await until(() => bytes === typedBytes, {what: 'all of it'});
	assert.deepEqual(notices(), []);
});

test('hand: many lines that are lost with one connection are one notice', async t => {
	const {chat, hand, lost, notices} = await openTo(t);
	for (let line = 0; line < 64; line++) {
		hand.say('x'.repeat(typedCharacters / 64));
	}

	chat.leave();
	chat.leave();
	await chat.closed;
	const error = await lost();
	assert.match(error?.message ?? '', / amid \d{7,8} bytes, /);
	assert.deepEqual(notices(), [error?.message]);
});

test('hand: what the end by the other side loses is said, and stays lost', async t => {
	const {chat, hand, lost, peer, untilNotice} = await openTo(t);
	hand.say('x'.repeat(typedCharacters));
	peer.end();
	await chat.closed;
	await untilNotice(/^Not all was sent/);
	assert.equal((await lost())?.message, sentence);
});

test('hand: what waits of a file that was stopped is lost with the rest', async t => {
	const {chat, hand, lost, untilNotice} = await openTo(t);
	const path = join(newFolder(t), 'large');
	writeFileSync(path, randomBytes(typedCharacters));
	hand.byHand({type: 'send', path});
	await until(() => chat.receivers().queuedBytes > 0, {what: 'full buffers'});
	await until(() => hand.stop(), {what: 'a file to stop'});
	await untilNotice(/^Stopped: .* wait in this side's queue/);
	chat.leave();
	chat.leave();
	await chat.closed;
	assert.match(
		(await lost())?.message ?? '',
		/ended amid \d+ bytes, a part of which may have arrived\.$/,
	);
});

test('hand: a file that the other side cuts is lost, and said once', async t => {
	const {chat, hand, lost, notices, peer} = await openTo(t);
	const path = join(newFolder(t), 'large');
	writeFileSync(path, randomBytes(typedCharacters));
	hand.byHand({type: 'send', path});
	await until(() => chat.receivers().queuedBytes > 0, {what: 'full buffers'});
	peer.end();
	await chat.closed;
	const error = await lost();
	assert.match(
		error?.message ?? '',
		/^Not all of large was sent: the kernel took \d+ of 16777216 bytes of large\. /,
	);
	assert.deepEqual(notices(), [error?.message]);
});

for (const [link, words] of [
	['a Unix domain socket', []],
	['TLS', ['--tls']],
	['a WebSocket', ['--ws', '/']],
	['a WebSocket on TLS', ['--tls', '--ws', '/']],
] as const) {
	test(`hand: what is lost over ${link} is said by both sides`, async t => {
		const isUnix = words.length === 0;
		const server = await openWith(
			t,
			'serve',
			'--raw',
			isUnix ? join(newFolder(t), 'socket') : '0',
			...words,
		);
		const client = await openWith(
			t,
			'connect',
			'--raw',
			server.chat.where,
			...words,
			...(words.includes('--tls' as never) ? ['--tls-insecure'] : []),
		);
		await until(() => server.chat.peers().length === 1, {what: 'a peer'});
		await until(() => client.chat.whyNotSent() === undefined, {
			what: 'a connection',
		});
		for (const {chat} of [server, client]) {
			chat.setPaused(true);
		}

		for (const {hand} of [server, client]) {
			hand.say('x'.repeat(typedCharacters));
		}

		for (const {chat} of [server, client]) {
			chat.leave();
			chat.leave();
		}

		for (const {chat, lost} of [server, client]) {
			await chat.closed;
			const error = await lost();
			assert.match(error?.message ?? '', / amid 1677721[67] bytes, /);
		}
	});
}

/** Peers of a server by hand: the first of them reads, the others don't. */
const openServer = async (t: TestContext, peerCount: number) => {
	const opened = await openWith(t, 'serve', '--raw', '0');
	const port = Number(opened.chat.where.split(':').at(-1));
	const sockets = Array.from({length: peerCount}, () =>
		connect(port, '127.0.0.1').on('error', () => undefined),
	);
	t.after(() => {
		for (const socket of sockets) {
			socket.destroy();
		}
	});
	await until(() => opened.chat.peers().length === peerCount, {what: 'peers'});
	sockets[0]!.resume();
	const names = sockets.map(({localPort}) => `127.0.0.1:${localPort}`);
	return {...opened, sockets, names, port};
};

test('hand: what one peer takes does not hide what another one lacks', async t => {
	const {chat, hand, lost, names, notices} = await openServer(t, 2);
	hand.say('x'.repeat(typedCharacters));
	await until(() => chat.bytesTaken() === typedBytes, {what: 'one to have it'});
	chat.leave();
	chat.leave();
	await chat.closed;
	const error = await lost();
	assert.equal(
		error?.message,
		`Not all was sent to ${names[1]}: the connection ended amid ${typedBytes} bytes, a part of which may have arrived.`,
	);
	assert.deepEqual(notices(), [error?.message]);
});

test('hand: a server that goes on says whom it lost, and how many at its end', async t => {
	const {chat, hand, lost, names, sockets, untilNotice} = await openServer(
		t,
		3,
	);
	hand.say('x'.repeat(typedCharacters));
	await until(() => chat.bytesTaken() === typedBytes, {what: 'one to have it'});
	for (const [index, name] of names.entries()) {
		if (index === 0) {
			continue;
		}

		sockets[index]!.resetAndDestroy();
		await untilNotice(new RegExp(`^Not all was sent to ${name}: `));
	}

	chat.leave();
	await chat.closed;
	assert.equal(
		(await lost())?.message,
		'2 times a connection ended before all was sent.',
	);
});

test('hand: a short line that waits behind full buffers is lost, too', async t => {
	const {chat, hand, lost, sockets, names} = await openServer(t, 1);
	sockets[0]!.pause();
	hand.say('x'.repeat(typedCharacters));
	await until(() => chat.receivers().queuedBytes > 0, {what: 'full buffers'});
	hand.say('short');
	chat.leave();
	chat.leave();
	await chat.closed;
	assert.equal(
		(await lost())?.message,
		`Not all was sent to ${names[0]}: the connection ended amid ${typedBytes + 6} bytes, a part of which may have arrived.`,
	);
});

test('hand: datagrams that nobody takes are not said twice', async t => {
	const server = await openWith(t, 'serve', '--raw', '-u', '0');
	const {chat, hand, lost, notices, untilNotice} = await openWith(
		t,
		'connect',
		'--raw',
		'-u',
		server.chat.where,
	);
	await until(() => chat.whyNotSent() === undefined, {what: 'a socket'});
	hand.say('one');
	await until(() => server.chat.peers().length === 1, {what: 'a peer'});
	server.chat.leave();
	server.chat.leave();
	await server.chat.closed;
	hand.say('two');
	await untilNotice(/^ECONNREFUSED/);
	chat.leave();
	await chat.closed;
	assert.equal(await lost(), undefined);
	assert.ok(notices().every(text => text.startsWith('ECONNREFUSED')));
});

test('hand: another connection begins to count from zero', async t => {
	const {chat, hand, events, peer} = await openTo(t);
	const counts = () =>
		events.flatMap(event => (event.type === 'traffic' ? [event.bytesOut] : []));
	hand.say('hi');
	peer.resume();
	peer.end();
	await chat.closed;
	assert.equal(counts().at(-1), 3);
	hand.byHand({type: 'connect'});
	await until(() => chat.whyNotSent() === undefined, {what: 'a connection'});
	assert.equal(counts().at(-1), 0);
});

test('hand: a file goes by UDP in datagrams that it fits into', async t => {
	const server = await openWith(t, 'serve', '--raw', '-u', '0');
	const {chat, hand, notices, untilNotice} = await openWith(
		t,
		'connect',
		'--raw',
		'-u',
		server.chat.where,
	);
	await until(() => chat.whyNotSent() === undefined, {what: 'a socket'});
	const path = join(newFolder(t), 'file');
	writeFileSync(path, randomBytes(100_000));
	hand.byHand({type: 'send', path});
	await untilNotice(/file/);
	assert.deepEqual(notices(), ['Sent file: 100000 bytes.']);
});
