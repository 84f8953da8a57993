import assert from 'node:assert/strict';
import {test} from 'node:test';
import {formatDateTime, withTime} from '../../source/plain/times.js';
import {display} from '../../source/protocol/display.js';
import type {StepTime} from '../../source/tcp/tcp.js';
import {read} from '../helpers/steps.js';

const second = 1_795_803_878_000;

const timed = (time: StepTime, at: number): string =>
	withTime(display`CLOSED: gone.\n`, {
		type: 'step',
		at,
		step: {...read('CLOSED', {at}), ...time} as ReturnType<typeof read>,
	});

test('times: a step has its time, or the second by which it had happened', () => {
	assert.equal(
		timed({at: second + 900}, second + 900),
		`${formatDateTime(second)} CLOSED: gone.\n`,
	);
	assert.equal(
		timed(
			{at: undefined, notBefore: second + 100, seenAt: second + 900},
			second + 900,
		),
		`≤ ${formatDateTime(second + 1000)} CLOSED: gone.\n`,
	);
});
