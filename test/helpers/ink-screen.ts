/**
 * Ink on an emulated terminal, in this process: its real output, its caret,
 * and keys typed into it. Nothing waits for a length of time.
 */
import {EventEmitter} from 'node:events';
import {Writable} from 'node:stream';
import type {TestContext} from 'node:test';
import {render} from 'ink';
import type {ReactNode} from 'react';
import {withSteadyColumns} from '../../source/ui/terminal/steady-columns.js';
import {createEmulator} from './emulator.js';

/** Of a terminal's stdin what Ink uses; what is typed can be read at once. */
const createKeyboard = () => {
	let typed: string | undefined;
	const keyboard = Object.assign(new EventEmitter(), {
		isTTY: true,
		read() {
			const chunk = typed;
			typed = undefined;
			// A stream's word for 'no more'.
			return chunk ?? null;
		},
		setEncoding: () => undefined,
		setRawMode: () => undefined,
		ref: () => undefined,
		unref: () => undefined,
	});

	return {
		stdin: keyboard as unknown as NodeJS.ReadStream,
		type(chunk: string) {
			typed = chunk;
			keyboard.emit('readable');
		},
	};
};

/** Renders into an emulated terminal. */
export const openInkScreen = (
	t: TestContext,
	columns: number,
	element: ReactNode,
	rows = 6,
	widths: 'graphemes' | 'characters' = 'graphemes',
) => {
	const emulator = createEmulator(columns, rows, widths);
	const keyboard = createKeyboard();
	const stdout = Object.assign(
		new Writable({
			write(chunk: Buffer, _encoding, done) {
				// A terminal's driver adds the CR, in raw mode too.
				emulator.write(chunk.toString().replaceAll('\n', '\r\n'), done);
			},
		}),
		{isTTY: true, columns, rows},
	);
	const app = render(element, {
		stdout: withSteadyColumns(stdout as unknown as NodeJS.WriteStream),
		stdin: keyboard.stdin,
		interactive: true,
		exitOnCtrlC: false,
		patchConsole: false,
		alternateScreen: true,
		incrementalRendering: true,
	});
	let latest = element;
	t.after(() => {
		app.unmount();
		emulator.dispose();
	});

	return {
		async rows() {
			await app.waitUntilRenderFlush();
			return emulator.screen();
		},
		/** What stands in each cell of each row; nothing right of a wide one. */
		async cells() {
			await app.waitUntilRenderFlush();
			return emulator.cells().map(row => row.map(({text}) => text));
		},
		/** The caret as [x, y]; undefined while hidden. */
		async caret() {
			await app.waitUntilRenderFlush();
			const {x, y} = emulator.cursor();
			return emulator.modes().isCursorHidden ? undefined : [x, y];
		},
		async rerender(next: ReactNode) {
			latest = next;
			app.rerender(next);
			await app.waitUntilRenderFlush();
		},
		async type(chunk: string) {
			await app.waitUntilRenderFlush();
			keyboard.type(chunk);
			await app.waitUntilRenderFlush();
		},
		/** As a terminal does it: first its own rows, then the program hears. */
		async resize(newColumns: number, newRows: number) {
			await app.waitUntilRenderFlush();
			emulator.resize(newColumns, newRows);
			Object.assign(stdout, {columns: newColumns, rows: newRows});
			stdout.emit('resize');
			await app.waitUntilRenderFlush();
		},
		/** Draws all anew, as the program does when it is asked to. */
		redraw() {
			stdout.write('\u001B[2J\u001B[H');
			app.clear();
			app.rerender(latest);
		},
	};
};
