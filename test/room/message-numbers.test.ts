/** Whose n a room remembers, to store resent messages once. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {test} from 'node:test';
import {rememberedClients} from '../../source/protocol/frame.js';
import {publicId} from '../../source/protocol/public-id.js';
import {Room} from '../../source/room/room.js';
import {clientNumber, enter} from '../helpers/members.js';

const createRoom = () => new Room({logId: () => 'log'});

/** Joins, sends one message and leaves. */
const passBy = (room: Room, number: number, isGuest = false): void => {
	const member = isGuest
		? enter(room, number, 'guest-1', 'guest')
		: enter(room, number, 'wren');
	const result = room.say(member, isGuest ? 0 : 1, 'hi', number);
	assert.equal(result.kind, 'stored');
	room.leave(member, 'quit', number);
};

test("message-numbers: clients that only join don't displace one that sent something", () => {
	const room = createRoom();
	passBy(room, 1);
	for (let number = 2; number <= rememberedClients + 10; number++) {
		room.leave(enter(room, number, 'heron'), 'quit', number);
	}

	assert.equal(room.say(enter(room, 1, 'otter'), 1, 'hi', 1).kind, 'duplicate');
	assert.equal(room.clientsAt(room.log.head).size, 1);
});

test('message-numbers: nor do plain peers, which have no n', () => {
	const room = createRoom();
	passBy(room, 1);
	for (let number = 2; number <= rememberedClients + 10; number++) {
		passBy(room, number, true);
	}

	assert.equal(room.say(enter(room, 1, 'otter'), 1, 'hi', 1).kind, 'duplicate');
	assert.deepEqual(
		[...room.clientsAt(room.log.head)],
		[[publicId(clientNumber(1)), 1]],
	);
});

test('message-numbers: a whisper after a message counts as stored no sooner than that', () => {
	const room = new Room({logId: () => 'log', log: {isDeferred: true}});
	const otter = enter(room, 1, 'otter');
	enter(room, 2, 'heron');
	room.say(otter, 1, 'aloud', 1);
	assert.equal(room.whisper(otter, 2, 'heron', 'psst').kind, 'delivered');
	// A checkpoint written with the message: the whisper waits for it.
	assert.equal(room.clientsAt(room.log.head).get(otter.id), 1);
	room.show(room.log.unshown()!);
	assert.equal(room.clientsAt(room.log.head).get(otter.id), 2);
});

test('message-numbers: a member is remembered, however many others send and leave', () => {
	const room = createRoom();
	const otter = enter(room, 1, 'otter');
	room.say(otter, 5, 'hi', 1);
	for (let number = 2; number <= rememberedClients + 10; number++) {
		passBy(room, number);
	}

	assert.equal(room.say(otter, 5, 'hi', 1).kind, 'duplicate');
	assert.equal(room.lastStored(otter.id), 5);
});

test('message-numbers: remembers the last absent clients that sent something', () => {
	const room = createRoom();
	const last = rememberedClients + 10;
	for (let number = 1; number <= last; number++) {
		passBy(room, number);
		if (number === 20) {
			// It joined again since, without sending anything.
			room.leave(enter(room, 1, 'heron'), 'quit', number);
		}
	}

	const lastOf = (number: number) =>
		room.lastStored(publicId(clientNumber(number)));
	assert.deepEqual(
		[1, 2, 11, 12, last].map(number => lastOf(number)),
		[1, 0, 0, 1, 1],
	);
	const clients = room.clientsAt(room.log.head);
	assert.equal(clients.size, rememberedClients);
	const next = new Room({
		logId: () => 'log',
		past: {tail: Buffer.alloc(0), tailFirstSeq: 1, lastN: clients},
	});
	assert.deepEqual([...next.clientsAt(0)], [...clients], 'in their order');
});

test('message-numbers: forgets what was rolled back', () => {
	const room = new Room({logId: () => 'log', log: {isDeferred: true}});
	const otter = enter(room, 1, 'otter');
	const guest = enter(room, 2, 'guest-1', 'guest');
	const heron = enter(room, 3, 'heron');
	room.say(heron, 7, 'kept', 1);
	room.show(room.log.unshown()!);
	room.say(otter, 1, 'a', 1);
	room.say(guest, 0, 'b', 1);
	room.say(otter, 2, 'c', 1);
	room.say(heron, 8, 'd', 1);
	room.leave(otter, 'quit', 2);
	assert.deepEqual([...room.clientsAt(room.log.shownHead)], [[heron.id, 7]]);
	assert.deepEqual(room.rollBack(), [
		{id: otter.id, n: 1, seq: 5, before: 0},
		{id: guest.id, n: 0, seq: 6, before: 0},
		{id: otter.id, n: 2, seq: 7, before: 1},
		{id: heron.id, n: 8, seq: 8, before: 7},
	]);
	assert.equal(room.lastTaken(otter.id), 0);
	assert.equal(room.lastTaken(heron.id), 7);
	assert.deepEqual([...room.clientsAt(room.log.head)], [[heron.id, 7]]);
});

test('message-numbers: a whisper delivered before a rollback is delivered once', () => {
	const room = new Room({logId: () => 'log', log: {isDeferred: true}});
	const otter = enter(room, 1, 'otter');
	enter(room, 2, 'heron');
	room.show(room.log.unshown()!);
	for (let round = 0; round < 2; round++) {
		assert.equal(room.say(otter, 1, 'not stored', 1).kind, 'stored');
		const {kind} = room.whisper(otter, 2, 'heron', 'psst');
		assert.equal(kind, round === 0 ? 'delivered' : 'repeated');
		assert.equal(room.whisper(otter, 3, 'nobody', 'psst').kind, 'refused');
		assert.equal(room.say(otter, 4, 'not stored', 1).kind, 'stored');
		room.rollBack();
		assert.equal(room.lastStored(otter.id), 0, 'it may resend 1');
	}

	room.leave(otter, 'reset', 2);
	const returned = enter(room, 1, 'otter');
	assert.equal(room.say(returned, 1, 'stored', 3).kind, 'stored');
	assert.equal(room.whisper(returned, 2, 'heron', 'psst').kind, 'repeated');
	assert.equal(room.whisper(returned, 3, 'heron', 'psst').kind, 'delivered');
	for (let next; (next = room.log.unshown());) {
		room.show(next);
	}

	assert.equal(room.whisper(returned, 2, 'heron', 'psst').kind, 'duplicate');
	assert.equal(room.whisper(returned, 4, 'heron', 'more').kind, 'delivered');
});
