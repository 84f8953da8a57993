/** A room with a history: an entry is stored before it is shown. */
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {randomUUID} from 'node:crypto';
import {subscribe, unsubscribe} from 'node:diagnostics_channel';
import {
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import process from 'node:process';
import {test, type TestContext} from 'node:test';
import {until} from '../helpers/until.js';
import {requireExecutable} from '../helpers/environment.js';
import {openServer, portOf, type TestServer} from '../helpers/room.js';
import {
	heardIn,
	joinWire,
	openPlain,
	type MemberPeer,
} from '../helpers/wire-peer.js';

const makePath = (t: TestContext): string => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-history-'));
	t.after(() => {
		rmSync(folder, {recursive: true, force: true});
	});
	return join(folder, 'room.jsonl');
};

const openKept = async (t: TestContext, path: string) =>
	openServer(t, {history: {path, fsync: 'interval'}});

const stop = async (server: TestServer) => {
	server.destroy();
	await server.drain();
};

/** The entries in the file, without sums and checkpoints. */
const keptIn = (path: string) =>
	readFileSync(path, 'utf8')
		.split('\n')
		.filter(line => line !== '')
		.map(
			line => JSON.parse(line) as {type: string; seq?: number; text?: string},
		)
		.filter(({type}) => type !== 'sum' && type !== 'checkpoint');

const range = (from: number, to: number) =>
	Array.from({length: to - from + 1}, (_, index) => from + index);

/** Limits the size of this process's files, as a full disk would. */
const limitFiles = (bytes: number | 'unlimited'): void => {
	const prlimit = requireExecutable('prlimit', 'util-linux');
	execFileSync(prlimit, ['--pid', String(process.pid), `--fsize=${bytes}:`]);
};

const seqsOf = (peer: MemberPeer) =>
	peer.frames.flatMap(frame => ('seq' in frame ? [frame.seq] : []));

test('server history: a server that can listen nowhere begins none', async t => {
	const path = makePath(t);
	const folder = dirname(path);
	const {address} = await openServer(t);
	for (const taken of [
		address,
		{kind: 'unix', path: join(folder, 'nowhere', 'room.sock')},
	] as const) {
		await assert.rejects(
			openServer(t, {
				address: taken,
				history: {path, fsync: 'interval', isDefault: true},
			}),
			{code: taken === address ? 'ERR_PORT_TAKEN' : 'ERR_SOCKET_PATH'},
		);
		assert.deepEqual(readdirSync(folder), []);
	}
});

test('server history: an address that was found free is listened at once', async t => {
	let listens = 0;
	const count = () => {
		listens++;
	};

	subscribe('tracing:net.server.listen:asyncStart', count);
	t.after(() => {
		unsubscribe('tracing:net.server.listen:asyncStart', count);
	});
	// Whoever connects to a socket that only tries the address is reset.
	for (const [isFree, expected] of [
		[false, 2],
		[true, 1],
	] as const) {
		listens = 0;
		const history = {path: makePath(t), fsync: 'interval'} as const;
		await openServer(t, {history, isFree});
		assert.equal(listens, expected);
	}
});

test('server history: who has the room is said of a port and of a socket', async t => {
	const path = makePath(t);
	for (const [address, code] of [
		[undefined, 'ERR_PORT_TAKEN'],
		[
			{kind: 'unix', path: join(dirname(path), 'room.sock')},
			'ERR_SOCKET_TAKEN',
		],
	] as const) {
		const history = {path, fsync: 'interval', isDefault: true} as const;
		const server = await openServer(t, {history, ...(address && {address})});
		await assert.rejects(openServer(t, {history, address: server.address}), {
			code,
			message: / It is this room: /,
		});
		await server.drain();
	}
});

test('server history: a message is in the file before a member sees it', async t => {
	const path = makePath(t);
	const server = await openKept(t, path);
	const otter = await joinWire(t, server.address, 'otter');
	for (let n = 1; n <= 20; n++) {
		otter.say(n, `line ${n}`);

		await otter.untilSaid(`line ${n}`);
		assert.equal(keptIn(path).at(-1)?.text, `line ${n}`);
	}

	assert.deepEqual(
		keptIn(path),
		otter.frames.filter(frame => 'seq' in frame),
		'the very frames of the wire',
	);
	const [opened] = server.of('history');
	assert.partialDeepStrictEqual(opened, {state: 'open', path, head: 0});
});

test('server history: those that were in when their server ended have left at the next start', async t => {
	const path = makePath(t);
	const before = await openKept(t, path);
	const otter = await joinWire(t, before.address, 'otter');
	otter.say(1, 'one');
	await otter.untilSaid('one');
	await stop(before);
	for (let start = 1; start <= 2; start++) {
		const after = await openKept(t, path);
		assert.partialDeepStrictEqual(
			keptIn(path),
			[
				{type: 'joined', seq: 1},
				{type: 'message', seq: 2},
				{type: 'left', seq: 3, nick: 'otter', reason: 'shutdown'},
			],
			'before anybody could connect',
		);
		assert.equal(keptIn(path).length, 3);
		await stop(after);
	}
});

