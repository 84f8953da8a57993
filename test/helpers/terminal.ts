/**
 * A program under test in a real pseudo-terminal, and the screen that a person
 * would see there.
 *
 * The emulator's answers (cursor position, device attributes) go back to the
 * program, as with any terminal. Every wait is for a condition, and its failure
 * shows the screen.
 */
import process from 'node:process';
import {isDeepStrictEqual} from 'node:util';
import {spawn} from '@lydell/node-pty';
import {createEmulator, type Modes} from './emulator.js';
import {
	createEnvironment,
	killTree,
	type Owner,
	type Variables,
} from './environment.js';
import {type Key, keySequence} from './keys.js';
import {describePattern, firstMatch, type Pattern} from './pattern.js';
import {type Falsy, until} from './until.js';

export type TerminalOptions = {
	readonly command: string;
	readonly args?: readonly string[];
	/** Default 80. */
	readonly columns?: number | undefined;
	/** Default 24. */
	readonly rows?: number | undefined;
	/** Changes to `createEnvironment()`; undefined omits a variable. */
	readonly env?: Variables | undefined;
	readonly cwd?: string | undefined;
	/** Whether it first gets a SIGHUP when the test ends, to exit by itself. */
	readonly isHungUp?: boolean | undefined;
	/** Whether it leaves each question unanswered, and knows no paste. */
	readonly isOld?: boolean | undefined;
};

export type WaitOptions = {
	/** Default 10,000. */
	readonly deadlineMs?: number | undefined;
};

export type Terminal = ReturnType<typeof openTerminal>;

// A process that was stopped on purpose can't react to it.
const hangUpMs = 1500;

/** Killed by its process id when the test ends. */
export const openTerminal = (
	owner: Owner,
	{
		command,
		args = [],
		columns = 80,
		rows = 24,
		env,
		cwd,
		isHungUp = false,
		isOld = false,
	}: TerminalOptions,
) => {
	const environment = createEnvironment(env);
	const {write, onAnswer, dispose, ...emulator} = createEmulator(columns, rows);
	const pty = spawn(command, [...args], {
		cols: columns,
		rows,
		env: environment.env,
		...(cwd !== undefined && {cwd}),
	});

	let output = '';
	let exit: number | undefined;
	pty.onData(chunk => {
		output += chunk;
		write(chunk);
	});
	onAnswer(answer => {
		if (exit === undefined && !isOld) {
			pty.write(answer);
		}
	});

	const exitCode = new Promise<number>(resolve => {
		pty.onExit(({exitCode: code, signal}) => {
			// After all output, so the screen is complete at the exit.
			write('', () => {
				exit = signal === undefined || signal === 0 ? code : 128 + signal;
				resolve(exit);
			});
		});
	});

	owner.after(async () => {
		if (exit === undefined && isHungUp) {
			pty.kill('SIGHUP');
			await until(() => exit !== undefined, {
				what: 'its end after SIGHUP',
				deadlineMs: hangUpMs,
			}).catch(() => undefined);
		}

		if (exit === undefined) {
			killTree(pty.pid);
		}

		await exitCode;
		dispose();
		environment.remove();
	});

	const assertRuns = () => {
		if (exit !== undefined) {
			throw new Error(
				`${command} has ended with exit code ${exit}; its last screen:\n${emulator.framed()}`,
			);
		}
	};

	const waitWhileRunning = async <T>(
		what: string,
		condition: () => T | Falsy,
		{deadlineMs}: WaitOptions = {},
	) => {
		const look = () => {
			const value = condition();
			if (value === undefined || value === false) {
				assertRuns();
			}

			return value;
		};

		return until(look, {what, seen: emulator.framed, deadlineMs});
	};

	const type = (bytes: string) => {
		assertRuns();
		pty.write(bytes);
	};

	return {
		...emulator,
		pid: pty.pid,
		/** The temporary folder that is HOME. */
		home: environment.home,
		/** All output so far, including escape sequences. */
		output: () => output,
		get modes(): Modes {
			return emulator.modes();
		},
		/** Writes it unchanged, in one write. */
		type,
		press(...keys: readonly Key[]) {
			for (const key of keys) {
				type(keySequence(key));
			}
		},
		/** As a terminal does: in brackets only if the program asked for them. */
		paste(pasted: string) {
			const lines = pasted.replaceAll(/\r?\n/g, '\r');
			type(
				emulator.modes().isBracketedPaste && !isOld
					? `\u{1B}[200~${lines}\u{1B}[201~`
					: lines,
			);
		},
		resize(newColumns: number, newRows: number) {
			assertRuns();
			emulator.resize(newColumns, newRows);
			pty.resize(newColumns, newRows);
		},
		signal(name: NodeJS.Signals) {
			assertRuns();
			process.kill(pty.pid, name);
		},
		/**
		 * Waits for the screen to show the pattern; rows are joined by a newline.
		 *
		 * @returns The match, or its first group if the expression has one.
		 * @throws {Error} With the screen, at the deadline or when the program ends.
		 */
		waitFor: async (pattern: Pattern, options?: WaitOptions) =>
			waitWhileRunning(
				`the screen to show ${describePattern(pattern)}`,
				() => firstMatch(emulator.text(), pattern),
				options,
			),
		waitForNot: async (pattern: Pattern, options?: WaitOptions) =>
			waitWhileRunning(
				`the screen to show ${describePattern(pattern)} no more`,
				() => firstMatch(emulator.text(), pattern) === undefined,
				options,
			),
		/**
		 * Waits for modes. An Ink app that takes pastes starts to listen to keys
		 * with `isBracketedPaste`, a while after its first frame; what is typed
		 * before is edited and echoed by the kernel.
		 */
		waitForModes: async (wanted: Partial<Modes>, options?: WaitOptions) =>
			waitWhileRunning(
				`the modes ${JSON.stringify(wanted)}`,
				() => {
					const modes = emulator.modes();
					return isDeepStrictEqual({...modes, ...wanted}, modes);
				},
				options,
			),
		/** Never settles while the program runs; 128 + the signal that killed it. */
		exitCode,
		/** Like `exitCode`, with a deadline whose error shows the screen. */
		waitForExit: async ({deadlineMs}: WaitOptions = {}) =>
			until(() => exit, {
				what: `${command} to end`,
				seen: emulator.framed,
				deadlineMs,
			}),
	};
};
