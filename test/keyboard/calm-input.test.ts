import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
	burstGapMs,
	burstSilenceMs,
	CalmInput,
	escapeSilenceMs,
	handLineMs,
	pasteSilenceMs,
	sequenceSilenceMs,
} from '../../source/keyboard/calm-input.js';
import {anyCharacter} from '../helpers/any-character.js';

const bracketed = (text: string) => `\u001B[200~${text}\u001B[201~`;
const longSilenceMs = 10 * pasteSilenceMs;

/** An input with its own clock. */
const start = () => {
	const input = new CalmInput();
	let now = 1000;
	return {
		/** What comes out of a chunk, and after a silence. */
		take(chunk: string, silenceMs = 0): readonly string[] {
			const out = chunk === '' ? [] : [...input.push(chunk, now)];
			const end = now + silenceMs;
			for (
				let {dueAt} = input;
				dueAt !== undefined && dueAt <= end;
				dueAt = input.dueAt
			) {
				now = Math.max(now, dueAt);
				out.push(...input.settle(now));
			}

			now = end;
			return out;
		},
		isWaiting: () => input.dueAt !== undefined,
	};
};

test('calm input: one line with its Enter is typed, however long', () => {
	for (const line of ['hello', 'x'.repeat(10_000), '/me\twaves']) {
		const {take, isWaiting} = start();
		assert.deepEqual(take(`${line}\r`), []);
		assert.deepEqual(take('', burstGapMs), [`${line}\r`]);
		assert.equal(isWaiting(), false);
	}
});

test('calm input: the wheel scrolls by three rows, and a click is no key', () => {
	const {take} = start();
	const up = '\u001B[1;2A';
	const down = '\u001B[1;2B';
	assert.deepEqual(take('\u001B[<64;10;5M'), [up, up, up]);
	assert.deepEqual(take('\u001B[<81;200;50M'), [down, down, down]);
	assert.deepEqual(take('\u001B[<0;1;1M\u001B[<0;1;1m\u001B[<66;1;1M'), []);
	assert.deepEqual(take('a\u001B[<65;1'), ['a']);
	assert.deepEqual(take(';1Mb'), [down, down, down, 'b']);
});

test('calm input: F3 is Ctrl-S, however a terminal sends it', () => {
	for (const key of ['\u001BOR', '\u001B[13~', '\u001B[[C']) {
		const {take} = start();
		assert.deepEqual(take(key), ['\u0013']);
	}
});

test('calm input: a key by itself waits for nothing', () => {
	const {take, isWaiting} = start();
	for (const key of ['h', 'é', '\t', '\r', '\n', '\u0003', '\u007F', '日']) {
		assert.deepEqual(take(key, 50), [key]);
		assert.equal(isWaiting(), false);
	}

	for (const key of ['\u001B[A', '\u001BOP', '\u001Bb', '\u001B[1;5C']) {
		assert.deepEqual(take(key), [key]);
	}
});

test('calm input: a second line makes a paste, with its tabs and line ends', () => {
	const lines = Array.from({length: 30}, (_, index) => `\tline ${index}\r`);
	const whole = lines.join('');
	assert.deepEqual(start().take(whole, burstSilenceMs), [bracketed(whole)]);

	const {take} = start();
	for (const line of lines) {
		assert.deepEqual(take(line, burstGapMs - 1), []);
	}

	assert.deepEqual(take('the rest', burstSilenceMs), [
		bracketed(`${whole}the rest`),
	]);
});

test('calm input: lines as fast as a hand are typed', () => {
	const {take} = start();
	assert.deepEqual(take('one\r', 50), ['one\r']);
	assert.deepEqual(take('two\r', 50), ['two\r']);
	assert.deepEqual(take('t', 50), ['t']);
	assert.deepEqual(take('\r', 0), ['\r']);
	assert.deepEqual(take('next'), ['next']);
});

test('calm input: lines that a hand had time for, unread, are typed', () => {
	const input = new CalmInput();
	const typed = '/who\ris the port free?\r\tyes it is\r';
	assert.deepEqual(input.push(typed, 1000, 2 * handLineMs), [
		'/who\r',
		'is the port free?\r',
		'\tyes it is\r',
	]);
	assert.equal(input.dueAt, undefined);
	// Enter was read late, and held; a key followed it as a hand presses it.
	assert.deepEqual(input.push('hello\r', 2000, 0), []);
	assert.deepEqual(input.push('w', 2060, 60), ['hello\r', 'w']);
});

