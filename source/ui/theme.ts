/**
 * Colours and symbols.
 *
 * Each colour is of the 256-colour cube and stands at least 3.5 : 1 (WCAG 2.2)
 * off black and off white alike, because a terminal doesn't tell which one it
 * is; the tests hold them to it. Chalk maps them down where there are 16
 * colours. It looks at FORCE_COLOR but not at NO_COLOR, so the front end has to
 * translate that one before it loads Ink. No state is told by colour alone.
 */
import {assertNever} from '../errors.js';
import {display, type DisplayText} from '../protocol/display.js';
import type {Mark} from '../store/item.js';
import type {Tone} from '../event/event.js';

export type Style = {
	readonly color?: string;
	readonly dim?: boolean;
	readonly bold?: boolean;
};

export const colors = {
	good: 'ansi256(28)',
	warn: 'ansi256(130)',
	bad: 'ansi256(196)',
	whisper: 'ansi256(163)',
	/** What wants to be seen now: new messages below, the prompt. */
	accent: 'ansi256(32)',
} as const;

/** One hue each, so that neighbours in the list are told apart. */
export const nickColors = [
	'ansi256(166)',
	'ansi256(30)',
	'ansi256(133)',
	'ansi256(64)',
	'ansi256(63)',
	'ansi256(100)',
	'ansi256(162)',
	'ansi256(28)',
	'ansi256(98)',
	'ansi256(131)',
	'ansi256(32)',
] as const;

/** One cell each, and none of them an emoji. */
export const symbols = {
	/** Was read from the system. */
	solid: display`●`,
	/** Can only be inferred. */
	hollow: display`○`,
	ellipsis: display`…`,
	inward: display`←`,
	outward: display`→`,
	below: display`↓`,
	prompt: display`›`,
} as const;

export const borders = {
	horizontal: display`─`,
	vertical: display`│`,
	topLeft: display`╭`,
	topRight: display`╮`,
	bottomLeft: display`╰`,
	bottomRight: display`╯`,
} as const;

/** Ink's name for the same lines. */
export const borderStyle = 'round';

/** The colour of a member, by its public id: it outlives a rename. */
export const nickColor = (id: string): string => {
	// FNV-1a: ids are hashes already, but a plain peer's may be any string.
	let hash = 0x81_1c_9d_c5;
	for (let index = 0; index < id.length; index++) {
		hash = Math.imul(hash ^ id.charCodeAt(index), 0x01_00_01_93);
	}

	return nickColors[(hash >>> 0) % nickColors.length]!;
};

/** The symbol of a mark, one cell, and how it is drawn. */
export const markOf = (mark: Mark): {symbol: DisplayText; style: Style} => {
	switch (mark) {
		case 'queued': {
			return {symbol: display`·`, style: {dim: true}};
		}

		case 'sent': {
			return {symbol: display`↑`, style: {dim: true}};
		}

		case 'stored': {
			return {symbol: display`✓`, style: {color: colors.good}};
		}

		case 'failed': {
			return {symbol: display`✗`, style: {color: colors.bad, bold: true}};
		}

		default: {
			return assertNever(mark);
		}
	}
};

export const toneStyle = (tone: Tone): Style => {
	switch (tone) {
		case 'info': {
			return {dim: true};
		}

		case 'good': {
			return {color: colors.good};
		}

		case 'warn': {
			return {color: colors.warn};
		}

		case 'bad': {
			return {color: colors.bad};
		}

		default: {
			return assertNever(tone);
		}
	}
};
