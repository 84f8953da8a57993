/** /send: all of a file, or how much of it, over real sockets. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {createHash, randomBytes} from 'node:crypto';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {connect, createServer, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, test, type TestContext} from 'node:test';
import {openRaw, type RawChat} from '../../source/chat/open-raw.js';
import type {SendingFile} from '../../source/event/event.js';
import {FileSender} from '../../source/hand/send-file.js';
import {requireLoopback} from '../../source/socket/address.js';
import {anyPort} from '../helpers/room.js';
import {until} from '../helpers/until.js';

const folder = mkdtempSync(join(tmpdir(), 'sockchat-send-'));
after(() => {
	rmSync(folder, {recursive: true});
});

const newFile = (bytes: Buffer): string => {
	const path = join(folder, `file-${randomBytes(4).toString('hex')}`);
	writeFileSync(path, bytes);
	return path;
};

/** A peer that reads only when it is asked to. */
const openPeer = async (t: TestContext) => {
	let peer: Socket | undefined;
	const hash = createHash('sha256');
	let bytes = 0;
	const server = createServer({pauseOnConnect: true}, socket => {
		peer = socket;
		socket.on('data', (chunk: Buffer) => {
			bytes += chunk.length;
			hash.update(chunk);
		});
		socket.on('error', () => undefined);
		socket.pause();
	});
	await new Promise<void>(resolve => {
		server.listen(0, '127.0.0.1', resolve);
	});
	t.after(() => {
		peer?.destroy();
		server.close();
	});
	const {port} = server.address() as {port: number};
	return {
		address: requireLoopback({kind: 'tcp', host: '127.0.0.1', port}),
		peer: async () => until(() => peer, {what: 'a connection'}),
		bytes: () => bytes,
		digest: () => hash.copy().digest('hex'),
	};
};

const connectTo = async (
	t: TestContext,
	address: Awaited<ReturnType<typeof openPeer>>['address'],
) => {
	const chat = await openRaw(
		{
			command: 'connect',
			address,
			localPort: undefined,
			isPipe: false,
			isWatched: false,
		},
		() => undefined,
	);
	t.after(async () => {
		chat.leave();
		chat.leave();
		await chat.closed;
	});
	await until(() => chat.whyNotSent() === undefined, {what: 'a connection'});
	return chat;
};

const senderFor = (chat: RawChat) => {
	const progress: Array<SendingFile | undefined> = [];
	const sender = new FileSender({
		chat,
		onProgress(file) {
			progress.push(file);
		},
	});
	return {sender, progress};
};

// More than the kernel's buffers hold.
const large = randomBytes(16 * 1024 * 1024);

test('send: a file arrives as it is, with its progress', async t => {
	const there = await openPeer(t);
	const chat = await connectTo(t, there.address);
	const {sender, progress} = senderFor(chat);
	(await there.peer()).resume();
	const path = newFile(large);
	const answer = await sender.send(path);
	assert.match(answer.sentence, /^Sent file-\w+: 16777216 bytes\.$/);
	await until(() => there.bytes() === large.length, {what: 'all of it'});
	assert.equal(
		there.digest(),
		createHash('sha256').update(large).digest('hex'),
	);
	assert.equal(progress.at(-1), undefined);
	const counts = progress.slice(0, -1).map(file => file!.sentBytes);
	assert.deepEqual(
		counts,
		counts.toSorted((a, b) => a - b),
	);
	assert.equal(counts.at(-1), large.length);
	assert.equal(
		(await sender.send(newFile(Buffer.alloc(0)))).sentence.slice(-9),
		' 0 bytes.',
	);
});

test('send: stopped, it says what was sent and what waits', async t => {
	const there = await openPeer(t);
	const chat = await connectTo(t, there.address);
	const {sender, progress} = senderFor(chat);
	const peer = await there.peer();
	assert.equal(sender.stop(), false);
	const sending = sender.send(newFile(large));
	// The peer reads nothing: it comes to a stop by itself.
	let seen = -1;
	await until(
		() => {
			const count = progress.length;
			const isStill = count > 1 && count === seen;
			seen = count;
			return isStill;
		},
		{what: 'full buffers'},
	);
	assert.equal(sender.isSending, true);
	assert.equal(
		(await sender.send('another')).sentence,
		'A file is being sent; /stop stops it.',
	);
	assert.equal(sender.stop(), true);
	const {sentence} = await sending;
	const [, sent, waiting] =
		/^Stopped: (\d+) of 16777216 bytes of file-\w+ were sent; (\d+) more wait in this side's queue and still go out\.$/
			.exec(sentence)!
			.map(Number);
	assert.equal(sender.isSending, false);
	peer.resume();
	await until(() => there.bytes() === sent! + waiting!, {
		what: sentence,
		seen: () => String(there.bytes()),
	});
});

