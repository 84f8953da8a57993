/**
 * For 256 colours and more: each is one of the 6 × 6 × 6 cube with a contrast
 * of at least 3.5 : 1 (WCAG 2.2) on black and on white alike, because a
 * terminal doesn't say which of them it is. Tests hold the theme to it.
 */
import {themeOf} from './theme.js';

export const anyGround = themeOf({
	good: 'ansi256(28)',
	warn: 'ansi256(130)',
	alarm: 'ansi256(196)',
	whisper: 'ansi256(163)',
	accent: 'ansi256(32)',
	hues: [
		'ansi256(166)',
		'ansi256(30)',
		'ansi256(133)',
		'ansi256(64)',
		'ansi256(63)',
		'ansi256(100)',
		'ansi256(162)',
		'ansi256(28)',
		'ansi256(98)',
		'ansi256(131)',
		'ansi256(32)',
	],
});
