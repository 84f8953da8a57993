/**
 * For 16 colours, by their names: a terminal's palette goes with its ground.
 * Each has a contrast of at least 4.5 : 1 with the palettes of xterm and of VGA
 * (the Linux console), on black and on white. That leaves out black and blue;
 * it also leaves out the bright black that would be grey, and dim, which is that
 * on the Linux console: what is faint is not, except for lines. On black no nick
 * is red, the colour of what is wrong; white has too few others.
 */
import {themeOf} from './theme.js';

export const sixteenOnDark = themeOf({
	good: 'green',
	warn: 'yellowBright',
	alarm: 'redBright',
	whisper: 'magentaBright',
	accent: 'cyan',
	faint: {},
	frame: {dim: true},
	hues: [
		'yellowBright',
		'cyan',
		'magentaBright',
		'green',
		'cyanBright',
		'greenBright',
	],
});

// Green, yellow and cyan can't be read on white.
export const sixteenOnLight = themeOf({
	good: 'blueBright',
	warn: 'magenta',
	alarm: 'red',
	whisper: 'magenta',
	accent: 'blueBright',
	faint: {},
	frame: {dim: true},
	hues: ['magenta', 'blueBright', 'red'],
});
