/**
 * Any code point but the surrogates, as likely as in fast-check's own 'binary'.
 *
 * To recognise a character, that one makes a table of all 1.1 million of them
 * with the first string of the process: up to a second of CPU.
 */
import fc from 'fast-check';

const codePoints = 0x11_00_00;
const surrogates = {first: 0xd8_00, count: 0x8_00} as const;

/** The unit of a string. */
export const anyCharacter = fc
	.nat({max: codePoints - surrogates.count - 1})
	.map(
		index =>
			String.fromCodePoint(
				index < surrogates.first ? index : index + surrogates.count,
			),
		// How fast-check finds out what a string is made of, to shrink it.
		character => {
			const point =
				typeof character === 'string' ? character.codePointAt(0) : undefined;
			if (
				point === undefined ||
				String.fromCodePoint(point) !== character ||
				!character.isWellFormed()
			) {
				throw new TypeError('This is not one character.');
			}

			return point < surrogates.first ? point : point - surrogates.count;
		},
	);
