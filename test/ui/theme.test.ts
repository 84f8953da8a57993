import assert from 'node:assert/strict';
import {test, type TestContext} from 'node:test';
import chalk from 'chalk';
import {renderToString} from 'ink';
import {createElement} from 'react';
import stringWidth from 'string-width';
import {toDisplay} from '../../source/protocol/display.js';
import {ShownText} from '../../source/ui/text/shown-text.js';
import {
	borders,
	colors,
	inkColor,
	markOf,
	nickColor,
	nickColors,
	symbols,
	toneStyle,
	type ColorLevel,
	type Style,
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
	for (const color of colors.map(name => inkColor(name, 2))) {
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
	const drawn = nickColors.map(name => inkColor(name, 2));
	assert.equal(new Set(drawn).size, nickColors.length);
	assert.equal(new Set(ids.map(id => nickColor(id))).size, nickColors.length);
});

/** The SGR codes that a style is drawn with, without those that end it. */
const sgrOf = (t: TestContext, style: Style, level: ColorLevel): string[] => {
	const before = chalk.level;
	t.after(() => {
		chalk.level = before;
	});
	chalk.level = level;
	const drawn = renderToString(
		createElement(ShownText, {...style, text: toDisplay('x')}),
	);
	const opening = drawn.slice(0, drawn.indexOf('x'));
	return [...opening.matchAll(/\u{1B}\[(?<code>[\d;]*)m/gu)].map(
		({groups}) => groups!['code']!,
	);
};

test('theme: no style is black or dark blue where there are 16 colours', t => {
	const visible = new Set(['31', '32', '33', '35', '36', '37']);
	for (const bright of [91, 92, 93, 94, 95, 96, 97]) {
		visible.add(String(bright));
	}

	const attributes = new Set(['1', '2']);
	const styles: Style[] = [
		...colors.map(color => ({color})),
		...(['queued', 'sent', 'stored', 'failed'] as const).map(
			mark => markOf(mark).style,
		),
		...(['info', 'good', 'warn', 'bad'] as const).map(tone => toneStyle(tone)),
	];
	for (const style of styles) {
		const shown = JSON.stringify(style);
		const ofLevel = (level: ColorLevel) =>
			sgrOf(t, style, level).filter(code => !attributes.has(code));
		const wanted = style.color === undefined ? 0 : 1;

		assert.deepEqual(ofLevel(0), [], shown);
		const few = ofLevel(1);
		assert.equal(few.length, wanted, shown);
		assert.ok(
			few.every(code => visible.has(code)),
			`${shown} is SGR ${few.join(' ')}`,
		);
		for (const level of [2, 3] as const) {
			const many = ofLevel(level);
			assert.equal(many.length, wanted, shown);
			assert.ok(
				many.every(code => /^38;5;\d+$/.test(code)),
				shown,
			);
		}
	}
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
