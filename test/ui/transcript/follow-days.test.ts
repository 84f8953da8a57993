import assert from 'node:assert/strict';
import {test} from 'node:test';
import {dayOf} from '../../../source/store/days.js';
import {followDays} from '../../../source/ui/transcript/follow-days.js';
import {FakeClock} from '../../helpers/clock.js';

const hourMs = 3_600_000;

test('days: are told at the start and at midnight, and by one timer', () => {
	const clock = new FakeClock();
	const days: string[] = [];
	const stop = followDays(clock, ({at}) => {
		days.push(dayOf(at));
	});
	const first = dayOf(clock.wallMs());
	assert.deepEqual(days, [first]);
	while (dayOf(clock.wallMs() + 1) === first) {
		assert.equal(clock.delays.length, 1);
		clock.advance(1000);
	}

	clock.advance(1);
	assert.equal(days.length, 2);
	assert.equal(new Date(clock.wallMs()).getHours(), 0);
	clock.advance(23 * hourMs);
	assert.equal(days.length, 2);

	// The machine slept for two days: it is noticed within the hour.
	clock.wallOffsetMs = 48 * hourMs;
	clock.advance(hourMs);
	assert.equal(days.at(-1), dayOf(clock.wallMs()));
	stop();
	assert.deepEqual(clock.delays, []);
});
