/** Text of which no two parts are alike, so that a gap or a repetition shows. */
import {Buffer} from 'node:buffer';

/**
 * Numbers in base 8, each another.
 *
 * @param alphabet Eight characters. Texts of alphabets that have none in common
 * can be told apart where they are mixed.
 */
export const digits = (alphabet: string, count: number): string => {
	const bytes = Buffer.alloc(count * 8, alphabet.at(-1));
	for (let index = 0; index < count; index++) {
		for (let rest = index, place = 6; place >= 0; place--, rest >>= 3) {
			bytes[index * 8 + place] = alphabet.codePointAt(rest & 7)!;
		}
	}

	return bytes.toString('latin1');
};

/** What is of an alphabet. */
export const only = (alphabet: string, text: string): string =>
	text.replaceAll(new RegExp(`[^${alphabet}]+`, 'g'), '');
