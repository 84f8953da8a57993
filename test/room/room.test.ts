import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import {frameLine} from '../../source/protocol/codec.js';
import {maxFrameBytes} from '../../source/protocol/frame.js';
import {publicId} from '../../source/protocol/public-id.js';
import {Room, type RoomOptions} from '../../source/room/room.js';
import {anyCharacter} from '../helpers/any-character.js';
import {clientNumber, enter, entriesOf} from '../helpers/members.js';

const createRoom = (options: Partial<RoomOptions> = {}) =>
	new Room({logId: () => 'log', ...options});

const codeOf = (result: {kind: string} & {error?: {code: string}}) =>
	result.error?.code ?? result.kind;

test('room: a join, a rename, a text and a leave are entries', () => {
	const room = createRoom();
	const id = publicId(clientNumber(1));
	const member = enter(room, 1, 'otter');
	assert.deepEqual(member, {id, nick: 'otter'});
	const renamed = room.rename(member, 'heron', 20);
	assert.deepEqual(renamed, {kind: 'renamed', member: {id, nick: 'heron'}});
	assert.deepEqual(room.say(member, 7, 'hi', 30), {kind: 'stored', seq: 3});
	room.leave(member, 'quit', 40);
	assert.deepEqual(entriesOf(room), [
		{type: 'joined', seq: 1, at: 1, nick: 'otter', id},
		{type: 'renamed', seq: 2, at: 20, from: 'otter', to: 'heron', id},
		{type: 'message', seq: 3, at: 30, from: 'heron', id, n: 7, text: 'hi'},
		{type: 'left', seq: 4, at: 40, nick: 'heron', id, reason: 'quit'},
	]);
	assert.equal(room.memberCount, 0);
});

test("room: a client's secret is nowhere in the log", () => {
	const room = createRoom();
	const member = enter(room, 1, 'otter');
	room.say(member, 1, 'hi', 1);
	assert.ok(!room.log.slice(room.log.start).includes(clientNumber(1)));
});

test('room: a second leave changes nothing, and a shutdown logs none', () => {
	const room = createRoom();
	const [otter, heron] = [enter(room, 1, 'otter'), enter(room, 2, 'heron')];
	room.leave(otter, 'reset', 3);
	room.leave(otter, 'quit', 4);
	room.leave(heron, 'shutdown', 5);
	assert.equal(room.log.head, 3);
	assert.equal(room.memberCount, 0);
});

test('room: a nick blocks its look-alikes until it is free', () => {
	const room = createRoom();
	const holder = enter(room, 1, 'paypal');
	const other = enter(room, 2, 'heron');
	for (const nick of ['paypal', 'PayPal', 'раураl', 'paypaI', 'ｐaypal']) {
		const joined = room.join(clientNumber(3), nick, 3);
		assert.equal(codeOf(joined), 'ERR_NICK_TAKEN', nick);
		assert.equal(codeOf(room.rename(other, nick, 3)), 'ERR_NICK_TAKEN', nick);
		assert.equal(room.memberNamed(nick)?.id, holder.id);
	}

	assert.equal(room.log.head, 2);
	assert.deepEqual(room.memberList().names, ['paypal', 'heron']);
	room.leave(holder, 'quit', 4);
	enter(room, 3, 'PayPal');
});

test('room: a member may respell its nick, and repeating it logs nothing', () => {
	const room = createRoom();
	const member = enter(room, 1, 'héron');
	for (const same of ['héron', 'he\u0301ron']) {
		assert.deepEqual(room.rename(member, same, 2), {kind: 'renamed', member});
	}

	assert.equal(room.log.head, 1);
	assert.equal(room.rename(member, 'HÉRON', 3).kind, 'renamed');
	assert.equal(room.log.head, 2);
	assert.equal(room.rename(member, 'otter', 4).kind, 'renamed');
	assert.equal(room.memberNamed('héron'), undefined);
	enter(room, 2, 'Héron');
});

test('room: an invalid nick is refused', () => {
	const room = createRoom();
	const member = enter(room, 1, 'otter');
	for (const nick of ['', 'two words', 'server', 'guest-5001', '\u001B[31m']) {
		assert.equal(
			codeOf(room.join(clientNumber(2), nick, 2)),
			'ERR_NICK_INVALID',
		);
		assert.equal(codeOf(room.rename(member, nick, 2)), 'ERR_NICK_INVALID');
	}

	assert.equal(room.log.head, 1);
});

test('room: guests get names that nobody else can have', () => {
	const room = createRoom();
	const guest = enter(room, 1, 'guest-5001', 'guest');
	enter(room, 2, 'guest-5002', 'guest');
	const third = room.join(clientNumber(3), 'guest-5001', 3, {bearer: 'guest'});
	assert.equal(codeOf(third), 'ERR_NICK_TAKEN');
	assert.equal(room.rename(guest, 'otter', 4).kind, 'renamed');
	assert.equal(codeOf(room.rename(guest, 'guest-5001', 5)), 'ERR_NICK_INVALID');
});

