/**
 * A text that is too long for one message of the engine, in parts.
 *
 * Each part is a line of JSON that says whose it is and which of how many, then
 * ASCII: the text is JSON, whose other characters can be escaped, so that it
 * may be cut anywhere. What one server sends comes in its order; after a loss
 * the text is dropped, and the next one is whole again.
 */
import {Buffer} from 'node:buffer';

type Head = {
	readonly server: string;
	/** Another one for each text. */
	readonly text: number;
	/** From 1 on. */
	readonly part: number;
	readonly of: number;
};

// An id of 16 digits, and three numbers of at most 15.
const maxHeadBytes = 112;

const asciiOf = (json: string): string =>
	json.replaceAll(
		/[\u0080-\uFFFF]/g,
		unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
	);

/**
 * @param json Of any characters.
 * @param maxBytes Of one message.
 * @returns The text itself if it fits.
 */
export const partsOf = (
	json: string,
	{server, text}: Pick<Head, 'server' | 'text'>,
	maxBytes: number,
): readonly string[] => {
	if (json.length * 3 <= maxBytes || Buffer.byteLength(json) <= maxBytes) {
		return [json];
	}

	const ascii = asciiOf(json);
	const size = Math.max(1, maxBytes - maxHeadBytes);
	const of = Math.ceil(ascii.length / size);
	return Array.from({length: of}, (_, index) => {
		const head: Head = {server, text, part: index + 1, of};
		const start = index * size;
		return `${JSON.stringify(head)}\n${ascii.slice(start, start + size)}`;
	});
};

const headIn = (line: string): Head | undefined => {
	try {
		const {server, ...numbers} = JSON.parse(line) as Head;
		const {text, part, of} = numbers;
		return typeof server === 'string' &&
			[text, part, of].every(number => Number.isSafeInteger(number))
			? {server, text, part, of}
			: undefined;
	} catch {
		return undefined;
	}
};

type Begun = {
	readonly text: number;
	readonly pieces: string[];
	units: number;
};

// Of all texts that are not whole yet: the lists of 100,000 members.
const maxUnits = 64 * 1024 * 1024;

export class Parts {
	/** By server. */
	readonly #begun = new Map<string, Begun>();
	#units = 0;

	/** @returns A text that is whole now; undefined if it isn't yet. */
	take(message: string): string | undefined {
		const end = message.indexOf('\n');
		if (end === -1) {
			return message;
		}

		const head = headIn(message.slice(0, end));
		if (!head) {
			return undefined;
		}

		const {server, text, part, of} = head;
		const begun =
			part === 1 ? {text, pieces: [], units: 0} : this.#begun.get(server);
		this.#drop(server);
		if (begun?.text !== text || begun.pieces.length !== part - 1) {
			return undefined;
		}

		const piece = message.slice(end + 1);
		begun.pieces.push(piece);
		begun.units += piece.length;
		if (part === of) {
			return begun.pieces.join('');
		}

		this.#begun.set(server, begun);
		this.#units += begun.units;
		if (this.#units > maxUnits) {
			this.#begun.clear();
			this.#units = 0;
		}

		return undefined;
	}

	#drop(server: string): void {
		this.#units -= this.#begun.get(server)?.units ?? 0;
		this.#begun.delete(server);
	}
}
