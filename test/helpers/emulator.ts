/** A terminal without a window: bytes in, a screen out. */
import xterm from '@xterm/headless';
import stringWidth from 'string-width';
import {readCell, readCells, readRows} from './cells.js';
import {installGraphemeWidths} from './widths.js';

export type Modes = {
	readonly isAlternateScreen: boolean;
	readonly isCursorHidden: boolean;
	readonly isBracketedPaste: boolean;
	readonly isMouseTracked: boolean;
	readonly isApplicationCursor: boolean;
	readonly isFocusReported: boolean;
};

const cursorMode = 25;

/** The one mode that the emulator tracks but doesn't expose. */
const followCursorMode = (emulator: xterm.Terminal) => {
	let isHidden = false;
	const follow = (final: 'h' | 'l') => {
		emulator.parser.registerCsiHandler({prefix: '?', final}, modes => {
			isHidden = modes.includes(cursorMode) ? final === 'l' : isHidden;
			// False lets the emulator handle it too.
			return false;
		});
	};

	follow('h');
	follow('l');
	return () => isHidden;
};

const drawFrame = (rows: readonly string[], columns: number) => {
	const line = '─'.repeat(columns);
	const lines = rows.map(
		row => `│${row}${' '.repeat(Math.max(0, columns - stringWidth(row)))}│`,
	);
	return [`┌${line}┐`, ...lines, `└${line}┘`].join('\n');
};

/**
 * @param widths Of graphemes, as Ink counts them, or of characters, as
 * @xterm/headless does by itself, without emoji.
 */
export const createEmulator = (
	columns: number,
	rows: number,
	widths: 'graphemes' | 'characters' = 'graphemes',
) => {
	const emulator = new xterm.Terminal({
		cols: columns,
		rows,
		allowProposedApi: true,
		windowOptions: {pushTitle: true, popTitle: true},
	});
	if (widths === 'graphemes') {
		installGraphemeWidths(emulator);
	}

	const isCursorHidden = followCursorMode(emulator);
	let title = '';
	emulator.onTitleChange(changed => {
		title = changed;
	});
	const screen = () => readRows(emulator);

	return {
		/** Bytes are parsed in a later turn, then `onParsed` is called. */
		write(bytes: string, onParsed?: () => void) {
			emulator.write(bytes, onParsed);
		},
		/** The answers of the terminal to queries, for the program's stdin. */
		onAnswer(listener: (answer: string) => void) {
			emulator.onData(listener);
		},
		resize(newColumns: number, newRows: number) {
			emulator.resize(newColumns, newRows);
		},
		dispose() {
			emulator.dispose();
		},
		/** The rows, without trailing blanks. */
		screen,
		text: () => screen().join('\n'),
		/** The title of the window, as set or popped last. */
		title: () => title,
		/** The screen in a frame, for failure messages. */
		framed: () => drawFrame(screen(), emulator.cols),
		cells: () => readCells(emulator),
		cell: (x: number, y: number) => readCell(emulator, x, y),
		cellColour: (x: number, y: number) => readCell(emulator, x, y).foreground,
		cursor() {
			const {cursorX, cursorY} = emulator.buffer.active;
			return {x: cursorX, y: cursorY};
		},
		modes: (): Modes => ({
			isAlternateScreen: emulator.buffer.active.type === 'alternate',
			isCursorHidden: isCursorHidden(),
			isBracketedPaste: emulator.modes.bracketedPasteMode,
			isMouseTracked: emulator.modes.mouseTrackingMode !== 'none',
			isApplicationCursor: emulator.modes.applicationCursorKeysMode,
			isFocusReported: emulator.modes.sendFocusMode,
		}),
	};
};
