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
		'ansi256(93)',
		'ansi256(22)',
		'ansi256(128)',
		'ansi256(124)',
		'ansi256(21)',
		'ansi256(94)',
		'ansi256(27)',
		'ansi256(161)',
		'ansi256(57)',
		'ansi256(23)',
		'ansi256(126)',
		'ansi256(25)',
		'ansi256(89)',
		'ansi256(62)',
		'ansi256(96)',
		'ansi256(55)',
	],
});
