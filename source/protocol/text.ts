/** What a text may be, on both sides of the wire. */
import {Buffer} from 'node:buffer';
import {SockchatError} from '../errors.js';
import {maxFrameBytes, maxSearchBytes, maxTextBytes} from './frame.js';

// What a message frame holds besides its text, with room to spare.
const frameOverheadBytes = 1024;

export const textTooLong = (bytes: number, limit: number) =>
	new SockchatError(
		'ERR_TEXT_TOO_LONG',
		`The text has ${bytes} bytes; the limit is ${limit}. Send it in parts.`,
	);

export const searchTooLong = (bytes: number) =>
	new SockchatError(
		'ERR_TEXT_TOO_LONG',
		`The words to search for have ${bytes} bytes; the limit is ${maxSearchBytes}. Search for a part of them.`,
	);

export const textEmpty = () =>
	new SockchatError(
		'ERR_TEXT_EMPTY',
		'The text is empty; there is nothing to send.',
	);

export const textHoldsNul = () =>
	new SockchatError(
		'ERR_TEXT_INVALID',
		'The text holds a NUL (byte 0), where many programs would end it. Take it out; --raw sends any bytes.',
	);

/** @returns Why a text can't be sent; undefined if it can. */
export const checkText = (text: string): SockchatError | undefined => {
	if (text === '') {
		return textEmpty();
	}

	if (text.includes('\0')) {
		return textHoldsNul();
	}

	const limit = maxFrameBytes - frameOverheadBytes;
	// At most three bytes for each unit, and six for each of these in JSON.
	if (text.length * 18 <= limit) {
		return undefined;
	}

	const bytes = Buffer.byteLength(text);
	if (bytes > maxTextBytes) {
		return textTooLong(bytes, maxTextBytes);
	}

	// A control takes six bytes in JSON, so that a short text can be a long
	// frame; no text has more than six bytes for each of its own.
	if (bytes * 6 > limit) {
		const encoded = Buffer.byteLength(JSON.stringify(text));
		return encoded > limit ? textTooLong(encoded, limit) : undefined;
	}

	return undefined;
};

/** @returns Why words can't be searched for; undefined if they can. */
export const checkSearch = (text: string): SockchatError | undefined => {
	const bytes = Buffer.byteLength(text);
	return bytes > maxSearchBytes ? searchTooLong(bytes) : undefined;
};
