/** Whether there is a screen, and its theme. */
import {themeNames} from './choices.js';
import type {Output, ThemeName} from './options.js';
import type {Reader} from './reader.js';
import type {Variables} from './settings.js';

export type Terminal = {
	/** Whether both stdin and stdout are terminals. */
	readonly isTerminal: boolean;
	/** Environment variables: settings, and where the user's folders are. */
	readonly env: Variables;
};

/** Ink's own variable, for its own kind of screen, which a room doesn't need. */
export const isForScreenReader = ({env}: Pick<Terminal, 'env'>): boolean =>
	env['INK_SCREEN_READER'] === 'true' || env['INK_SCREEN_READER'] === '1';

/** A terminal whose cursor can't be moved gets nothing but lines. */
export const canMoveCursor = ({isTerminal, env}: Terminal): boolean =>
	isTerminal && env['TERM'] !== 'dumb';

export const readOutput = (reader: Reader, environment: Terminal): Output => {
	if (reader.has('json')) {
		return 'json';
	}

	const isPlain = (
		[
			'plain',
			'quiet',
			'message',
			'input',
			'waitFor',
			'waitForMention',
			'probe',
			'send',
			'sendHex',
			'sendFile',
			'expect',
		] as const
	).some(name => reader.has(name));
	return isPlain ||
		!canMoveCursor(environment) ||
		isForScreenReader(environment)
		? 'plain'
		: 'screen';
};

/** A theme that was typed beats NO_COLOR, as no-color.org has it. */
export const readTheme = (reader: Reader, env: Variables): ThemeName => {
	const asked = reader.choice('theme', themeNames) ?? 'auto';
	const isColoured =
		!reader.has('noColor') && (!env['NO_COLOR'] || reader.isTyped('theme'));
	return isColoured ? asked : 'mono';
};
