/**
 * The content of an item, before it is laid out in rows: who, what, and the
 * mark of its delivery. A peer's text passes toDisplay() here.
 */
import {assertNever} from '../../errors.js';
import type {Look, Tone} from '../../event/event.js';
import {
	display,
	joinText,
	toDisplay,
	type DisplayText,
} from '../../protocol/display.js';
import {actionPrefix} from '../../protocol/mention.js';
import {layOut} from '../../protocol/pretty.js';
import {textWithCommands} from '../../protocol/foreign/telnet.js';
import {comingsText} from '../../store/comings-words.js';
import {turnedAwayText} from '../../store/notice.js';
import {
	isCall,
	type BotTalk,
	type Chunk,
	type Item,
	type Mark,
	type Message,
	type Rule,
	type Whisper,
} from '../../store/item.js';
import {formatSince, formatTime} from '../text/format.js';
import type {Span} from '../text/row.js';
import {hueOf, type Role, type Style} from '../theme/roles.js';
import {symbols} from '../theme/symbols.js';

export type ItemContent = {
	/** The nick column; without it the text begins there. */
	readonly nick?: Span;
	/** Before the text in its first row; a long name is cut. */
	readonly lead?: {readonly name: Span; readonly after: DisplayText};
	readonly lines: readonly DisplayText[];
	/** Set if somebody said it: the nick to mark in it, if there is one. */
	readonly said?: {readonly mentioned: string | undefined};
	/** Whether a bar marks its rows. */
	readonly isCall?: boolean;
	readonly style: Style;
	/** At the right edge: on one's own messages, and on what has no place yet. */
	readonly mark?: Mark | undefined;
	/** In rows of its own below the text. */
	readonly remark?: Span | undefined;
};

const plainLook: Look = {isPretty: false, isTimed: false, isOpen: false};

/**
 * @param hasColumns Whether there is a nick column.
 * @param look Of chunks.
 */
export const describeItem = (
	item: Exclude<Item, Rule>,
	hasColumns: boolean,
	look: Look = plainLook,
): ItemContent => {
	switch (item.kind) {
		case 'message': {
			return describeMessage(item, hasColumns);
		}

		case 'whisper': {
			return describeWhisper(item);
		}

		case 'bot': {
			return describeBotTalk(item);
		}

		case 'notice': {
			return {lines: linesOf(item.text), style: {role: toneRoles[item.tone]}};
		}

		case 'comings': {
			return {lines: linesOf(comingsText(item)), style: {role: 'faint'}};
		}

		case 'turned-away': {
			const isForeign = Object.keys(item.speaking).length > 0;
			const role = isForeign ? 'warn' : 'faint';
			return {lines: linesOf(turnedAwayText(item)), style: {role}};
		}

		case 'chunk': {
			return describeChunk(item, hasColumns, look);
		}

		default: {
			return assertNever(item);
		}
	}
};

const toneRoles: Readonly<Record<Tone, Role>> = {
	info: 'faint',
	good: 'good',
	warn: 'warn',
	bad: 'alarm',
};

const describeMessage = (item: Message, hasColumns: boolean): ItemContent => {
	const {mark} = item;
	const nick: Span = {
		text: toDisplay(item.from),
		role: mark === undefined ? 'other' : 'own',
		hue: hueOf(item.from),
	};
	const rest = {
		style: item.isUnshared ? ({role: 'faint'} as const) : {},
		said: {mentioned: item.mentioned},
		isCall: isCall(item),
		mark: item.isUnshared ? unsharedMark(item) : mark,
		remark: remarkOf(item),
	};

	if (item.text.startsWith(actionPrefix)) {
		const name = {...nick, text: display`* ${nick.text}`};
		const lines = linesOf(item.text.slice(actionPrefix.length));
		return {...rest, lead: {name, after: display` `}, lines};
	}

	const lines = linesOf(item.text);
	return hasColumns
		? {...rest, nick, lines}
		: {...rest, lead: {name: nick, after: display`: `}, lines};
};

const unsharedMark = ({reason}: Message): Mark =>
	reason === undefined ? 'unshared' : 'failed';

