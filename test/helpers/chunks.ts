import type {WireChunk} from '../../source/event/event.js';

export const chunkOf = (
	bytes: string | Uint8Array,
	part: Partial<WireChunk> = {},
): WireChunk => ({
	at: new Date(2026, 0, 2, 14, 2, 11, 204).getTime(),
	direction: 'in',
	peer: undefined,
	// In the middle of a stream: the start was not seen.
	offset: 1000,
	bytes: Buffer.from(bytes),
	length: Buffer.from(bytes).length,
	...part,
});

/** Chunks in sequence, each with its direction and peer. */
export const inStreams = (chunks: readonly WireChunk[]): WireChunk[] => {
	const offsets = new Map<string, number>();
	return chunks.map(chunk => {
		const stream = `${chunk.direction} ${chunk.peer}`;
		const offset = offsets.get(stream) ?? chunk.offset;
		offsets.set(stream, offset + chunk.length);
		return {...chunk, offset};
	});
};
