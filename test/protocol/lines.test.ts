import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import type {SockchatError} from '../../source/errors.js';
import {LineSplitter, linesWith} from '../../source/protocol/lines.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 1000);

type Read = {lines: string[]; rest: string};

const readAll = (chunks: readonly Buffer[], limit = 1000): Read => {
	const splitter = new LineSplitter(limit);
	const lines: string[] = [];
	for (const chunk of chunks) {
		splitter.push(chunk, line => {
			lines.push(line.toString('latin1'));
		});
	}

	return {lines, rest: splitter.takeRest().toString('latin1')};
};

/** The expected lines, computed without chunks. */
const expected = (bytes: Buffer): Read => {
	const lines = bytes.toString('latin1').split('\n');
	return {rest: lines.pop()!, lines};
};

/** Cuts bytes at the given places, in any order, some of them the same. */
const cutAt = (bytes: Buffer, places: readonly number[]): Buffer[] => {
	const cuts = [0, ...places.toSorted((a, b) => a - b), bytes.length];
	return cuts.slice(1).map((end, index) => bytes.subarray(cuts[index], end));
};

const sample = Buffer.from(
	'\n\nhéron\r\n\uFEFF🦦 otter\n\0\u001B[31m\n\nrest €',
);

test('lines: gives the same lines wherever a sample is cut in three', () => {
	const whole = expected(sample);
	assert.equal(whole.lines.length, 6);
	for (let first = 0; first <= sample.length; first++) {
		for (let second = first; second <= sample.length; second++) {
			const chunks = cutAt(sample, [first, second]);
			assert.deepEqual(readAll(chunks), whole, `cut at ${first}, ${second}`);
		}
	}
});

test('lines: gives the same lines byte by byte', () => {
	const bytes = Array.from(sample, byte => Buffer.of(byte));
	assert.deepEqual(readAll(bytes), expected(sample));
});

test('lines: gives the same lines whatever the chunk boundaries', () => {
	// Many line feeds, and invalid UTF-8.
	const byte = fc.oneof(fc.constant(0x0a), fc.nat({max: 255}));
	fc.assert(
		fc.property(
			fc.array(byte, {maxLength: 200, size: 'max'}),
			fc.array(fc.nat({max: 200}), {maxLength: 20, size: 'max'}),
			(values, places) => {
				const bytes = Buffer.from(values);
				const cuts = places.map(place => Math.min(place, bytes.length));
				assert.deepEqual(readAll(cutAt(bytes, cuts)), expected(bytes));
			},
		),
		{numRuns: runs},
	);
});

test('lines: joins a long line that arrives byte by byte', () => {
	const long = Buffer.from(
		Array.from({length: 1000}, (_value, n) => 32 + (n % 200)),
	);
	const bytes = Buffer.concat([long, Buffer.from('\n'), long]);
	const single = Array.from(bytes, byte => Buffer.of(byte));
	assert.deepEqual(readAll(single), expected(bytes));
});

test('lines: an empty chunk changes nothing', () => {
	const empty = Buffer.alloc(0);
	assert.deepEqual(readAll([empty, Buffer.from('a'), empty, empty]), {
		lines: [],
		rest: 'a',
	});
});

test('lines: counts the bytes of the unfinished line', () => {
	const splitter = new LineSplitter(100);
	const pending = ['abc\nde', 'f', '', '\n', 'é'].map(chunk => {
		splitter.push(Buffer.from(chunk), () => undefined);
		return splitter.pendingBytes;
	});
	assert.deepEqual(pending, [2, 3, 3, 0, 2]);
});

test('lines: takeRest removes the unfinished line, and the next lines follow', () => {
	const splitter = new LineSplitter(10);
	const lines: string[] = [];
	const push = (text: string) => {
		splitter.push(Buffer.from(text), line => {
			lines.push(line.toString());
		});
	};

	push('one\nlet');
	push('ter');
	assert.equal(splitter.takeRest().toString(), 'letter');
	assert.equal(splitter.takeRest().toString(), '');
	assert.equal(splitter.pendingBytes, 0);
	// The removed bytes no longer count: this line has the maximum length.
	push('0123456789\n');
	assert.deepEqual(lines, ['one', '0123456789']);
});

