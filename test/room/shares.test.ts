import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {NickBearer} from '../../source/protocol/nick.js';
import {Room} from '../../source/room/room.js';
import {clientNumber} from '../helpers/members.js';

const at = Date.UTC(2026, 0, 2);

const openRoom = () => {
	const room = new Room({
		logId: () => 'log',
		share: {bytes: 1000, refillMs: 10_000},
	});
	const join = (number: number, bearer: NickBearer = 'member') => {
		const result = room.join(clientNumber(number), `m${number}`, at, {bearer});
		if (result.kind !== 'joined') {
			throw new Error(`m${number} ${result.kind}`);
		}

		return result.member;
	};

	return {room, join};
};

const text = 'x'.repeat(450);

test('shares: a sender may fill its share, which refills with time', () => {
	const {room, join} = openRoom();
	const [heron, otter] = [join(1), join(2)];
	assert.equal(room.say(heron, 1, text, at).kind, 'stored');
	assert.equal(room.say(heron, 2, text, at).kind, 'stored');
	const refused = room.say(heron, 3, text, at);
	const error = refused.kind === 'refused' ? refused.error : undefined;
	assert.equal(error?.code, 'ERR_SHARE');
	assert.match(error.message, /1000 bytes, .* over 10 s, .* in \d s;/);
	assert.equal(room.say(otter, 1, text, at).kind, 'stored');
	assert.equal(room.say(heron, 2, text, at).kind, 'duplicate');
	assert.equal(room.say(heron, 3, text, at + 2000).kind, 'stored');
	assert.equal(room.say(heron, 4, text, at + 2000).kind, 'refused');
});

test('shares: setting the clock back takes nothing away', () => {
	const {room, join} = openRoom();
	const heron = join(1);
	room.say(heron, 1, text, at);
	assert.equal(room.say(heron, 2, text, at - 3_600_000).kind, 'stored');
	assert.equal(room.say(heron, 3, text, at - 3_600_000).kind, 'refused');
	assert.equal(room.say(heron, 3, text, at + 2000).kind, 'stored');
});

test('shares: a client that returns has the share that it left', () => {
	const {room, join} = openRoom();
	const heron = join(1);
	room.say(heron, 1, text, at);
	room.say(heron, 2, text, at);
	room.leave(heron, 'quit', at);
	assert.equal(room.say(join(1), 3, text, at).kind, 'refused');
});

test('shares: plain peers have one together, the host has no limit', () => {
	const {room, join} = openRoom();
	const guests = [join(1, 'guest'), join(2, 'guest')];
	assert.equal(room.say(guests[0]!, 1, text, at).kind, 'stored');
	assert.equal(room.say(guests[1]!, 1, text, at).kind, 'stored');
	const refused = room.say(guests[0]!, 2, text, at);
	const error = refused.kind === 'refused' ? refused.error : undefined;
	assert.equal(error?.code, 'ERR_SHARE');
	assert.match(
		error.message,
		/^Plain peers have filled the share of the room's log that they have together: 1000 bytes, /,
	);
	const host = join(3, 'host');
	for (let n = 1; n < 9; n++) {
		assert.equal(room.say(host, n, text, at).kind, 'stored');
	}
});

test('shares: joins and leaves share one; beyond it they are only counted', () => {
	const {room, join} = openRoom();
	const heron = join(1);
	for (let turn = 0; turn < 50; turn++) {
		room.leave(join(2 + turn), 'quit', at);
	}

	assert.ok(room.log.end < 1200, `${room.log.end} bytes`);
	assert.ok(!room.isAnnouncing);
	assert.equal(room.say(heron, 1, text, at).kind, 'stored');
	assert.deepEqual(room.memberList(), {count: 1, names: ['m1']});
	const {head} = room.log;
	assert.equal(room.rename(heron, 'otter', at).kind, 'renamed');
	assert.equal(room.log.head, head);
	room.rename(heron, 'wren', at + 5000);
	assert.equal(room.log.head, head + 1, 'with time they are entries again');
	assert.ok(room.isAnnouncing);
});
