/** What comes in on stdin: lines for a room, exact bytes for raw mode. */
import {Buffer} from 'node:buffer';
import {createInterface} from 'node:readline';
import type {Readable} from 'node:stream';
import type {LineEnding} from '../options/options.js';

/** Lines without their ends; the last one needs no end. */
export const readLines = (stdin: Readable): AsyncIterable<string> =>
	createInterface({input: stdin, crlfDelay: Infinity});

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Each LF of the bytes as the chosen line end; all else as it is. */
const withEol = (bytes: Buffer, eol: LineEnding): Buffer[] => {
	if (eol === 'lf') {
		return [bytes];
	}

	const pieces: Buffer[] = [];
	let start = 0;
	for (let end = bytes.indexOf(lineFeed); end !== -1;) {
		// A line that ends in CRLF already keeps its one CR.
		const hasReturn = eol === 'crlf' && bytes[end - 1] === carriageReturn;
		const line = bytes.subarray(
			start,
			hasReturn && end > start ? end - 1 : end,
		);
		pieces.push(
			eol === 'none'
				? line
				: Buffer.concat([line, Buffer.from([carriageReturn, lineFeed])]),
		);
		start = end + 1;
		end = bytes.indexOf(lineFeed, start);
	}

	pieces.push(bytes.subarray(start));
	return pieces.filter(piece => piece.length > 0);
};

/**
 * What raw mode sends: a pipe's bytes as they are but for the line ends, or
 * what is typed on a terminal, where /quit on a line of its own leaves.
 */
export async function* readRaw(
	stdin: Readable | Iterable<string>,
	eol: LineEnding,
): AsyncGenerator<Buffer | 'quit'> {
	const isTerminal = 'isTTY' in stdin && stdin.isTTY === true;
	for await (const chunk of stdin) {
		const bytes = Buffer.from(chunk as Buffer | string);
		if (isTerminal && bytes.toString() === '/quit\n') {
			yield 'quit';
			return;
		}

		yield* withEol(bytes, eol);
	}
}
