/**
 * Character widths of today's terminals for @xterm/headless, whose own are of
 * Unicode 6: to it an emoji takes one column, and a family of four takes four.
 *
 * A character takes part in the grapheme before it where `Intl.Segmenter` says
 * so, and a grapheme is as wide as string-width says, which Ink lays out by.
 * So these tests can't see a terminal that counts otherwise.
 */
import type {IUnicodeVersionProvider, Terminal} from '@xterm/headless';
import stringWidth from 'string-width';

// The combining marks begin here; nothing below it joins what came before.
const firstJoining = 0x3_00;

// What the emulator keeps for us of the character before.
const maxNumber = 2 ** 24 - 1;

const segmenter = new Intl.Segmenter();

const isOneGrapheme = (text: string) =>
	[...segmenter.segment(text)].length === 1;

const toColumns = (text: string) => Math.min(stringWidth(text), 2) as 0 | 1 | 2;

const createProvider = (): IUnicodeVersionProvider => {
	// The emulator hands back only the 24 bits that we gave it for the character
	// before, so the grapheme itself stays here and the bits are its number.
	let grapheme = '';
	let number = 0;

	return {
		version: 'graphemes',
		wcwidth: codePoint => toColumns(String.fromCodePoint(codePoint)),
		charProperties(codePoint, preceding) {
			const character = String.fromCodePoint(codePoint);
			const precedingWidth = (preceding >> 1) & 0b11;
			const isNext = preceding !== 0 && preceding >>> 3 === number;
			const isJoined =
				codePoint >= firstJoining &&
				isNext &&
				isOneGrapheme(grapheme + character);
			grapheme = isJoined ? grapheme + character : character;
			number = isJoined ? number : (number + 1) % maxNumber;
			const width = isJoined
				? Math.max(toColumns(grapheme), precedingWidth)
				: toColumns(character);
			return (number << 3) | (width << 1) | (isJoined ? 1 : 0);
		},
	};
};

/** Needs `allowProposedApi`. */
export const installGraphemeWidths = (terminal: Terminal) => {
	terminal.unicode.register(createProvider());
	terminal.unicode.activeVersion = 'graphemes';
};
