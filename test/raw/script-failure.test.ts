/** What is said of an expectation that was not met. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {parsePattern} from '../../source/options/pattern.js';
import {adviceOn, notMet} from '../../source/raw/script-failure.js';

const lineEnds = String.raw`The lines end with CR LF: \r?\n is the end of each.`;
const start = String.raw`^ is only the start of what came since the last match; (?:^|\n) is that of each line.`;
const end = String.raw`$ is only the end of what has come so far; (?=\r?\n) is that of each line.`;

const step = (text: string) =>
	({
		type: 'expect',
		pattern: parsePattern(text, 'expect') as RegExp,
	}) as const;

test('script failure: what would have been met in another way is advised, and nothing else', () => {
	const mail = '220 mail\r\n250 ok\r\n';
	for (const [pattern, said, ...advice] of [
		[String.raw`220 .*\n`, mail, lineEnds],
		[String.raw`mail\n250`, mail, lineEnds],
		[String.raw`^220 mail\n`, mail, lineEnds],
		['250 ok$', mail, end],
		['250 ok$', '250 ok\n', end],
		['^250 ', mail, start],
		['^250 ok$', mail, start, end],
		[String.raw`^250 .*\n`, mail, lineEnds, start],
		// Neither is an anchor.
		[String.raw`[^2]50 ok\n`, '150 ok\r\n', lineEnds],
		[String.raw`\^\$\n`, '^$\r\n', lineEnds],
		// They would not be met in any way.
		['^554', mail],
		[String.raw`221 .*\n`, mail],
		['^250$', mail],
		['^$', ''],
		['250 OK', mail],
	] as const) {
		assert.equal(
			adviceOn({step: step(pattern), said}),
			advice.length === 0 ? undefined : advice.join(' '),
			pattern,
		);
	}
});

test('script failure: what is advised is met', () => {
	for (const [pattern, said] of [
		[String.raw`220 .*\r?\n`, '220 mail\r\n'],
		[String.raw`250 ok(?=\r?\n)`, '220 mail\r\n250 ok\r\n'],
		[String.raw`(?:^|\n)250 `, '220 mail\r\n250 ok\r\n'],
	] as const) {
		assert.match(said, step(pattern).pattern);
	}
});

test('script failure: an expression that backtracks without end is not searched for again and again', () => {
	const said = `${'a'.repeat(50)}!\r\n`;
	assert.equal(adviceOn({step: step('^(a+)+$'), said}), undefined);
	assert.equal(
		adviceOn({step: step('^ok$'), said: 'x'.repeat(70_000)}),
		undefined,
	);
});

test('script failure: the sentence has the text, and the advice after it', () => {
	assert.equal(
		notMet({
			step: step(String.raw`220 .*\n`),
			why: 'ended',
			said: '220 mail\r\n',
		}).message,
		`--expect "220 .*\\n" was not met; the last that was said: "220 mail\r\n". ${lineEnds}`,
	);
});
