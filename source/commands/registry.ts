/**
 * The slash commands, one entry each: how it is used, where it exists, and what
 * it does. /help, Tab completion, the docs and all front ends read this table.
 */
import type {SocketAction} from '../tcp/socket-action.js';
import type {
	HandsOf,
	Members,
	Mode,
	RawHands,
	RoomHands,
	ViewName,
} from './hands.js';
import type {HostAction} from './host-action.js';

/**
 * chat: talk. view: what the screen shows. socket: what the socket does. host:
 * who is in the room.
 */
export type CommandGroup = 'chat' | 'view' | 'socket' | 'host';

/** What a line does, once somebody lends it hands. */
export type Deed<Hands> = (hands: Hands) => void;

export type Command<Hands = RoomHands> = {
	readonly name: string;
	readonly group: CommandGroup;
	/** What follows the name, as /help shows it. */
	readonly usage: string;
	readonly summary: string;
	readonly modes: readonly Mode[];
	/**
	 * @param rest What follows the name, trimmed.
	 * @returns Undefined where the command isn't used like that.
	 */
	readonly parse: (rest: string) => Deed<Hands> | undefined;
};

const chat = <M extends Mode>(
	name: string,
	modes: readonly M[],
	usage: string,
	summary: string,
	parse: Command<HandsOf[M]>['parse'],
): Command<HandsOf[M]> => ({name, group: 'chat', usage, summary, modes, parse});

const view = (name: ViewName, summary: string): Command<RawHands> => ({
	name,
	group: 'view',
	usage: '',
	summary,
	modes: ['room', 'raw'],
	parse: () => hands => {
		hands.view(name);
	},
});

/** @param actionOf Takes its words off the front; undefined if they are wrong. */
const socketCommand = (
	name: string,
	usage: string,
	summary: string,
	actionOf: (words: string[]) => SocketAction | undefined,
): Command<RawHands> => ({
	name,
	group: 'socket',
	usage: `${usage} [PEER]`.trim(),
	summary,
	modes: ['room', 'raw'],
	parse(rest) {
		const words = rest.split(/\s+/).filter(word => word !== '');
		const action = actionOf(words);
		const [peer, ...more] = words;
		if (!action || more.length > 0) {
			return undefined;
		}

		return ({control, notice}) => {
			void control(action, peer).then(sentence => {
				notice('info', sentence);
			});
		};
	},
});

const socket = (
	type: Exclude<SocketAction['type'], 'nodelay' | 'keepalive'>,
	summary: string,
) => socketCommand(type, '', summary, () => ({type}));

const socketSwitch = (type: 'nodelay' | 'keepalive', summary: string) =>
	socketCommand(type, 'on|off', summary, words => {
		const state = words.shift();
		return state === 'on' || state === 'off'
			? {type, isOn: state === 'on'}
			: undefined;
	});

const hostCommand = (
	name: string,
	usage: string,
	summary: string,
	actionOf: (rest: string) => HostAction | undefined,
): Command => ({
	name,
	group: 'host',
	usage,
	summary,
	modes: ['room'],
	parse(rest) {
		const action = actionOf(rest);
		return (
			action &&
			(({rule, notice}) => {
				void rule(action).then(sentence => {
					notice('info', sentence);
				});
			})
		);
	},
});

const hostOnSomebody = (
	type: 'kick' | 'ban' | 'unban' | 'mute' | 'unmute',
	usage: string,
	summary: string,
) =>
	hostCommand(type, usage, summary, who =>
		/^\S+$/.test(who) ? {type, who} : undefined,
	);

const hostOnRoom = (type: 'bans' | 'lock' | 'unlock', summary: string) =>
	hostCommand(type, '', summary, rest => (rest === '' ? {type} : undefined));

export const whoLine = ({count, names}: Members): string => {
	if (names.length === 0) {
		return `${count} here`;
	}

	const unnamed = count - names.length;
	const rest = unnamed > 0 ? ` and ${unnamed} more` : '';
	return `${count} here: ${names.join(' ')}${rest}`;
};

