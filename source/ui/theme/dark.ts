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
		'ansi256(78)',
		'ansi256(207)',
		'ansi256(40)',
		'ansi256(141)',
		'ansi256(70)',
		'ansi256(176)',
		'ansi256(220)',
		'ansi256(111)',
		'ansi256(208)',
		'ansi256(45)',
		'ansi256(216)',
		'ansi256(37)',
		'ansi256(218)',
		'ansi256(142)',
		'ansi256(153)',
		'ansi256(174)',
		'ansi256(186)',
		'ansi256(108)',
	],
});
