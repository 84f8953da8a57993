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
import {chooseThemes} from '../../../source/ui/theme/choose.js';
import {dark} from '../../../source/ui/theme/dark.js';
import {
	highContrastOfSixteen,
	highContrastOnDark,
	highContrastOnLight,
} from '../../../source/ui/theme/high-contrast.js';
import {light} from '../../../source/ui/theme/light.js';
import {lookOf} from '../../../source/ui/theme/look.js';
import {mono} from '../../../source/ui/theme/mono.js';
import type {Role, Style} from '../../../source/ui/theme/roles.js';
import {
	sixteenOnDark,
	sixteenOnLight,
} from '../../../source/ui/theme/sixteen.js';
import type {Theme} from '../../../source/ui/theme/theme.js';
import {ThemeContext} from '../../../source/ui/theme/use-theme.js';
import {borders, symbols} from '../../../source/ui/theme/symbols.js';
import {marks} from '../../../source/ui/transcript/item-rows.js';

const ui = new URL('../../../source/ui/', import.meta.url);
const roles = Object.keys(dark.roles) as Role[];

/** All that a theme can draw. */
const stylesOf = ({hues}: Theme): Style[] => [
	...roles.map(role => ({role})),
	...hues.flatMap((_color, hue) => [
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

test('theme: only choose.ts knows the themes', () => {
	const reading = filesBelow(ui).filter(path =>
		/from '.*\/(?:light|high-contrast|sixteen|mono)\.js'/u.test(
			readFileSync(new URL(path, ui), 'utf8'),
		),
	);
	assert.deepEqual(reading, ['theme/choose.ts']);
});

type Colour = readonly [number, number, number];

const ofHex = (hex: string): Colour => {
	const [red, green, blue] = [1, 3, 5].map(at =>
		Number.parseInt(hex.slice(at, at + 2), 16),
	);
	return [red!, green!, blue!];
};

const toLinear = (channel: number): number => {
	const level = channel / 255;
	return level <= 0.04045 ? level / 12.92 : ((level + 0.055) / 1.055) ** 2.4;
};

/** The relative luminance (WCAG 2.2). */
const luminance = (colour: Colour): number => {
	const [red, green, blue] = colour.map(channel => toLinear(channel));
	return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
};

const contrast = (one: Colour, other: Colour): number => {
	const [less, more] = [luminance(one), luminance(other)].toSorted(
		(a, b) => a - b,
	);
	return (more! + 0.05) / (less! + 0.05);
};

/** Of the 6 x 6 x 6 cube, or of the greys: those that no terminal redefines. */
const ofCube = (color: string): Colour => {
	const number = Number(/^ansi256\((\d+)\)$/u.exec(color)?.[1]);
	assert.ok(number >= 16 && number < 256, `${color} may be redefined.`);
	if (number >= 232) {
		const grey = 8 + 10 * (number - 232);
		return [grey, grey, grey];
	}

	const levels = [0, 95, 135, 175, 215, 255];
	const [red, green, blue] = [36, 6, 1].map(
		step => levels[Math.floor((number - 16) / step) % 6],
	);
	return [red!, green!, blue!];
};

const darkGrounds = {
	black: '#000000',
	'VS Code': '#1e1e1e',
	Dracula: '#282a36',
	Nord: '#2e3440',
	'Solarized Dark': '#002b36',
};
const lightGrounds = {
	white: '#ffffff',
	'Solarized Light': '#fdf6e3',
	'One Light': '#fafafa',
};

// The colours 1 to 15 of XTerm-col.ad, and of the kernel's drivers/tty/vt/vt.c.
const names =
	'red green yellow blue magenta cyan white blackBright redBright greenBright yellowBright blueBright magentaBright cyanBright whiteBright'.split(
		' ',
	);
const palettes = {
	xterm:
		'#cd0000 #00cd00 #cdcd00 #0000ee #cd00cd #00cdcd #e5e5e5 #7f7f7f #ff0000 #00ff00 #ffff00 #5c5cff #ff00ff #00ffff #ffffff',
	VGA: '#aa0000 #00aa00 #aa5500 #0000aa #aa00aa #00aaaa #aaaaaa #555555 #ff5555 #55ff55 #ffff55 #5555ff #ff55ff #55ffff #ffffff',
};

const themes = [
	dark,
	light,
	highContrastOnDark,
	highContrastOnLight,
	highContrastOfSixteen,
	sixteenOnDark,
	sixteenOnLight,
	mono,
];

const assertContrast = (
	theme: Theme,
	grounds: Readonly<Record<string, string>>,
	least: number,
	toColour = ofCube,
) => {
	for (const style of stylesOf(theme)) {
		const {color} = lookOf(style, theme);
		// One's own colour on one's own ground is what the terminal was set to.
		if (color === undefined) {
			continue;
		}

		for (const [name, ground] of Object.entries(grounds)) {
			const found = contrast(toColour(color), ofHex(ground));
			assert.ok(
				found >= least,
				`${JSON.stringify(style)}, ${color}, has ${found.toFixed(2)} : 1 on ${name}.`,
			);
		}
	}
};

test('theme: each colour can be read on its grounds, at 4.5 : 1', () => {
	assertContrast(dark, darkGrounds, 4.5);
	assertContrast(light, lightGrounds, 4.5);
});

test('theme: high contrast is 7 : 1', () => {
	assertContrast(highContrastOnDark, darkGrounds, 7);
	assertContrast(highContrastOnLight, lightGrounds, 7);
});

test('theme: each of 16 colours can be read in the palettes of xterm and VGA', () => {
	for (const palette of Object.values(palettes)) {
		const colours = palette.split(' ');
		const toColour = (color: string): Colour => {
			const index = names.indexOf(color);
			assert.notEqual(index, -1, color);
			return ofHex(colours[index]!);
		};

		assertContrast(sixteenOnDark, {black: '#000000'}, 4.5, toColour);
		assertContrast(sixteenOnLight, {white: '#ffffff'}, 4.5, toColour);
	}
});

test('theme: without colours, what an empty input says is told from a draft', t => {
	assert.deepEqual(sgrOf(t, {role: 'placeholder'}, mono, 1), ['2']);
	for (const theme of [dark, light, highContrastOnDark, highContrastOnLight]) {
		assert.equal(
			lookOf({role: 'placeholder'}, theme),
			lookOf({role: 'faint'}, theme),
		);
	}
});

test('theme: dim is no more than lines and a placeholder, as it can be too faint to read', () => {
	// The Linux console shows it as bright black.
	const grey = ofHex(palettes.VGA.split(' ')[names.indexOf('blackBright')]!);
	assert.ok(contrast(grey, ofHex('#000000')) < 4.5);
	for (const theme of themes) {
		for (const style of stylesOf(theme)) {
			const {dim = false} = lookOf(style, theme);
			const mayBeDim =
				style.role === 'frame' ||
				(theme === mono && style.role === 'placeholder');
			assert.ok(!dim || mayBeDim, JSON.stringify(style));
		}
	}
});

test('theme: nothing is dim where a grey can be named', () => {
	for (const theme of [
		dark,
		light,
		highContrastOnDark,
		highContrastOnLight,
		highContrastOfSixteen,
	]) {
		for (const style of stylesOf(theme)) {
			assert.ok(!lookOf(style, theme).dim, JSON.stringify(style));
		}
	}
});

/** In OKLab; lightness counts for less, as it tells thin glyphs apart badly. */
const distance = (one: Colour, other: Colour): number => {
	const [a, b] = [one, other].map(colour => {
		const [red, green, blue] = colour.map(channel => toLinear(channel));
		const [long, medium, short] = [
			[0.4122214708, 0.5363325363, 0.0514459929],
			[0.2119034982, 0.6806995451, 0.1073969566],
			[0.0883024619, 0.2817188376, 0.6299787005],
		].map(([r, g, last]) => Math.cbrt(r! * red! + g! * green! + last! * blue!));
		return [
			0.6 *
				(0.2104542553 * long! + 0.793617785 * medium! - 0.0040720468 * short!),
			1.9779984951 * long! - 2.428592205 * medium! + 0.4505937099 * short!,
			0.0259040371 * long! + 0.7827717662 * medium! - 0.808675766 * short!,
		];
	});
	return Math.hypot(...a!.map((value, index) => value - b![index]!));
};

test('theme: the current hit differs from the others without its colour', () => {
	for (const theme of themes) {
		const [current, other, mention] = (
			['current-hit', 'hit', 'mention'] as const
		).map(role => ({...lookOf({role}, theme), color: undefined}));
		assert.notDeepEqual(current, other);
		assert.notDeepEqual(other, mention);
		assert.notDeepEqual(other, {color: undefined});
	}
});

test('theme: two hues of a theme can be told apart', () => {
	for (const [{hues}, least] of [
		[dark, 0.08],
		[light, 0.07],
		[highContrastOnDark, 0.08],
		[highContrastOnLight, 0.06],
	] as const) {
		for (const [index, hue] of hues.entries()) {
			for (const other of hues.slice(0, index)) {
				const found = distance(ofCube(hue), ofCube(other));
				assert.ok(found >= least, `${hue}, ${other}: ${found.toFixed(3)}`);
			}
		}
	}
});

test('theme: no two hues of a theme are the same', () => {
	for (const {hues} of [
		dark,
		light,
		highContrastOnDark,
		highContrastOnLight,
		sixteenOnDark,
		sixteenOnLight,
	]) {
		assert.equal(new Set(hues).size, hues.length);
	}
});

test('theme: each name, number of colours and ground has its theme', () => {
	const ofSixteen = {dark: sixteenOnDark, light: sixteenOnLight};
	const none = {dark: mono, light: mono};
	const high = {dark: highContrastOnDark, light: highContrastOnLight};
	const highOfSixteen = {
		dark: highContrastOfSixteen,
		light: highContrastOfSixteen,
	};
	for (const [name, ...pairs] of [
		['auto', none, ofSixteen, {dark, light}],
		[
			'dark',
			{dark: sixteenOnDark, light: sixteenOnDark},
			{dark: sixteenOnDark, light: sixteenOnDark},
			{dark, light: dark},
		],
		[
			'light',
			{dark: sixteenOnLight, light: sixteenOnLight},
			{dark: sixteenOnLight, light: sixteenOnLight},
			{dark: light, light},
		],
		['high-contrast', highOfSixteen, highOfSixteen, high],
		['16', ofSixteen, ofSixteen, ofSixteen],
		['mono', none, none, none],
	] as const) {
		for (const [level, pair] of pairs.entries()) {
			const chosen = chooseThemes(name, level as 0 | 1 | 2);
			assert.equal(chosen.dark, pair.dark, `${name}, level ${level}`);
			assert.equal(chosen.light, pair.light, `${name}, level ${level}`);
		}

		assert.equal(chooseThemes(name, 3).dark, pairs[2].dark);
	}
});

/** The SGR codes that a style is drawn with, without those that end it. */
const sgrOf = (
	t: TestContext,
	style: Style,
	theme: Theme,
	level: 1 | 2 | 3,
): string[] => {
	const before = chalk.level;
	t.after(() => {
		chalk.level = before;
	});
	chalk.level = level;
	const text = createElement(ShownText, {...style, text: toDisplay('x')});
	const drawn = renderToString(
		createElement(ThemeContext, {value: theme}, text),
	);
	const opening = drawn.slice(0, drawn.indexOf('x'));
	return [...opening.matchAll(/\u{1B}\[(?<code>[\d;]*)m/gu)].map(
		({groups}) => groups!['code']!,
	);
};

test('theme: no style is black or dark blue where there are 16 colours', t => {
	const visible = new Set([
		'1',
		'2',
		'4',
		'7',
		'31',
		'32',
		'33',
		'35',
		'36',
		'37',
	]);
	for (const bright of [91, 92, 93, 94, 95, 96, 97]) {
		visible.add(String(bright));
	}

	for (const theme of [sixteenOnDark, sixteenOnLight, highContrastOfSixteen]) {
		for (const style of stylesOf(theme)) {
			const codes = sgrOf(t, style, theme, 1);
			assert.ok(
				codes.every(code => visible.has(code)),
				`${JSON.stringify(style)} is SGR ${codes.join(' ')}`,
			);
		}
	}
});

test('theme: 256 colours are sent as they are, also where there are more', t => {
	for (const level of [2, 3] as const) {
		assert.deepEqual(sgrOf(t, {role: 'faint'}, dark, level), ['38;5;247']);
		const [color] = light.hues;
		assert.deepEqual(sgrOf(t, {role: 'own', hue: 0}, light, level), [
			'1',
			`38;5;${/\((\d+)\)/.exec(color!)![1]}`,
		]);
	}
});

test('theme: mono has bold, dim, underline and reverse, and nothing else', t => {
	const all = new Set(
		[...stylesOf(mono), {role: 'own', hue: 3} as const].flatMap(style =>
			sgrOf(t, style, mono, 1),
		),
	);
	assert.deepEqual([...all].toSorted(), ['1', '2', '4', '7']);
});

test('theme: each symbol takes one cell', () => {
	const ofMarks = Object.values(marks).map(({text}) => text);
	assert.equal(new Set(ofMarks).size, 5);
	for (const symbol of [
		...ofMarks,
		...Object.values(symbols),
		...Object.values(borders),
	]) {
		assert.equal(stringWidth(symbol), 1, symbol);
	}
});
