/** What is said of an RST that ended a closed socket, by what was counted. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {KernelPair, KernelSocket, TcpState} from '../../source/tcp/tcp.js';
import type {ResetCounts} from '../../source/watch/port/reset-counts.js';
import {UnseenReset} from '../../source/watch/unseen-reset.js';
import {read} from '../helpers/steps.js';

const none: ResetCounts = {sent: 7, unread: 3, aborted: 2, unwaited: 1};
const peer = '127.0.0.1:40000';
const closed = read('CLOSED', {at: 30});
const gone: KernelPair = {local: undefined, remote: undefined};

const socket = (state: TcpState): KernelSocket => ({
	local: '127.0.0.1:5001',
	remote: peer,
	state,
	sendQueueBytes: 0,
	receiveQueueBytes: 0,
	uid: 0,
});

const pairOf = (local: TcpState, remote: TcpState): KernelPair => ({
	local: socket(local),
	remote: socket(remote),
});

/** Both ends vanish after a reading. */
const said = (
	counted: Partial<ResetCounts>,
	pair = pairOf('FIN-WAIT-2', 'CLOSE-WAIT'),
	at = 30,
): unknown => {
	const reset = new UnseenReset();
	reset.observe(pair, 10, none, () => none);
	const now = {
		sent: none.sent + (counted.sent ?? 0),
		unread: none.unread + (counted.unread ?? 0),
		aborted: none.aborted + (counted.aborted ?? 0),
		unwaited: none.unwaited + (counted.unwaited ?? 0),
	};
	reset.observe(gone, at, none, () => now);
	reset.observe(gone, at + 1, none, () => undefined);
	const [first] = reset.complete([closed], peer);
	return first?.kind === 'segment'
		? `${first.segment} ${first.direction} ${first.reason}`
		: undefined;
};

test('unseen reset: the kernel answers what comes after a close()', () => {
	assert.equal(said({sent: 1}), 'RST out answer');
	assert.equal(said({sent: 2}), 'RST out answer');
});

test('unseen reset: the other end may have sent it', () => {
	assert.equal(said({sent: 1, unread: 1}), 'RST in unread');
	assert.equal(said({sent: 1, aborted: 1}), 'RST undefined unknown');
	assert.equal(said({sent: 2, unread: 1}), 'RST undefined unknown');
	assert.equal(
		said({sent: 1}, pairOf('ESTABLISHED', 'ESTABLISHED')),
		'RST undefined unknown',
	);
	// It had closed, too: no bytes came that could be answered.
	assert.equal(
		said({sent: 1}, pairOf('FIN-WAIT-2', 'LAST-ACK')),
		'RST undefined unknown',
	);
});

test('unseen reset: none is said without a cause', () => {
	assert.equal(said({}), undefined);
	assert.equal(said({sent: 1, unwaited: 1}), undefined);
	assert.equal(said({sent: 1}, pairOf('TIME-WAIT', 'LAST-ACK')), undefined);
	// Till then a TIME-WAIT may have come and gone.
	assert.equal(said({sent: 1}, undefined, 60_010), undefined);
});

test('unseen reset: rows that were only missed have not ended', () => {
	const reset = new UnseenReset();
	const open = pairOf('FIN-WAIT-2', 'CLOSE-WAIT');
	const more = {...none, sent: none.sent + 1};
	reset.observe(open, 10, none, () => none);
	reset.observe(gone, 20, none, () => more);
	reset.observe(open, 30, more, () => more);
	assert.deepEqual(reset.complete([closed], peer), [closed]);
});
