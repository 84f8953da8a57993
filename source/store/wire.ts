/** The newest chunks that were read or written, in bounded memory. Pure. */
import type {WireChunk} from '../event/event.js';

export type Wire = {
	/** How many earlier chunks were dropped. */
	readonly dropped: number;
	readonly chunks: readonly WireChunk[];
	/** Bytes kept in total. */
	readonly keptBytes: number;
};

/** How many bytes are kept in total. */
export const maxWireBytes = 1024 * 1024;

/** How many chunks are kept, however small. */
export const maxWireChunks = 2000;

export const emptyWire: Wire = {dropped: 0, chunks: [], keptBytes: 0};

export const appendWire = (wire: Wire, added: readonly WireChunk[]): Wire => {
	if (added.length === 0) {
		return wire;
	}

	const chunks = [...wire.chunks, ...added];
	let {keptBytes} = wire;
	for (const {bytes} of added) {
		keptBytes += bytes.length;
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
	};
};
