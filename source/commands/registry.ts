/**
 * The slash commands, one entry each: usage, modes and action. /help, Tab
 * completion, the docs and all front ends read this table.
 */
import {namesLine} from '../protocol/presence.js';
import type {Answer, SocketAction} from '../tcp/socket-action.js';
import type {
	HandsOf,
	Members,
	Mode,
	RawHands,
	RoomHands,
	SocketHands,
	ViewName,
} from './hands.js';
import type {HandRequest, HandSwitch} from './hand-request.js';
import type {HostAction} from './host-action.js';

/**
 * chat: messages. view: what the screen shows. socket: acts on a socket. host:
 * acts on members.
 */
export type CommandGroup = 'chat' | 'view' | 'socket' | 'host';

/** The action of a line, given the front end's `Hands`. */
export type Action<Hands> = (hands: Hands) => void;

export type Command<Hands = RoomHands & RawHands> = {
	readonly name: string;
	readonly group: CommandGroup;
	/** The arguments, as /help shows them. */
	readonly usage: string;
	readonly summary: string;
	readonly modes: readonly Mode[];
	/**
	 * @param rest The text after the name, trimmed.
	 * @returns Undefined if the arguments are wrong.
	 */
	readonly parse: (rest: string) => Action<Hands> | undefined;
};

const chat = <M extends Mode>(
	name: string,
	modes: readonly M[],
	usage: string,
	summary: string,
	parse: Command<HandsOf[M]>['parse'],
): Command<HandsOf[M]> => ({name, group: 'chat', usage, summary, modes, parse});

const view = (
	name: ViewName,
	summary: string,
	usage = '',
): Command<Pick<SocketHands, 'view'>> => ({
	name,
	group: 'view',
	usage,
	summary,
	modes: ['room', 'raw', 'proxy'],
	parse: rest => hands => {
		if (usage === '' || rest === '') {
			hands.view(name);
		} else {
			hands.view(name, rest);
		}
	},
});

const say = ({type, sentence}: Answer, notice: SocketHands['notice']): void => {
	notice(type === 'refused' ? 'bad' : 'info', sentence);
};