test('calm input: lines that no hand had time for are a paste, also unread', () => {
	const whole = Array.from({length: 30}, (_, n) => `line ${n}\r`).join('');
	for (const awayMs of [0, 100, 28 * handLineMs]) {
		const input = new CalmInput();
		assert.deepEqual(input.push(whole, 1000, awayMs), []);
		assert.deepEqual(input.push('more\r', 1001, 10_000), []);
		assert.deepEqual(input.settle(1001 + burstSilenceMs), [
			bracketed(`${whole}more\r`),
		]);
	}
});

test('calm input: typed lines lose nothing, however long nobody read', () => {
	fc.assert(
		fc.property(
			fc.array(fc.stringMatching(/^[a-c\r\n\t]{1,9}$/)),
			fc.nat(5000),
			(chunks, awayMs) => {
				const input = new CalmInput();
				const out = chunks.flatMap(chunk => input.push(chunk, 1000, awayMs));
				out.push(...input.settle(1000 + longSilenceMs));
				assert.equal(
					out.join('').replaceAll(/\u001B\[20[01]~/g, ''),
					chunks.join(''),
				);
			},
		),
	);
});

test('calm input: a paste may come character by character', () => {
	const {take} = start();
	const out = [...'one\r\ttwo\r'].flatMap(character => take(character, 1));
	assert.deepEqual(out, ['o', 'n', 'e']);
	assert.deepEqual(take('', burstSilenceMs), [bracketed('\r\ttwo\r')]);
});

// DECRQM: set, reset, always set; and XTVERSION of tmux. Or a paste was seen.
const knowing = [
	'\u001B[?2004;1$y',
	'\u001B[?2004;2$y',
	'\u001B[?2004;3$y',
	'\u001BP>|tmux 3.3a\u001B\\',
];
const ignorant = [
	'\u001B[?2004;0$y',
	'\u001B[?2004;4$y',
	'\u001B[?1004;1$y',
	'\u001BP>|screen 5\u001B\\',
];

test('calm input: lines are typed, however fast, once pastes come in brackets', () => {
	const lines = ['/who\r', '\thello\r', 'draft'];
	for (const answer of knowing) {
		const {take, isWaiting} = start();
		// Cut anywhere, and no key.
		assert.deepEqual(
			[...answer].flatMap(character => take(character, 1)),
			[],
		);
		assert.deepEqual(take(lines.join('')), lines, answer);
		assert.equal(isWaiting(), false);
	}

	const {take} = start();
	take(bracketed('a'));
	assert.deepEqual(take(lines.join('')), lines);
});

test('calm input: an answer that says no, or nothing of pastes, changes nothing', () => {
	for (const answer of ignorant) {
		const {take} = start();
		take(answer, 10);
		assert.deepEqual(
			take('one\rtwo\r', burstSilenceMs),
			[bracketed('one\rtwo\r')],
			answer,
		);
	}
});

test('calm input: a paste that never ended does not show that pastes have brackets', () => {
	const {take} = start();
	take('\u001B[200~half', pasteSilenceMs);
	assert.deepEqual(take('one\rtwo\r', burstSilenceMs), [
		bracketed('one\rtwo\r'),
	]);
});

test('calm input: several Enters after a line are no second line', () => {
	assert.deepEqual(start().take('a\r\r', burstGapMs), ['a\r\r']);
	assert.deepEqual(start().take('a\r\r\rb', burstSilenceMs), [
		bracketed('a\r\r\rb'),
	]);
});

test('calm input: keys in the same chunk as a line are keys', () => {
	assert.deepEqual(start().take('ab\u007Fc\r\u001B[Ad', burstGapMs), [
		'ab',
		'\u007F',
		'c\r',
		'\u001B[A',
		'd',
	]);
});

test('calm input: a paste in brackets is whole, whatever its chunks', () => {
	const pasted = 'one\r\ttwo\u001B[31m\r\u001B[200~é日\u001B[20';
	const whole = `a${bracketed(pasted)}b`;
	fc.assert(
		fc.property(fc.array(fc.integer({min: 1, max: 9})), sizes => {
			const {take} = start();
			const out: string[] = [];
			let rest = whole;
			for (const size of [...sizes, whole.length]) {
				out.push(...(rest === '' ? [] : take(rest.slice(0, size), 10)));
				rest = rest.slice(size);
			}

			assert.deepEqual(out, ['a', bracketed(pasted), 'b']);
		}),
	);
});

test('calm input: a paste without an end is typed after a silence (irssi#942)', () => {
	const {take} = start();
	assert.deepEqual(take('\u001B[200~', pasteSilenceMs - 1), []);
	assert.deepEqual(take('one\r\n\ttwo\u001B[20', pasteSilenceMs - 1), []);
	assert.deepEqual(take('', 1), [
		bracketed('one'),
		'\u001B\r',
		bracketed('\ttwo'),
	]);
	assert.deepEqual(take('hello\r', burstGapMs), ['hello\r']);
});

test('calm input: Ctrl-C by itself ends a paste', () => {
	const {take} = start();
	take('\u001B[200~half', 10);
	assert.deepEqual(take('\u0003'), [bracketed('half'), '\u0003']);
	assert.deepEqual(take('x'), ['x']);
});

test('calm input: Esc is a key if nothing follows it', () => {
	const {take} = start();
	assert.deepEqual(take('\u001B', escapeSilenceMs - 1), []);
	assert.deepEqual(take('', 1), ['\u001B[27u']);
	assert.deepEqual(take('\u001B\u001B', escapeSilenceMs), [
		'\u001B[27u',
		'\u001B[27u',
	]);
	assert.deepEqual(take('\u001B', 1), []);
	assert.deepEqual(take('[A'), ['\u001B[A']);
	assert.deepEqual(take(`\u001B${bracketed('a')}`), [
		'\u001B[27u',
		bracketed('a'),
	]);
});

test('calm input: answers of a terminal are swallowed whole', () => {
	const answers = [
		'\u001B]11;rgb:1e1e/1e1e/1e1e\u001B\\',
		'\u001B]11;rgb:1e1e/1e1e/1e1e\u0007',
		'\u001BP1$r0m\u001B\\',
		'\u001BP>|xterm(390)\u001B\\',
		'\u001B_Gi=31;OK\u001B\\',
		'\u001B[M !!',
	];
	for (const answer of answers) {
		assert.deepEqual(start().take(`a${answer}b`), ['a', 'b'], answer);
		const {take} = start();
		const out = [...answer].flatMap(character => take(character, 2));
		assert.deepEqual([...out, ...take('b')], ['b'], answer);
	}
});

test('calm input: a sequence without an end is dropped after a silence', () => {
	for (const part of [
		'\u001B[',
		'\u001B[<35;1',
		'\u001B[200',
		'\u001BO',
		'\u001B]11;rgb:1e1e',
		'\u001BPq',
		'\u001B_',
		'\u001B]',
	]) {
		const {take, isWaiting} = start();
		take(part, sequenceSilenceMs - 1);
		assert.equal(isWaiting(), true, part);
		assert.deepEqual(take('', 1), [], part);
		assert.equal(isWaiting(), false, part);
		assert.deepEqual(take('x'), ['x'], part);
	}
});

test('calm input: Enter and Ctrl-C get out of an unfinished answer', () => {
	for (const key of ['\r', '\u0003']) {
		const {take} = start();
		take('\u001B]11;what I type now');
		assert.deepEqual(take(key), [key]);
	}
});

const hostile = fc.array(
	fc.oneof(
		fc.constantFrom(
			'\u001B',
			'\u001B[',
			'\u001B[200~',
			'\u001B[201~',
			'\u001B[20',
			'0~',
			'\u001B]11;rgb',
			'\u001B]52;c;',
			'\u001BP+q',
			'\u001B_G',
			'\u001B^',
			'\u001BX',
			'\u001B\\',
			'\u0007',
			'\u001B[I',
			'\u001B[O',
			'\u001B[<64;10;5M',
			'\u001B[M',
			'\u001B[?62;c',
			'\u001B[A',
			'\u001BOP',
			'\u009B',
		),
		fc.string({unit: anyCharacter, maxLength: 8}),
		fc.constantFrom('\r', '\n', '\t', 'word', '\u0003', '\u0012', '\u001A'),
	),
	{maxLength: 12},
);

test('calm input: nothing freezes it', () => {
	fc.assert(
		fc.property(
			fc.array(fc.tuple(hostile, fc.nat({max: 1500})), {maxLength: 6}),
			chunks => {
				const {take, isWaiting} = start();
				for (const [parts, silenceMs] of chunks) {
					take(parts.join(''), silenceMs);
				}

				take('', longSilenceMs);
				assert.equal(isWaiting(), false);
				assert.deepEqual(take('hello\r', burstGapMs), ['hello\r']);
			},
		),
		{numRuns: 2000},
	);
});

test('calm input: loses no text, whatever its chunks and gaps', () => {
	fc.assert(
		fc.property(
			fc.array(
				fc.tuple(
					fc.string({unit: fc.constantFrom(...'ab\t\r日'), maxLength: 8}),
					fc.nat({max: 2 * burstSilenceMs}),
				),
				{maxLength: 8},
			),
			chunks => {
				const {take} = start();
				const out = chunks.flatMap(([text, silenceMs]) =>
					take(text, silenceMs),
				);
				const all = [...out, ...take('', longSilenceMs)].join('');
				assert.equal(
					all.replaceAll(/\u001B\[20[01]~/g, ''),
					chunks.map(([text]) => text).join(''),
				);
			},
		),
	);
});
