import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {readPaste, textOfLine} from '../../source/plain/pastes.js';

test('pastes: a pasted text is whole again when it is sent', () => {
	fc.assert(
		fc.property(
			fc.array(
				fc.string({
					unit: fc.constantFrom('a', '\t', ' ', '⏎', '⇥\uFE0E', '⇥', '日'),
				}),
				{minLength: 1},
			),
			fc.constantFrom('\r', '\n', '\r\n'),
			fc.nat(3),
			(rows, end, endsAfter) => {
				const text = [...rows, 'end'].join('\n');
				const {line, lineCount} = readPaste(
					text.replaceAll('\n', end) + end.repeat(endsAfter),
				);
				assert.equal(textOfLine(line), text);
				assert.equal(lineCount, rows.length + 1);
				assert.doesNotMatch(line, /[\r\n\t]/);
			},
		),
	);
});

test('pastes: control characters that would drive the terminal are left out', () => {
	const {line} = readPaste('\u{1B}]0;title\u{7}a\tb\u{9B}31m\u{0}');
	assert.equal(line, ']0;titlea⇥b31m');
});
