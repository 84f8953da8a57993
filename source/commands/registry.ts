/**
 * The slash commands. /help, Tab completion and the README read this table;
 * `parse.ts` turns a typed line into what one of them means.
 */
import {keyHelp} from './keys.js';

export type ChatCommandName =
	'help' | 'nick' | 'who' | 'msg' | 'me' | 'search' | 'clear' | 'quit';
export type ViewCommandName = 'wire' | 'peers' | 'lifecycle';
export type SocketCommandName =
	| 'tcp'
	| 'pause'
	| 'resume'
	| 'end'
	| 'reset'
	| 'close'
	| 'nodelay'
	| 'keepalive';
export type HostCommandName =
	'kick' | 'ban' | 'unban' | 'mute' | 'unmute' | 'lock' | 'unlock' | 'bans';
export type CommandName =
	ChatCommandName | ViewCommandName | SocketCommandName | HostCommandName;

/**
 * chat: talk. view: what the screen shows. socket: what the socket does. host:
 * who is in the room.
 */
export type CommandGroup = 'chat' | 'view' | 'socket' | 'host';

export type Command = {
	readonly name: CommandName;
	readonly group: CommandGroup;
	/** What follows the name, as /help shows it. */
	readonly usage: string;
	readonly summary: string;
	/** Whether a plain peer (`nc`, telnet) can use it too. */
	readonly isForPlain: boolean;
	/** Whether it has a meaning in raw mode, where there are no names. */
	readonly isForRaw: boolean;
};

const chat = (
	name: ChatCommandName,
	usage: string,
	summary: string,
	{isForPlain, isForRaw}: Pick<Command, 'isForPlain' | 'isForRaw'>,
): Command => ({name, group: 'chat', usage, summary, isForPlain, isForRaw});

const view = (name: ViewCommandName, summary: string): Command => ({
	name,
	group: 'view',
	usage: '',
	summary,
	isForPlain: false,
	isForRaw: true,
});

const socket = (
	name: SocketCommandName,
	usage: string,
	summary: string,
): Command => ({
	name,
	group: 'socket',
	usage: `${usage} [PEER]`.trim(),
	summary,
	isForPlain: false,
	isForRaw: true,
});

const host = (
	name: HostCommandName,
	usage: string,
	summary: string,
): Command => ({
	name,
	group: 'host',
	usage,
	summary,
	isForPlain: false,
	isForRaw: false,
});

export const commands: readonly Command[] = [
	chat(
		'help',
		'[TOPIC]',
		'list the commands; of views, sockets, the host, keys',
		{
			isForPlain: true,
			isForRaw: true,
		},
	),
	chat('nick', 'NAME', 'change your name', {isForPlain: true, isForRaw: false}),
	chat('who', '', 'list who is here', {isForPlain: true, isForRaw: false}),
	chat('msg', 'NAME TEXT', 'whisper to one member; it is kept nowhere', {
		isForPlain: false,
		isForRaw: false,
	}),
	chat('me', 'TEXT', 'say what you do: * otter waves', {
		isForPlain: true,
		isForRaw: false,
	}),
	chat('search', '[TEXT]', 'find what was said; without TEXT, older ones', {
		isForPlain: false,
		isForRaw: false,
	}),
	chat('clear', '', 'empty your own transcript', {
		isForPlain: false,
		isForRaw: true,
	}),
	chat('quit', '', 'leave', {isForPlain: true, isForRaw: true}),
	view('wire', 'every chunk as it was read or written, in hex; again: back'),
	view('lifecycle', 'every call and TCP state, both ends; again: back'),
	view('peers', 'the table of peers, on a server; again: back'),
	socket('tcp', '', 'ask the kernel for rtt, cwnd and retransmits'),
	socket('pause', '', 'stop reading the socket; its queues fill'),
	socket('resume', '', 'read it again'),
	socket('end', '', 'send FIN and go on reading: half-closed'),
	socket('reset', '', 'send RST'),
	socket('close', '', 'say bye and send FIN'),
	socket('nodelay', 'on|off', 'TCP_NODELAY: send small writes at once'),
	socket('keepalive', 'on|off', 'SO_KEEPALIVE: let the kernel probe'),
	host('kick', 'NAME', 'the host: send one away'),
	host('ban', 'NAME|ADDRESS|uid:N|client:ID', 'the host: keep out for good'),
	host('unban', 'NAME|ADDRESS|uid:N|client:ID', 'the host: let in again'),
	host('mute', 'NAME', 'the host: let one listen only'),
	host('unmute', 'NAME', 'the host: let one speak again'),
	host('lock', '', 'the host: let nobody else in'),
	host('unlock', '', 'the host: open the room again'),
	host('bans', '', 'the host: list who is banned or muted'),
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

const slashed = ['//TEXT', 'say a text that starts with a slash'] as const;

/** /help for a plain peer, line by line. */
export const plainHelpLines = (listed: readonly Command[]): readonly string[] =>
	table([
		...listed.map(command =>
			command.name === 'help'
				? (['/help', 'list the commands'] as const)
				: rowOf(command),
		),
		slashed,
	]);

export type HelpScope = {
	readonly mode: 'room' | 'raw';
	readonly role: 'serve' | 'connect';
};

/** By the word behind /help; the first stands for none. */
const topicsOf = ({mode, role}: HelpScope) => {
	const inMode = commands.filter(({isForRaw}) => mode === 'room' || isForRaw);
	const of = (group: CommandGroup) =>
		inMode
			.filter(command => command.group === group)
			.map(command => rowOf(command));
	const chatRows =
		mode === 'room'
			? [...of('chat'), slashed]
			: [
					...of('chat'),
					[
						'anything else',
						'is sent as it is, with the line end of --eol',
					] as const,
					['//TEXT', 'sends /TEXT, where that would be a command'] as const,
				];
	return new Map([
		['chat', chatRows],
		['views', of('view')],
		['sockets', of('socket')],
		...(mode === 'room' && role === 'serve'
			? [['host', of('host')] as const]
			: []),
		['keys', keyHelp],
	]);
};

/** /help, line by line: of a topic, or of the talk and which topics there are. */
export const helpLines = (
	topic: string | undefined,
	scope: HelpScope,
): readonly string[] => {
	const topics = topicsOf(scope);
	const names = [...topics.keys()];
	const [first] = names;
	const name =
		topic === undefined
			? first
			: names.find(known => known.startsWith(topic.toLowerCase()));
	const others = names
		.filter(known => known !== name)
		.map(known => `/help ${known}`);
	return [
		...(name === undefined
			? [`There is no help on "${topic}".`]
			: table(topics.get(name)!)),
		`More: ${others.join(', ')}`,
	];
};
