/** Runs the built bin in an 80x24 pane of a real terminal and reads its screen. */
import {readFileSync} from 'node:fs';
import process from 'node:process';
import {setImmediate as turn} from 'node:timers/promises';
import {spawn} from '@lydell/node-pty';
import {createEmulator} from '../test/helpers/emulator.js';
import {bin} from './contestants.js';
import {folder} from './native.js';

export type Pane = ReturnType<typeof openPane>;

const columns = 80;
const rows = 24;
const ticksPerSecond = 100;
const deadlineMs = 20_000;

/** The CPU seconds of a process, from /proc. */
export const cpuSeconds = (pid: number): number => {
	const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
	// The name may contain anything; after it, the state is the first field.
	const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
	return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
};

/** The smallest value that a share of them doesn't exceed. */
export const percentile = (values: readonly number[], share: number): number =>
	values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1]!;

/** @param onFrame Called with each whole frame, once the emulator has it. */
export const openPane = (
	args: readonly string[],
	onFrame: (screen: readonly string[]) => void = () => undefined,
) => {
	const emulator = createEmulator(columns, rows);
	const pty = spawn(process.execPath, [bin, ...args], {
		cols: columns,
		rows,
		env: {
			...process.env,
			XDG_STATE_HOME: folder,
			XDG_CACHE_HOME: folder,
			TERM: 'xterm-256color',
			LANG: 'C.UTF-8',
			CI: 'false',
		},
	});
	let tail = '';
	pty.onData(chunk => {
		tail = (tail + chunk).slice(-4096);
		// Within a synchronized update a frame is only partly drawn.
		const isWhole =
			tail.lastIndexOf('\u001B[?2026l') >= tail.lastIndexOf('\u001B[?2026h');
		emulator.write(chunk, () => {
			if (isWhole) {
				onFrame(emulator.screen());
			}
		});
	});
	emulator.onAnswer(answer => {
		pty.write(answer);
	});
	const exited = new Promise<void>(resolve => {
		pty.onExit(() => {
			resolve();
		});
	});

	const until = async (
		condition: (screen: readonly string[]) => boolean,
		what: string,
	): Promise<void> => {
		const startedAt = performance.now();
		while (!condition(emulator.screen())) {
			if (performance.now() - startedAt > deadlineMs) {
				throw new Error(`No ${what} came:\n${emulator.screen().join('\n')}`);
			}

			await turn();
		}
	};

	return {
		pid: pty.pid,
		screen: emulator.screen,
		until,
		untilKeys: async () =>
			until(() => emulator.modes().isBracketedPaste, 'bracketed paste'),
		/** Types, and measures the time until the emulated screen shows the result. */
		async typeMs(
			bytes: string,
			condition: (screen: readonly string[]) => boolean,
		): Promise<number> {
			const startedAt = performance.now();
			pty.write(bytes);
			await until(condition, `answer to ${JSON.stringify(bytes)}`);
			return performance.now() - startedAt;
		},
		async close() {
			pty.kill('SIGTERM');
			const killing = setTimeout(() => {
				pty.kill('SIGKILL');
			}, 3000);
			await exited;
			clearTimeout(killing);
			emulator.dispose();
		},
	};
};
