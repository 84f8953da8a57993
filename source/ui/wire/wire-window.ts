/**
 * Scrolling through the wire, and what each chunk is in its stream.
 *
 * TCP is a stream (RFC 9293, 3.8): frames and chunks end independently, so what
 * a chunk contains depends on the one before it. Only chunks in view are
 * examined. Nothing is guessed: the first chunk seen of a stream may begin
 * inside a frame.
 */
import {Buffer} from 'node:buffer';
import type {Wire} from '../../store/wire.js';
import type {WireChunk} from '../../event/event.js';
import type {ScrollView} from '../pane/window.js';
import {countHexRows, hexRows, type HexContext} from './hex-rows.js';

/** In raw mode, lines are shown instead of frames. */
export type WireMode = 'room' | 'raw';

/** The context of the chunk at an index of `wire.chunks`. */
export type WireContext = (wire: Wire, place: number) => HexContext;

/**
 * Makes a cache of the contexts of chunks, for one view.
 *
 * The context of a chunk stays known as long as the chunk is kept, even after
 * the chunk before it was dropped.
 */
export const createWireContext = (mode: WireMode): WireContext => {
	const known = new WeakMap<WireChunk, HexContext>();
	return ({chunks}, place) => {
		const chunk = chunks[place]!;
		let context = known.get(chunk);
		if (context === undefined) {
			const tail = tailBefore(chunks, place);
			context = {tail, frames: framesOf(chunk, tail, mode)};
			known.set(chunk, context);
		}

		return context;
	};
};

export type WireView = Pick<ScrollView, 'anchor' | 'height'> & {
	readonly wire: Wire;
	readonly width: number;
	readonly context: WireContext;
};

/** The wire as `visibleRows` and the scrolling functions take it. */
export const wireView = ({
	wire,
	anchor,
	width,
	height,
	context,
}: WireView): ScrollView => {
	const {dropped: first, chunks} = wire;
	const newEnd = first + chunks.length;
	const chunkAt = (index: number) => {
		const place = index - first;
		return [chunks[place]!, context(wire, place), width] as const;
	};

	return {
		first,
		end: newEnd,
		newEnd,
		anchor,
		height,
		countRows: index => countHexRows(...chunkAt(index)),
		rowsAt: (index, start, end) => hexRows(...chunkAt(index), {start, end}),
	};
};

const lineFeed = 0x0a;

// Enough to complete any character.
const tailBytes = 3;

const tailBefore = (
	chunks: readonly WireChunk[],
	place: number,
): Uint8Array => {
	const {direction, peer, offset} = chunks[place]!;
	let wanted = offset;
	let tail = Buffer.alloc(0);
	for (let at = place - 1; at >= 0 && tail.length < tailBytes; at--) {
		const {bytes, length, ...stream} = chunks[at]!;
		if (stream.direction !== direction || stream.peer !== peer) {
			continue;
		}

		// There may have been chunks between them that weren't recorded.
		if (stream.offset + length !== wanted || length > bytes.length) {
			break;
		}

		wanted = stream.offset;

		tail = Buffer.concat([bytes.subarray(-tailBytes), tail]);
	}

	return tail.subarray(-tailBytes);
};

/** How sockchat's frames begin; inside a frame, quotes are escaped. */
const frameOpening = '{"type":"';

/** The parts of frames in a chunk, in order. */
const framesOf = (
	{bytes, length, offset}: WireChunk,
	tail: Uint8Array,
	mode: WireMode,
): readonly string[] => {
	if (length === 0) {
		return [];
	}

	const unit = mode === 'room' ? 'frame' : 'line';
	let ends = 0;
	for (const byte of bytes) {
		ends += byte === lineFeed ? 1 : 0;
	}

	if (length > bytes.length) {
		return ends === 0 ? [] : [`${ends} or more ${unit} ends`];
	}

	const opening = Buffer.from(bytes.subarray(0, frameOpening.length));
	const beginsFrame =
		offset === 0 ||
		tail.at(-1) === lineFeed ||
		(mode === 'room' && opening.toString('latin1') === frameOpening);
	const start = bytes.at(-1) === lineFeed ? [] : [`start of a ${unit}`];
	if (beginsFrame) {
		return [...counted(ends, unit), ...start];
	}

	const isInside = tail.length > 0;
	if (ends === 0) {
		return [isInside ? `middle of a ${unit}` : `part of a ${unit}`];
	}

	const first = isInside ? `end of a ${unit}` : `a ${unit} or its end`;
	return [first, ...counted(ends - 1, unit), ...start];
};

const counted = (count: number, unit: string): string[] =>
	count === 0 ? [] : [`${count} ${unit}${count === 1 ? '' : 's'}`];
