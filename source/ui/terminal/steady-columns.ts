/**
 * Keeps columns aligned, whatever width a terminal gives to emoji.
 *
 * Terminals disagree about the width of a character with a skin tone, a joiner
 * or a variation selector: tmux 3.3a takes four cells for 👍🏽 and one for ❤️,
 * where Unicode says two. That would shift everything to the right of it, and,
 * if the row became too long, the rows below. So after each such character the
 * cursor is moved to the right column, and wrapping is off while it is written.
 */
import stringWidth from 'string-width';
import {graphemes} from '../../protocol/display.js';
import {lazy} from '../../protocol/lazy.js';
import {isLoose} from '../../protocol/segments.js';
import {withMethods} from '../../keyboard/with-methods.js';

// More than one code point, or one that a terminal may not treat as wide.
const doubtful = lazy(
	() =>
		/[\p{M}\p{Extended_Pictographic}\p{Emoji_Modifier}\p{RI}\u200D\uFE0E\uFE0F\u{1160}-\u{11FF}\u{E0020}-\u{E007F}]/u,
);
const isDoubtful = (text: string): boolean =>
	!isLoose.test(text) && doubtful().test(text);

const noWrap = '\u001B[?7l';
const wrap = '\u001B[?7h';
const toColumn = (column: number) => `\u001B[${column + 1}G`;

// What is between texts: CSI, OSC (a link), and single characters.
const control =
	/\u001B\[([\d;?]*)([A-Za-z])|\u001B\][\u0020-\u007E]*(?:\u001B\\|\u0007)|[\u0000-\u001F]/gu;

/** The column after a control sequence that starts in `column`. */
const columnAfter = (
	column: number,
	[whole, parameters = '', final]: readonly string[],
): number => {
	const count = Number(parameters) || 1;
	switch (final ?? whole) {
		case 'C': {
			return column + count;
		}

		case 'D': {
			return Math.max(0, column - count);
		}

		case 'G': {
			return count - 1;
		}

		case 'H': {
			return Number(parameters.split(';', 2)[1] ?? 1) - 1;
		}

		case 'E':
		case 'F':
		case '\n':
		case '\r': {
			return 0;
		}

		default: {
			return column;
		}
	}
};

/** @param output Text for the terminal, starting in the first column. */
export const steadyColumns = (output: string): string => {
	if (!isDoubtful(output)) {
		return output;
	}

	let steady = '';
	let column = 0;
	const addText = (text: string) => {
		if (!isDoubtful(text)) {
			steady += text;
			column += stringWidth(text);
			return;
		}

		for (const grapheme of graphemes(text)) {
			column += stringWidth(grapheme);
			steady += isDoubtful(grapheme)
				? `${noWrap}${grapheme}${wrap}${toColumn(column)}`
				: grapheme;
		}
	};

	let end = 0;
	for (const match of output.matchAll(control)) {
		addText(output.slice(end, match.index));
		column = columnAfter(column, match);
		steady += match[0];
		end = match.index + match[0].length;
	}

	addText(output.slice(end));
	return steady;
};

/** The same stream, with steady columns in what Ink writes. */
export const withSteadyColumns = <Stream extends NodeJS.WritableStream>(
	stream: Stream,
): Stream => {
	const write = (output: string | Uint8Array, ...others: never[]) =>
		stream.write(
			typeof output === 'string' ? steadyColumns(output) : output,
			...others,
		);
	return withMethods(stream, {write});
};
