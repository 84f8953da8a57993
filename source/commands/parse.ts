/** A typed line → what it does; pure, and the same for every front end. */
import leven from 'leven';
import type {HandsOf, PlainHands, RawHands} from './hands.js';
import {commandsOf, type Command, type Deed} from './registry.js';

// A slip of two keys; further off, a suggestion would be a guess.
const nearEnough = 2;

// It may be a whole line, which nobody wants to read, or to compare, twice.
const maxShownName = 64;

const nearest = (
	name: string,
	known: ReadonlyArray<Pick<Command, 'name'>>,
): string | undefined => {
	const [best] = known
		.map(command => ({
			name: command.name,
			distance: leven(name, command.name),
		}))
		// All letters wrong is no slip: / and /xy are not near to /me.
		.filter(near => near.distance <= nearEnough)
		.filter(near => near.distance < near.name.length)
		.toSorted((a, b) => a.distance - b.distance);
	return best?.name;
};

/** The command of a line that starts with one slash, and what follows it. */
const splitCommand = (line: string): [name: string, rest: string] => {
	const space = line.search(/\s/);
	return space === -1
		? [line.slice(1), '']
		: [line.slice(1, space), line.slice(space).trim()];
};

const findCommand = <Hands>(
	name: string,
	known: ReadonlyArray<Command<Hands>>,
): Command<Hands> | undefined =>
	known.find(command => command.name === name.toLowerCase());

const saying =
	(text: string): Deed<Pick<PlainHands, 'say'>> =>
	hands => {
		hands.say(text);
	};

const wrong =
	(reason: string): Deed<Pick<PlainHands, 'notice'>> =>
	hands => {
		hands.notice('bad', reason);
	};

const deedOf = <Hands extends Pick<PlainHands, 'notice'>>(
	{name, usage, parse}: Command<Hands>,
	rest: string,
): Deed<Hands> =>
	parse(rest) ??
	wrong(`/${name} is used like this: ${`/${name} ${usage}`.trim()}`);

/**
 * What a line does in a room.
 *
 * @param line What was typed, without its line end; it may hold newlines when
 * it was pasted.
 * @param mode `plain` for a peer with a bare socket.
 */
export const parseLine = <M extends 'room' | 'plain'>(
	line: string,
	mode: M,
): Deed<HandsOf[M]> => {
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
	const command = findCommand(name, known);
	if (command) {
		return deedOf<HandsOf[M]>(command, rest);
	}

	const shown =
		name.length > maxShownName
			? `${name.slice(0, maxShownName).toWellFormed()}⋯`
			: name;
	const near = nearest(shown.toLowerCase(), known);
	const advice =
		near === undefined ? '/help lists them.' : `did you mean /${near}?`;
	return wrong(
		`There is no command /${shown}; ${advice} A text that starts with a slash is sent with two: //${shown}`,
	);
};

/**
 * What a line does in raw mode: it is sent as it is, the empty one and `quit`
 * too, but for the few commands that have a meaning there.
 */
export const parseRawLine = (line: string): Deed<RawHands> => {
	const isEscaped = line.startsWith('//');
	const [name, rest] = splitCommand(isEscaped ? line.slice(1) : line);
	const command = line.startsWith('/')
		? findCommand(name, commandsOf('raw'))
		: undefined;
	if (!command) {
		return saying(line);
	}

	return isEscaped ? saying(line.slice(1)) : deedOf(command, rest);
};
