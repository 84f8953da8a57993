import assert from 'node:assert/strict';
import {test} from 'node:test';
import {remainsWords} from '../../source/store/remains.js';
import type {KernelSocket, KernelTimer} from '../../source/tcp/tcp.js';

const socket = (
	state: KernelSocket['state'],
	{
		port = 41_306,
		bytes = 0,
		timer,
	}: {port?: number; bytes?: number; timer?: KernelTimer} = {},
): KernelSocket => ({
	local: `127.0.0.1:${port}`,
	remote: '127.0.0.1:5001',
	state,
	sendQueueBytes: bytes,
	receiveQueueBytes: 0,
	uid: 0,
	...(timer && {timer}),
});

const waiting = (inMs: number) => ({name: 'time-wait', inMs}) as const;

test('remains: without any there is nothing to say', () => {
	assert.equal(remainsWords([]), undefined);
});

test('remains: TIME-WAIT is left with the time that it still takes', () => {
	assert.equal(
		remainsWords([socket('TIME-WAIT', {timer: waiting(59_980)})]),
		'Left behind: TIME-WAIT for 60 s on :41306.',
	);
	assert.equal(
		remainsWords([
			socket('FIN-WAIT-2', {timer: {name: 'fin-wait-2', inMs: 30_000}}),
		]),
		'Left behind: FIN-WAIT-2 for 30 s on :41306.',
	);
});

test('remains: what the kernel still sends is left with its bytes', () => {
	const timer = {name: 'retransmit', inMs: 200} as const;
	assert.equal(
		remainsWords([socket('FIN-WAIT-1', {bytes: 297_000, timer})]),
		'Left behind: FIN-WAIT-1 on :41306, 297.0 kB not sent or not acknowledged.',
	);
});

test('remains: what was never sent is not called unacknowledged', () => {
	const known = (notSentBytes: number) =>
		remainsWords([
			{
				...socket('FIN-WAIT-1', {bytes: 297_000}),
				sending: {notSentBytes, unackedSegments: 0, windowLimitedMs: 0},
			},
		]);
	assert.equal(
		known(297_000),
		'Left behind: FIN-WAIT-1 on :41306, 297.0 kB not sent.',
	);
	assert.equal(
		known(200_000),
		'Left behind: FIN-WAIT-1 on :41306, 200.0 kB not sent, 97.0 kB unacknowledged.',
	);
	assert.equal(
		known(0),
		'Left behind: FIN-WAIT-1 on :41306, 297.0 kB unacknowledged.',
	);
});

test("remains: a server's peers are counted by their state", () => {
	assert.equal(
		remainsWords([
			socket('TIME-WAIT', {port: 5001, timer: waiting(12_000)}),
			socket('LAST-ACK', {port: 5001, bytes: 5}),
			socket('TIME-WAIT', {port: 5001, timer: waiting(41_000)}),
		]),
		'Left behind: 2 × TIME-WAIT for up to 41 s on :5001; LAST-ACK on :5001, 5 B not sent or not acknowledged.',
	);
});
