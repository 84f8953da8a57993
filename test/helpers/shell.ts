/**
 * A shell in a pseudo-terminal, to see in which state a program leaves it.
 *
 * The shell is dash, for what it doesn't do: bash puts the terminal back by
 * itself after a job that died of a signal, so that under bash a program that
 * restores nothing would pass.
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

	/** The exit status of what `run` started, once the prompt is back. */
	const exitStatus = async ({deadlineMs}: WaitOptions = {}) =>
		until(() => statuses()[prompts], {
			what: 'the prompt of the shell',
			seen: terminal.framed,
			deadlineMs,
		});

	await exitStatus();

	return {
		...terminal,
		// A spread would have read the getter once and for all.
		get modes() {
			return terminal.modes;
		},
		/** Types a line and Enter. Doesn't wait: the program may want to be used. */
		run(line: string) {
			prompts = statuses().length;
			terminal.type(`${line}\r`);
		},
		exitStatus,
		/** What `stty -a` says of the terminal now, read from outside the shell. */
		settings: () =>
			execFileSync(
				'stty',
				['-a', '-F', readlinkSync(`/proc/${terminal.pid}/fd/0`)],
				{encoding: 'utf8'},
			),
	};
};
