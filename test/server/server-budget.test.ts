/** Budgets in bytes: of one peer, of the room, and the share of its log. */
import assert from 'node:assert/strict';
import {join} from 'node:path';
import {test, type TestContext} from 'node:test';
import {isDeepStrictEqual} from 'node:util';
import {FakeClock} from '../helpers/clock.js';
import {makeFolder} from '../helpers/faults/process.js';
import {openServer, openHub} from '../helpers/room.js';
import {
	helloFrame,
	joinWire,
	openPlain,
	openWire,
	type MemberPeer,
} from '../helpers/wire-peer.js';

// At 1,000 messages per second.
const peerBytes = 1000 * 1024;
const roomBytes = 4 * peerBytes;
const burstSeconds = 4;

const text = 'x'.repeat(16_000);
const entryBytes = text.length;

/** As many long lines as fit into so many bytes. */
const linesIn = (bytes: number): number => Math.floor(bytes / entryBytes);

const flood = (peer: MemberPeer, count: number): void => {
	for (let n = 1; n <= count; n++) {
		peer.say(n, text);
	}
};

/** Without those that were read before the room was over its budget. */
const untilTold = async (flooders: readonly MemberPeer[]) =>
	flooders[0]!.until('a flooder to be told', () =>
		flooders.flatMap(flooder => flooder.of('error')).at(0),
	);

const openClocked = async (t: TestContext) => {
	const clock = new FakeClock();
	// A member's share of a history is more than it sends here.
	const path = join(makeFolder(t), 'room.jsonl');
	const history = {path, fsync: 'interval' as const};
	const server = await openServer(t, {clock, history});
	return {
		server,
		enter: async (nick: string) => joinWire(t, server.address, nick),
		clock,
		/** Advances the clock as needed. @returns By how much. */
		async pass(listener: MemberPeer, what: string, isOver: () => boolean) {
			let passedMs = 0;
			await listener.until(what, () => {
				if (isOver()) {
					return true;
				}

				clock.advance(20);
				passedMs += 20;
				// A member that is silent for too long is dropped.
				listener.send({type: 'ping', id: passedMs});
				return false;
			});
			return passedMs;
		},
	};
};

test('budget: a peer that sends too many bytes is slowed down and gets an error, and nothing is dropped', async t => {
	const {enter, pass} = await openClocked(t);
	const heron = await enter('heron');
	const flooder = await enter('flooder');
	const bytes = 7 * peerBytes;
	const count = linesIn(bytes);
	flood(flooder, count);
	const {message, n} = await flooder.untilFrame(
		'error',
		({code}) => code === 'ERR_RATE',
	);
	assert.match(
		message,
		/^The room accepts 1024000 bytes per second per peer, and more was sent\. It reads you again in 0\.[1-9] s, and more slowly until you send less\. Nothing is lost\.$/,
	);
	assert.equal(n, undefined);
	const passedMs = await pass(
		heron,
		'all of it',
		() => heron.said.length === count,
	);
	// Four seconds' worth at once, and what Node had read ahead.
	assert.ok(passedMs > (bytes / peerBytes - burstSeconds - 0.5) * 1000);
	assert.deepEqual(
		heron.of('message').map(frame => frame.n),
		Array.from({length: count}, (_, index) => index + 1),
	);
	assert.equal(flooder.of('error').length, 1, 'it is told once');
});

test('budget: a plain peer is slowed down and gets an error', async t => {
	const {server, enter, pass} = await openClocked(t);
	const heron = await enter('heron');
	const plain = await openPlain(t, server.address);
	const count = linesIn(6 * peerBytes);
	plain.write(`${text}\n`.repeat(count));
	await plain.untilText('The room accepts 1024000 bytes per second per peer');
	await pass(heron, 'all of it', () => heron.said.length === count);
});

test('budget: many peers share the rate of the room, and a short message does not wait for them', async t => {
	const {clock, enter, pass} = await openClocked(t);
	const heron = await enter('heron');
	const flooders = await Promise.all(
		Array.from({length: 8}, async (_, index) => enter(`flooder-${index}`)),
	);
	// Less than the burst of one peer; together more than the burst of the room.
	const bytes = 3.5 * peerBytes;
	const count = linesIn(bytes);
	for (const flooder of flooders) {
		flood(flooder, count);
	}

	const {code, message} = await untilTold(flooders);
	assert.equal(code, 'ERR_RATE');
	assert.match(
		message,
		/accepts 4096000 bytes per second from all peers together/,
	);
	// The clock stands still, so the flooders are not read.
	heron.say(1, 'and me');
	await heron.untilSaid('and me');
	clock.advance(20);
	heron.say(2, 'and me again');
	await heron.untilSaid('and me again');
	const all = count * flooders.length + 2;
	const passedMs = await pass(
		heron,
		'all of it',
		() => heron.said.length === all,
	);
	const overBytes = bytes * flooders.length - burstSeconds * roomBytes;
	assert.ok(passedMs > (overBytes / roomBytes - 0.5) * 1000, `${passedMs}`);
});

