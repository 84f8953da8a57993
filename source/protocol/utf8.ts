/**
 * Bytes that are no UTF-8: refused everywhere alike, as a decoder would put
 * something else in their place and nobody would know.
 */
import {Buffer, isUtf8} from 'node:buffer';
import {SockchatError} from '../errors.js';

const replacement = '\uFFFD';
const replacementBytes = Buffer.from(replacement);

/** Where the first sequence begins that is none of UTF-8; -1 for nowhere. */
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
		// The sign itself may have been sent.
		if (!bytes.subarray(at, end).equals(replacementBytes)) {
			return at;
		}

		at = end;
		from = found + 1;
	}

	return -1;
};

/** A clause that says where it is none; undefined for bytes that are UTF-8. */
export const whyNotUtf8 = (bytes: Buffer): string | undefined => {
	if (isUtf8(bytes)) {
		return undefined;
	}

	const at = badStart(bytes);
	const byte = bytes[at]!.toString(16).padStart(2, '0');
	return `byte 0x${byte} at position ${at + 1} is not UTF-8`;
};

/** @returns Why a line can't be taken; undefined if it can. */
export const checkUtf8 = (line: Buffer): SockchatError | undefined => {
	const why = whyNotUtf8(line);
	return why === undefined
		? undefined
		: new SockchatError(
				'ERR_TEXT_INVALID',
				`The line was not taken: ${why}. Send UTF-8; --raw sends any bytes.`,
			);
};