test('room: drops a stored n, also after a new join', () => {
	const room = createRoom();
	const member = enter(room, 1, 'otter');
	const {id} = member;
	assert.equal(room.lastStored(id), 0);
	const kinds = [1, 1, 3, 2, 3, 4].map(n => room.say(member, n, 'a', n).kind);
	assert.equal(
		kinds.join(' '),
		'stored duplicate stored duplicate duplicate stored',
	);
	room.leave(member, 'reset', 5);
	const again = enter(room, 1, 'otter');
	assert.equal(room.lastStored(id), 4);
	assert.equal(room.say(again, 4, 'a', 6).kind, 'duplicate');
	assert.equal(room.say(again, 5, 'a', 6).kind, 'stored');
	assert.equal(room.say(enter(room, 2, 'heron'), 1, 'a', 7).kind, 'stored');
});

test('room: a refused message uses no n', () => {
	const room = createRoom();
	const member = enter(room, 1, 'otter');
	assert.equal(codeOf(room.say(member, 1, '', 1)), 'ERR_TEXT_EMPTY');
	const long = 'a'.repeat(16 * 1024 + 1);
	assert.equal(codeOf(room.say(member, 1, long, 1)), 'ERR_TEXT_TOO_LONG');
	const nobody = room.whisper(member, 1, 'heron', 'hi');
	assert.equal(codeOf(nobody), 'ERR_NO_SUCH_MEMBER');
	assert.equal(codeOf(room.whisper(member, 1, 'otter', '')), 'ERR_TEXT_EMPTY');
	assert.deepEqual(room.say(member, 1, 'hi', 1), {kind: 'stored', seq: 2});
});

test("room: a whisper finds its member by any spelling and isn't logged", () => {
	const room = createRoom();
	const [otter, heron] = [enter(room, 1, 'otter'), enter(room, 2, 'heron')];
	const delivered = room.whisper(otter, 1, 'HERON', 'psst');
	assert.deepEqual(delivered, {kind: 'delivered', to: heron});
	assert.equal(room.whisper(otter, 1, 'heron', 'psst').kind, 'duplicate');
	assert.equal(room.say(otter, 1, 'psst', 3).kind, 'duplicate');
	assert.equal(room.whisper(otter, 2, 'otter', 'note').kind, 'delivered');
	assert.equal(room.log.head, 2);
});

test('room: the refusal of a very long name fits into a frame', () => {
	const room = createRoom();
	const member = enter(room, 1, 'otter');
	for (const name of [
		'x'.repeat(65_000),
		'🦦'.repeat(16_000),
		'x' + '🦦'.repeat(40),
	]) {
		const result = room.whisper(member, 1, name, 'hi');
		assert.equal(result.kind, 'refused');
		const {code, message} = result.error;
		assert.ok(message.isWellFormed() && message.includes('⋯'));
		const line = frameLine({type: 'error', code, message, n: 1});
		assert.ok(Buffer.byteLength(line) < maxFrameBytes / 10);
	}
});

test('room: a full room admits only its own members', () => {
	const room = createRoom({maxMembers: 2});
	const otter = enter(room, 1, 'otter');
	enter(room, 2, 'heron');
	const third = room.join(clientNumber(3), 'crane', 3);
	assert.equal(third.kind, 'refused');
	assert.equal(third.error.code, 'ERR_ROOM_FULL');
	assert.match(third.error.message, /limit is 2 members/);
	assert.equal(room.join(clientNumber(2), 'heron', 4).kind, 'resumed');
	room.leave(otter, 'quit', 5);
	enter(room, 3, 'crane');
});

test('room: sending many at once equals sending one by one', () => {
	const runs = Number(env['FAST_CHECK_RUNS'] ?? 300);
	const say = fc.record({
		n: fc.integer({min: 1, max: 20}),
		text: fc.oneof(
			fc
				.string({unit: anyCharacter, maxLength: 20})
				.map(text => text.toWellFormed()),
			fc.constantFrom('', 'a', 'é', '€'.repeat(6000)),
		),
	});
	fc.assert(
		fc.property(
			fc.array(fc.array(say, {maxLength: 8}), {maxLength: 5}),
			fc.boolean(),
			fc.boolean(),
			(chunks, isDeferred, isKept) => {
				const log = {segmentBytes: 1000, retainedBytes: 100_000, isDeferred};
				const [atOnce, singly] = [createRoom({log}), createRoom({log})];
				const [one, other] = [
					enter(atOnce, 1, 'otter'),
					enter(singly, 1, 'otter'),
				];
				for (const says of chunks) {
					const refused = says.flatMap(({n, text}) => {
						const result = singly.say(other, n, text, 5);
						return result.kind === 'refused' ? [{n, error: result.error}] : [];
					});
					assert.deepEqual(atOnce.sayAll(one, says, 5), refused);
				}

				for (const room of [atOnce, singly]) {
					const unshown = room.log.unshown();
					if (isKept && unshown) {
						room.show(unshown);
					}
				}

				assert.deepEqual(atOnce.rollBack(), singly.rollBack());
				assert.equal(atOnce.lastStored(one.id), singly.lastStored(one.id));
				assert.deepEqual(entriesOf(atOnce), entriesOf(singly));
			},
		),
		{numRuns: runs},
	);
});
