/**
 * The slash commands. /help, Tab completion and the README read this table;
 * `parse.ts` turns a typed line into what one of them means.
 */

import {keyHelp} from './keys.js';

export type CommandName =
	'help' | 'nick' | 'who' | 'msg' | 'me' | 'clear' | 'quit';

export type Command = {
	readonly name: CommandName;
	/** What follows the name, as /help shows it. */
	readonly usage: string;
	readonly summary: string;
	/** Whether a plain peer (`nc`, telnet) can use it too. */
	readonly isForPlain: boolean;
	/** Whether it has a meaning in raw mode, where there are no names. */
	readonly isForRaw: boolean;
};

export const commands: readonly Command[] = [
	{
		name: 'help',
		usage: '',
		summary: 'list the commands',
		isForPlain: true,
		isForRaw: true,
	},
	{
		name: 'nick',
		usage: 'NAME',
		summary: 'change your name',
		isForPlain: true,
		isForRaw: false,
	},
	{
		name: 'who',
		usage: '',
		summary: 'list who is here',
		isForPlain: true,
		isForRaw: false,
	},
	{
		name: 'msg',
		usage: 'NAME TEXT',
		summary: 'whisper to one member; it is kept nowhere',
		isForPlain: false,
		isForRaw: false,
	},
	{
		name: 'me',
		usage: 'TEXT',
		summary: 'say what you do: * otter waves',
		isForPlain: true,
		isForRaw: false,
	},
	{
		name: 'clear',
		usage: '',
		summary: 'empty your own transcript',
		isForPlain: false,
		isForRaw: true,
	},
	{
		name: 'quit',
		usage: '',
		summary: 'leave',
		isForPlain: true,
		isForRaw: true,
	},
];

const table = (
	rows: ReadonlyArray<readonly [head: string, summary: string]>,
): readonly string[] => {
	const width = Math.max(...rows.map(([head]) => head.length));
	return rows.map(([head, summary]) => `${head.padEnd(width)}  ${summary}`);
};

const rowOf = ({name, usage, summary}: Command): [string, string] => [
	`/${name} ${usage}`.trim(),
	summary,
];

/** /help in a room, line by line. */
export const helpLines = (
	listed: readonly Command[] = commands,
): readonly string[] =>
	table([
		...listed.map(command => rowOf(command)),
		['//TEXT', 'say a text that starts with a slash'],
	]);

/** The keys, line by line. */
export const keyLines = (): readonly string[] => table(keyHelp);

/** /help in raw mode. */
export const rawHelpLines = (): readonly string[] =>
	table([
		...commands.filter(({isForRaw}) => isForRaw).map(command => rowOf(command)),
		['anything else', 'is sent as it is, with the line end of --eol'],
	]);
