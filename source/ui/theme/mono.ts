/**
 * No colours (NO_COLOR, or a terminal without any): bold stays, and dim for lines.
 */
import {themeOf} from './theme.js';

export const mono = themeOf({
	good: undefined,
	warn: undefined,
	alarm: undefined,
	whisper: undefined,
	accent: undefined,
	faint: {},
	frame: {dim: true},
	hues: [],
});