test('budget: a newcomer is read later while the room is over its budget', async t => {
	const {server, clock, enter} = await openClocked(t);
	const flooders = await Promise.all(
		Array.from({length: 6}, async (_, index) => enter(`flooder-${index}`)),
	);
	for (const flooder of flooders) {
		flood(flooder, linesIn(3.5 * peerBytes));
	}

	await untilTold(flooders);
	const newcomer = await openWire(t, server.address);
	newcomer.send(helloFrame('newcomer'));
	await newcomer.until('the accept', () => server.of('accepted').length === 7);
	const heron = await openWire(t, server.address);
	await newcomer.until('the accept', () => server.of('accepted').length === 8);
	assert.deepEqual(newcomer.frames, []);
	heron.end();
	clock.advance(200);
	await newcomer.untilFrame('welcome');
	assert.deepEqual(newcomer.of('error'), []);
});

test('budget: off lifts the budgets in bytes and the share too', async t => {
	const server = await openServer(t, {rate: 'off', clock: new FakeClock()});
	const heron = await joinWire(t, server.address, 'heron');
	const count = linesIn(9 * peerBytes);
	flood(heron, count);
	await heron.until('all of it', () => heron.said.length === count);
	assert.deepEqual(heron.of('error'), []);
});

test("budget: a message over the sender's share is refused by its n, and others go on", async t => {
	const clock = new FakeClock();
	// In memory: a quarter of 16 MiB.
	const server = await openServer(t, {rate: 1_000_000, clock});
	const heron = await joinWire(t, server.address, 'heron');
	heron.say(1, 'said before');
	await heron.untilSaid('said before');
	const flooder = await joinWire(t, server.address, 'flooder');
	const count = 2000;
	flood(flooder, count);
	const answered = () =>
		flooder.of('error').length +
		flooder.of('message').filter(({from}) => from === 'flooder').length;
	await flooder.until('an answer to each', () => answered() === count);
	const stored = count - flooder.of('error').length;
	assert.ok(stored >= linesIn(4 * 1024 * 1024) - 5, `${stored} stored`);
	assert.ok(stored <= linesIn(4 * 1024 * 1024) + 5, `${stored} stored`);
	const refused = flooder.of('error');
	assert.deepEqual(
		refused.map(({code, n}) => [code, n]),
		refused.map((_, index) => ['ERR_SHARE', stored + 1 + index]),
	);
	assert.match(
		refused[0]!.message,
		/^You have filled your share of the room's log: 4194304 bytes, refilled over 60 minutes, to keep room for others\. Send this again in \d+ s; the host can lift the limit with --rate off\.$/,
	);
	heron.say(2, 'said after');
	await heron.untilSaid('said after');
	assert.equal(server.room.log.firstSeq, 1, 'what was said before is kept');
	// A message that was stored is still a duplicate, not refused.
	flooder.forget();
	flooder.say(1, text);
	flooder.send({type: 'ping', id: 7});
	await flooder.untilFrame('pong', ({id}) => id === 7);
	assert.deepEqual(flooder.of('error'), []);
});

test('budget: all plain peers have one share, and get an error when it is full', async t => {
	const server = await openServer(t, {rate: 1_000_000});
	const heron = await joinWire(t, server.address, 'heron');
	const half = linesIn(2.5 * 1024 * 1024);
	for (const last of ['first', 'second']) {
		const plain = await openPlain(t, server.address);
		plain.write(`${text}\n`.repeat(half));
		plain.write(`${last}\n/who\n`);
		await plain.untilText(' here: ');
		assert.equal(
			plain.text.includes('Plain peers have filled the share'),
			last === 'second',
		);
	}

	await heron.untilSaid('first');
	heron.say(1, 'mine');
	await heron.untilSaid('mine');
	assert.ok(!heron.said.includes('second'));
});

test('budget: joins and leaves beyond their share are counted, and the list stays right', async t => {
	const clock = new FakeClock();
	const hub = await openHub(t, {
		clock,
		share: {bytes: 2000, refillMs: 24 * 60 * 60 * 1000},
	});
	const {room, address} = hub;
	const heron = await joinWire(t, address, 'heron');
	heron.say(1, 'said before');
	for (let turn = 0; turn < 20; turn++) {
		const passing = await joinWire(t, address, `passing-${turn}`);
		passing.send({type: 'bye'});
		passing.end();
		await passing.untilFin();
	}

	assert.ok(room.log.end < 2500, `${room.log.end} bytes`);
	const otter = await joinWire(t, address, 'otter');
	clock.advance(1000);
	await heron.untilFrame('members', ({names}) =>
		isDeepStrictEqual(names, ['heron', 'otter']),
	);
	otter.send({type: 'nick', nick: 'wren'});
	await otter.until('the nick', () => room.memberNamed('wren'));
	clock.advance(1000);
	await heron.untilFrame('members', ({names}) => names.includes('wren'));
	heron.say(2, 'said after');
	await otter.untilSaid('said after');
});
