/** A typed line → what is to be done; pure, and the same for every front end. */
import leven from 'leven';
import {commands, type Command, type CommandName} from './registry.js';

export type Action =
	| {readonly type: 'say'; readonly text: string}
	| {readonly type: 'whisper'; readonly to: string; readonly text: string}
	| {readonly type: 'rename'; readonly nick: string}
	| {readonly type: 'who'}
	| {readonly type: 'help'}
	| {readonly type: 'clear'}
	| {readonly type: 'quit'}
	/** One sentence for who typed it. */
	| {readonly type: 'wrong'; readonly reason: string}
	| {readonly type: 'nothing'};

// A slip of two keys; further off, a suggestion would be a guess.
const nearEnough = 2;

const nearest = (
	name: string,
	known: readonly Command[],
): Command | undefined => {
	const [best] = known
		.map(command => ({command, distance: leven(name, command.name)}))
		.toSorted((a, b) => a.distance - b.distance);
	return best &&
		best.distance <= nearEnough &&
		best.distance < best.command.name.length
		? best.command
		: undefined;
};

const needs = (name: CommandName): Action => {
	const {usage} = commands.find(command => command.name === name)!;
	return {
		type: 'wrong',
		reason: `/${name} needs more: /${name} ${usage}`,
	};
};

const run = (name: CommandName, rest: string): Action => {
	switch (name) {
		case 'help':
		case 'who':
		case 'clear':
		case 'quit': {
			return {type: name};
		}

		case 'nick': {
			return rest === '' ? needs(name) : {type: 'rename', nick: rest};
		}

		case 'me': {
			return rest === '' ? needs(name) : {type: 'say', text: `/me ${rest}`};
		}

		case 'msg': {
			const [, to, text] = /^(\S+)\s+(.+)$/s.exec(rest) ?? [];
			return to === undefined || text === undefined
				? needs(name)
				: {type: 'whisper', to, text};
		}
	}
};

/**
 * @param line What was typed, without its line end; it may hold newlines when
 * it was pasted.
 * @param known The commands that this front end has.
 */
export const parseInput = (
	line: string,
	known: readonly Command[] = commands,
): Action => {
	if (line.trim() === '') {
		return {type: 'nothing'};
	}

	if (line.trim() === 'quit') {
		return {type: 'quit'};
	}

	if (line.startsWith('//')) {
		return {type: 'say', text: line.slice(1)};
	}

	if (!line.startsWith('/')) {
		return {type: 'say', text: line};
	}

	const [, name = '', rest = ''] = /^\/(\S*)\s*(.*)$/s.exec(line) ?? [];
	const command = known.find(command => command.name === name.toLowerCase());
	if (command) {
		return run(command.name, rest.trim());
	}

	const near = nearest(name.toLowerCase(), known);
	const advice = near ? `did you mean /${near.name}?` : '/help lists them.';
	return {
		type: 'wrong',
		reason: `There is no command /${name}; ${advice} A text that starts with a slash is sent with two: //${name}`,
	};
};

export type RawAction = Extract<
	Action,
	{readonly type: 'say' | 'help' | 'clear' | 'quit'}
>;

/**
 * In raw mode every line is what it is, the empty one and `quit` too; only
 * `/quit`, `/help` and `/clear`, alone on their line, are ours.
 */
export const parseRawInput = (line: string): RawAction => {
	switch (line) {
		case '/quit': {
			return {type: 'quit'};
		}

		case '/help': {
			return {type: 'help'};
		}

		case '/clear': {
			return {type: 'clear'};
		}

		default: {
			return {type: 'say', text: line};
		}
	}
};
