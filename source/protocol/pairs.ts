/**
 * How many pairs a flat JSON object was written with.
 *
 * JSON.parse takes the last of two equal keys without a word, so a frame could
 * say one thing to us and another to whoever takes the first. Counted in the
 * text, keys that stand there twice show.
 */

const isEscaped = (json: string, quote: number): boolean => {
	let slashes = 0;
	while (json[quote - 1 - slashes] === '\\') {
		slashes++;
	}

	return slashes % 2 === 1;
};

const isSpace = (character: string | undefined): boolean =>
	character === ' ' ||
	character === '\t' ||
	character === '\r' ||
	character === '\n';

/** @param json What JSON.parse took, with no object in it but itself. */
export const countPairs = (json: string): number => {
	let pairs = 0;
	let quote = json.indexOf('"');
	while (quote !== -1) {
		let end = json.indexOf('"', quote + 1);
		while (isEscaped(json, end)) {
			end = json.indexOf('"', end + 1);
		}

		let next = end + 1;
		while (isSpace(json[next])) {
			next++;
		}

		// Only a key has a colon behind it.
		if (json[next] === ':') {
			pairs++;
		}

		quote = json.indexOf('"', end + 1);
	}

	return pairs;
};
