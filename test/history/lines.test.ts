import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {test} from 'node:test';
import fc from 'fast-check';
import {
	claimAt,
	isSumAt,
	sumBytes,
	sumLine,
	withoutSums,
} from '../../source/history/lines.js';
import {walkEntries} from '../../source/history/walk.js';
import {frameLine} from '../../source/protocol/codec.js';
import type {Entry} from '../../source/protocol/frame.js';
import {anyCharacter} from '../helpers/any-character.js';
import {lineOf, otterId} from '../helpers/history/kept.js';

const anyText = fc.string({unit: anyCharacter, maxLength: 30});
const anyId = fc
	.array(fc.constantFrom(...'0123456789abcdef'), {minLength: 16, maxLength: 16})
	.map(digits => digits.join(''));
const anyEntry = fc.record({
	kind: fc.constantFrom('message', 'joined', 'left', 'renamed'),
	name: fc.oneof(
		anyText,
		fc.constantFrom('","id":"0000000000000000","n":5,"text":"', '\\', '"\\"'),
	),
	id: fc.oneof(anyId, anyText),
	n: fc.oneof(fc.nat(), fc.maxSafeNat()),
	text: fc.oneof(anyText, fc.constant('{"type":"sum","crc":"00000000"}')),
});

test('history lines: reads them as JSON.parse does', () => {
	fc.assert(
		fc.property(fc.array(anyEntry), fc.nat(), (entries, after) => {
			const expected = new Map<string, number>();
			const lines = entries.map(({kind, name, id, n, text}, index) => {
				const common = {seq: after + 1 + index, at: 5};
				const byKind: Record<string, object> = {
					message: {type: kind, ...common, from: name, id, n, text},
					joined: {type: kind, ...common, nick: name, id},
					left: {type: kind, ...common, nick: name, id, reason: 'quit'},
					renamed: {type: kind, ...common, from: name, to: text, id},
				};
				const line = frameLine(byKind[kind] as Entry);
				const parsed = JSON.parse(line) as {id: string; n: number};
				// A plain peer's message has no n.
				if (kind === 'message' && parsed.n > 0) {
					expected.delete(parsed.id);
					expected.set(parsed.id, parsed.n);
				}

				return line;
			});
			const found = new Map<string, number>();
			const bytes = Buffer.from(lines.join(''));
			assert.equal(walkEntries(bytes, after, found), after + entries.length);
			assert.deepEqual([...found], [...expected]);
			assert.deepEqual(withoutSums(bytes), bytes, 'no text holds a sum');
		}),
		{numRuns: 500},
	);
});

test('history lines: ignores keys of a later version', () => {
	const found = new Map<string, number>();
	const lines = [
		'{"type":"topic","seq":1,"at":5,"text":"new"}\n',
		`{"type":"message","seq":2,"at":5,"to":"ü","from":"a","id":"${otterId}","n":3,"text":"b"}\n`,
	];
	assert.equal(walkEntries(Buffer.from(lines.join('')), 0, found), 2);
	assert.deepEqual([...found], [[otterId, 3]]);
});

test('history lines: rejects other lines, and entries out of order', () => {
	for (const text of [
		'{"type":"message","seq":1,"at":5}\n',
		'{"type":"message","seq":1,"id":5\n',
		lineOf(2).toString(),
		'hello\n',
		'\n',
		lineOf(1).toString().slice(0, -1),
	]) {
		assert.equal(walkEntries(Buffer.from(text), 0, new Map()), undefined, text);
	}
});

test('history lines: finds sums, and reads only whole ones', () => {
	for (const crc of [0, 1, 0xff_ff_ff_ff, 0x0a_bc_de_f0]) {
		const line = sumLine(crc);
		assert.equal(line.length, sumBytes);
		assert.ok(isSumAt(line, 0));
		assert.equal(claimAt(line, 0), crc);
		assert.equal(claimAt(line.subarray(0, -1), 0), undefined);
	}

	assert.ok(!isSumAt(lineOf(1), 0));
	assert.deepEqual(
		withoutSums(Buffer.concat([lineOf(1), sumLine(5), lineOf(2), sumLine(6)])),
		Buffer.concat([lineOf(1), lineOf(2)]),
	);
});
