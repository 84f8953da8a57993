/** How much lies below a window, as the lower line of its pane says it. */
import {display} from '../../protocol/display.js';
import type {Span} from '../text/row.js';
import {symbols} from '../theme/symbols.js';
import type {Window} from './window.js';

/** Only what came since the reader left the bottom is called new. */
export const belowSpan = ({below, newBelow}: Window): Span => {
	if (newBelow > 0) {
		const text = display`${symbols.below} ${newBelow} new below`;
		return {text, role: 'unread'};
	}

	// The bottom item itself may go on below the window.
	const count = below === 0 ? 'more' : String(below);
	return {text: display`${symbols.below} ${count} below`, role: 'faint'};
};
