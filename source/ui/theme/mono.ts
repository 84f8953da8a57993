/**
 * No colours (NO_COLOR, or a terminal without any): bold stays, and dim for lines
 * and for what an empty input says, which would pass for a draft.
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
	placeholder: {dim: true},
	hues: [],
});
