/**
 * Character widths of today's terminals for @xterm/headless, whose own are those of
 * Unicode 6: an emoji takes one column, and a family of four takes four.
 *
 * A character joins the grapheme before it if `Intl.Segmenter` says so, and the
 * width of a grapheme is that of string-width, which Ink uses for layout. So these
 * tests can't see a terminal that counts differently.
 */
import type {IUnicodeVersionProvider, Terminal} from '@xterm/headless';
import stringWidth from 'string-width';

// Combining marks begin here; no character below joins the one before.
const firstJoining = 0x3_00;

// What the emulator stores for us about the character before.
const maxNumber = 2 ** 24 - 1;

const segmenter = new Intl.Segmenter();

const isOneGrapheme = (text: string) =>
	[...segmenter.segment(text)].length === 1;

const toColumns = (text: string) => Math.min(stringWidth(text), 2) as 0 | 1 | 2;

const createProvider = (): IUnicodeVersionProvider => {
	// The emulator returns only the 24 bits that we gave it for the character
	// before: they are a number, and the grapheme itself stays here.
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