export const commands: readonly Command[] = [
	chat(
		'help',
		['room', 'raw', 'plain'],
		'[TOPIC]',
		'list the commands; of views, sockets, the host, keys',
		rest => hands => {
			hands.help(rest === '' ? undefined : rest);
		},
	),
	chat('nick', ['room', 'plain'], 'NAME', 'change your name', nick =>
		nick === ''
			? undefined
			: hands => {
					hands.rename(nick);
				},
	),
	chat('who', ['room', 'plain'], '', 'list who is here', () => hands => {
		hands.notice('info', whoLine(hands.members()));
	}),
	chat(
		'msg',
		['room'],
		'NAME TEXT',
		'whisper to one member; it is kept nowhere',
		rest => {
			const [, to, text] = /^(\S+)\s+(\S.*)$/s.exec(rest) ?? [];
			return to === undefined || text === undefined
				? undefined
				: hands => {
						hands.whisper(to, text);
					};
		},
	),
	chat(
		'me',
		['room', 'plain'],
		'TEXT',
		'say what you do: * otter waves',
		rest =>
			rest === ''
				? undefined
				: hands => {
						hands.say(`/me ${rest}`);
					},
	),
	chat(
		'search',
		['room'],
		'[TEXT]',
		'find what was said; without TEXT, older ones',
		rest => hands => {
			const refused = hands.search(rest === '' ? undefined : rest);
			if (refused !== undefined) {
				hands.notice('bad', refused);
			}
		},
	),
	chat(
		'clear',
		['room', 'raw'],
		'',
		'empty your own transcript',
		() => hands => {
			hands.clear();
		},
	),
	chat('quit', ['room', 'raw', 'plain'], '', 'leave', () => hands => {
		hands.leave();
	}),
	view('wire', 'every chunk as it was read or written, in hex; again: back'),
	view('lifecycle', 'every call and TCP state, both ends; again: back'),
	view('peers', 'the table of peers, on a server; again: back'),
	socket('tcp', 'ask the kernel for rtt, cwnd and retransmits'),
	socket('pause', 'stop reading the socket; its queues fill'),
	socket('resume', 'read it again'),
	socket('end', 'send FIN and go on reading: half-closed'),
	socket('reset', 'send RST'),
	socket('close', 'say bye and send FIN'),
	socketSwitch('nodelay', 'TCP_NODELAY: send small writes at once'),
	socketSwitch('keepalive', 'SO_KEEPALIVE: let the kernel probe'),
	hostOnSomebody('kick', 'NAME', 'the host: send one away'),
	hostOnSomebody(
		'ban',
		'NAME|ADDRESS|uid:N|client:ID',
		'the host: keep out for good',
	),
	hostOnSomebody(
		'unban',
		'NAME|ADDRESS|uid:N|client:ID',
		'the host: let in again',
	),
	hostOnSomebody('mute', 'NAME', 'the host: let one listen only'),
	hostOnSomebody('unmute', 'NAME', 'the host: let one speak again'),
	hostOnRoom('lock', 'the host: let nobody else in'),
	hostOnRoom('unlock', 'the host: open the room again'),
	hostOnRoom('bans', 'the host: list who is banned or muted'),
];

// An entry was typed, above, for the hands of the modes that it names.
const having = <M extends Mode>(mode: M) =>
	(commands as ReadonlyArray<Command<HandsOf[M]>>).filter(({modes}) =>
		modes.includes(mode),
	);

const byMode: {
	readonly [M in Mode]: ReadonlyArray<Command<HandsOf[M]>>;
} = {
	room: having('room'),
	raw: having('raw'),
	plain: having('plain'),
};

/** The commands that a mode has, in the order of /help. */
export const commandsOf = <M extends Mode>(
	mode: M,
): ReadonlyArray<Command<HandsOf[M]>> => byMode[mode];