test('server history: after a restart the room continues where it was', async t => {
	const path = makePath(t);
	const client = randomUUID();
	const before = await openKept(t, path);
	const otter = await joinWire(t, before.address, 'otter', {client});
	otter.say(1, 'one');
	otter.say(2, 'two');
	await otter.untilSaid('two');
	const {log} = otter.welcome;
	await stop(before);

	const after = await openKept(t, path);
	const again = await joinWire(t, after.address, 'otter', {
		client,
		since: 2,
		log,
	});
	assert.equal(again.welcome.log, log);
	assert.equal(again.welcome.stored, 2);
	// It repeats the second, which it is not sure of, then sends a new one.
	again.say(2, 'two');
	again.say(3, 'three');
	await again.untilSaid('three');
	assert.deepEqual(again.said, ['two', 'three'], 'one replayed, one new');
	assert.deepEqual(seqsOf(again), range(3, seqsOf(again).at(-1)!));
	assert.deepEqual(again.of('gap'), []);
	assert.deepEqual(
		keptIn(path).flatMap(({text}) => text ?? []),
		['one', 'two', 'three'],
	);
});

test('server history: a member that lags behind memory is served from the disk', async t => {
	const path = makePath(t);
	const filler = '.'.repeat(14_000);
	const first = await openServer(t, {
		history: {path, fsync: 'interval'},
		rate: 'off',
	});
	const otter = await joinWire(t, first.address, 'otter');
	for (let n = 1; n <= 2600; n++) {
		otter.say(n, `${n} ${filler}`);
	}

	await otter.untilFrame('message', ({n}) => n === 2600);
	assert.ok(first.room.log.firstSeq > 500, 'the first fell off the memory');
	const behind = await joinWire(t, first.address, 'heron', {since: 0});
	await behind.untilFrame('joined', ({nick}) => nick === 'heron');
	assert.deepEqual(behind.of('gap'), []);
	assert.deepEqual(seqsOf(behind), range(1, first.room.log.head));
	assert.ok(
		behind
			.of('message')
			.every(({n, text}) => text.startsWith(`${n} `) && text.endsWith(filler)),
	);
	const listener = await openPlain(t, first.address);
	listener.write('hello\n');
	await behind.untilSaid('hello');
});

test('server history: a page has what was said before it was asked for', async t => {
	const {address} = await openKept(t, makePath(t));
	const heron = await joinWire(t, address, 'heron');
	const {head} = heron.of('welcome')[0]!;
	// In one turn of the server, so the message is not on the disk yet.
	heron.send(
		{type: 'say', n: 1, text: 'just now'},
		{type: 'past', id: 1, before: head + 2},
		{type: 'past', id: 2, before: head + 9},
	);
	await until(() => heron.of('past')[0], {what: 'the first page'});
	heron.send({type: 'past', id: 3, before: head + 9});
	await until(() => heron.of('past').at(-1)?.id === 3, {what: 'a page'});
	for (const {entries} of heron.of('past')) {
		assert.equal(entries.at(-1)?.seq, head + 1);
	}
});

test('server history: a whisper waits until what its sender said before it is stored', async t => {
	const server = await openKept(t, makePath(t));
	const otter = await joinWire(t, server.address, 'otter');
	const heron = await joinWire(t, server.address, 'heron');
	const whisper = {type: 'whisper', to: 'heron'};
	otter.send(
		{type: 'say', n: 1, text: 'heron: a word?'},
		{...whisper, n: 2, text: 'in private'},
		{...whisper, n: 3, text: 'really'},
	);
	for (const peer of [heron, otter]) {
		await peer.untilFrame('whispered', ({n}) => n === 3);
		assert.deepEqual(heardIn(peer), ['heron: a word?', 'in private', 'really']);
	}
});

test('server history: a whisper is delivered before a later message is taken', async t => {
	const server = await openKept(t, makePath(t));
	const otter = await joinWire(t, server.address, 'otter');
	const heron = await joinWire(t, server.address, 'heron');
	// Once n 3 is stored, its client takes n 2 for delivered.
	otter.send(
		{type: 'say', n: 1, text: 'one'},
		{type: 'whisper', n: 2, to: 'heron', text: 'two'},
		{type: 'say', n: 3, text: 'three'},
	);
	await heron.untilSaid('three');
	assert.deepEqual(heardIn(heron), ['two', 'one', 'three']);
});

