/** Inputs out of inputs, by a seeded generator, so that a run can be repeated. */
import {Buffer} from 'node:buffer';

/** @returns From 0 up to a limit, the limit not included. */
export type Random = (limit: number) => number;

/** xorshift32. */
export const createRandom = (seed: number): Random => {
	let state = Math.max(1, seed);
	return limit => {
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		return Math.floor(((state >>> 0) / 2 ** 32) * limit);
	};
};

/** What a blind change would take years to hit. */
const words = [
	...'hello say whisper nick ping pong bye challenge welcome gap message joined left renamed members whispered error'
		.split(' ')
		.map(type => `{"type":"${type}"`),
	...'v client nick since log proof n text to id nonce session room head stored members limits heartbeatMs count names frameBytes textBytes seq at from reason code message type __proto__'
		.split(' ')
		.map(key => `,"${key}":`),
	...'{ } [ ] " : , \\ \\" \\u0000 \\ud800 0 1 -1 1.5 1e999 9007199254740992 null true "" "a" ["a"] 🦦'.split(
		' ',
	),
	'"0f8fad5b-d9cb-469f-a165-70867728950e"',
	'{"count":1,"names":[]}',
	'{"frameBytes":1,"textBytes":1}',
	'\n',
	'\r\n',
	' ',
	'\t',
	'\0',
	'\u{FEFF}',
	'Host: a',
	'GET / ',
].map(word => Buffer.from(word));

const longest = 6000;

const splice = (
	bytes: Buffer,
	start: number,
	end: number,
	piece: Uint8Array,
): Buffer =>
	Buffer.concat([bytes.subarray(0, start), piece, bytes.subarray(end)]);

const change = (
	bytes: Buffer,
	others: readonly Buffer[],
	random: Random,
): Buffer => {
	const start = random(bytes.length + 1);
	const end = Math.min(bytes.length, start + random(12));
	switch (random(7)) {
		case 0: {
			return splice(bytes, start, end, Buffer.of(random(256)));
		}

		case 1: {
			return splice(bytes, start, end, Buffer.alloc(0));
		}

		case 2: {
			return splice(bytes, start, start, words[random(words.length)]!);
		}

		case 3: {
			return splice(bytes, start, end, words[random(words.length)]!);
		}

		case 4: {
			// A part of itself once more: keys twice, depth, length.
			const from = random(bytes.length + 1);
			const part = bytes.subarray(from, from + 1 + random(200));
			return splice(bytes, start, start, part);
		}

		case 5: {
			const other = others[random(others.length)]!;
			return splice(bytes, start, bytes.length, other.subarray(start));
		}

		default: {
			const copy = Buffer.from(bytes);
			if (copy.length > 0) {
				const place = random(copy.length);
				copy[place] = copy[place]! ^ (1 << random(8));
			}

			return copy;
		}
	}
};

export const mutate = (corpus: readonly Buffer[], random: Random): Buffer => {
	let bytes = corpus[random(corpus.length)]!;
	for (let left = 1 + random(4); left > 0; left--) {
		bytes = change(bytes, corpus, random);
	}

	return bytes.subarray(0, longest);
};
