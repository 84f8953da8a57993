/**
 * A shell in a pseudo-terminal, to see in which state a program leaves it.
 *
 * The shell is dash: bash restores the terminal by itself after a job was killed
 * by a signal, so a program that restores nothing would pass.
 */
import {execFileSync} from 'node:child_process';
import {readlinkSync} from 'node:fs';
import {requireExecutable, type Owner} from './environment.js';
import {
	openTerminal,
	type TerminalOptions,
	type WaitOptions,
} from './terminal.js';
import {until} from './until.js';

const prompt = /\[exit (\d+)\] /g;

export type Shell = Awaited<ReturnType<typeof openShell>>;

/** Quotes a program and its arguments for `run`. */
export const toShellLine = (command: string, args: readonly string[] = []) =>
	[command, ...args]
		.map(part => `'${part.replaceAll("'", String.raw`'\''`)}'`)
		.join(' ');

/** Resolves when the shell has shown its prompt. */
export const openShell = async (
	owner: Owner,
	options: Omit<TerminalOptions, 'command' | 'args'> = {},
) => {
	const terminal = openTerminal(owner, {
		...options,
		command: requireExecutable('dash', 'dash'),
		args: ['-i'],
		env: {...options.env, PS1: '[exit $?] ', ENV: undefined},
	});
	const statuses = () =>
		[...terminal.output().matchAll(prompt)].map(([, status]) => Number(status));
	let prompts = 0;

	/** The exit status of the program that `run` started, at the next prompt. */
	const exitStatus = async ({deadlineMs}: WaitOptions = {}) =>
		until(() => statuses()[prompts], {
			what: 'the prompt of the shell',
			seen: terminal.framed,
			deadlineMs,
		});

	await exitStatus();

	return {
		...terminal,
		// A spread would read the getter only once.
		get modes() {
			return terminal.modes;
		},
		/** Types a line and Enter, without waiting for the program to end. */
		run(line: string) {
			prompts = statuses().length;
			terminal.type(`${line}\r`);
		},
		exitStatus,
		/** The current output of `stty -a`, read from outside the shell. */
		settings: () =>
			execFileSync(
				'stty',
				['-a', '-F', readlinkSync(`/proc/${terminal.pid}/fd/0`)],
				{encoding: 'utf8'},
			),
	};
};
