/**
 * Colours and symbols.
 *
 * A colour is a role's name; which colour it is depends on what the terminal
 * has. With 256 colours it is one of the cube that stands at least 3.5 : 1
 * (WCAG 2.2) off black and off white alike, because a terminal doesn't tell
 * which one it is; the tests hold them to it. With 16 it is chosen here, since
 * chalk would map half of the cube's to black and dark blue. No state is told
 * by colour alone.
 */
import {assertNever} from '../errors.js';
import {display, type DisplayText} from '../protocol/display.js';
import type {Mark} from '../store/item.js';
import type {Tone} from '../event/event.js';

/** Each role: its number in the cube, and its name among 16. */
const palette = {
	good: [28, 'green'],
	warn: [130, 'yellow'],
	bad: [196, 'red'],
	whisper: [163, 'magenta'],
	/** What wants to be seen now: new messages below, the prompt. */
	accent: [32, 'cyan'],
	// One hue each, so that neighbours in the list are told apart.
	nick1: [166, 'yellow'],
	nick2: [30, 'cyan'],
	nick3: [133, 'magenta'],
	nick4: [64, 'green'],
	nick5: [63, 'blueBright'],
	nick6: [100, 'yellow'],
	nick7: [162, 'magentaBright'],
	nick8: [28, 'green'],
	nick9: [98, 'blueBright'],
	nick10: [131, 'redBright'],
	nick11: [32, 'cyan'],
} as const;

export type Color = keyof typeof palette;

export const colors = Object.keys(palette) as readonly Color[];

export const nickColors = colors.filter(color => color.startsWith('nick'));

/** How chalk counts: none, 16, 256, 16 million. */
export type ColorLevel = 0 | 1 | 2 | 3;

/** A colour as Ink's <Text> takes it. */
export const inkColor = (color: Color, level: ColorLevel): string => {
	const [number, name] = palette[color];
	return level === 1 ? name : `ansi256(${number})`;
};

export type Style = {
	readonly color?: Color;
	readonly dim?: boolean;
	readonly bold?: boolean;
};

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
	/** Left of a row that goes on with the text above it. */
	margin: display`┆`,
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
export const nickColor = (id: string): Color => {
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
			return {symbol: display`✓`, style: {color: 'good'}};
		}

		case 'failed': {
			return {symbol: display`✗`, style: {color: 'bad', bold: true}};
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
			return {color: 'good'};
		}

		case 'warn': {
			return {color: 'warn'};
		}

		case 'bad': {
			return {color: 'bad'};
		}

		default: {
			return assertNever(tone);
		}
	}
};
