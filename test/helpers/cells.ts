/** A terminal's screen as plain data, one cell per column. */
import type {IBufferCell, Terminal} from '@xterm/headless';

/** The terminal's default, one of its 256 colours, or #rrggbb. */
export type Colour = 'default' | number | `#${string}`;

export type Cell = {
	/** Empty if nothing was written, and after a wide character. */
	readonly text: string;
	/** In columns: 1, 2, or 0 after a wide character. */
	readonly width: number;
	readonly foreground: Colour;
	readonly background: Colour;
	readonly isBold: boolean;
	readonly isDim: boolean;
	readonly isItalic: boolean;
	readonly isUnderlined: boolean;
	readonly isInverse: boolean;
};

const toColour = (
	isRgb: boolean,
	isPalette: boolean,
	value: number,
): Colour => {
	if (isRgb) {
		return `#${value.toString(16).padStart(6, '0')}`;
	}

	return isPalette ? value : 'default';
};

const toCell = (cell: IBufferCell): Cell => ({
	text: cell.getChars(),
	width: cell.getWidth(),
	foreground: toColour(cell.isFgRGB(), cell.isFgPalette(), cell.getFgColor()),
	background: toColour(cell.isBgRGB(), cell.isBgPalette(), cell.getBgColor()),
	isBold: cell.isBold() !== 0,
	isDim: cell.isDim() !== 0,
	isItalic: cell.isItalic() !== 0,
	isUnderlined: cell.isUnderline() !== 0,
	isInverse: cell.isInverse() !== 0,
});

/** The cell in column x of row y, both counted from 0. */
export const readCell = (terminal: Terminal, x: number, y: number): Cell => {
	const {active} = terminal.buffer;
	const cell = active.getLine(active.baseY + y)?.getCell(x);
	if (cell === undefined) {
		throw new Error(
			`There is no cell ${x},${y}: the screen has ${terminal.cols} columns and ${terminal.rows} rows.`,
		);
	}

	return toCell(cell);
};

export const readCells = (terminal: Terminal): Cell[][] =>
	Array.from({length: terminal.rows}, (_row, y) =>
		Array.from({length: terminal.cols}, (_column, x) =>
			readCell(terminal, x, y),
		),
	);

/** The rows as text, without trailing blanks. */
export const readRows = (terminal: Terminal): string[] => {
	const {active} = terminal.buffer;
	return Array.from({length: terminal.rows}, (_row, y) =>
		(active.getLine(active.baseY + y)?.translateToString(true) ?? '').trimEnd(),
	);
};
