/** A question in the place of the input line, with the caret after it. */
import {Box, useCursor} from 'ink';
import stringWidth from 'string-width';
import {toDisplay} from '../../protocol/display.js';
import {ShownText} from '../text/shown-text.js';

export type QuestionPaneProps = {
	/** The wordings, the longest first: the first that fits is shown. */
	readonly texts: readonly string[];
	readonly columns: number;
	/** The position on the screen, from 0. */
	readonly row: number;
	readonly column: number;
};

export function QuestionPane({texts, columns, row, column}: QuestionPaneProps) {
	const {setCursorPosition} = useCursor();
	const shown = texts.map(text => toDisplay(text));
	// The last cell is for the caret.
	const text = shown.find(each => stringWidth(each) < columns) ?? shown.at(-1)!;
	setCursorPosition({
		x: column + Math.min(stringWidth(text), columns - 1),
		y: row,
	});
	return (
		<Box width={columns} height={1} flexShrink={0} overflow="hidden">
			<ShownText text={text} role="question" />
		</Box>
	);
}
