import assert from 'node:assert/strict';
import {test} from 'node:test';
import {
	ReservedNicks,
	nickReservedMs,
} from '../../source/room/reserved-nicks.js';
import {Room} from '../../source/room/room.js';
import {clientNumber, enter} from '../helpers/members.js';

const joinAt = (room: Room, number: number, nick: string, at: number) => {
	const result = room.join(clientNumber(number), nick, at);
	return result.kind === 'refused' ? result.error.message : result.member.nick;
};

test("room: reserves a dropped member's nick and its look-alikes", () => {
	for (const reason of ['closed', 'reset', 'timeout'] as const) {
		const room = new Room({logId: () => 'a'});
		room.leave(enter(room, 1, 'paypal'), reason, 1000);
		for (const nick of ['paypal', 'PAYPAL', 'раураl']) {
			assert.equal(
				joinAt(room, 2, nick, 2000),
				`"${nick}" is reserved for another 19 s for a member whose connection dropped. Choose another, or try again then.`,
			);
		}

		const heron = enter(room, 3, 'heron');
		const renamed = room.rename(heron, 'paypal', 3000);
		assert.equal(renamed.kind, 'refused');
		assert.equal(renamed.error.code, 'ERR_NICK_TAKEN');
		assert.equal(joinAt(room, 1, 'paypal', 4000), 'paypal');
	}
});

test('room: frees a nick after the time, or after a bye', () => {
	const room = new Room({logId: () => 'a'});
	room.leave(enter(room, 1, 'otter'), 'closed', 1000);
	assert.match(
		joinAt(room, 2, 'otter', 999 + nickReservedMs),
		/for another 1 s/,
	);
	assert.equal(joinAt(room, 2, 'otter', 1000 + nickReservedMs), 'otter');
	for (const reason of ['quit', 'protocol'] as const) {
		room.leave(enter(room, 3, 'heron'), reason, 1000);
		assert.equal(joinAt(room, 4, 'heron', 1001), 'heron');
		const heron = room.memberNamed('heron')!;
		room.leave(heron, 'quit', 1002);
	}
});

test("room: reserves no nick for a plain peer, which can't prove its identity", () => {
	const room = new Room({logId: () => 'a'});
	const guest = enter(room, 1, 'guest-5', 'guest');
	const renamed = room.rename(guest, 'heron', 1);
	assert.equal(renamed.kind, 'renamed');
	room.leave(renamed.member, 'closed', 1000);
	assert.equal(joinAt(room, 2, 'heron', 1001), 'heron');
});

test('room: reserves a bounded number of nicks, the newest', () => {
	const reserved = new ReservedNicks();
	for (let number = 0; number < 20_000; number++) {
		reserved.reserve(`n${number}`, 'a', 0);
	}

	assert.equal(reserved.reservedMs('n9999', 'b', 1), 0);
	assert.equal(reserved.reservedMs('n10000', 'b', 1), nickReservedMs - 1);
	assert.equal(reserved.reservedMs('n10000', 'a', 1), 0);
	reserved.reserve('late', 'a', nickReservedMs);
	assert.equal(
		reserved.reservedMs('n19999', 'b', 1),
		0,
		'what is over is gone',
	);
});
