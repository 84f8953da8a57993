/**
 * A chunk of the wire as rows: a head that describes it, then its bytes as hex
 * and as text, side by side.
 *
 * A ┊ follows each LF, where a frame ends. Every byte has its own cell of text.
 * A character of several bytes is shown once, in as many of their cells as it
 * is wide, with a dot in each cell left. This always fits: in UTF-8 (RFC 3629),
 * wide characters have at least three bytes.
 */
import {Buffer} from 'node:buffer';
import {display, toDisplay} from '../../protocol/display.js';
import type {WireChunk} from '../../event/event.js';
import {blanks, createMeasure, cutTo} from '../text/cells.js';
import {formatTime} from '../text/format.js';
import {cellsOfSpans, createRow, type Row, type Span} from '../text/row.js';
import type {Style} from '../theme/roles.js';
import {symbols} from '../theme/symbols.js';
import {wrapText} from '../text/wrap.js';

/** What can't be known from a chunk alone, only from its stream. */
export type HexContext = {
	/** The parts of frames in it: '2 frames', 'start of a frame'. */
	readonly frames: readonly string[];
	/** The last bytes before it, 3 at most; empty if they aren't known. */
	readonly tail: Uint8Array;
};

/** How many rows a chunk has, without making those of its bytes. */
export const countHexRows = (
	chunk: WireChunk,
	context: HexContext,
	width: number,
): number =>
	headRows(chunk, context, width).length +
	Math.ceil(chunk.bytes.length / bytesPerRow(width)) +
	(chunk.length > chunk.bytes.length ? 1 : 0);

/**
 * A chunk's rows, or those from `start` to before `end`.
 *
 * @param width In cells, at least 15; no row is wider.
 */
export const hexRows = (
	chunk: WireChunk,
	context: HexContext,
	width: number,
	{start = 0, end = Infinity} = {},
): readonly Row[] => {
	const {bytes, length} = chunk;
	const heads = headRows(chunk, context, width);
	const rows = heads.slice(start, end);
	const perRow = bytesPerRow(width);
	const textSpans = createTextColumn(bytes, context.tail, perRow);
	const count = Math.min(end, countHexRows(chunk, context, width));
	for (let line = start + rows.length; line < count; line++) {
		const offset = (line - heads.length) * perRow;
		const lost = display`${symbols.ellipsis} ${length - bytes.length} B not kept`;
		const spans =
			offset < bytes.length
				? [
						{text: display`${hexOf(offset, offsetDigits)}  `, ...faint},
						...hexSpans(bytes, offset, perRow),
						...textSpans(offset),
					]
				: [{text: cutTo(lost, width), ...faint}];
		rows.push(createRow(spans));
	}

	return rows;
};

/** From this width on, the facts begin next to the time. */
const besideColumns = 32;

/** 14:02:11.204 → otter · 27 bytes · 2 frames + start of a frame */
const headRows = (
	{at, direction, peer, length, frame}: WireChunk,
	{frames}: HexContext,
	width: number,
): Row[] => {
	const isIn = direction === 'in';
	const arrow = isIn ? symbols.inward : symbols.outward;
	const lead: Span[] = [
		{text: display`${formatTime(at)} `, ...faint},
		{
			text: display`${arrow} `,
			role: isIn ? 'arrow-in' : 'arrow-out',
		},
	];
	const size = `${length} ${length === 1 ? 'byte' : 'bytes'}`;
	const facts = [peer, frame, size, frames.join(' + ')].filter(Boolean);
	const free = width < besideColumns ? 0 : width - cellsOfSpans(lead);
	return wrapText(toDisplay(facts.join(' · ')), width, free).map(
		(text, index) => createRow(index === 0 ? [...lead, {text}] : [{text}]),
	);
};

const offsetDigits = 4;
const groupBytes = 4;

/** A full row: two digits, a gap and a cell of text for each byte. */
const cellsOfRow = (bytes: number): number =>
	offsetDigits + 2 + 4 * bytes + Math.ceil(bytes / groupBytes);

const bytesPerRow = (width: number): number =>
	[16, 8, 4].find(bytes => cellsOfRow(bytes) <= width) ?? 2;

const lineFeed = 0x0a;
const faint: Style = {role: 'faint'};
const frameEnd: Style = {role: 'frame-end'};

const hexOf = (value: number, digits: number): string =>
	value.toString(16).padStart(digits, '0');

