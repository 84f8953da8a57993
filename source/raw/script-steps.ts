/** The steps of a chat script, and how its texts are read. Pure. */
import {Buffer} from 'node:buffer';
import {LineEnds, type LineEnding} from './line-ends.js';

export type ScriptStep =
	| {
			readonly type: 'send';
			readonly bytes: Buffer;
			/** Whether it was given as digits. */
			readonly isHex?: true;
	  }
	| {readonly type: 'file'; readonly path: string}
	| {readonly type: 'expect'; readonly pattern: RegExp};

const escapes: Readonly<Record<string, string>> = {
	r: '\r',
	n: '\n',
	t: '\t',
	0: '\0',
	'\\': '\\',
};

/**
 * Replaces `\r \n \t \0 \xHH \\`.
 *
 * @returns The bytes; or the first escape that isn't one of these.
 */
export const readEscapes = (text: string): Buffer | string => {
	const parts: Buffer[] = [];
	let start = 0;
	for (let at = text.indexOf('\\'); at !== -1; at = text.indexOf('\\', start)) {
		parts.push(Buffer.from(text.slice(start, at)));
		const hex = /^x([\da-f]{2})/i.exec(text.slice(at + 1, at + 4))?.[1];
		const letter = text[at + 1] ?? '';
		const meant = escapes[letter];
		if (hex === undefined && meant === undefined) {
			return text.slice(at, at + (letter === 'x' ? 4 : 2));
		}

		parts.push(
			hex === undefined ? Buffer.from(meant!) : Buffer.from(hex, 'hex'),
		);
		start = at + (hex === undefined ? 2 : 4);
	}

	parts.push(Buffer.from(text.slice(start)));
	return Buffer.concat(parts);
};

const lineFeed = 0x0a;

/** A text as a line: with its end, and all of its line ends as chosen. */
export const asLine = (bytes: Buffer, ending: LineEnding): Buffer => {
	const ends = new LineEnds(ending);
	const line =
		bytes.at(-1) === lineFeed
			? bytes
			: Buffer.concat([bytes, Buffer.of(lineFeed)]);
	return Buffer.concat([ends.push(line), ends.takeRest()]);
};

/** @returns Undefined if it isn't pairs of hexadecimal digits. */
export const readHex = (text: string): Buffer | undefined => {
	const digits = text.replaceAll(/\s/g, '');
	return /^(?:[\da-f]{2})+$/i.test(digits)
		? Buffer.from(digits, 'hex')
		: undefined;
};