test('send: of half a file, how much the kernel took', async t => {
	const there = await openPeer(t);
	const chat = await connectTo(t, there.address);
	const {sender, progress} = senderFor(chat);
	const peer = await there.peer();
	const sending = sender.send(newFile(large));
	await until(() => progress.length > 2, {what: 'some of it'});
	peer.resetAndDestroy();
	const {type, sentence} = await sending;
	assert.equal(type, 'refused');
	assert.match(
		sentence,
		/^Not all of file-\w+ was sent: the kernel took \d+ of 16777216 bytes of file-\w+\. The connection has ended\.$/,
	);
});

test('send: what is no file is refused', async t => {
	const there = await openPeer(t);
	const chat = await connectTo(t, there.address);
	const {sender} = senderFor(chat);
	for (const [path, why] of [
		[join(folder, 'none'), 'there is no such file (ENOENT)'],
		[folder, 'it is not a regular file'],
		['/dev/zero', 'it is not a regular file'],
	] as const) {
		const {type, sentence} = await sender.send(path);
		assert.equal(type, 'refused');
		assert.equal(sentence, `Can't send ${path}: ${why}.`);
	}
});

/** A server with so many peers, which read nothing by themselves. */
const openServer = async (t: TestContext, peerCount: number) => {
	const chat = await openRaw(
		{
			command: 'serve',
			address: anyPort,
			backlog: undefined,
			isPipe: false,
			isWatched: false,
		},
		() => undefined,
	);
	t.after(async () => {
		chat.leave();
		chat.leave();
		await chat.closed;
	});
	const port = Number(/\d+$/.exec(chat.where)![0]);
	const dial = async () => {
		const {length} = chat.peers();
		const socket = connect({host: '127.0.0.1', port});
		socket.on('error', () => undefined);
		t.after(() => socket.destroy());
		await until(() => chat.peers().length > length, {what: 'a peer'});
		return socket;
	};

	const peers: Socket[] = [];
	while (peers.length < peerCount) {
		peers.push(await dial());
	}

	return {chat, peers, dial, ...senderFor(chat)};
};

test('send: a server sends it to each of its peers, and says to how many', async t => {
	const {sender, progress, dial} = await openServer(t, 0);
	const path = newFile(large);
	assert.equal(
		(await sender.send(path)).sentence,
		'Nobody is connected: not sent.',
	);
	const peers = [await dial(), await dial()];
	const counts = [0, 0];
	for (const [index, peer] of peers.entries()) {
		peer.on('data', chunk => {
			counts[index]! += chunk.length;
		});
	}

	const {sentence} = await sender.send(path);
	assert.match(
		sentence,
		/^Sent file-\w+: 16777216 bytes to each of 2 peers\.$/,
	);
	await until(() => counts.every(count => count === large.length), {
		what: 'all of it, twice',
		seen: () => counts.join(' '),
	});
	const [slow] = peers;
	slow!.pause();
	const before = progress.length;
	const sending = sender.send(path);
	await until(() => progress.length > before + 2, {what: 'the start'});
	for (const peer of peers) {
		peer.destroy();
	}

	assert.match(
		(await sending).sentence,
		/^Not all of file-\w+ was sent to 2 of 2 peers: the connection ended before\.$/,
	);
});

test('send: who left amid a file for several is said', async t => {
	const {chat, peers, sender, progress} = await openServer(t, 3);
	const [gone, ...others] = peers;
	const name = `127.0.0.1:${gone!.localPort}`;
	const sending = sender.send(newFile(large));
	await until(() => progress.length > 2, {what: 'some of it'});
	gone!.resetAndDestroy();
	await until(() => chat.peers().length === 2, {what: 'its end'});
	for (const peer of others) {
		peer.resume();
	}

	const {type, sentence} = await sending;
	assert.equal(type, 'refused');
	assert.match(
		sentence,
		new RegExp(
			`^Not all of file-\\w+ was sent to ${name}: the connection ended before\\.$`,
		),
	);
});

test('send: a peer that comes amid a file for several gets none of it', async t => {
	const {chat, peers, sender, progress, dial} = await openServer(t, 2);
	const sending = sender.send(newFile(large));
	await until(() => progress.length > 2, {what: 'some of it'});
	const late = await dial();
	let said = '';
	late.on('data', bytes => {
		said = `${said}${String(bytes)}`.slice(-5);
	});
	for (const peer of peers) {
		peer.resume();
	}

	const {sentence} = await sending;
	assert.match(sentence, /: 16777216 bytes to each of 2 peers\.$/);
	void chat.write(Buffer.from('later'));
	await until(() => said !== '', {what: 'what is sent later'});
	assert.equal(said, 'later');
	assert.equal(late.bytesRead, 5);
});
