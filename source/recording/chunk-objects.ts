/**
 * Chunks as JSON has them: the exact bytes in base64, and their text.
 *
 * A chunk may end inside a UTF-8 sequence, so text is decoded per direction and
 * peer: the start of a character waits for the chunk that completes it.
 */
import type {Buffer} from 'node:buffer';
import {StringDecoder} from 'node:string_decoder';
import type {RawEvent} from '../event/event.js';
import type {MessageKind} from '../event/link-facts.js';

export type ChunkObject = {
	readonly type: 'chunk';
	readonly direction: 'in' | 'out';
	readonly peer: string | undefined;
	readonly at: number;
	/** How a WebSocket message was sent. */
	readonly frame?: MessageKind | undefined;
	readonly bytes: number;
	readonly base64: string;
	readonly text: string;
};

export class ChunkObjects {
	readonly #decoders = new Map<string, StringDecoder>();

	/** The object to print for a chunk; JSON drops undefined keys. */
	objectOf({at, direction, peer, bytes, frame}: RawEvent): ChunkObject {
		const key = keyOf(direction, peer);
		const decoder = this.#decoders.get(key) ?? new StringDecoder();
		this.#decoders.set(key, decoder);
		const buffer = bytes as Buffer;
		return {
			type: 'chunk',
			direction,
			peer,
			at,
			frame,
			bytes: bytes.length,
			base64: buffer.toString('base64'),
			text: decoder.write(buffer),
		};
	}

	/** A connection begins or has ended. */
	forget(peer: string | undefined): void {
		this.#decoders.delete(keyOf('in', peer));
		this.#decoders.delete(keyOf('out', peer));
	}
}

const keyOf = (direction: RawEvent['direction'], peer: string | undefined) =>
	`${direction} ${peer ?? ''}`;
