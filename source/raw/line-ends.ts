/**
 * Line ends in a stream of bytes, rewritten as `nc -C` does: each LF or CRLF
 * becomes the chosen end, wherever the chunks are cut. Every other byte stays,
 * a CR alone too.
 */
import {Buffer} from 'node:buffer';
import {Transform} from 'node:stream';
import {bulkBytes, type BufferPool} from '../socket/stream/buffer-pool.js';

export type LineEnding = 'none' | 'lf' | 'cr' | 'crlf';

export const lineEndings: readonly LineEnding[] = ['none', 'lf', 'cr', 'crlf'];

export const lineEnds: Readonly<Record<LineEnding, string>> = {
	none: '',
	lf: '\n',
	cr: '\r',
	crlf: '\r\n',
};

export class LineEnds {
	readonly #end: string;
	/** The CR at the end of the last chunk, which may be half of a CRLF. */
	#held = '';

	constructor(ending: LineEnding) {
		this.#end = lineEnds[ending];
	}

	/** @returns What can be sent by now: a CR at the end waits for its LF. */
	push(chunk: Buffer): Buffer {
		return Buffer.from(this.textOf(chunk), 'latin1');
	}

	/** As `push`, in Latin-1: each byte is one character, and the same byte again. */
	textOf(chunk: Buffer): string {
		const whole = this.#held + chunk.toString('latin1');
		this.#held = whole.endsWith('\r') ? '\r' : '';
		return whole
			.slice(0, whole.length - this.#held.length)
			.replaceAll(/\r?\n/g, this.#end);
	}

	/** What is left when no more comes. */
	takeRest(): Buffer {
		const rest = Buffer.from(this.#held);
		this.#held = '';
		return rest;
	}
}

/** Each byte may become two, and a CR may be held from before. */
const sliceBytes = bulkBytes / 2;

export type LineEndBuffers = {
	/** Takes each chunk once nothing of it is needed. */
	readonly onCopied?: ((chunk: Buffer) => void) | undefined;
	/** Where what is changed is written, in slices; by default in new buffers. */
	readonly pool?: BufferPool | undefined;
};

export const lineEndTransform = (
	ending: LineEnding,
	{onCopied, pool}: LineEndBuffers = {},
): Transform => {
	const ends = new LineEnds(ending);
	return new Transform({
		transform(chunk: Buffer, _encoding, done) {
			if (!pool) {
				const changed = ends.push(chunk);
				onCopied?.(chunk);
				done(undefined, changed);
				return;
			}

			for (let start = 0; start < chunk.length; start += sliceBytes) {
				const text = ends.textOf(chunk.subarray(start, start + sliceBytes));
				if (text !== '') {
					this.push(pool.fill(pool.room.write(text, 'latin1')));
				}
			}

			onCopied?.(chunk);
			done();
		},
		flush(done) {
			done(undefined, ends.takeRest());
		},
	});
};
