import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import stringWidth from 'string-width';
import {toDisplay} from '../../../source/protocol/display.js';
import {cutTo, graphemeCells} from '../../../source/ui/text/cells.js';

test('cells: each character of the basic plane counts as Ink counts it', () => {
	for (let code = 0x20; code <= 0xff_ff; code++) {
		const character = String.fromCodePoint(code);
		const cells = graphemeCells(character);
		if (cells !== stringWidth(character)) {
			assert.fail(`U+${code.toString(16)} counts as ${cells}.`);
		}
	}
});

test('cells: a cut text fits, and a text that fits is not cut', () => {
	fc.assert(
		fc.property(
			fc.string({unit: 'grapheme'}),
			fc.integer({min: 1, max: 30}),
			(foreign, cells) => {
				const text = toDisplay(foreign);
				const cut = cutTo(text, cells);
				assert.ok(stringWidth(cut) <= cells);
				if (stringWidth(text) <= cells) {
					assert.equal(cut, text);
				} else {
					assert.ok(cut.endsWith('…') && text.startsWith(cut.slice(0, -1)));
				}
			},
		),
	);
});

test('cells: a wide character is cut whole', () => {
	assert.equal(cutTo(toDisplay('你好世界'), 6), '你好…');
});
