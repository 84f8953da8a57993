/**
 * The one place where a role becomes colours. Ink leaves all of them out on a
 * terminal without colours (chalk's level 0).
 */
import {anyGround} from './any-ground.js';
import type {Style} from './roles.js';
import {sixteen} from './sixteen.js';
import type {Look, Theme} from './theme.js';

/** As chalk counts: none, 16, 256, 16 million. */
export type ColorLevel = 0 | 1 | 2 | 3;

const themeFor = (level: ColorLevel): Theme =>
	level === 1 ? sixteen : anyGround;

export const lookOf = ({role, hue}: Style, level: ColorLevel): Look => {
	const {roles, hues} = themeFor(level);
	const look = role === undefined ? {} : roles[role];
	return hue === undefined ? look : {...look, color: hues[hue % hues.length]!};
};

/** Whether a style leaves a text as it is. */
export const isPlain = (style: Style, level: ColorLevel): boolean =>
	Object.keys(lookOf(style, level)).length === 0;

/** A style as the properties of Ink's <Text>. */
export const textLook = (style: Style, level: ColorLevel) => {
	const {color, dim = false, bold = false} = lookOf(style, level);
	return {color, dimColor: dim, bold};
};

/**
 * A text with what Ink's <Text> would leave out on a terminal without colours:
 * reverse is the only sign of a mention there.
 */
export const drawnText = (
	text: string,
	style: Style,
	level: ColorLevel,
): string =>
	lookOf(style, level).inverse ? `\u001B[7m${text}\u001B[27m` : text;

/** The line that Ink draws around a box, as its properties. */
export const borderLook = (level: ColorLevel) => {
	const {color, dim = false} = lookOf({role: 'frame'}, level);
	return {borderColor: color, borderDimColor: dim};
};
