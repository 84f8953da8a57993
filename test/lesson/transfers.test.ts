/** What a watch sees, as steps of a ladder. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {Transfers} from '../../source/lesson/transfers.js';
import type {PortEvent} from '../../source/event/port-event.js';

test('lesson: bytes that a watch saw are a send() of that end, after those before', () => {
	const transfers = new Transfers();
	const bounds = {notBefore: 1, seenAt: 2};
	const data = (from: 'local' | 'remote', bytes: number): PortEvent => ({
		type: 'data',
		peer: 'p',
		from,
		bytes,
		...bounds,
	});
	const steps = [data('remote', 5), data('local', 2), data('remote', 3)].map(
		event => transfers.stepOf(event),
	);
	const common = {
		kind: 'call',
		call: 'send()',
		evidence: 'inferred',
		peer: 'p',
	};
	assert.deepEqual(steps, [
		{...common, end: 'remote', offset: 0, result: '5', ...bounds},
		{...common, end: 'local', offset: 0, result: '2', ...bounds},
		{...common, end: 'remote', offset: 5, result: '3', ...bounds},
	]);
	const process: PortEvent = {
		type: 'process',
		state: 'ended',
		pid: 1,
		program: 'python3',
		end: 'local',
		peers: [],
		...bounds,
	};
	assert.equal(transfers.stepOf(process), undefined);
});
