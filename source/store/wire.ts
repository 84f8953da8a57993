/** The newest chunks that were read or written, in bounded memory. Pure. */
import {Buffer} from 'node:buffer';
import type {WireChunk} from '../event/event.js';

export type Wire = {
	/** How many earlier chunks were dropped. */
	readonly dropped: number;
	readonly chunks: readonly WireChunk[];
	/** Bytes kept in total. */
	readonly keptBytes: number;
	/** How many of the newest chunks are nothing but heartbeats. */
	readonly beats: number;
};

/** How many bytes are kept in total. */
export const maxWireBytes = 1024 * 1024;

/** How many chunks are kept, however small. */
export const maxWireChunks = 2000;

export const emptyWire: Wire = {dropped: 0, chunks: [], keptBytes: 0, beats: 0};

const longestBeat = 200;
const heartbeats = /^(?:\{"type":"p[io]ng","id":"?[^"{}]{1,64}"?\}\n)+$/;

/** @param text What is known of a chunk of so many bytes. */
export const areHeartbeats = (text: string, length: number): boolean =>
	length === text.length && heartbeats.test(text);

const isBeat = ({bytes, length}: WireChunk): boolean =>
	length <= longestBeat &&
	heartbeats.test(Buffer.from(bytes).toString('latin1'));

// After what was said one sees that heartbeats follow: a ping and its pong, both
// ways. More of them are not news.
const shownBeats = 4;

/** How many of so many items are news, if the last ones are heartbeats. */
export const newsOf = (count: number, beats: number): number =>
	count - Math.max(0, beats - shownBeats);

/** Whether one has nothing to show that the other hasn't, but heartbeats. */
export const isSameWire = (before: Wire, after: Wire): boolean => {
	const end = ({dropped, chunks, beats}: Wire) =>
		newsOf(dropped + chunks.length, beats);
	return before === after || end(before) === end(after);
};

export const appendWire = (wire: Wire, added: readonly WireChunk[]): Wire => {
	if (added.length === 0) {
		return wire;
	}

	const chunks = [...wire.chunks, ...added];
	let {keptBytes, beats} = wire;
	for (const chunk of added) {
		keptBytes += chunk.bytes.length;
		beats = isBeat(chunk) ? beats + 1 : 0;
	}

	let first = 0;
	while (keptBytes > maxWireBytes || chunks.length - first > maxWireChunks) {
		keptBytes -= chunks[first]!.bytes.length;
		first++;
	}

	return {
		dropped: wire.dropped + first,
		chunks: first === 0 ? chunks : chunks.slice(first),
		keptBytes,
		beats,
	};
};
