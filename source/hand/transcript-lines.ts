/**
 * What is shown in raw mode, as lines of a file: no control characters, no row
 * cut. Each begins with its time, and a line that continues one with a margin
 * mark, so none can pass for another.
 *
 * ```
 * 2026-11-27 14:02:11.204 → 6 PING␍⏎
 * 2026-11-27 14:02:11.206 ← 7 127.0.0.1:40000 +PONG␍⏎
 * 2026-11-27 14:02:14.001 -- The connection has ended.
 * ```
 */
import {Buffer} from 'node:buffer';
import {
	display,
	displayWidth,
	joinText,
	toDisplay,
	type DisplayText,
} from '../protocol/display.js';
import {textWithCommands} from '../protocol/foreign/telnet.js';
import type {Chunk, Item} from '../store/item.js';

const pad = (value: number, digits: number): string =>
	String(value).padStart(digits, '0');

/** By this machine's clock and time zone. */
const formatMoment = (at: number): string => {
	const date = new Date(at);
	const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()];
	const clock = date.toTimeString().slice(0, 8);
	return `${day.map(part => pad(part, 2)).join('-')} ${clock}.${pad(date.getMilliseconds(), 3)}`;
};

const margin = '┆';

const linesFrom = (head: string, lines: readonly string[]): DisplayText => {
	const below = `${' '.repeat(displayWidth(toDisplay(head)) - 2)}${margin} `;
	return joinText(
		...lines.map(
			(line, index) => display`${index === 0 ? head : below}${line}\n`,
		),
	);
};

/** A chunk with its text, which may begin in the chunk before. */
export const chunkLines = (
	{
		at,
		direction,
		peer,
		bytes,
	}: Pick<Chunk, 'at' | 'direction' | 'peer' | 'bytes'>,
	text: string,
): DisplayText => {
	const arrow = direction === 'in' ? '←' : '→';
	const whose = peer === undefined ? '' : ` ${peer}`;
	return linesFrom(
		`${formatMoment(at)} ${arrow} ${bytes.length}${whose} `,
		text.replaceAll('\t', '␉').split(/(?<=\n)/u),
	);
};

export const noticeLines = (at: number, text: string): DisplayText =>
	linesFrom(`${formatMoment(at)} -- `, text.split('\n'));

/** @returns Undefined for what isn't shown in raw mode. */
export const itemLines = (item: Item): DisplayText | undefined => {
	switch (item.kind) {
		case 'chunk': {
			const {before = Buffer.alloc(0), bytes} = item;
			return chunkLines(item, textWithCommands(Buffer.concat([before, bytes])));
		}

		case 'notice': {
			return noticeLines(item.at, item.text);
		}

		case 'rule':
		case 'message':
		case 'whisper':
		case 'bot':
		case 'comings':
		case 'turned-away': {
			return undefined;
		}
	}
};
