/** What is drawn by a symbol: one cell each, and none of them an emoji. */
import {display} from '../../protocol/display.js';

export const symbols = {
	/** Was read from the system. */
	solid: display`●`,
	/** Can only be inferred. */
	hollow: display`○`,
	ellipsis: display`…`,
	inward: display`←`,
	outward: display`→`,
	below: display`↓`,
	/** Left of a row that continues the text above it. */
	margin: display`┆`,
	/** Left of what calls the reader. */
	call: display`▌`,
	prompt: display`›`,
	/** What was said, and has no place in the room's order yet. */
	unshared: display`◌`,
} as const;

export const borders = {
	horizontal: display`─`,
	vertical: display`│`,
	topLeft: display`╭`,
	topRight: display`╮`,
	bottomLeft: display`╰`,
	bottomRight: display`╯`,
} as const;

/** Ink's name for the same lines. */
export const borderStyle = 'round';
