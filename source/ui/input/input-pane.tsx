/**
 * The input: a prompt with one's own nick, the draft in up to eight rows, the real
 * caret.
 *
 * The question about a paste replaces the draft until it is answered, and a search
 * in the history until it ends; a text over the limit is reported at the right
 * end. It only displays: keys go to `press` through `useKeyboard`.
 */
import {Box, useCursor} from 'ink';
import stringWidth from 'string-width';
import {
	display,
	displayWidth,
	joinText,
	toDisplay,
	type DisplayText,
} from '../../protocol/display.js';
import {cutTo} from '../text/cells.js';
import {DraftText, ShownText} from '../text/shown-text.js';
import {symbols} from '../theme/symbols.js';
import {
	bytesOver,
	foundText,
	isAsking,
	type Draft,
	type PasteQuestion,
} from './draft.js';
import {draftWindow, rowCount} from './rows.js';
import {insertPaste} from './sending.js';

export type InputPaneProps = {
	readonly draft: Draft;
	/** One's own nick; empty in raw mode. */
	readonly nick?: string;
	/** The width with the prompt; designed for 20 and more. */
	readonly columns: number;
	/** At most `inputRows`. */
	readonly height?: number;
	/** The position on the screen, from 0. */
	readonly row: number;
	readonly column: number;
	/** Whether keys go to the draft; only then is there a caret. */
	readonly isActive: boolean;
	/** Shown while the draft is empty, if it fits. Never a peer's text. */
	readonly hint?: string;
	/** Shown after the draft, in brackets, if it fits: not all themes have grey. */
	readonly advice?: string;
};

/** The draft never takes more. */
const maxRows = 8;

// The nick and the note get shorter to leave the text this many cells.
const minTextColumns = 10;

// A nick cut shorter than this is nobody's.
const minNickColumns = 4;

// A hint cut shorter than this says nothing.
const minAdviceColumns = 8;

const sign = display`${symbols.prompt} `;

/** The nick is cut to a third of a narrow input. */
const promptOf = (nick: string, columns: number): DisplayText => {
	const room = Math.floor(columns / 3) - displayWidth(sign) - 1;
	return nick === '' || room < minNickColumns
		? sign
		: joinText(cutTo(toDisplay(nick), room), display` `, sign);
};

const counted = (count: number, noun: string) =>
	`${count} ${noun}${count === 1 ? '' : 's'}`;

/** The first wording that fits, or else the last. */
const fitting = (wordings: readonly string[], columns: number): string =>
	wordings.find(wording => stringWidth(wording) <= columns) ??
	wordings.at(-1) ??
	'';

