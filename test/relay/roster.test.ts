import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Joined, Left, LeaveReason} from '../../source/protocol/frame.js';
import {Roster} from '../../source/relay/roster.js';

const id = '0123456789abcdef';
const joined = (seq: number): Joined => ({
	type: 'joined',
	seq,
	at: seq,
	nick: 'heron',
	id,
});
const left = (seq: number, reason: LeaveReason): Left => ({
	...joined(seq),
	type: 'left',
	reason,
});

test('roster: who was here is who is, or was taken away later than a time', () => {
	const lockedAt = 10;
	const wasHere = (...entries: ReadonlyArray<Joined | Left>): boolean => {
		const roster = new Roster();
		for (const entry of entries) {
			roster.take(entry);
		}

		return roster.wasHere(id, lockedAt);
	};

	assert.equal(wasHere(), false);
	assert.equal(wasHere(joined(1)), true);
	for (const reason of ['closed', 'reset', 'timeout', 'shutdown'] as const) {
		assert.equal(wasHere(joined(1), left(9, reason)), false, reason);
		assert.equal(wasHere(joined(1), left(10, reason)), true, reason);
	}

	for (const reason of ['quit', 'kicked', 'banned', 'protocol'] as const) {
		assert.equal(wasHere(joined(1), left(10, reason)), false, reason);
	}

	const again = [joined(1), left(10, 'closed'), joined(11)] as const;
	assert.equal(wasHere(...again, left(12, 'quit')), false);
});
