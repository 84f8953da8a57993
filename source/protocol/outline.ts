/**
 * Counts what a line of JSON contains without parsing it.
 *
 * JSON.parse creates an object per bracket: 64 KiB of `[` cost a hundred times as
 * much as a string of that length. Of two equal keys it silently takes the last,
 * so a frame could mean one thing to us and another to a parser that takes the
 * first; counting the keys in the text reveals that.
 */

export type Outline = {
	/** Keys, repeated ones included. */
	readonly keys: number;
	/** Objects, arrays, and their values. */
	readonly parts: number;
	/** The deepest nesting of objects and arrays. */
	readonly depth: number;
};

const isEscaped = (json: string, quote: number): boolean => {
	let slashes = 0;
	while (json[quote - 1 - slashes] === '\\') {
		slashes++;
	}

	return slashes % 2 === 1;
};

/** @returns The closing quote of the string; the text's length if there is none. */
const endOfString = (json: string, quote: number): number => {
	let end = json.indexOf('"', quote + 1);
	while (end !== -1 && isEscaped(json, end)) {
		end = json.indexOf('"', end + 1);
	}

	return end === -1 ? json.length : end;
};

/**
 * @param json For a text that isn't JSON the counts are approximate.
 * @param maxParts Stops counting beyond this many parts.
 */
export const outlineOf = (json: string, maxParts: number): Outline => {
	let keys = 0;
	let parts = 0;
	let depth = 0;
	let open = 0;
	for (let at = 0; at < json.length && parts <= maxParts; at++) {
		switch (json[at]) {
			case '"': {
				at = endOfString(json, at);
				break;
			}

			case '{':
			case '[': {
				parts++;
				open++;
				depth = Math.max(depth, open);
				break;
			}

			case '}':
			case ']': {
				open--;
				break;
			}

			case ',': {
				parts++;
				break;
			}

			case ':': {
				keys++;
				break;
			}

			default: {
				break;
			}
		}
	}

	return {keys, parts, depth};
};
