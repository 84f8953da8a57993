/**
 * For 256 colours and more, on a dark ground: each is one of the 6 × 6 × 6 cube
 * or of the greys, which terminals leave alone, with a contrast of at least
 * 4.5 : 1 (WCAG 2.2) on the lightest of the common dark grounds, Nord's.
 */
import {themeOf} from './theme.js';

export const dark = themeOf({
	good: 'ansi256(77)',
	warn: 'ansi256(214)',
	alarm: 'ansi256(210)',
	whisper: 'ansi256(213)',
	accent: 'ansi256(81)',
	faint: {color: 'ansi256(247)'},
	hues: [
		'ansi256(209)',
		'ansi256(37)',
		'ansi256(176)',
		'ansi256(113)',
		'ansi256(75)',
		'ansi256(178)',
		'ansi256(212)',
		'ansi256(79)',
		'ansi256(141)',
		'ansi256(174)',
		'ansi256(81)',
		'ansi256(185)',
	],
});
