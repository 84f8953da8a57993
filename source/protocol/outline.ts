/**
 * What a line of JSON holds, seen without parsing it.
 *
 * JSON.parse makes an object of each bracket: 64 KiB of `[` cost it a hundred
 * times what a text of that length does. It also takes the last of two equal
 * keys without a word, so a frame could say one thing to us and another to
 * whoever takes the first; counted in the text, keys that stand there twice
 * show.
 */

export type Outline = {
	/** Keys, each as often as it stands there. */
	readonly pairs: number;
	/** Objects, arrays, and what they hold. */
	readonly parts: number;
	/** Objects and arrays within each other. */
	readonly depth: number;
};

const isEscaped = (json: string, quote: number): boolean => {
	let slashes = 0;
	while (json[quote - 1 - slashes] === '\\') {
		slashes++;
	}

	return slashes % 2 === 1;
};

/** @returns Where a string ends that begins at a quote; the end of all if it doesn't. */
const endOfString = (json: string, quote: number): number => {
	let end = json.indexOf('"', quote + 1);
	while (end !== -1 && isEscaped(json, end)) {
		end = json.indexOf('"', end + 1);
	}

	return end === -1 ? json.length : end;
};

/**
 * @param json Of a text that is not JSON, it says something of the same order.
 * @param maxParts It looks no further once there are more.
 */
export const outlineOf = (json: string, maxParts: number): Outline => {
	let pairs = 0;
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
				pairs++;
				break;
			}

			default: {
				break;
			}
		}
	}

	return {pairs, parts, depth};
};
