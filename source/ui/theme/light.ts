/**
 * For 256 colours and more, on a light ground; as `dark`, on the darkest of the
 * common light grounds, Solarized Light's.
 */
import {themeOf} from './theme.js';

export const light = themeOf({
	good: 'ansi256(22)',
	warn: 'ansi256(94)',
	alarm: 'ansi256(160)',
	whisper: 'ansi256(127)',
	accent: 'ansi256(25)',
	faint: {color: 'ansi256(242)'},
	hues: [
		'ansi256(94)',
		'ansi256(23)',
		'ansi256(127)',
		'ansi256(22)',
		'ansi256(26)',
		'ansi256(58)',
		'ansi256(125)',
		'ansi256(61)',
		'ansi256(91)',
		'ansi256(88)',
		'ansi256(24)',
		'ansi256(162)',
	],
});
