/** Which theme fits what is asked for, the terminal's colours and its ground. */
import type {ThemeName} from '../../options/options.js';
import {dark} from './dark.js';
import type {Ground} from './ground.js';
import {
	highContrastOfSixteen,
	highContrastOnDark,
	highContrastOnLight,
} from './high-contrast.js';
import {light} from './light.js';
import {mono} from './mono.js';
import {sixteenOnDark, sixteenOnLight} from './sixteen.js';
import type {Theme} from './theme.js';

/** As chalk counts: none, 16, 256, 16 million. */
export type ColorLevel = 0 | 1 | 2 | 3;

/** A theme for each ground; the same one twice if the ground doesn't matter. */
export type ThemePair = Readonly<Record<Ground, Theme>>;

const always = (theme: Theme): ThemePair => ({dark: theme, light: theme});

const plain: ThemePair = {dark, light};
const ofSixteen: ThemePair = {dark: sixteenOnDark, light: sixteenOnLight};

/**
 * @param level What the terminal can show. One that is said to show no colours
 * gets 16 if colours are asked for by name.
 */
export const chooseThemes = (name: ThemeName, level: ColorLevel): ThemePair => {
	const fitting = level < 2 ? ofSixteen : plain;
	switch (name) {
		case 'auto': {
			return level === 0 ? always(mono) : fitting;
		}

		case 'dark':
		case 'light': {
			return always(fitting[name]);
		}

		case 'high-contrast': {
			return level < 2
				? always(highContrastOfSixteen)
				: {dark: highContrastOnDark, light: highContrastOnLight};
		}

		case '16': {
			return ofSixteen;
		}

		case 'mono': {
			return always(mono);
		}
	}
};
