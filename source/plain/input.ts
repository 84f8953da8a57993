/** What comes in on stdin: lines for a room, exact bytes for raw mode. */
import {Buffer} from 'node:buffer';
import type {Readable} from 'node:stream';
import type {SockchatError} from '../errors.js';
import type {LineEnding} from '../options/options.js';
import {LineSplitter} from '../protocol/lines.js';
import {checkUtf8} from '../protocol/utf8.js';

/**
 * Lines without their ends, LF or CRLF; the last one needs no end. In place of
 * a line that is no UTF-8 comes why.
 */
export async function* readLines(
	stdin: Readable,
): AsyncGenerator<string | SockchatError> {
	// What is too long for a text is told with its length, as every text is.
	const splitter = new LineSplitter(Infinity);
	for await (const chunk of stdin) {
		const lines: Buffer[] = [];
		splitter.push(Buffer.from(chunk as Buffer | string), line => {
			lines.push(line);
		});
		yield* lines.map(line => readLine(line));
	}

	const rest = splitter.takeRest();
	if (rest.length > 0) {
		yield readLine(rest);
	}
}

const readLine = (line: Buffer): string | SockchatError =>
	checkUtf8(line) ?? line.toString().replace(/\r$/, '');

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
