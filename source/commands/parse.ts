/** Parses a typed line into the action it asks for; all front ends share it. */
import type {OfferedCommand} from '../protocol/frame.js';
import type {HandsOf, PlainHands, RawHands} from './hands.js';
import {
	aliases,
	commands,
	commandsOf,
	type Command,
	type Action,
} from './registry.js';
import {typosIn} from './typos.js';

// Two typos; beyond that a suggestion would be a guess.
const maxTypos = 2;

// An unknown name may be as long as a line; only its start is shown and compared.
const maxShownName = 64;

const nearest = (
	name: string,
	known: ReadonlyArray<Pick<Command, 'name'>>,
): string | undefined => {
	// As the hint under the draft does while it is typed.
	const [begun] = known
		.filter(command => name !== '' && command.name.startsWith(name))
		.toSorted((a, b) => a.name.length - b.name.length);
	if (begun) {
		return begun.name;
	}

	const [best] = known
		.map(command => ({
			name: command.name,
			distance: typosIn(name, command.name),
		}))
		// With most letters wrong it is not a typo: /foo doesn't suggest /who.
		.filter(({distance}) => distance <= Math.min(maxTypos, name.length / 2))
		.toSorted((a, b) => a.distance - b.distance);
	return best?.name;
};

/** Splits a line that starts with one slash into command and arguments. */
const splitCommand = (line: string): [name: string, rest: string] => {
	const space = line.search(/\s/);
	return space === -1
		? [line.slice(1), '']
		: [line.slice(1, space), line.slice(space).trim()];
};

/** `/usr/bin/cc:` and `/.profile` are pasted or typed to be said. */
const isPath = (name: string): boolean => /[/.]/.test(name);

const findCommand = <Hands>(
	name: string,
	known: ReadonlyArray<Command<Hands>>,
): Command<Hands> | undefined => {
	const typed = name.toLowerCase();
	const wanted = aliases.get(typed) ?? typed;
	return known.find(command => command.name === wanted);
};

const saying =
	(text: string): Action<Pick<PlainHands, 'say'>> =>
	hands => {
		hands.say(text);
	};

const wrong =
	(reason: string): Action<Pick<PlainHands, 'notice'>> =>
	hands => {
		hands.notice('bad', reason);
	};

const actionOf = <Hands extends Pick<PlainHands, 'notice'>>(
	{name, usage, parse}: Command<Hands>,
	line: string,
): Action<Hands> => {
	if (usage === '' && line.trim().includes('\n')) {
		// What stands below it was to be said.
		return wrong(
			`/${name} takes no text, and more lines came with it. Nothing was done or sent.`,
		);
	}

	const [, rest] = splitCommand(line);
	return parse(rest) ?? wrong(`Usage: ${`/${name} ${usage}`.trim()}`);
};

const howToSay = (name: string): string =>
	`To send a text that starts with a slash, double it: //${name}`;

/** Of a command that there is, but not here: no other one is meant. */
const elsewhere = (
	name: string,
	mode: 'room' | 'raw',
): Action<Pick<PlainHands, 'notice'>> | undefined => {
	const command = findCommand<never>(name, commands);
	const place =
		mode === 'room'
			? 'raw mode (--raw), not of a room'
			: 'a room, not of raw mode';
	return (
		command &&
		wrong(`/${command.name} is a command of ${place}. ${howToSay(name)}`)
	);
};

const unknown = (
	name: string,
	known: ReadonlyArray<Pick<Command, 'name'>>,
): Action<Pick<PlainHands, 'notice'>> => {
	const shown =
		name.length > maxShownName
			? `${name.slice(0, maxShownName).toWellFormed()}⋯`
			: name;
	const near = nearest(shown.toLowerCase(), known);
	const advice =
		near === undefined ? '/help lists them.' : `Did you mean /${near}?`;
	return wrong(`Unknown command /${shown}. ${advice} ${howToSay(shown)}`);
};

/**
 * The action of a line in a room.
 *
 * @param line The typed text without its line ending; pasted text may contain
 * newlines.
 * @param mode `plain` for a peer with a bare socket.
 * @param offered The commands of bots; one of sockchat's own goes before them.
 */
export const parseLine = <M extends 'room' | 'plain'>(
	line: string,
	mode: M,
	offered: readonly OfferedCommand[] = [],
): Action<HandsOf[M]> => {
	if (line.trim() === '') {
		return () => {};
	}

	if (line.trim() === 'quit') {
		return hands => {
			hands.leave();
		};
	}

	if (line.startsWith('//')) {
		return saying(line.slice(1));
	}

	if (!line.startsWith('/')) {
		return saying(line);
	}

	const known = commandsOf(mode);
	const [name, rest] = splitCommand(line);
	if (isPath(name)) {
		return saying(line);
	}

	const command = findCommand(name, known);
	if (command) {
		return actionOf<HandsOf[M]>(command, line);
	}

	const wanted = name.toLowerCase();
	if (offered.some(each => each.name === wanted)) {
		return hands => {
			hands.ask(wanted, rest);
		};
	}

	return (
		(mode === 'room' ? elsewhere(name, mode) : undefined) ??
		unknown(name, [...known, ...offered])
	);
};

/**
 * The action of a line in raw mode, where an empty one and `quit` are bytes like
 * any other. Of a text with several lines nothing but a known command is
 * special: a pasted file may begin with `/*` or `//`.
 */
export const parseRawLine = (line: string): Action<RawHands> => {
	if (!line.startsWith('/')) {
		return saying(line);
	}

	const isEscaped = line.startsWith('//');
	const [name] = splitCommand(isEscaped ? line.slice(1) : line);
	const known = commandsOf('raw');
	const command = findCommand(name, known);
	const isPasted = !command && line.includes('\n');
	if (isEscaped) {
		return saying(isPasted ? line : line.slice(1));
	}

	if (command) {
		return actionOf(command, line);
	}

	return isPasted || isPath(name)
		? saying(line)
		: (elsewhere(name, 'raw') ?? unknown(name, known));
};

/**
 * The action of a line that is typed to the screen of a proxy.
 *
 * @returns Undefined if it isn't one of the screen's commands.
 */
export const parseProxyScreenLine = (
	line: string,
): Action<HandsOf['proxy']> | undefined => {
	const typed = line.trim();
	const [name] = splitCommand(typed);
	const command = typed.startsWith('/')
		? findCommand(name, commandsOf('proxy'))
		: undefined;
	return command && actionOf(command, typed);
};
