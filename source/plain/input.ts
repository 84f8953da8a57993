/** Reads stdin: lines or one message for a room, exact bytes for raw mode. */
import {Buffer} from 'node:buffer';
import {createReadStream} from 'node:fs';
import process from 'node:process';
import {Readable} from 'node:stream';
import {clause, SockchatError} from '../errors.js';
import {LineEnds, type LineEnding} from '../raw/line-ends.js';
import {maxTextBytes} from '../protocol/frame.js';
import {LineSplitter} from '../protocol/lines.js';
import {checkUtf8} from '../protocol/utf8.js';

const lineFeed = 0x0a;

// No message is as long, nor a request, as which each byte may be an escape.
const maxLineBytes = 1024 * 1024;

const lineTooLong = (bytes: number) =>
	new SockchatError(
		'ERR_TEXT_TOO_LONG',
		`The line has ${bytes} bytes; the limit is ${maxLineBytes}. Send it in parts.`,
	);

/**
 * This process's stdin. Node's own is empty for a folder, a block device or a
 * datagram socket, and nobody would hear that nothing was read.
 */
export const openInput = (): Readable & {readonly isTTY?: boolean} =>
	process.stdin.constructor === Readable
		? createReadStream('', {fd: 0})
		: process.stdin;

/**
 * Lines without LF or CRLF; the last one needs neither. A line that is not valid
 * UTF-8 is replaced by its error.
 */
export async function* readLines(
	stdin: Readable,
): AsyncGenerator<string | SockchatError> {
	// A text that is too long is refused later, with its length.
	const splitter = new LineSplitter(Infinity);
	// Of a line that is only counted.
	let passedBytes = 0;
	for await (const chunk of stdin) {
		let rest = Buffer.from(chunk as Buffer | string);
		if (passedBytes > 0) {
			const end = rest.indexOf(lineFeed);
			passedBytes += end === -1 ? rest.length : end;
			if (end === -1) {
				continue;
			}

			yield lineTooLong(passedBytes);
			passedBytes = 0;
			rest = rest.subarray(end + 1);
		}

		const lines: Buffer[] = [];
		splitter.push(rest, line => {
			lines.push(line);
		});
		yield* lines.map(line => readLine(line));
		if (splitter.pendingBytes > maxLineBytes) {
			passedBytes = splitter.takeRest().length;
		}
	}

	const rest = splitter.takeRest();
	if (passedBytes > 0) {
		yield lineTooLong(passedBytes);
	} else if (rest.length > 0) {
		yield readLine(rest);
	}
}

/** Stdin once more: at Ctrl-D a terminal ends only what is read now. */
export const reopenTerminal = async (): Promise<Readable> => {
	const {ReadStream} = await import('node:tty');
	return new ReadStream(0);
};

/** Why stdin gives no more: it can't be read, or isn't as it has to be. */
export const unreadable = (cause: Error): SockchatError =>
	cause instanceof SockchatError
		? cause
		: new SockchatError(
				'ERR_NOT_SENT',
				`stdin can't be read: ${clause(cause.message)}.`,
				{cause},
			);

const tooMuch = () =>
	new SockchatError(
		'ERR_TEXT_TOO_LONG',
		`stdin has more than ${maxTextBytes} bytes, the limit of one message. Without --message each line is a message of its own.`,
	);

/** All of stdin as one text, without its last line end. */
export const readMessage = async (
	stdin: Readable,
): Promise<string | SockchatError> => {
	const chunks: Buffer[] = [];
	let bytes = 0;
	for await (const chunk of stdin) {
		const buffer = Buffer.from(chunk as Buffer | string);
		bytes += buffer.length;
		if (bytes > maxTextBytes + '\r\n'.length) {
			// The rest may be endless.
			return tooMuch();
		}

		chunks.push(buffer);
	}

	const all = Buffer.concat(chunks);
	const invalid = checkUtf8(all);
	if (invalid) {
		return invalid;
	}

	const text = all.toString().replace(/\r?\n$/, '');
	return Buffer.byteLength(text) > maxTextBytes ? tooMuch() : text;
};

const readLine = (line: Buffer): string | SockchatError =>
	checkUtf8(line) ?? line.toString().replace(/\r$/, '');

/**
 * The bytes that raw mode sends: those of stdin, with the chosen line ends. On a
 * terminal, /quit on a line of its own leaves.
 */
export async function* readRaw(
	stdin: Readable | Iterable<Buffer>,
	eol: LineEnding | undefined,
): AsyncGenerator<Buffer | 'quit'> {
	const isTerminal = 'isTTY' in stdin && stdin.isTTY === true;
	const ends = eol === undefined ? undefined : new LineEnds(eol);
	for await (const chunk of stdin) {
		const bytes = Buffer.from(chunk as Buffer | string);
		if (isTerminal && bytes.toString() === '/quit\n') {
			yield 'quit';
			return;
		}

		yield ends?.push(bytes) ?? bytes;
	}

	const rest = ends?.takeRest();
	if (rest && rest.length > 0) {
		yield rest;
	}
}
