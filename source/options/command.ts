/** The command, and the flags that belong to others. */
import type {SockchatError} from '../errors.js';
import {
	flagNames,
	flags,
	writtenFlag,
	type CommandLineCommand,
	type Flag,
} from './flags.js';
import {wrongUsage, type GivenFlags} from './reader.js';
import {nearest} from './words.js';

const commandNames = ['serve', 'connect'] as const;

/** @returns `join` without a word; an error if there is no such command. */
export const parseCommand = (
	words: readonly string[],
): CommandLineCommand | SockchatError => {
	const [name, extra] = words;
	if (name === undefined) {
		return 'join';
	}

	const known = commandNames.find(command => command === name);
	if (!known) {
		const near = nearest(name, commandNames);
		const advice = near
			? `did you mean ${near}?`
			: `the commands are ${commandNames.join(' and ')}.`;
		return wrongUsage(`"${name}" is not a command; ${advice}`);
	}

	return extra === undefined
		? known
		: wrongUsage(
				`Unexpected "${extra}" after ${known}; a text with spaces needs quotes.`,
			);
};

const commandName = (command: CommandLineCommand): string =>
	command === 'join' ? 'sockchat without a command' : command;

/** @returns What is wrong with a flag that belongs to other commands. */
export const misplacedIn = (
	given: GivenFlags,
	command: CommandLineCommand,
): SockchatError | undefined => {
	const name = flagNames.find(
		name =>
			given[name] !== undefined &&
			!(flags[name] as Flag).commands.includes(command),
	);
	if (name === undefined) {
		return undefined;
	}

	const {commands}: Flag = flags[name];
	const where = commands.filter(known => known !== 'join').join(' and ');
	return wrongUsage(
		`${writtenFlag(name)} is for ${where}, not for ${commandName(command)}.`,
	);
};
