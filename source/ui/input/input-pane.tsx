/**
 * The input line: a prompt, the visible part of the draft, the real caret.
 *
 * It is always one row high. The question about a paste replaces the draft
 * until it is answered; a text over the limit is reported at the right end. It
 * only displays: keys go to `press` through `useKeyboard`.
 */
import {Box, useCursor} from 'ink';
import stringWidth from 'string-width';
import {display, toDisplay} from '../../protocol/display.js';
import {DraftText, ShownText} from '../text/shown-text.js';
import {symbols} from '../theme/symbols.js';
import {bytesOver, type Draft, type PasteQuestion} from './draft.js';
import {insertPaste} from './sending.js';
import {visibleSlice} from './visible-slice.js';

export type InputPaneProps = {
	readonly draft: Draft;
	/** The width with the prompt; designed for 20 and more. */
	readonly columns: number;
	/** The position on the screen, from 0. */
	readonly row: number;
	readonly column: number;
	/** Whether keys go to the draft; only then is there a caret. */
	readonly isActive: boolean;
	/** Shown while the draft is empty, if it fits. Never a peer's text. */
	readonly hint?: string;
};

const prompt = display`${symbols.prompt} `;
const promptColumns = stringWidth(prompt);

// The note gets shorter to leave the text this many cells.
const minTextColumns = 10;

const counted = (count: number, noun: string) =>
	`${count} ${noun}${count === 1 ? '' : 's'}`;

/** The first wording that fits, or else the last. */
const fitting = (wordings: readonly string[], columns: number): string =>
	wordings.find(wording => stringWidth(wording) <= columns) ??
	wordings.at(-1) ??
	'';

const questionText = (
	draft: Draft,
	{lineCount}: PasteQuestion,
	columns: number,
): string => {
	const over = bytesOver(insertPaste(draft));
	const lines = counted(lineCount, 'line');
	const {limitBytes} = draft.rules;
	const wordings =
		over > 0
			? [
					`${lines} pasted, ${counted(over, 'byte')} over the limit of ${limitBytes}. l line by line · e edit · n drop`,
					`${lines}, ${over} over ${limitBytes}. l split · e edit · n drop`,
					`${lines}, ${over} over. l/e/n`,
					`${over} over. l/e/n`,
					'too long. l/e/n',
				]
			: [
					`Send ${lines} as one message? y/n · l line by line · e edit first`,
					`Send ${lines} as one? y/n · l split · e edit`,
					`Send ${lines}? y/n/l/e`,
					`${lines}? y/n/l/e`,
					'send? y/n/l/e',
				];
	return fitting(wordings, columns);
};

const overText = (draft: Draft, columns: number): string => {
	const over = bytesOver(draft);
	return over === 0
		? ''
		: fitting(
				[
					` ${counted(over, 'byte')} over the limit of ${draft.rules.limitBytes}`,
					` ${counted(over, 'byte')} over`,
					` ${over} over`,
				],
				columns,
			);
};

export const InputPane = ({
	draft,
	columns,
	row,
	column,
	isActive,
	hint = 'message, or /help',
}: InputPaneProps) => {
	const {setCursorPosition} = useCursor();
	const placeCaret = (x: number) => {
		setCursorPosition(isActive ? {x: column + x, y: row} : undefined);
	};

	if (draft.question !== undefined) {
		// The last cell is for the caret.
		const question = questionText(draft, draft.question, columns - 1);
		placeCaret(stringWidth(question));
		return (
			<Box width={columns} height={1} flexShrink={0} overflow="hidden">
				<ShownText text={toDisplay(question)} role="question" />
			</Box>
		);
	}

	const room = columns - promptColumns;
	const note = overText(draft, room - minTextColumns);
	const textColumns = room - stringWidth(note);
	const slice = visibleSlice(draft, textColumns);
	placeCaret(promptColumns + slice.caretColumn);
	return (
		<Box width={columns} height={1} flexShrink={0} overflow="hidden">
			<ShownText text={prompt} role={isActive ? 'prompt' : 'faint'} />
			<Box width={textColumns} flexShrink={0}>
				<DraftText
					text={slice.text}
					placeholder={toDisplay(stringWidth(hint) < textColumns ? hint : '')}
				/>
			</Box>
			<ShownText text={toDisplay(note)} role="alarm" />
		</Box>
	);
};
