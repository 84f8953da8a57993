/**
 * Ink on an emulated terminal in this process: its real output, its caret, and
 * keys typed into it. Nothing waits for a fixed time: the input's clock stands
 * still, and after each chunk it is advanced beyond all that the input waits for.
 */
import {EventEmitter} from 'node:events';
import {Writable} from 'node:stream';
import type {TestContext} from 'node:test';
import {render} from 'ink';
import type {ReactNode} from 'react';
import {pasteSilenceMs} from '../../source/keyboard/calm-input.js';
import {calmStdin} from '../../source/keyboard/calm-stdin.js';
import {withSteadyColumns} from '../../source/ui/terminal/steady-columns.js';
import {FakeClock} from './clock.js';
import {createEmulator} from './emulator.js';

/** The parts of a terminal's stdin that Ink uses; input is readable at once. */
const createKeyboard = () => {
	let typed: string | undefined;
	const keyboard = Object.assign(new EventEmitter(), {
		isTTY: true,
		read() {
			const chunk = typed;
			typed = undefined;
			// How a stream says that there is no more.
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
	const clock = new FakeClock();
	const stdin = calmStdin(keyboard.stdin, {
		monotonicMs: clock.monotonicMs,
		setTimer: clock.setTimer,
		afterReads(callback) {
			callback();
		},
		busyMs: () => 0,
	});
	const drawn = {frames: 0, bytes: 0};
	const stdout = Object.assign(
		new Writable({
			write(chunk: Buffer, _encoding, done) {
				drawn.bytes += chunk.length;
				// The terminal driver adds the CR, also in raw mode.
				emulator.write(chunk.toString().replaceAll('\n', '\r\n'), done);
			},
		}),
		{isTTY: true, columns, rows},
	);
	const app = render(element, {
		stdout: withSteadyColumns(stdout as unknown as NodeJS.WriteStream),
		stdin,
		interactive: true,
		exitOnCtrlC: false,
		patchConsole: false,
		alternateScreen: true,
		incrementalRendering: true,
		onRender() {
			drawn.frames++;
		},
	});
	let latest = element;
	t.after(() => {
		app.unmount();
		emulator.dispose();
	});

	return {
		/** The frames that Ink made so far, and the bytes it wrote. */
		async drawn() {
			await app.waitUntilRenderFlush();
			return {...drawn};
		},
		async rows() {
			await app.waitUntilRenderFlush();
			return emulator.screen();
		},
		/** The content of each cell of each row; empty after a wide one. */
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
			clock.advance(pasteSilenceMs);
			await app.waitUntilRenderFlush();
		},
		/** As a terminal does: first its own rows, then the program is notified. */
		async resize(newColumns: number, newRows: number) {
			await app.waitUntilRenderFlush();
			emulator.resize(newColumns, newRows);
			Object.assign(stdout, {columns: newColumns, rows: newRows});
			stdout.emit('resize');
			await app.waitUntilRenderFlush();
		},
		/** Redraws everything, as Ctrl-L does. */
		redraw() {
			stdout.write('\u001B[2J\u001B[H');
			app.clear();
			app.rerender(latest);
		},
	};
};