test('server history: on a full disk, nothing is shown that is not stored', async t => {
	const path = makePath(t);
	// By default, the signal of the limit kills the process.
	const ignore = () => undefined;
	process.on('SIGXFSZ', ignore);
	t.after(() => {
		limitFiles('unlimited');
		process.off('SIGXFSZ', ignore);
	});
	const server = await openKept(t, path);
	const otter = await joinWire(t, server.address, 'otter');
	const heron = await joinWire(t, server.address, 'heron');
	const plain = await openPlain(t, server.address);
	plain.write('I am plain\n');
	otter.say(1, 'fits');
	await heron.untilSaid('fits');
	await heron.untilSaid('I am plain');

	limitFiles(statSync(path).size);
	otter.say(2, 'too much');
	const refused = await otter.untilFrame('error');
	assert.deepEqual([refused.code, refused.n], ['ERR_HISTORY_WRITE', 2]);
	assert.match(refused.message, /could not be written/);
	plain.write('nor this\n');
	await plain.untilText('could not be written');
	const late = await joinWire(t, server.address, 'wren');
	await otter.untilFrame('members', ({names}) => names.includes('wren'));
	// The room still works: a whisper needs no disk.
	heron.send({type: 'whisper', n: 1, to: 'otter', text: 'full?'});
	await otter.untilFrame('whispered');
	// One delivered before its say was taken back is delivered once, also resent.
	const whisper = {type: 'whisper', n: 4, to: 'heron', text: 'psst'};
	otter.send({type: 'say', n: 3, text: 'nor this one'}, whisper);
	await otter.untilFrame('error', ({n}) => n === 3);
	const receipts = () => otter.of('whispered').filter(({n}) => n === 4);
	otter.send(whisper);
	await until(() => receipts().length === 2, {
		what: 'a second receipt',
		seen: () => otter.seen(),
	});
	const failing = server.of('history').filter(({state}) => state === 'failing');
	assert.equal(failing.length, 1, 'told once, not at each attempt');

	limitFiles('unlimited');
	otter.say(5, 'there is space again');
	for (const peer of [otter, heron, late]) {
		await peer.untilSaid('there is space again');
		assert.ok(!peer.said.includes('too much'), 'never shown to anybody');
		assert.ok(!peer.said.includes('nor this'));
	}

	assert.equal(heron.of('whispered').filter(({n}) => n === 4).length, 1);
	await plain.untilText('otter: there is space again\n');
	assert.deepEqual(
		keptIn(path).map(({seq}) => seq),
		range(1, server.room.log.head),
		'without a hole',
	);
	await server.untilEvent('history', ({state}) => state === 'mended');
});

test("server history: two servers can't open the same history", async t => {
	const path = makePath(t);
	const first = await openKept(t, path);
	await assert.rejects(openKept(t, path), {code: 'ERR_HISTORY_TAKEN'});
	// If the address is taken too, that is the error.
	await assert.rejects(
		openServer(t, {
			history: {path, fsync: 'interval'},
			address: first.address,
		}),
		{code: 'ERR_PORT_TAKEN', message: new RegExp(`:${portOf(first.address)}`)},
	);
});

test('server history: a drain stores the last messages', async t => {
	const path = makePath(t);
	const server = await openKept(t, path);
	const otter = await joinWire(t, server.address, 'otter');
	for (let n = 1; n <= 500; n++) {
		otter.say(n, `line ${n}`);
	}

	await otter.untilSaid('line 1');
	const drained = server.drain();
	otter.end();
	await drained;
	assert.equal(keptIn(path).length, server.room.log.head);
	const {said} = otter;
	assert.deepEqual(
		said,
		keptIn(path).flatMap(({text}) => text ?? []),
		'and it was seen',
	);
});

test('server history: a resend is stored once beside plain peers, also after a restart', async t => {
	const path = makePath(t);
	const client = randomUUID();
	const before = await openKept(t, path);
	const otter = await joinWire(t, before.address, 'otter', {client});
	otter.say(1, 'one');
	await otter.untilSaid('one');
	const plain = await openPlain(t, before.address);
	plain.write('from nc\nfrom nc\n');
	await otter.until('both lines', () => otter.said.length === 3);
	assert.deepEqual(
		otter.of('message').map(({n}) => n),
		[1, 0, 0],
		'a plain peer says nothing again, so its lines have no number',
	);
	plain.end();
	await otter.untilFrame('left');
	assert.deepEqual(
		[...before.room.clientsAt(before.room.log.head).values()],
		[1],
	);
	await stop(before);

	const after = await openKept(t, path);
	assert.deepEqual(
		[...after.room.clientsAt(after.room.log.head).values()],
		[1],
	);
	const again = await joinWire(t, after.address, 'otter', {client, since: 0});
	again.say(1, 'one');
	again.say(2, 'two');
	await again.untilSaid('two');
	assert.deepEqual(
		keptIn(path).flatMap(({text}) => text ?? []),
		['one', 'from nc', 'from nc', 'two'],
	);
});
