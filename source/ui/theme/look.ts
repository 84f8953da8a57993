/** The one place where a role becomes colours. */
import type {Style} from './roles.js';
import type {Look, Theme} from './theme.js';

export const lookOf = ({role, hue}: Style, {roles, hues}: Theme): Look => {
	const look = role === undefined ? {} : roles[role];
	return hue === undefined || hues.length === 0
		? look
		: {...look, color: hues[hue % hues.length]!};
};

/** Whether a style leaves a text as it is. */
export const isPlain = (style: Style, theme: Theme): boolean =>
	Object.values(lookOf(style, theme)).every(value => !value);

/** A style as the properties of Ink's <Text>. */
export const textLook = (style: Style, theme: Theme) => {
	const {
		color,
		dim = false,
		bold = false,
		underline = false,
		inverse = false,
	} = lookOf(style, theme);
	return {color, dimColor: dim, bold, underline, inverse};
};

/** The line that Ink draws around a box, as its properties. */
export const borderLook = (theme: Theme) => {
	const {color, dim = false} = lookOf({role: 'frame'}, theme);
	return {borderColor: color, borderDimColor: dim};
};
