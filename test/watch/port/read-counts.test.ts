/** What an end has taken, from readings that ss may be late for. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type {TcpState} from '../../../source/tcp/tcp.js';
import type {TcpRow} from '../../../source/socket/tcp-table.js';
import {ReadCounts} from '../../../source/watch/port/read-counts.js';

const row = (state: TcpState, receiveQueueBytes = 0): TcpRow => ({
	socket: {
		local: '127.0.0.1:5001',
		remote: '127.0.0.1:40000',
		state,
		sendQueueBytes: 0,
		receiveQueueBytes,
		uid: 0,
	},
	inode: '7',
	...(receiveQueueBytes === 1 && {isEndUnread: true}),
});

test('read-counts: a recv() that returned took what ss counts only later', () => {
	const counts = new ReadCounts(true);
	let at = 100;
	const take = (
		read: TcpRow,
		received: number | undefined,
		hasReturned = false,
	) => {
		const since = at;
		at += 10;
		const times = {since, begunAt: at, tableAt: at + 1, hasReturned};
		return counts.take(read, received, times);
	};

	assert.deepEqual(take(row('ESTABLISHED'), undefined), []);
	// It blocked, and has returned; ss hasn't run yet, nor in the next reading.
	assert.deepEqual(take(row('ESTABLISHED'), undefined, true), []);
	assert.deepEqual(take(row('ESTABLISHED'), undefined), []);
	assert.deepEqual(take(row('ESTABLISHED'), 5), []);
	assert.deepEqual(take(row('CLOSE-WAIT', 1), 5), []);
});
