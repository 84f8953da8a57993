/**
 * A theme: a look for each role. The files beside this one are themes, each for
 * a dark or a light ground.
 */
import type {Role} from './roles.js';

export type Look = {
	/** As Ink's <Text> takes it; undefined for the terminal's own colour. */
	readonly color?: string | undefined;
	readonly dim?: boolean;
	readonly bold?: boolean;
	/** These also on a terminal without colours. */
	readonly underline?: boolean;
	readonly inverse?: boolean;
};

export type Theme = {
	readonly roles: Readonly<Record<Role, Look>>;
	/** Colours of nicks, by hue; a theme without colours has none. */
	readonly hues: readonly string[];
};

/** The colours that a theme chooses; the rest of a look is the same for all. */
export type Palette = {
	readonly good: string | undefined;
	readonly warn: string | undefined;
	readonly alarm: string | undefined;
	readonly whisper: string | undefined;
	/** What should be seen now: new messages below, the prompt. */
	readonly accent: string | undefined;
	/** What may be overlooked. */
	readonly faint: {readonly color?: string};
	/**
	 * Lines, if they don't look like what is faint. They may be dim, as they say
	 * nothing: how grey `dim` is depends on the terminal, and the Linux console's
	 * can't be read.
	 */
	readonly frame?: Look;
	/** What may be typed, if it doesn't look like what is faint. */
	readonly placeholder?: Look;
	readonly hues: Theme['hues'];
};

export const themeOf = ({
	good,
	warn,
	alarm,
	whisper,
	accent,
	faint,
	frame = faint,
	placeholder = faint,
	hues,
}: Palette): Theme => ({
	hues,
	roles: {
		own: {bold: true},
		other: {},
		faint,
		good: {color: good},
		warn: {color: warn},
		alarm: {color: alarm},
		whisper: {color: whisper},
		call: {color: accent, bold: true},
		mention: {inverse: true},
		'whisper-in': {color: whisper, inverse: true},
		'pending-mark': faint,
		'stored-mark': {color: good},
		'failed-mark': {color: alarm, bold: true},
		prompt: {color: accent},
		placeholder,
		question: {color: warn},
		unread: {color: accent, bold: true},
		rule: faint,
		hit: {underline: true},
		'current-hit': {inverse: true, bold: true},
		frame,
		title: {},
		sorted: {bold: true},
		'chunk-in': {color: accent},
		'chunk-out': {color: warn},
		'arrow-in': {color: accent, bold: true},
		'arrow-out': {color: warn, bold: true},
		'frame-end': {color: accent, bold: true},
		'control-byte': {color: warn},
		'invalid-byte': {color: alarm},
	},
});