const describeWhisper = (item: Whisper): ItemContent => {
	const isOwn = item.mark !== undefined;
	const from = isOwn ? 'you' : item.from;
	const to = isOwn ? item.to : 'you';
	const text = display`${from} ${symbols.outward} ${to}`;
	return {
		lead: {
			name: {text, role: isOwn ? 'whisper' : 'whisper-in'},
			after: display`: `,
		},
		lines: linesOf(item.text),
		said: {mentioned: undefined},
		isCall: isCall(item),
		style: {},
		mark: item.mark,
		remark: remarkOf(item),
	};
};

const describeBotTalk = (item: BotTalk): ItemContent => {
	const isOut = item.direction === 'out';
	const [from, to] = isOut ? ['you', item.bot] : [item.bot, 'you'];
	return {
		lead: {
			name: {
				text: display`${from} ${symbols.outward} ${to}`,
				role: isOut ? 'whisper' : 'whisper-in',
			},
			after: display`: `,
		},
		lines: linesOf(item.text),
		said: {mentioned: undefined},
		style: item.hasFailed ? {role: 'alarm'} : {},
	};
};

/** Enough to tell peers apart, as all are of this machine. */
const portOf = (peer: string): string => /:\d+$/.exec(peer)?.[0] ?? peer;

const describeChunk = (
	item: Chunk,
	hasColumns: boolean,
	look: Look,
): ItemContent => {
	const {at, bytes, direction, peer, sinceMs} = item;
	const isIn = direction === 'in';
	const arrow = isIn ? symbols.inward : symbols.outward;
	const size: Span = {
		text: display`${arrow} ${bytes.length}`,
		role: isIn ? 'chunk-in' : 'chunk-out',
	};
	const from: Span | undefined =
		peer === undefined
			? undefined
			: {text: toDisplay(hasColumns ? peer : portOf(peer)), role: 'faint'};
	const most = look.isOpen ? maxOpenBytes : maxFoldedBytes;
	const shown = {
		lines: chunkLines(item, most, look.isPretty),
		style: {},
		remark: hiddenBytes(bytes.length - most, look.isOpen),
	};

	if (!hasColumns) {
		const time = look.isTimed
			? display`${formatTime(at)} ${sinceMs === undefined ? '' : `${formatSince(sinceMs)} `}`
			: display``;
		const whose = from === undefined ? [] : [display` `, from.text];
		const name = {...size, text: joinText(time, size.text, ...whose)};
		return {...shown, lead: {name, after: display` `}};
	}

	return from === undefined
		? {...shown, nick: size}
		: {...shown, nick: size, lead: {name: from, after: display` `}};
};

/** Of a longer chunk only so much is shown, unless all of it is wanted. */
const maxFoldedBytes = 4096;

// A read has 64 KiB at most; only a paste is longer.
const maxOpenBytes = 256 * 1024;

/** In a room a tab is shown as spaces; a byte is to be told from four others. */
const tab = '␉';

const chunkLines = (
	{bytes, before = Buffer.alloc(0)}: Chunk,
	most: number,
	isPretty: boolean,
): DisplayText[] => {
	const text = textWithCommands(
		Buffer.concat([before, bytes.subarray(0, most)]),
	);
	const lines = isPretty ? layOut(text) : undefined;
	return (lines ?? text.split(/(?<=\n)/u)).map(line =>
		toDisplay(line.replaceAll('\t', tab)),
	);
};

const hiddenBytes = (hidden: number, isOpen: boolean): Span | undefined => {
	const advice = isOpen ? '' : '; Ctrl-O shows all';
	return hidden > 0
		? {
				text: display`${symbols.ellipsis} ${hidden} B more${advice}`,
				role: 'faint',
			}
		: undefined;
};

const linesOf = (text: string): DisplayText[] =>
	text.split(/\r?\n/u).map(line => toDisplay(line));

const remarkOf = (item: Message | Whisper): Span | undefined => {
	const isUnshared = item.kind === 'message' && item.isUnshared;
	return (item.mark === 'failed' || isUnshared) && item.reason !== undefined
		? {text: toDisplay(item.reason), role: 'alarm'}
		: undefined;
};
