/**
 * At least 7 : 1 (WCAG 2.2, AAA), which leaves fewer colours. With 16 colours
 * it is the terminal's own foreground for everything: nothing is dim.
 */
import {themeOf} from './theme.js';

export const highContrastOnDark = themeOf({
	good: 'ansi256(83)',
	warn: 'ansi256(220)',
	alarm: 'ansi256(217)',
	whisper: 'ansi256(219)',
	accent: 'ansi256(87)',
	faint: {color: 'ansi256(251)'},
	hues: [
		'ansi256(221)',
		'ansi256(45)',
		'ansi256(219)',
		'ansi256(82)',
		'ansi256(153)',
		'ansi256(226)',
		'ansi256(49)',
		'ansi256(148)',
		'ansi256(115)',
		'ansi256(193)',
	],
});

export const highContrastOnLight = themeOf({
	good: 'ansi256(22)',
	warn: 'ansi256(52)',
	alarm: 'ansi256(88)',
	whisper: 'ansi256(90)',
	accent: 'ansi256(20)',
	faint: {color: 'ansi256(239)'},
	hues: [
		'ansi256(88)',
		'ansi256(22)',
		'ansi256(20)',
		'ansi256(90)',
		'ansi256(56)',
		'ansi256(89)',
	],
});

export const highContrastOfSixteen = themeOf({
	good: undefined,
	warn: undefined,
	alarm: undefined,
	whisper: undefined,
	accent: undefined,
	faint: {},
	hues: [],
});
