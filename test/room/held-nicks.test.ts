import assert from 'node:assert/strict';
import {test} from 'node:test';
import {HeldNicks, nickHoldMs} from '../../source/room/held-nicks.js';
import {Room} from '../../source/room/room.js';
import {clientNumber, enter} from '../helpers/members.js';

const joinAt = (room: Room, number: number, nick: string, at: number) => {
	const result = room.join(clientNumber(number), nick, at);
	return result.kind === 'refused' ? result.error.message : result.member.nick;
};

test('room: keeps a nick for who dropped, whatever its look', () => {
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

test('room: gives a nick away after the time, or after a bye', () => {
	const room = new Room({logId: () => 'a'});
	room.leave(enter(room, 1, 'otter'), 'closed', 1000);
	assert.match(joinAt(room, 2, 'otter', 999 + nickHoldMs), /for another 1 s/);
	assert.equal(joinAt(room, 2, 'otter', 1000 + nickHoldMs), 'otter');
	for (const reason of ['quit', 'protocol'] as const) {
		room.leave(enter(room, 3, 'heron'), reason, 1000);
		assert.equal(joinAt(room, 4, 'heron', 1001), 'heron');
		const heron = room.memberNamed('heron')!;
		room.leave(heron, 'quit', 1002);
	}
});

test('room: keeps none for a plain peer, which can never prove who it was', () => {
	const room = new Room({logId: () => 'a'});
	const guest = enter(room, 1, 'guest-5', 'guest');
	const renamed = room.rename(guest, 'heron', 1);
	assert.equal(renamed.kind, 'renamed');
	room.leave(renamed.member, 'closed', 1000);
	assert.equal(joinAt(room, 2, 'heron', 1001), 'heron');
});

test('room: keeps a bounded number of nicks, the newest', () => {
	const held = new HeldNicks();
	for (let number = 0; number < 20_000; number++) {
		held.hold(`n${number}`, 'a', 0);
	}

	assert.equal(held.heldMs('n9999', 'b', 1), 0);
	assert.equal(held.heldMs('n10000', 'b', 1), nickHoldMs - 1);
	assert.equal(held.heldMs('n10000', 'a', 1), 0);
	held.hold('late', 'a', nickHoldMs);
	assert.equal(held.heldMs('n19999', 'b', 1), 0, 'what is over is gone');
});
