/** Entries on their way into the stream's order, read fast and in full. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {frameLine} from '../../source/protocol/codec.js';
import {
	readSimpleUnnumbered,
	readUnnumbered,
	withoutSeq,
} from '../../source/protocol/unnumbered.js';
import {anyCharacter} from '../helpers/any-character.js';

const written = fc
	.record({
		at: fc.nat({max: 999_999_999_999_999}),
		from: fc.constantFrom('otter', 'é', '\uFFFD', '\u{1F9A6}'),
		id: fc.string({maxLength: 8}),
		n: fc.nat(),
		text: fc.oneof(
			fc.string({maxLength: 20}),
			fc.string({unit: anyCharacter, maxLength: 5}),
		),
	})
	.map(parts => withoutSeq(frameLine({type: 'message', seq: 0, ...parts})));

// What others may have published: cut, doubled, in another order, or no JSON.
const piece = fc.oneof(
	fc.constantFrom(
		',"seq":5',
		',"seq":1e3',
		',"n":-0',
		',"n":01',
		',"n":1e3',
		'"at":1.0',
		',"text":"y"',
		',"__proto__":{}',
		'"__proto__"',
		'\\u0041',
		'\\"',
		'"',
		' ',
		'\n',
		'\r',
		'\t',
		'\0',
		'\u007F',
		'\u2028',
		'\uFEFF',
		'\uD800',
		'\uDC00',
		'\u{1F600}',
		'}',
		'{',
		',',
		'\\',
	),
	fc.string({unit: anyCharacter, maxLength: 3}),
);
const damaged = fc
	.tuple(
		written,
		fc.array(fc.tuple(fc.nat(), fc.nat(3), piece), {maxLength: 2}),
	)
	.map(([text, edits]) => {
		let edited = text;
		for (const [seed, cut, added] of edits) {
			const at = seed % (edited.length + 1);
			edited = edited.slice(0, at) + added + edited.slice(at + cut);
		}

		return edited;
	});

test('unnumbered: what is read fast is read as in full, and as JSON has it', () => {
	const runs = 5000;
	let fast = 0;
	fc.assert(
		fc.property(damaged, fc.integer({min: 1, max: 1e15 - 1}), (text, seq) => {
			const simple = readSimpleUnnumbered(text, seq);
			if (simple) {
				fast++;
				assert.deepEqual(simple, readUnnumbered(text, seq));
				assert.deepEqual(simple.entry, JSON.parse(simple.line));
				assert.equal(simple.line, frameLine(simple.entry));
			}
		}),
		{numRuns: runs},
	);
	assert.ok(fast > runs / 20, `Only ${fast} were simple.`);
});

test('unnumbered: a message that our codec writes without an escape is read fast', () => {
	const text = withoutSeq(
		frameLine({
			type: 'message',
			seq: 0,
			at: 1,
			from: 'otter',
			id: 'x',
			n: 1,
			text: 'é\u2028 and 100 %',
		}),
	);
	assert.equal(readSimpleUnnumbered(text, 7)?.entry.seq, 7);
	for (const other of [
		`${text} `,
		`${text}\n`,
		text.replace('"x"', '"\\u0078"'),
	]) {
		assert.equal(readSimpleUnnumbered(other, 7), undefined, other);
	}
});
