import assert from 'node:assert/strict';
import {test} from 'node:test';
import stringWidth from 'string-width';
import {
	borders,
	colors,
	markOf,
	nickColor,
	nickColors,
	symbols,
} from '../../source/ui/theme.js';

/** The relative luminance of a colour of the 6 x 6 x 6 cube (WCAG 2.2). */
const luminance = (color: string): number => {
	const number = Number(/^ansi256\((\d+)\)$/u.exec(color)?.[1]) - 16;
	assert.ok(number >= 0 && number < 216, `${color} is not of the cube.`);
	const levels = [0, 95, 135, 175, 215, 255];
	const [red, green, blue] = [36, 6, 1].map(step => {
		const level = levels[Math.floor(number / step) % 6]! / 255;
		return level <= 0.04045 ? level / 12.92 : ((level + 0.055) / 1.055) ** 2.4;
	});
	return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
};

test('theme: each colour can be read on black and on white', () => {
	for (const color of [...nickColors, ...Object.values(colors)]) {
		const onWhite = 1.05 / (luminance(color) + 0.05);
		const onBlack = (luminance(color) + 0.05) / 0.05;
		const contrast = Math.min(onWhite, onBlack);
		assert.ok(contrast >= 3.5, `${color} has ${contrast.toFixed(2)} : 1.`);
	}
});

test('theme: a sender keeps its colour, and senders differ', () => {
	assert.equal(nickColor('0123456789abcdef'), nickColor('0123456789abcdef'));
	const ids = Array.from({length: 500}, (_id, number) =>
		(number * 2_654_435_761).toString(16).padStart(16, '0'),
	);
	assert.equal(new Set(nickColors).size, nickColors.length);
	assert.equal(new Set(ids.map(id => nickColor(id))).size, nickColors.length);
});

test('theme: each symbol takes one cell', () => {
	const marks = (['queued', 'sent', 'stored', 'failed'] as const).map(
		mark => markOf(mark).symbol,
	);
	assert.equal(new Set(marks).size, 4);
	for (const symbol of [
		...marks,
		...Object.values(symbols),
		...Object.values(borders),
	]) {
		assert.equal(stringWidth(symbol), 1, symbol);
	}
});
