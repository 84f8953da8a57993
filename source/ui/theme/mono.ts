/** No colours (NO_COLOR, or a terminal without any): bold and dim stay. */
import {themeOf} from './theme.js';

export const mono = themeOf({
	good: undefined,
	warn: undefined,
	alarm: undefined,
	whisper: undefined,
	accent: undefined,
	faint: {dim: true},
	hues: [],
});