/** The hex of one row, padded to the width of a full one. */
const hexSpans = (
	bytes: Uint8Array,
	offset: number,
	perRow: number,
): Span[] => {
	const spans: Span[] = [];
	for (let column = 0; column < perRow; column++) {
		const byte = bytes[offset + column];
		if (byte === undefined) {
			spans.push({text: blanks(3)});
		} else if (byte === lineFeed) {
			spans.push({text: display`0a┊`, ...frameEnd});
		} else {
			spans.push({text: display`${hexOf(byte, 2)} `});
		}

		if (column % groupBytes === groupBytes - 1 || column === perRow - 1) {
			spans.push({text: blanks(1)});
		}
	}

	return spans;
};

/**
 * What a stream consists of, with one code unit per byte: printable ASCII; a
 * whole character (RFC 3629, section 4); part of one, at either end of the
 * known bytes; any other byte.
 */
const units = new RegExp(
	[
		String.raw`(?<printable>[\u0020-\u007E]+)`,
		String.raw`(?<whole>[\u00C2-\u00DF][\u0080-\u00BF]|(?:\u00E0[\u00A0-\u00BF]|[\u00E1-\u00EC\u00EE\u00EF][\u0080-\u00BF]|\u00ED[\u0080-\u009F]|\u00F0[\u0090-\u00BF][\u0080-\u00BF]|[\u00F1-\u00F3][\u0080-\u00BF]{2}|\u00F4[\u0080-\u008F][\u0080-\u00BF])[\u0080-\u00BF])`,
		String.raw`(?<part>^[\u0080-\u00BF]{1,3}|[\u00C2-\u00F4][\u0080-\u00BF]{0,2}$)`,
		'.',
	].join('|'),
	'gs',
);

/** Makes a function from the offset of a row to its text. */
const createTextColumn = (
	bytes: Uint8Array,
	tail: Uint8Array,
	perRow: number,
): ((offset: number) => Span[]) => {
	const measure = createMeasure();

	/** The cells from `from` to before `to` of one character. */
	const characterSpans = (
		sequence: string,
		start: number,
		from: number,
		to: number,
	): Span[] => {
		const text = toDisplay(Buffer.from(sequence, 'latin1').toString());
		const cells = measure(text);
		// It is shown in the first row with enough cells for it.
		const end = start + sequence.length;
		const first = Math.max(0, start);
		const next = first - (first % perRow) + perRow;
		const place = [first, next].find(
			at => at + cells <= Math.min(end, at === first ? next : end),
		);
		if (place === from) {
			return [{text}, dots(to - from - cells)];
		}

		// A wide one at the end of a chunk, or one shown as an escape.
		return place === undefined && from === first
			? [{text: omission, ...faint}, dots(to - from - 1)]
			: [dots(to - from)];
	};

	return offset => {
		const end = Math.min(offset + perRow, bytes.length);
		// A character that reaches into the row begins at most 3 bytes before it.
		const before =
			offset < 3
				? Buffer.concat([tail, bytes.subarray(0, offset)])
				: bytes.subarray(offset - 3, offset);
		const stretch = Buffer.concat([before, bytes.subarray(offset, end + 3)]);
		const spans: Span[] = [];
		for (const match of stretch.toString('latin1').matchAll(units)) {
			const {0: unit, index, groups} = match;
			const {printable, whole, part} = groups!;
			const start = offset - before.length + index;
			const from = Math.max(start, offset);
			const to = Math.min(start + unit.length, end);
			if (from >= to) {
				continue;
			}

			if (whole !== undefined) {
				spans.push(...characterSpans(whole, start, from, to));
			} else if (part !== undefined) {
				spans.push(dots(to - from));
			} else if (printable === undefined) {
				spans.push(byteSpan(unit.charCodeAt(0)));
			} else {
				spans.push({text: display`${unit.slice(from - start, to - start)}`});
			}
		}

		return spans;
	};
};

const omission = display`⋯`;

const dots = (cells: number): Span => ({
	text: display`${'·'.repeat(cells)}`,
	...faint,
});

/** A control character as its picture, or a byte that isn't UTF-8. */
const byteSpan = (byte: number): Span => {
	if (byte === lineFeed) {
		return {text: display`⏎`, ...frameEnd};
	}

	if (byte > 0x7f) {
		return {text: display`\u{FFFD}`, role: 'invalid-byte'};
	}

	// The pictures are in the order of the characters, except for DEL.
	const picture = byte === 0x7f ? 0x24_21 : 0x24_00 + byte;
	return {
		text: display`${String.fromCodePoint(picture)}`,
		role: 'control-byte',
	};
};
