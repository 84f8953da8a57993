/**
 * A theme: a look for each role. The files beside this one are themes.
 */
import type {Role} from './roles.js';

export type Look = {
	/** As Ink's <Text> takes it. */
	readonly color?: string;
	readonly dim?: boolean;
	readonly bold?: boolean;
	/** Also on a terminal without colours. */
	readonly inverse?: boolean;
};

export type Theme = {
	readonly roles: Readonly<Record<Role, Look>>;
	/** Colours of nicks, by hue: neighbours in a list should differ. */
	readonly hues: readonly [string, ...string[]];
};

/** The colours that a theme chooses; the rest of a look is the same for all. */
export type Palette = {
	readonly good: string;
	readonly warn: string;
	readonly alarm: string;
	readonly whisper: string;
	/** What should be seen now: new messages below, the prompt. */
	readonly accent: string;
	readonly hues: Theme['hues'];
};

export const themeOf = ({
	good,
	warn,
	alarm,
	whisper,
	accent,
	hues,
}: Palette): Theme => ({
	hues,
	roles: {
		own: {bold: true},
		other: {},
		faint: {dim: true},
		good: {color: good},
		warn: {color: warn},
		alarm: {color: alarm},
		whisper: {color: whisper},
		call: {color: accent, bold: true},
		mention: {inverse: true},
		'whisper-in': {color: whisper, inverse: true},
		'pending-mark': {dim: true},
		'stored-mark': {color: good},
		'failed-mark': {color: alarm, bold: true},
		prompt: {color: accent},
		question: {color: warn},
		unread: {color: accent, bold: true},
		frame: {dim: true},
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
