/** Limits of a text, checked on both sides of the wire. */
import {Buffer} from 'node:buffer';
import {SockchatError} from '../errors.js';
import {maxFrameBytes, maxSearchBytes, maxTextBytes} from './frame.js';

// What a message frame contains besides its text, rounded up.
const frameOverheadBytes = 1024;

const textTooLong = (bytes: number, limit: number) =>
	new SockchatError(
		'ERR_TEXT_TOO_LONG',
		`The text has ${bytes} bytes; the limit is ${limit}. Send it in parts.`,
	);

const searchTooLong = (bytes: number) =>
	new SockchatError(
		'ERR_TEXT_TOO_LONG',
		`The search text has ${bytes} bytes; the limit is ${maxSearchBytes}. Search for a part of it.`,
	);

const textEmpty = () =>
	new SockchatError(
		'ERR_TEXT_EMPTY',
		'The text is empty; there is nothing to send.',
	);

const textHoldsNul = () => {
	const what =
		'The text contains a NUL (byte 0), which many programs take for its end. Remove it';
	return new SockchatError(
		'ERR_TEXT_INVALID',
		`${what}; --raw sends any bytes.`,
		{api: `${what}.`},
	);
};

/** @returns Why a text is too long; undefined if it isn't. */
export const checkLength = (text: string): SockchatError | undefined => {
	const limit = maxFrameBytes - frameOverheadBytes;
	// UTF-8 takes at most three bytes per UTF-16 unit, JSON six for each of those.
	if (text.length * 18 <= limit) {
		return undefined;
	}

	const bytes = Buffer.byteLength(text);
	if (bytes > maxTextBytes) {
		return textTooLong(bytes, maxTextBytes);
	}

	// A control character takes six bytes in JSON, the most per byte of text, so a
	// short text can be a long frame.
	if (bytes * 6 > limit) {
		const encoded = Buffer.byteLength(JSON.stringify(text));
		return encoded > limit ? textTooLong(encoded, limit) : undefined;
	}

	return undefined;
};

/** @returns Why a text can't be sent; undefined if it can. */
export const checkText = (text: string): SockchatError | undefined => {
	if (text === '') {
		return textEmpty();
	}

	return text.includes('\0') ? textHoldsNul() : checkLength(text);
};

/** @returns Why a search text is refused; undefined if it isn't. */
export const checkSearch = (text: string): SockchatError | undefined => {
	const bytes = Buffer.byteLength(text);
	return bytes > maxSearchBytes ? searchTooLong(bytes) : undefined;
};
