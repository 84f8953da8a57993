/**
 * For 16 colours. They are chosen here, as chalk would map half of the cube to
 * black and dark blue, which can't be read on a dark ground.
 */
import {themeOf} from './theme.js';

export const sixteen = themeOf({
	good: 'green',
	warn: 'yellow',
	alarm: 'red',
	whisper: 'magenta',
	accent: 'cyan',
	hues: [
		'yellow',
		'cyan',
		'magenta',
		'green',
		'blueBright',
		'yellow',
		'magentaBright',
		'green',
		'blueBright',
		'redBright',
		'cyan',
	],
});