/** @param actionOf Shifts its words off; undefined if they are wrong. */
const socketCommand = (
	name: string,
	usage: string,
	summary: string,
	actionOf: (words: string[]) => SocketAction | undefined,
): Command<SocketHands> => ({
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
			void control(action, peer).then(answer => {
				say(answer, notice);
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

type HandCommand = {
	readonly group?: CommandGroup;
	readonly modes?: readonly Mode[];
};

/** @param requestOf Of what follows the name; undefined if that is wrong. */
const byHand = (
	name: string,
	usage: string,
	summary: string,
	requestOf: (rest: string) => HandRequest | undefined,
	{group = 'chat', modes = ['raw']}: HandCommand = {},
): Command<Pick<RawHands, 'byHand'>> => ({
	name,
	group,
	usage,
	summary,
	modes,
	parse(rest) {
		const request = requestOf(rest);
		return (
			request &&
			(hands => {
				hands.byHand(request);
			})
		);
	},
});

const bareRequest = (type: 'stop' | 'connect', summary: string) =>
	byHand(type, '', summary, rest => (rest === '' ? {type} : undefined));

/** A name may have blanks. */
const fileRequest = (
	type: 'send' | 'save',
	summary: string,
	command?: HandCommand,
) =>
	byHand(
		type,
		'FILE',
		summary,
		path => (path === '' ? undefined : {type, path}),
		command,
	);

const switchWords: ReadonlyMap<string, boolean | undefined> = new Map([
	['on', true],
	['off', false],
	['', undefined],
]);

/** Wherever chunks are shown. */
const shownChunks: HandCommand = {group: 'view', modes: ['raw', 'proxy']};

const handSwitch = (
	name: HandSwitch,
	summary: string,
	command: HandCommand = shownChunks,
) =>
	byHand(
		name,
		'[on|off]',
		summary,
		rest =>
			switchWords.has(rest)
				? {type: 'switch', name, isOn: switchWords.get(rest)}
				: undefined,
		command,
	);

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
				void rule(action).then(answer => {
					say(answer, notice);
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

export const whoLine = (members: Members): string => {
	const {count, names} = members;
	if (names.length === 0) {
		return `${count} here`;
	}

	const unnamed = count - names.length;
	const rest = unnamed > 0 ? ` and ${unnamed} more` : '';
	return `${count} here: ${namesLine(members)}${rest}`;
};

const bellWords: ReadonlyMap<string, boolean | undefined> = new Map([
	['on', true],
	['off', false],
	['status', undefined],
	['', undefined],
]);

export const commands: ReadonlyArray<Command | Command<HandsOf['raw']>> = [
	chat(
		'help',
		['room', 'raw', 'plain', 'proxy'],
		'[TOPIC]',
		'list commands; topics: views, sockets, keys; for a host: host',
		rest => hands => {
			hands.help(rest === '' ? undefined : rest);
		},
	),
	chat('nick', ['room', 'plain'], 'NAME', 'change your nick', nick =>
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
		'whisper to one member; not logged',
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
		'send an action: * otter waves',
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
		'search for words in messages; without TEXT: an older hit',
		rest => hands => {
			const refused = hands.search(rest === '' ? undefined : rest);
			if (refused !== undefined) {
				hands.notice('bad', refused);
			}
		},
	),
	chat(
		'bell',
		['room'],
		'[on|off|status]',
		'ring for mentions and whispers, or not',
		rest => {
			const isOn = bellWords.get(rest);
			return bellWords.has(rest)
				? hands => {
						say(hands.bell(isOn), hands.notice);
					}
				: undefined;
		},
	),
	chat(
		'ignore',
		['room'],
		'[NAME]',
		'hide somebody, here only; again: show; no NAME: list',
		rest =>
			/\s/.test(rest)
				? undefined
				: hands => {
						hands.ignore(rest === '' ? undefined : rest);
					},
	),
	chat(
		'quiet',
		['room'],
		'',
		'hide comings and goings, here only; again: show',
		rest =>
			rest === ''
				? hands => {
						hands.quiet();
					}
				: undefined,
	),
	byHand('hex', 'HH HH …', 'send bytes, as pairs of hex digits', digits =>
		digits === '' ? undefined : {type: 'hex', digits},
	),
	fileRequest('send', 'send a file as it is; Esc or /stop stops it'),
	bareRequest('stop', 'stop sending the file'),
	handSwitch(
		'escapes',
		String.raw`read \r \n \t \0 \xHH and \\ in typed lines`,
		{group: 'chat'},
	),
	fileRequest('save', 'write the transcript to a new file', {
		modes: ['raw', 'proxy'],
	}),
	bareRequest('connect', 'dial again, after the end'),
	chat(
		'clear',
		['room', 'raw', 'proxy'],
		'',
		'clear your transcript',
		() => hands => {
			hands.clear();
		},
	),
	chat('quit', ['room', 'raw', 'plain', 'proxy'], '', 'leave', () => hands => {
		hands.leave();
	}),
	chat(
		'to',
		['raw'],
		'PEER [TEXT]',
		'on a server: send to one peer; no TEXT: from now on; /to all',
		rest => {
			const [, peer, text] = /^(\S+)(?:\s+(\S.*))?$/s.exec(rest) ?? [];
			return peer === undefined
				? undefined
				: hands => {
						hands.sayTo(peer, text);
					};
		},
	),
	view('wire', 'every chunk read or written, in hex; again: back'),
	view(
		'lifecycle',
		'every call and TCP state of both ends; again: back',
		'[PEER]',
	),
	view('peers', 'the peer table, on a server; again: back'),
	handSwitch('times', 'milliseconds, and since the chunk before'),
	handSwitch('pretty', 'lay out JSON and HTTP heads; no byte changes'),
	handSwitch('open', 'show all of long chunks'),
	socket('tcp', 'ask the kernel for rtt, cwnd and retransmits'),
	socket('pause', 'stop reading the socket; its queues fill'),
	socket('resume', 'read the socket again'),
	socket('end', 'shutdown(SHUT_WR): send FIN, keep reading'),
	socket('reset', 'SO_LINGER 0 and close(2): send RST'),
	socket('close', 'close(2); in a room after bye'),
	socketSwitch('nodelay', 'TCP_NODELAY: send small writes at once'),
	socketSwitch('keepalive', 'SO_KEEPALIVE: let the kernel probe'),
	hostOnSomebody('kick', 'NAME', 'host: remove a member'),
	hostOnSomebody(
		'ban',
		'NAME|ADDRESS|uid:N|client:ID',
		'host: remove and keep out',
	),
	hostOnSomebody('unban', 'NAME|ADDRESS|uid:N|client:ID', 'host: lift a ban'),
	hostOnSomebody('mute', 'NAME', 'host: stop a member from sending'),
	hostOnSomebody('unmute', 'NAME', 'host: let a member send again'),
	hostOnRoom('lock', 'host: let nobody else in'),
	hostOnRoom('unlock', 'host: let people in again'),
	hostOnRoom('bans', 'host: list bans and mutes'),
];

/** What others call a command; /help and completion show its own name alone. */
export const aliases: ReadonlyMap<string, string> = new Map([
	['w', 'msg'],
	['whisper', 'msg'],
]);

// Each entry above is typed for the hands of the modes it names.
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
	proxy: having('proxy'),
};

/** The commands that a mode has, in the order of /help. */
export const commandsOf = <M extends Mode>(
	mode: M,
): ReadonlyArray<Command<HandsOf[M]>> => byMode[mode];