/** The lines passed on and the error, for every pair of chunks. */
const overlong = (text: string, limit: number) => {
	const bytes = Buffer.from(text);
	return Array.from({length: bytes.length + 1}, (_value, cut) => {
		const splitter = new LineSplitter(limit);
		const lines: string[] = [];
		let error: SockchatError | undefined;
		for (const chunk of cutAt(bytes, [cut])) {
			error ??= splitter.push(chunk, line => {
				lines.push(line.toString());
			});
		}

		return {lines, error};
	});
};

test('lines: a line at the limit passes, its LF not counted', () => {
	for (const {lines, error} of overlong('12345678\n12345678\n1234', 8)) {
		assert.equal(error, undefined);
		assert.deepEqual(lines, ['12345678', '12345678']);
	}
});

test('lines: a line over the limit is refused, with or without its LF', () => {
	for (const text of ['12345678\n123456789\nx\n', '12345678\n123456789']) {
		for (const {lines, error} of overlong(text, 8)) {
			assert.deepEqual(lines, ['12345678'], 'those before it are handed on');
			assert.equal(error?.code, 'ERR_LINE_TOO_LONG');
			assert.match(error.message, /sent 9 bytes .* limit is 8\./);
		}
	}
});

test('lines: a limit counts bytes, not characters', () => {
	const [{error} = {error: undefined}] = overlong('ééééé\n', 9);
	assert.match(String(error), /sent 10 bytes/);
});

test('lines: buffers no more than the limit', () => {
	const splitter = new LineSplitter(8);
	for (const byte of Buffer.alloc(1000, 'a')) {
		splitter.push(Buffer.of(byte), () => undefined);
	}

	assert.equal(splitter.pendingBytes, 8);
});

test('lines: passes on what onLine throws', () => {
	const splitter = new LineSplitter(8);
	assert.throws(() => {
		splitter.push(Buffer.from('a\nb\n'), () => {
			throw new RangeError('mine');
		});
	}, RangeError);
});

test('lines: linesWith finds whole lines with a word, in order', () => {
	const line = fc.stringMatching(/^[ab]{0,6}$/);
	fc.assert(
		fc.property(
			fc.array(line),
			fc.constantFrom('a', 'ab', 'aab'),
			(all, word) => {
				const found = linesWith(
					Buffer.from(all.map(each => `${each}\n`).join('')),
					word,
				);
				const wanted = all.filter(each => each.includes(word));
				assert.equal(
					found.toString(),
					wanted.map(each => `${each}\n`).join(''),
				);
			},
		),
		{numRuns: runs},
	);
});

test("lines: takeLines doesn't change the lines", () => {
	// One to three short lines at a time, as a fast decoder would take them.
	const takeSome = (taken: string[], count: number) => (lines: Buffer) => {
		const whole = lines.toString('latin1').split('\n').slice(0, -1);
		const some = whole.slice(0, count);
		taken.push(...some);
		return some.reduce((bytes, line) => bytes + line.length + 1, 0);
	};

	fc.assert(
		fc.property(
			fc.stringMatching(/^[ab\n]{0,40}$/),
			fc.array(fc.nat({max: 40}), {maxLength: 4}),
			fc.nat({max: 3}),
			(source, places, count) => {
				const bytes = Buffer.from(source);
				const splitter = new LineSplitter(1000);
				const lines: string[] = [];
				const sorted = places.map(place => Math.min(place, bytes.length));
				for (const chunk of cutAt(bytes, sorted)) {
					splitter.push(
						chunk,
						line => {
							lines.push(line.toString('latin1'));
						},
						takeSome(lines, count),
					);
				}

				const rest = splitter.takeRest().toString('latin1');
				assert.deepEqual({lines, rest}, expected(bytes));
			},
		),
		{numRuns: runs},
	);
});