const questionText = (
	draft: Draft,
	{lineCount, isByLine}: PasteQuestion,
	columns: number,
): string => {
	const over = bytesOver(insertPaste(draft));
	const lines = counted(lineCount, 'line');
	const {limitBytes} = draft.rules;
	if (isByLine) {
		return fitting(
			[
				`Send ${lines} one by one? Enter · Tab as one message · Esc edit · Ctrl-C drop`,
				`Send ${lines} singly? Enter · Tab as one · Esc edit`,
				`Send ${lines} singly? Enter/Tab/Esc`,
				`${lines} singly? Enter`,
				'singly? Enter/Esc',
			],
			columns,
		);
	}

	const wordings =
		over > 0
			? [
					`${lines} pasted, ${counted(over, 'byte')} over the limit of ${limitBytes}. Tab line by line · Esc edit · Ctrl-C drop`,
					`${lines}, ${over} over ${limitBytes}. Tab split · Esc edit`,
					`${lines}, ${over} over. Tab/Esc`,
					`${over} over. Tab/Esc`,
					'too long. Tab/Esc',
				]
			: [
					`Send ${lines} as one message? Enter · Tab line by line · Esc edit · Ctrl-C drop`,
					`Send ${lines} as one? Enter · Tab split · Esc edit`,
					`Send ${lines}? Enter/Tab/Esc`,
					`${lines}? Enter/Esc`,
					'send? Enter/Esc',
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

const measured = (draft: Draft, nick: string, columns: number) => {
	const prompt = promptOf(nick, columns);
	const room = columns - displayWidth(prompt);
	const note = overText(draft, room - minTextColumns);
	return {prompt, note, textColumns: room - stringWidth(note)};
};

/** The cells of a row of the draft. */
export const draftColumns = (
	draft: Draft,
	nick: string,
	columns: number,
): number => measured(draft, nick, columns).textColumns;

/** The rows that the input asks for. */
export const inputRows = (
	draft: Draft,
	nick: string,
	columns: number,
): number =>
	isAsking(draft)
		? 1
		: rowCount(draft, draftColumns(draft, nick, columns), maxRows);

/** The last cells of a text that is too wide. */
const endOf = (text: string, columns: number): DisplayText => {
	let shown = toDisplay(text);
	for (
		let start = Math.max(0, text.length - columns);
		displayWidth(shown) > columns;
		start++
	) {
		shown = joinText(symbols.ellipsis, toDisplay(text.slice(start)));
	}

	return shown;
};

const searchLabel = (hasFailed: boolean, hasFound: boolean): DisplayText => {
	if (!hasFailed) {
		return display`(search) `;
	}

	return hasFound ? display`(no more) ` : display`(not found) `;
};

/** What a search shows left and right of its caret. */
const searchTexts = (draft: Draft, columns: number) => {
	const {query = '', hasFailed = false} = draft.search ?? {};
	const line = foundText(draft);
	const label = searchLabel(hasFailed, line !== undefined);
	const room = columns - displayWidth(label) - 1;
	const shownQuery = endOf(query, Math.max(2, Math.floor(room / 2)));
	const found = line?.replaceAll('\n', '⏎') ?? '';
	const left = joinText(label, shownQuery);
	return {
		left,
		right: cutTo(
			joinText(display`: `, toDisplay(found.slice(0, 4 * columns))),
			columns - displayWidth(left),
		),
	};
};

export const InputPane = ({
	draft,
	nick = '',
	columns,
	height = 1,
	row,
	column,
	isActive,
	hint = 'message, or /help',
	advice = '',
}: InputPaneProps) => {
	const {setCursorPosition} = useCursor();
	const placeCaret = (x: number, y = 0) => {
		setCursorPosition(isActive ? {x: column + x, y: row + y} : undefined);
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

	if (draft.search !== undefined) {
		const {left, right} = searchTexts(draft, columns);
		placeCaret(displayWidth(left));
		return (
			<Box width={columns} height={1} flexShrink={0} overflow="hidden">
				<ShownText text={left} role="question" />
				<ShownText text={right} role="faint" />
			</Box>
		);
	}

	const {prompt, note, textColumns} = measured(draft, nick, columns);
	const {rows, caret, hasMoreAbove, hasMoreBelow, endColumn} = draftWindow(
		draft,
		textColumns,
		height,
	);
	const promptColumns = displayWidth(prompt);
	placeCaret(promptColumns + caret.column, caret.row);
	const adviceColumns = textColumns - (endColumn ?? textColumns) - 2;
	const shownAdvice =
		advice === '' || adviceColumns < minAdviceColumns
			? display``
			: joinText(
					display`  (`,
					cutTo(toDisplay(advice), adviceColumns - 2),
					display`)`,
				);
	return (
		<Box
			flexDirection="column"
			width={columns}
			height={height}
			flexShrink={0}
			overflow="hidden"
		>
			{rows.map((text, index) => {
				const isFirst = index === 0;
				const isLast = index === rows.length - 1;
				const isCut = isFirst ? hasMoreAbove : isLast && hasMoreBelow;
				const placeholder = toDisplay(
					draft.text === '' && stringWidth(hint) < textColumns ? hint : '',
				);
				return (
					// A row of the input is its place in it.
					<Box key={index} height={1} flexShrink={0}>
						<Box width={promptColumns} flexShrink={0}>
							<ShownText
								text={lead(prompt, {isFirst, isCut})}
								role={isActive && !isCut ? 'prompt' : 'faint'}
							/>
						</Box>
						<Box width={textColumns} flexShrink={0}>
							<DraftText text={text} placeholder={placeholder} />
							{isLast && <ShownText text={shownAdvice} role="faint" />}
						</Box>
						{isLast && <ShownText text={toDisplay(note)} role="alarm" />}
					</Box>
				);
			})}
		</Box>
	);
};

/** What is left of a row: the prompt, or that there is more. */
const lead = (
	prompt: DisplayText,
	{isFirst, isCut}: {isFirst: boolean; isCut: boolean},
): DisplayText => {
	if (isCut) {
		const blank = ' '.repeat(Math.max(0, displayWidth(prompt) - 2));
		return joinText(toDisplay(blank), symbols.ellipsis);
	}

	return isFirst ? prompt : display``;
};
