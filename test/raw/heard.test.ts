/** What was said since the last match. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import test from 'node:test';
import {parsePattern} from '../../source/options/pattern.js';
import {Heard, maxHeardCharacters, SearchPace} from '../../source/raw/heard.js';
import {systemClock} from '../../source/socket/clock.js';

test('heard: a match takes what was before it, wherever chunks are cut', () => {
	const heard = new Heard();
	for (const byte of Buffer.from('één twee drie')) {
		heard.push(Buffer.of(byte));
	}

	assert.equal(heard.find(/twee/), true);
	assert.equal(heard.find(/één/), false);
	assert.equal(heard.find(/^ DRIE$/), false);
	assert.equal(heard.find(/^ drie$/), true);
	assert.equal(heard.text, '');
});

test('heard: keeps the last 1 MiB of characters', () => {
	const heard = new Heard();
	heard.push(Buffer.from('first'));
	for (let sent = 0; sent < 3 * maxHeardCharacters; sent += 65_536) {
		heard.push(Buffer.alloc(65_536, 'x'));
	}

	assert.equal(maxHeardCharacters, 1_048_576);
	assert.equal(heard.text.length, maxHeardCharacters);
	assert.equal(heard.find(/first/), false);
});

test('heard: an expression that backtracks without end is stopped', () => {
	const heard = new Heard();
	heard.push(Buffer.from(`${'a'.repeat(50)}!`));
	// As a command line gives it.
	const pattern = parsePattern('^(a+)+$', 'expect') as RegExp;
	assert.equal(heard.find(pattern), 'late');
	assert.ok(heard.waitMs > 0);
	assert.equal(heard.find(/!/), true);
});

test('heard: a pause as long as the search follows it, of all peers together', () => {
	const minute = 60_000;
	const pace = new SearchPace();
	const [one, other] = [new Heard(pace), new Heard(pace)];
	assert.equal(one.waitMs, 0);
	pace.note(systemClock.monotonicMs());
	assert.equal(one.waitMs, 0);
	for (const count of [1, 2]) {
		pace.note(systemClock.monotonicMs() - minute);
		assert.ok(one.waitMs > (count - 0.5) * minute, String(one.waitMs));
		assert.ok(other.waitMs < (count + 0.5) * minute, String(other.waitMs));
	}
});
