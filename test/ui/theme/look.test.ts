import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test, type TestContext} from 'node:test';
import chalk from 'chalk';
import {renderToString} from 'ink';
import {createElement} from 'react';
import stringWidth from 'string-width';
import {filesBelow, withoutComments} from '../../../docs/imports.js';
import {toDisplay} from '../../../source/protocol/display.js';
import {ShownText} from '../../../source/ui/text/shown-text.js';
import {anyGround} from '../../../source/ui/theme/any-ground.js';
import {type ColorLevel, lookOf} from '../../../source/ui/theme/look.js';
import {hueOf, type Role, type Style} from '../../../source/ui/theme/roles.js';
import {sixteen} from '../../../source/ui/theme/sixteen.js';
import {borders, symbols} from '../../../source/ui/theme/symbols.js';
import {marks} from '../../../source/ui/transcript/item-rows.js';

const ui = new URL('../../../source/ui/', import.meta.url);
const roles = Object.keys(anyGround.roles) as Role[];
const styles: Style[] = [
	...roles.map(role => ({role})),
	...anyGround.hues.flatMap((_color, hue) => [
		{role: 'other', hue} as const,
		{role: 'own', hue} as const,
	]),
];

/** What belongs to a theme alone: Ink's properties, chalk's methods. */
const looks =
	/\b(?:color|backgroundColor|dim|dimColor|bold|italic|underline|inverse|borderColor|borderDimColor|ansi256|(?:black|red|green|yellow|blue|magenta|cyan|white|gr[ae]y)(?:Bright)?)\b|\\u001B\[[\d;]*m/u;

test('theme: no pane and no row names a colour, bold or dim', () => {
	const files = filesBelow(ui).filter(path => !path.startsWith('theme/'));
	assert.ok(files.includes('pane/pane.tsx'), files.join(' '));
	const naming = files.flatMap(path => {
		const code = withoutComments(readFileSync(new URL(path, ui), 'utf8'));
		const found = looks.exec(code);
		return found ? [`${path}: ${found[0]}`] : [];
	});
	assert.deepEqual(naming, []);
});

test('theme: only look.ts reads a theme', () => {
	const reading = filesBelow(ui).filter(path =>
		/from '.*\/(?:any-ground|sixteen)\.js'/u.test(
			readFileSync(new URL(path, ui), 'utf8'),
		),
	);
	assert.deepEqual(reading, ['theme/look.ts']);
});

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
	const colors = styles.flatMap(style => lookOf(style, 2).color ?? []);
	assert.ok(colors.length > anyGround.hues.length);
	for (const color of colors) {
		const onWhite = 1.05 / (luminance(color) + 0.05);
		const onBlack = (luminance(color) + 0.05) / 0.05;
		const contrast = Math.min(onWhite, onBlack);
		assert.ok(contrast >= 3.5, `${color} has ${contrast.toFixed(2)} : 1.`);
	}
});

test('theme: a sender keeps its colour, and senders differ', () => {
	const colorOf = (id: string) =>
		lookOf({role: 'other', hue: hueOf(id)}, 2).color;
	assert.equal(colorOf('0123456789abcdef'), colorOf('0123456789abcdef'));
	const ids = Array.from({length: 500}, (_id, number) =>
		(number * 2_654_435_761).toString(16).padStart(16, '0'),
	);
	const {hues} = anyGround;
	assert.equal(new Set(hues).size, hues.length);
	assert.equal(new Set(ids.map(id => colorOf(id))).size, hues.length);
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
	assert.equal(sixteen.hues.length, anyGround.hues.length);
	const visible = new Set(['31', '32', '33', '35', '36', '37']);
	for (const bright of [91, 92, 93, 94, 95, 96, 97]) {
		visible.add(String(bright));
	}

	const attributes = new Set(['1', '2', '7']);
	for (const style of styles) {
		const shown = JSON.stringify(style);
		const ofLevel = (level: ColorLevel) =>
			sgrOf(t, style, level).filter(code => !attributes.has(code));
		const wanted = lookOf(style, 2).color === undefined ? 0 : 1;

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
	const ofMarks = Object.values(marks).map(({text}) => text);
	assert.equal(new Set(ofMarks).size, 4);
	for (const symbol of [
		...ofMarks,
		...Object.values(symbols),
		...Object.values(borders),
	]) {
		assert.equal(stringWidth(symbol), 1, symbol);
	}
});
