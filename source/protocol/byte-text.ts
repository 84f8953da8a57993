/**
 * Bytes → text, wherever the chunks are cut: UTF-8 is decoded, and a byte that
 * isn't UTF-8 is written as ‹e9›, where a decoder would lose it for U+FFFD.
 *
 * Unicode 16, table 3-7, says what is well-formed.
 */
import {Buffer, isUtf8} from 'node:buffer';

/** The least and the greatest second byte, and how many follow the first. */
const following = (
	first: number,
): readonly [least: number, greatest: number, count: number] | undefined => {
	if (first < 0xc2 || first > 0xf4) {
		return undefined;
	}

	if (first < 0xe0) {
		return [0x80, 0xbf, 1];
	}

	if (first < 0xf0) {
		return [first === 0xe0 ? 0xa0 : 0x80, first === 0xed ? 0x9f : 0xbf, 2];
	}

	return [first === 0xf0 ? 0x90 : 0x80, first === 0xf4 ? 0x8f : 0xbf, 3];
};

/**
 * @returns The length of the character there; 0 if the bytes aren't UTF-8;
 * `unfinished` if more may complete it.
 */
const lengthAt = (bytes: Uint8Array, at: number): number | 'unfinished' => {
	const first = bytes[at]!;
	if (first < 0x80) {
		return 1;
	}

	const expected = following(first);
	if (!expected) {
		return 0;
	}

	const [least, greatest, count] = expected;
	for (let index = 1; index <= count; index++) {
		const byte = bytes[at + index];
		if (byte === undefined) {
			return 'unfinished';
		}

		const isWrong =
			index === 1
				? byte < least || byte > greatest
				: byte < 0x80 || byte > 0xbf;
		if (isWrong) {
			return 0;
		}
	}

	return count + 1;
};

const longest = 4;

/** How many bytes at the end are the start of a character. */
export const unfinishedBytes = (bytes: Uint8Array): number => {
	for (let count = 1; count < longest && count <= bytes.length; count++) {
		if (lengthAt(bytes, bytes.length - count) === 'unfinished') {
			return count;
		}
	}

	return 0;
};

/**
 * @param start An unfinished character at the end of what came before.
 * @returns It if the next bytes complete it; else nothing.
 */
export const startOfNext = (
	start: Uint8Array | undefined,
	next: Uint8Array,
): Uint8Array | undefined => {
	if (!start || start.length === 0) {
		return undefined;
	}

	const length = lengthAt(
		Buffer.concat([start, next.subarray(0, longest - start.length)]),
		0,
	);
	return length === 0 || length === 'unfinished' ? undefined : start;
};

/** All of it, an unfinished character too. */
export const textOfBytes = (bytes: Uint8Array): string => {
	const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	if (isUtf8(buffer)) {
		return buffer.toString();
	}

	const parts: string[] = [];
	let start = 0;
	for (let at = 0; at < buffer.length;) {
		const length = lengthAt(buffer, at);
		if (length !== 0 && length !== 'unfinished') {
			at += length;
			continue;
		}

		const byte = buffer[at]!.toString(16);
		parts.push(buffer.toString('utf8', start, at), `‹${byte}›`);
		at++;
		start = at;
	}

	parts.push(buffer.toString('utf8', start));
	return parts.join('');
};

/** One direction of a connection. */
export class ByteText {
	#rest: Uint8Array = Buffer.alloc(0);
	readonly #textOf: typeof textOfBytes;

	/** @param textOf Of whole characters, and of bytes that are none. */
	constructor(textOf = textOfBytes) {
		this.#textOf = textOf;
	}

	/** @returns What is known by now: the start of a character waits. */
	push(bytes: Uint8Array): string {
		const whole = Buffer.concat([this.#rest, bytes]);
		const end = whole.length - unfinishedBytes(whole);
		this.#rest = whole.subarray(end);
		return this.#textOf(whole.subarray(0, end));
	}

	/** What never became a character. */
	takeRest(): string {
		const rest = textOfBytes(this.#rest);
		this.#rest = Buffer.alloc(0);
		return rest;
	}
}
