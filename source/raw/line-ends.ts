/**
 * Line ends in a stream of bytes, rewritten as `nc -C` does: each LF or CRLF
 * becomes the chosen end, wherever the chunks are cut. Every other byte stays,
 * a CR alone too.
 */
import {Buffer} from 'node:buffer';
import {Transform} from 'node:stream';

export type LineEnding = 'none' | 'lf' | 'cr' | 'crlf';

export const lineEndings: readonly LineEnding[] = ['none', 'lf', 'cr', 'crlf'];

export const lineEnds: Readonly<Record<LineEnding, string>> = {
	none: '',
	lf: '\n',
	cr: '\r',
	crlf: '\r\n',
};

const carriageReturn = 0x0d;

export class LineEnds {
	readonly #end: string;
	/** Whether the last chunk ended in a CR, which may be half of a CRLF. */
	#holdsReturn = false;

	constructor(ending: LineEnding) {
		this.#end = lineEnds[ending];
	}

	/** @returns What can be sent by now: a CR at the end waits for its LF. */
	push(chunk: Buffer): Buffer {
		const whole = this.#holdsReturn
			? Buffer.concat([Buffer.of(carriageReturn), chunk])
			: chunk;
		this.#holdsReturn = whole.at(-1) === carriageReturn;
		// In Latin-1 each byte is one character, and the same byte again.
		const text = whole.toString(
			'latin1',
			0,
			this.#holdsReturn ? whole.length - 1 : whole.length,
		);
		return Buffer.from(text.replaceAll(/\r?\n/g, this.#end), 'latin1');
	}

	/** What is left when no more comes. */
	takeRest(): Buffer {
		const rest = this.#holdsReturn ? [carriageReturn] : [];
		this.#holdsReturn = false;
		return Buffer.from(rest);
	}
}

/** @param onCopied Takes each chunk once nothing of it is needed. */
export const lineEndTransform = (
	ending: LineEnding,
	onCopied?: (chunk: Buffer) => void,
): Transform => {
	const ends = new LineEnds(ending);
	return new Transform({
		transform(chunk: Buffer, _encoding, done) {
			const changed = ends.push(chunk);
			onCopied?.(chunk);
			done(undefined, changed);
		},
		flush(done) {
			done(undefined, ends.takeRest());
		},
	});
};
