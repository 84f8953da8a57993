import assert from 'node:assert/strict';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import {
	formatAge,
	formatDuration,
	formatMs,
	formatTime,
	sparkline,
	untilOlderMs,
} from '../../../source/ui/text/format.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 1000);

const seconds = 1000;
const minutes = 60 * seconds;
const hours = 60 * minutes;
const days = 24 * hours;

test('format: a duration shows hours and days only if it has them', () => {
	for (const [ms, text] of [
		[0, '00:00'],
		[999, '00:00'],
		[59 * seconds + 999, '00:59'],
		[minutes, '01:00'],
		[59 * minutes + 59 * seconds, '59:59'],
		[hours, '01:00:00'],
		[23 * hours + 59 * minutes + 59 * seconds, '23:59:59'],
		[days, '1d 00:00'],
		[2 * days + hours + 3 * minutes, '2d 01:03'],
		[120 * days, '120d 00:00'],
	] as const) {
		assert.equal(formatDuration(ms), text);
	}
});

test('format: a duration is never negative, whatever a clock does', () => {
	assert.equal(formatDuration(-1), '00:00');
	assert.equal(formatDuration(-days), '00:00');
});

test('format: round trips have at most three digits', () => {
	for (const [ms, text] of [
		[0, '0.00 ms'],
		[0.214, '0.21 ms'],
		[0.994, '0.99 ms'],
		[0.996, '1.0 ms'],
		[4.32, '4.3 ms'],
		[9.94, '9.9 ms'],
		[9.96, '10 ms'],
		[87.4, '87 ms'],
		[999.4, '999 ms'],
		[999.6, '1.0 s'],
		[1240, '1.2 s'],
	] as const) {
		assert.equal(formatMs(ms), text);
	}

	fc.assert(
		fc.property(fc.double({min: 0, max: 999_000, noNaN: true}), ms => {
			assert.match(formatMs(ms), /^(?:0\.\d\d|\d\.\d|\d{2,3}) ms$|^[\d.]+ s$/u);
		}),
		{numRuns: runs},
	);
});

test("format: a time is in the reader's time zone, to the millisecond", () => {
	const at = new Date(2026, 0, 2, 4, 2, 1, 7).getTime();
	assert.equal(formatTime(at), '04:02:01.007');
});

test('format: a sparkline shows the newest values, the highest full', () => {
	assert.equal(sparkline([0, 1, 2, 3, 4, 5, 6, 7, 8], 9), '▁▂▃▄▅▆▇██');
	assert.equal(sparkline([8, 1, 2, 4], 3), '▃▅█');
	assert.equal(sparkline([0, 0, 0], 3), '▁▁▁', 'nothing is no peak');
	assert.equal(sparkline([5], 10), '█');
	assert.equal(sparkline([], 10), '');
	assert.equal(sparkline([1, 2], 0), '');
	assert.equal(sparkline([1, 2], -3), '');
});

test('format: a sparkline has a bar for each value that fits', () => {
	const values = fc.array(fc.double({min: 0, max: 1e12, noNaN: true}));
	fc.assert(
		fc.property(values, fc.integer({min: 0, max: 80}), (all, cells) => {
			const bars = sparkline(all, cells);
			assert.equal(bars.length, Math.min(all.length, cells));
			assert.match(bars, /^[▁▂▃▄▅▆▇█]*$/u);
		}),
		{numRuns: runs},
	);
});

test('format: an age is a lower bound, in steps of 1, 2, 5, 10', () => {
	for (const [ms, text] of [
		[-5, '<1 min'],
		[59 * seconds, '<1 min'],
		[minutes, '>1 min'],
		[9 * minutes, '>5 min'],
		[59 * minutes + 59 * seconds, '>20 min'],
		[hours, '>1 h'],
		[23 * hours + 59 * minutes, '>10 h'],
		[2 * days + 3 * hours, '>2 d'],
		[400 * days, '>50 d'],
	] as const) {
		assert.equal(formatAge(ms), text);
	}
});

test('format: an age reads the same until it is said to be older', () => {
	fc.assert(
		fc.property(fc.nat({max: 3 * hours}), ms => {
			const until = untilOlderMs(ms);
			assert.equal(formatAge(ms + until - 1), formatAge(ms));
			assert.notEqual(formatAge(ms + until), formatAge(ms));
		}),
		{numRuns: runs},
	);
});
