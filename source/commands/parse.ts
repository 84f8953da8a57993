/** A typed line → what is to be done; pure, and the same for every front end. */
import leven from 'leven';
import type {SocketAction} from '../tcp/socket-action.js';
import {
	commands,
	type ChatCommandName,
	type Command,
	type CommandName,
	type HostCommandName,
	type SocketCommandName,
	type ViewCommandName,
} from './registry.js';
import type {HostAction} from './host-action.js';

export type Action =
	| {readonly type: 'say'; readonly text: string}
	| {readonly type: 'whisper'; readonly to: string; readonly text: string}
	| {readonly type: 'rename'; readonly nick: string}
	/** Without a text, it goes on with the last search. */
	| {readonly type: 'search'; readonly text: string | undefined}
	| {readonly type: 'who' | 'clear' | 'quit'}
	/** Undefined lists the commands of the talk. */
	| {readonly type: 'help'; readonly topic: string | undefined}
	| {readonly type: 'view'; readonly view: ViewCommandName}
	| {
			readonly type: 'socket';
			readonly action: SocketAction;
			/** A nick or an address, on a server; undefined for one's own. */
			readonly peer: string | undefined;
	  }
	| {readonly type: 'host'; readonly action: HostAction}
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
		// All letters wrong is no slip: / and /xy are not near to /me.
		.filter(
			({command, distance}) =>
				distance <= nearEnough && distance < command.name.length,
		)
		.toSorted((a, b) => a.distance - b.distance);
	return best?.command;
};

const wrongUse = (name: CommandName): Action => {
	const {usage} = commands.find(command => command.name === name)!;
	return {
		type: 'wrong',
		reason: `/${name} is used like this: ${`/${name} ${usage}`.trim()}`,
	};
};

const chatAction = (name: ChatCommandName, rest: string): Action => {
	switch (name) {
		case 'help': {
			return {type: name, topic: rest === '' ? undefined : rest};
		}

		case 'who':
		case 'clear':
		case 'quit': {
			return {type: name};
		}

		case 'nick': {
			return rest === '' ? wrongUse(name) : {type: 'rename', nick: rest};
		}

		case 'search': {
			return {type: name, text: rest === '' ? undefined : rest};
		}

		case 'me': {
			return rest === '' ? wrongUse(name) : {type: 'say', text: `/me ${rest}`};
		}

		case 'msg': {
			const space = rest.search(/\s/);
			return space === -1
				? wrongUse(name)
				: {
						type: 'whisper',
						to: rest.slice(0, space),
						text: rest.slice(space).trim(),
					};
		}
	}
};

const socketAction = (name: SocketCommandName, rest: string): Action => {
	const words = rest.split(/\s+/).filter(word => word !== '');
	const switchable = name === 'nodelay' || name === 'keepalive';
	const state = switchable ? words.shift() : undefined;
	const [peer, ...more] = words;
	if (more.length > 0 || (switchable && state !== 'on' && state !== 'off')) {
		return wrongUse(name);
	}

	const action: SocketAction = switchable
		? {type: name, isOn: state === 'on'}
		: {type: name};
	return {type: 'socket', action, peer};
};

const hostAction = (name: HostCommandName, rest: string): Action => {
	switch (name) {
		case 'lock':
		case 'unlock':
		case 'bans': {
			return rest === ''
				? {type: 'host', action: {type: name}}
				: wrongUse(name);
		}

		case 'kick':
		case 'ban':
		case 'unban':
		case 'mute':
		case 'unmute': {
			return /^\S+$/.test(rest)
				? {type: 'host', action: {type: name, who: rest}}
				: wrongUse(name);
		}
	}
};

const actionOf = ({name, group}: Command, rest: string): Action => {
	switch (group) {
		case 'chat': {
			return chatAction(name as ChatCommandName, rest);
		}

		case 'view': {
			return {type: 'view', view: name as ViewCommandName};
		}

		case 'socket': {
			return socketAction(name as SocketCommandName, rest);
		}

		case 'host': {
			return hostAction(name as HostCommandName, rest);
		}
	}
};

/** The command of a line that starts with one slash, and what follows it. */
const splitCommand = (line: string): [name: string, rest: string] => {
	const space = line.search(/\s/);
	return space === -1
		? [line.slice(1), '']
		: [line.slice(1, space), line.slice(space).trim()];
};

const findCommand = (
	name: string,
	known: readonly Command[],
): Command | undefined =>
	known.find(command => command.name === name.toLowerCase());

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

	const [name, rest] = splitCommand(line);
	const command = findCommand(name, known);
	if (command) {
		return actionOf(command, rest);
	}

	const near = nearest(name.toLowerCase(), known);
	const advice = near ? `did you mean /${near.name}?` : '/help lists them.';
	return {
		type: 'wrong',
		reason: `There is no command /${name}; ${advice} A text that starts with a slash is sent with two: //${name}`,
	};
};

const rawCommands = commands.filter(({isForRaw}) => isForRaw);

/**
 * In raw mode every line is what it is, the empty one and `quit` too, but for
 * the few commands that have a meaning there.
 */
export const parseRawInput = (line: string): Action => {
	const isEscaped = line.startsWith('//');
	const [name, rest] = splitCommand(isEscaped ? line.slice(1) : line);
	const command = line.startsWith('/')
		? findCommand(name, rawCommands)
		: undefined;
	if (!command) {
		return {type: 'say', text: line};
	}

	return isEscaped
		? {type: 'say', text: line.slice(1)}
		: actionOf(command, rest);
};
