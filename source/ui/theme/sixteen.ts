/**
 * For 16 colours, by their names: a terminal's palette goes with its ground.
 * Each has a contrast of at least 4.5 : 1 with the palettes of xterm and of VGA
 * (the Linux console), on black and on white. That leaves out black and blue;
 * it also leaves out the bright black that would be grey, so faint is dim. On
 * black no nick is red, the colour of what is wrong; white has too few others.
 */
import {themeOf} from './theme.js';

export const sixteenOnDark = themeOf({
	good: 'green',
	warn: 'yellowBright',
	alarm: 'redBright',
	whisper: 'magentaBright',
	accent: 'cyan',
	faint: {dim: true},
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
	faint: {dim: true},
	hues: ['magenta', 'blueBright', 'red'],
});
