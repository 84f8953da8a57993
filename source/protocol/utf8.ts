/**
 * Refuses bytes that are not UTF-8, everywhere alike: a decoder would silently
 * replace them.
 */
import {Buffer, isUtf8} from 'node:buffer';
import {SockchatError} from '../errors.js';

const replacement = '\uFFFD';
const replacementBytes = Buffer.from(replacement);

/** The position of the first invalid sequence; -1 if there is none. */
const badStart = (bytes: Buffer): number => {
	const text = bytes.toString();
	let at = 0;
	let from = 0;
	for (
		let found = text.indexOf(replacement);
		found !== -1;
		found = text.indexOf(replacement, from)
	) {
		at += Buffer.byteLength(text.slice(from, found));
		const end = at + replacementBytes.length;
		// U+FFFD itself may have been sent.
		if (!bytes.subarray(at, end).equals(replacementBytes)) {
			return at;
		}

		at = end;
		from = found + 1;
	}

	return -1;
};

/** A clause that names the first invalid byte; undefined if all is UTF-8. */
export const whyNotUtf8 = (bytes: Buffer): string | undefined => {
	if (isUtf8(bytes)) {
		return undefined;
	}

	const at = badStart(bytes);
	const byte = bytes[at]!.toString(16).padStart(2, '0');
	return `byte 0x${byte} at position ${at + 1} is not UTF-8`;
};

/** @returns Why a line is refused; undefined if it isn't. */
export const checkUtf8 = (line: Buffer): SockchatError | undefined => {
	const why = whyNotUtf8(line);
	return why === undefined
		? undefined
		: new SockchatError(
				'ERR_TEXT_INVALID',
				`The line was refused: ${why}. Send UTF-8; --raw sends any bytes.`,
			);
};
