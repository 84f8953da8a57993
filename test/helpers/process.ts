/** A program under test on pipes, as in a script or a build job. */
import {spawn} from 'node:child_process';
import {existsSync} from 'node:fs';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import {
	createEnvironment,
	killTree,
	requireExecutable,
	type Owner,
	type Variables,
} from './environment.js';
import {describePattern, firstMatch, type Pattern} from './pattern.js';
import type {WaitOptions} from './terminal.js';
import {until} from './until.js';

export type ProcessOptions = {
	/** Changes to `createEnvironment()`; undefined omits a variable. */
	readonly env?: Variables | undefined;
	readonly cwd?: string | undefined;
};

export type Exit = {
	/** Undefined if a signal killed it. */
	readonly code: number | undefined;
	readonly signal: NodeJS.Signals | undefined;
};

/** Node's argument for a program in TypeScript, in whatever folder it runs. */
export const withTypeScript = `--import=${new URL('typescript.js', import.meta.url).href}`;

type Stream = 'stdout' | 'stderr';

export type RunningProcess = ReturnType<typeof startProcess>;

/** Killed by its process id when the test ends. */
export const startProcess = (
	owner: Owner,
	command: string,
	args: readonly string[] = [],
	{env, cwd}: ProcessOptions = {},
) => {
	const environment = createEnvironment(env);
	const child = spawn(command, args, {env: environment.env, cwd});
	const output = {stdout: '', stderr: ''};
	let ended: Exit | undefined;
	let failure: Error | undefined;

	for (const stream of ['stdout', 'stderr'] as const) {
		child[stream].setEncoding('utf8').on('data', (chunk: string) => {
			output[stream] += chunk;
		});
	}

	// EPIPE: the program ended without reading everything; tests see its exit.
	child.stdin.on('error', () => undefined);

	const exit = new Promise<Exit>((resolve, reject) => {
		child.on('error', error => {
			failure = error;
			reject(error);
		});
		child.on('close', (code, signal) => {
			ended = {code: code ?? undefined, signal: signal ?? undefined};
			resolve(ended);
		});
	});

	owner.after(async () => {
		const isRunning = child.exitCode === null && child.signalCode === null;
		if (isRunning && child.pid !== undefined) {
			killTree(child.pid);
		}

		// Its children may outlive it and keep these open; 'close' would wait.
		child.stdout.destroy();
		child.stderr.destroy();
		await Promise.allSettled([exit]);
		environment.remove();
	});

	const assertStarted = () => {
		if (failure !== undefined) {
			throw failure;
		}
	};

	const seen = () =>
		[
			`$ ${[command, ...args].join(' ')}`,
			ended === undefined
				? '(running)'
				: `(ended: exit code ${ended.code}, signal ${ended.signal})`,
			`stdout: ${JSON.stringify(output.stdout)}`,
			`stderr: ${JSON.stringify(output.stderr)}`,
		].join('\n');

	return {
		/** Undefined if it could not be started; `exit` then rejects. */
		pid: child.pid,
		/** The temporary folder that is HOME. */
		home: environment.home,
		stdout: () => output.stdout,
		stderr: () => output.stderr,
		/** The command and all its output, for failure messages. */
		seen,
		/** Bytes are written unchanged, text as UTF-8. */
		write(bytes: string | Uint8Array) {
			child.stdin.write(bytes);
		},
		writeLine(line: string) {
			child.stdin.write(`${line}\n`);
		},
		/** What was given as its stdin and isn't in the pipe yet. */
		unwritten: () => child.stdin.writableLength,
		/** Ends its stdin. */
		end() {
			child.stdin.end();
		},
		signal(name: NodeJS.Signals) {
			child.kill(name);
		},
		/** Calls back as soon as stdout has its first bytes, without polling. */
		onFirstOutput(look: () => void) {
			child.stdout.once('data', look);
		},
		/**
		 * Waits for the pattern in all output of a stream so far.
		 *
		 * @returns The match, or its first group if the expression has one.
		 * @throws {Error} With all output, at the deadline or when it has ended.
		 */
		async waitForOutput(
			pattern: Pattern,
			{stream = 'stdout', deadlineMs}: WaitOptions & {stream?: Stream} = {},
		) {
			const what = `${stream} to have ${describePattern(pattern)}`;
			return until(
				() => {
					assertStarted();
					const found = firstMatch(output[stream], pattern);
					if (found === undefined && ended !== undefined) {
						throw new Error(`It ended before ${what}.\n${seen()}`);
					}

					return found;
				},
				{what, seen, deadlineMs},
			);
		},
		/** Never settles while it runs. */
		exit,
		/** Like `exit`, with a deadline whose error has all output. */
		waitForExit: async ({deadlineMs}: WaitOptions = {}) =>
			until(
				() => {
					assertStarted();
					return ended;
				},
				{what: `${command} to end`, seen, deadlineMs},
			),
	};
};

const binPath = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

/**
 * The built bin under the Node that runs the tests, for `openTerminal`,
 * `startBin` and `toShellLine`.
 */
export const bin = (...args: readonly string[]) => {
	if (!existsSync(binPath)) {
		throw new Error(`There is no ${binPath}: npm run build makes it.`);
	}

	return {command: process.execPath, args: [binPath, ...args], path: binPath};
};

export const startBin = (
	owner: Owner,
	args: readonly string[],
	options?: ProcessOptions,
) => {
	const {command, args: all} = bin(...args);
	return startProcess(owner, command, all, options);
};

/** The Node of the machine, not the pinned one: for smoke runs. */
export const machineNode = () => requireExecutable('node', 'nodejs');
