/**
 * The flags, defined once: parsing, help, completions, the man page, the config
 * file's keys and docs/command-line.md are all made from this list.
 */
import {inputModes, notifications, themeNames} from './choices.js';

/** Commands that open a room or a raw socket; `join` is typed as nothing. */
export type CommandLineCommand = 'join' | 'serve' | 'connect';

/** All commands. */
export type Command =
	| CommandLineCommand
	| 'proxy'
	| 'watch'
	| 'replay'
	| 'status'
	| 'lesson'
	| 'mcp'
	| 'doctor'
	| 'completion'
	| 'help';

export type Flag = {
	/** A string takes the next word; a boolean takes no value. */
	readonly type: 'string' | 'boolean';
	/** The letter of its short form. */
	readonly short?: string;
	/** The value's name in --help. */
	readonly value?: string;
	/** The words that the value may be, if its name doesn't list them. */
	readonly choices?: readonly string[];
	readonly summary: string;
	/** What it means besides for some of them. */
	readonly extras?: Partial<Record<Command, string>>;
	readonly commands: readonly Command[];
	/** Why raw mode has no use for it. */
	readonly notRaw?: string;
	/** Whether it is a step of a chat script: the order of all steps is kept. */
	readonly isStep?: boolean;
	/** Whether it may be repeated, too. */
	readonly isRepeated?: boolean;
};

const everywhere = ['join', 'serve', 'connect'] as const;

// The doctor says which of them hold, and whether they would work.
const alsoDoctor = [...everywhere, 'doctor'] as const;

// It asks a server, so it takes the flags that name one.
const alsoStatus = [...alsoDoctor, 'status'] as const;

// It opens no socket, and shows what those of other programs do.
const alsoWatch = [...everywhere, 'watch'] as const;

// It opens a room, or joins one, as `join` does, and draws nothing.
const alsoMcp = ['join', 'serve', 'mcp'] as const;

// It draws a screen.
const alsoLesson = [...alsoDoctor, 'lesson'] as const;

const allCommands = [
	...alsoStatus,
	'proxy',
	'watch',
	'replay',
	'lesson',
	'mcp',
	'completion',
	'help',
] as const;

export const flags = {
	port: {
		type: 'string',
		short: 'p',
		value: 'PORT',
		summary: '5001 by default',
		extras: {serve: '0 picks a free port'},
		commands: [...alsoStatus, 'watch', 'replay', 'mcp'],
	},
	host: {
		type: 'string',
		value: 'HOST',
		summary: '127.0.0.1 (default), 127.x.x.x, ::1 or localhost',
		commands: [...alsoStatus, 'watch', 'replay', 'mcp'],
	},
	socket: {
		type: 'string',
		value: 'PATH',
		summary: 'a Unix domain socket, instead of host and port',
		commands: [...alsoStatus, 'replay', 'mcp'],
	},
	nick: {
		type: 'string',
		short: 'n',
		value: 'NAME',
		summary: 'your name (default: your login name)',
		extras: {mcp: "for an agent: its client's name"},
		commands: [...alsoDoctor, 'mcp'],
	},
	raw: {
		type: 'boolean',
		short: 'r',
		summary: 'exact bytes, no protocol',
		commands: ['serve', 'connect'],
	},
	eol: {
		type: 'string',
		value: 'none|lf|cr|crlf',
		summary: 'with --raw: what each line end is sent as',
		commands: ['serve', 'connect'],
	},
	udp: {
		type: 'boolean',
		short: 'u',
		summary: 'with --raw: datagrams of UDP',
		commands: ['serve', 'connect'],
	},
	tls: {
		type: 'boolean',
		summary: 'with --raw: encrypted by TLS',
		extras: {serve: 'with a certificate for the day'},
		commands: ['serve', 'connect'],
	},
	tlsCa: {
		type: 'string',
		value: 'FILE',
		summary: 'with TLS: trust these authorities (PEM)',
		commands: ['connect', 'proxy', 'replay'],
	},
	tlsInsecure: {
		type: 'boolean',
		summary: 'with TLS: take any certificate',
		commands: ['connect', 'proxy', 'replay'],
	},
	tlsName: {
		type: 'string',
		value: 'NAME',
		summary: 'with TLS: whom the certificate is for',
		commands: ['connect', 'proxy', 'replay'],
	},
	tlsAlpn: {
		type: 'string',
		value: 'NAMES',
		summary: 'with TLS: protocols to agree on by ALPN, with commas',
		commands: ['serve', 'connect', 'proxy', 'replay'],
	},
	tlsCert: {
		type: 'string',
		value: 'FILE',
		summary: 'with TLS: our certificate and its chain (PEM)',
		commands: ['serve', 'connect', 'proxy', 'replay'],
	},
	tlsKey: {
		type: 'string',
		value: 'FILE',
		summary: 'with TLS: its private key (PEM)',
		commands: ['serve', 'connect', 'proxy', 'replay'],
	},
	ws: {
		type: 'string',
		value: 'PATH',
		summary: 'with --raw: a WebSocket there; a line is a message',
		commands: ['serve', 'connect'],
	},
	wsBinary: {
		type: 'boolean',
		summary: 'with --ws: each read is a binary message',
		commands: ['serve', 'connect'],
	},
	wsProtocol: {
		type: 'string',
		value: 'NAMES',
		summary: 'with WebSocket: subprotocols to ask for, with commas',
		commands: ['connect', 'replay'],
	},
	wsHeader: {
		type: 'string',
		value: 'HEADER',
		summary: 'with WebSocket: "NAME: VALUE" to send; may be repeated',
		commands: ['connect', 'replay'],
		isRepeated: true,
	},
	plain: {
		type: 'boolean',
		summary: 'print lines instead of drawing a screen',
		commands: [...alsoWatch, 'lesson', 'proxy'],
	},
	json: {
		type: 'boolean',
		summary: 'print JSON, one object per line',
		commands: [...alsoStatus, 'watch', 'replay', 'proxy'],
	},
	events: {
		type: 'string',
		value: 'LIST',
		summary: 'with --json: only these types: message,joined,…',
		commands: everywhere,
	},
	quiet: {
		type: 'boolean',
		short: 'q',
		summary: 'print only errors',
		commands: [...everywhere, 'replay', 'proxy'],
	},
	noColor: {
		type: 'boolean',
		summary: 'draw the screen without colours (or NO_COLOR)',
		commands: [...alsoLesson, 'watch', 'proxy'],
	},
	bell: {
		type: 'string',
		value: 'on|off',
		summary: 'ring for mentions and whispers (default: on)',
		commands: everywhere,
		notRaw: 'raw mode has no mentions',
	},
	notify: {
		type: 'string',
		value: 'HOW',
		choices: notifications,
		summary: 'also as a notification: none (default), osc9, osc777',
		commands: everywhere,
		notRaw: 'raw mode has no mentions',
	},
	theme: {
		type: 'string',
		value: 'THEME',
		choices: themeNames,
		summary: 'auto, dark, light, high-contrast, 16 or mono',
		commands: [...alsoLesson, 'watch', 'proxy'],
	},
	mouse: {
		type: 'boolean',
		summary: 'scroll with the wheel; select text with Shift held',
		commands: [...alsoWatch, 'proxy'],
	},
	explain: {
		type: 'boolean',
		summary: 'explain each step of the connection',
		commands: [...alsoWatch, 'lesson', 'proxy'],
	},
	input: {
		type: 'string',
		value: 'MODE',
		choices: inputModes,
		summary: 'lines of stdin: text, commands, json or none',
		commands: everywhere,
	},
	last: {
		type: 'string',
		value: 'N',
		summary: 'print the last N messages first (default: none)',
		commands: ['join', 'connect'],
		notRaw: 'raw mode has no messages to replay',
	},
	since: {
		type: 'string',
		value: 'SEQ',
		summary: 'print everything after this seq first',
		commands: ['join', 'connect'],
		notRaw: 'raw mode has no messages to replay',
	},
	times: {
		type: 'boolean',
		summary: 'print the time before each line',
		commands: [...alsoWatch, 'proxy'],
	},
	tokenFile: {
		type: 'string',
		value: 'FILE',
		summary: "the room's token; mode 600 (or SOCKCHAT_TOKEN)",
		commands: [...alsoStatus, 'mcp'],
		notRaw: 'raw mode has no protocol to check a token',
	},
	help: {
		type: 'boolean',
		short: 'h',
		summary: 'print this help',
		commands: allCommands,
	},
	version: {
		type: 'boolean',
		short: 'V',
		summary: 'print the version',
		commands: allCommands,
	},
	maxMembers: {
		type: 'string',
		value: 'N',
		summary: 'members allowed in the room (default: 10000)',
		commands: ['join', 'serve'],
		notRaw: 'raw mode lets everybody in',
	},
	maxPerUser: {
		type: 'string',
		value: 'N',
		summary: 'connections per user (Linux; default: no limit)',
		commands: ['join', 'serve'],
		notRaw: 'raw mode lets everybody in',
	},
	rate: {
		type: 'string',
		value: 'N|off',
		summary: 'messages (1 KiB) per second per peer (default 1000)',
		commands: ['join', 'serve'],
		notRaw: 'raw mode takes bytes as they come',
	},
	agentRate: {
		type: 'string',
		value: 'N|off',
		summary: 'messages a minute of an agent (default 30)',
		commands: alsoMcp,
		notRaw: 'raw mode has no agents',
	},
	connectRate: {
		type: 'string',
		value: 'N|off',
		summary: 'connections accepted per second (default: 5000)',
		commands: ['join', 'serve'],
		notRaw: 'raw mode lets everybody in',
	},
	sameUser: {
		type: 'boolean',
		summary: 'refuse other users of this machine (Linux)',
		commands: alsoMcp,
		notRaw: 'raw mode lets everybody in',
	},
	room: {
		type: 'string',
		value: 'NAME',
		summary: "the room's name, shown in its title",
		commands: ['join', 'serve'],
		notRaw: 'raw mode has no room',
	},
	relay: {
		type: 'string',
		value: 'URL',
		summary: 'share --room with other machines through NATS',
		commands: ['serve'],
		notRaw: 'raw mode has no room',
	},
	relayCredentials: {
		type: 'string',
		value: 'FILE',
		summary: "the relay's; mode 600 (or SOCKCHAT_RELAY_CREDENTIALS)",
		commands: ['serve'],
		notRaw: 'raw mode has no room',
	},
	relayOptional: {
		type: 'boolean',
		summary: 'open the room although the relay is away',
		commands: ['serve'],
		notRaw: 'raw mode has no room',
	},
	relayReplicas: {
		type: 'string',
		value: 'N',
		summary: 'copies that a cluster keeps of the room (default: 1)',
		commands: ['serve'],
		notRaw: 'raw mode has no room',
	},
	backlog: {
		type: 'string',
		value: 'N',
		summary: 'the backlog of listen() (default: 4096)',
		commands: ['join', 'serve'],
	},
	heartbeat: {
		type: 'string',
		value: 'SECONDS',
		summary: 'between pings of a quiet member (default: 2)',
		commands: ['join', 'serve'],
		notRaw: 'raw mode sends no pings',
	},
	history: {
		type: 'string',
		value: 'FILE',
		summary: 'where to keep the room (default: your state folder)',
		commands: [...alsoMcp, 'doctor'],
		notRaw: 'raw mode keeps no history',
	},
	noHistory: {
		type: 'boolean',
		summary: 'keep nothing on disk: no room, no typed lines',
		commands: [...alsoMcp, 'connect', 'doctor'],
	},
	fsync: {
		type: 'string',
		value: 'always|interval',
		summary: 'sync before showing, or within 1 s (default)',
		commands: alsoMcp,
		notRaw: 'raw mode keeps no history',
	},
	wait: {
		type: 'boolean',
		summary: 'keep trying until somebody listens',
		commands: ['connect'],
	},
	once: {
		type: 'boolean',
		summary: 'with --raw, or proxy: one peer, and end',
		commands: ['serve', 'proxy'],
	},
	idle: {
		type: 'string',
		value: 'SECONDS',
		summary: 'with --raw: end after this long without a byte',
		commands: ['serve', 'connect'],
	},
	replies: {
		type: 'string',
		value: 'N',
		summary: 'with --raw: end after N chunks from the other side',
		commands: ['serve', 'connect'],
	},
	noShutdown: {
		type: 'boolean',
		summary: 'with --raw: send no FIN when stdin ends',
		commands: ['serve', 'connect'],
	},
	send: {
		type: 'string',
		value: 'TEXT',
		summary: String.raw`with --raw: send it first; \r \n \t \0 \xHH, and --eol`,
		commands: ['connect', 'serve'],
		isStep: true,
	},
	sendHex: {
		type: 'string',
		value: 'HEX',
		summary: 'the same in hexadecimal',
		commands: ['connect', 'serve'],
		isStep: true,
	},
	sendFile: {
		type: 'string',
		value: 'FILE',
		summary: 'the same from a file, as it is',
		commands: ['connect', 'serve'],
		isStep: true,
	},
	expect: {
		type: 'string',
		value: 'REGEX',
		summary: 'wait until the other side says it; else exit code 1',
		commands: ['connect', 'serve'],
		isStep: true,
	},
	reply: {
		type: 'string',
		value: 'REGEX=TEXT',
		summary: 'with --raw: answer REGEX with TEXT; may be repeated',
		commands: ['serve'],
		isRepeated: true,
	},
	echo: {
		type: 'boolean',
		summary: 'with --raw: send each peer what it says',
		commands: ['serve'],
	},
	broker: {
		type: 'boolean',
		summary: 'with --raw: send each peer what the others say',
		commands: ['serve'],
	},
	escapes: {
		type: 'boolean',
		summary: String.raw`with --raw: read \r \n \t \0 \xHH in typed lines`,
		commands: ['serve', 'connect'],
	},
	pretty: {
		type: 'boolean',
		summary: 'with --raw: lay out JSON and HTTP heads on a terminal',
		commands: ['serve', 'connect'],
	},
	halfOpen: {
		type: 'boolean',
		summary: "with --raw: the other side's FIN is not answered by ours",
		commands: ['serve', 'connect'],
	},
	telnet: {
		type: 'boolean',
		summary: "with --raw: answer telnet's requests; refuse options",
		commands: ['serve', 'connect'],
	},
	log: {
		type: 'string',
		value: 'FILE',
		summary: 'with --raw: keep the lines that are shown in a new file',
		commands: ['serve', 'connect'],
	},
	to: {
		type: 'string',
		value: 'PEER',
		summary: 'with --raw: send stdin to this peer: its address or port',
		commands: ['serve'],
	},
	record: {
		type: 'string',
		value: 'FILE',
		summary: 'with --raw, or proxy: keep every chunk in a new file',
		commands: ['serve', 'connect', 'proxy'],
	},
	delay: {
		type: 'string',
		value: 'MS',
		summary: 'each chunk waits this many milliseconds',
		commands: ['proxy'],
	},
	rateLimit: {
		type: 'string',
		value: 'N',
		summary: 'at most N bytes per second in each direction',
		commands: ['proxy'],
	},
	maxConnections: {
		type: 'string',
		value: 'N',
		summary: 'connections open at once (default: 1024)',
		commands: ['proxy'],
	},
	slice: {
		type: 'string',
		value: 'N',
		summary: 'at most N bytes in each write',
		commands: ['proxy'],
	},
	connect: {
		type: 'boolean',
		summary: 'play as the client (default: the side that recorded)',
		commands: ['replay'],
	},
	serve: {
		type: 'boolean',
		summary: 'play as the server',
		commands: ['replay'],
	},
	fast: {
		type: 'boolean',
		summary: 'wait for answers alone, not as long as then',
		commands: ['replay'],
	},
	probe: {
		type: 'boolean',
		summary: 'only ask who listens on PORT, or FIRST-LAST; send nothing',
		commands: ['connect'],
	},
	waitFor: {
		type: 'string',
		value: 'REGEX',
		summary: 'print the first message that matches, leave',
		commands: ['connect'],
		notRaw: 'raw mode has no messages',
	},
	waitForMention: {
		type: 'string',
		value: 'NAME',
		summary: 'the same for one that names NAME',
		commands: ['connect'],
		notRaw: 'raw mode has no messages',
	},
	message: {
		type: 'string',
		short: 'm',
		value: 'TEXT',
		summary: 'send TEXT (-: stdin), wait until stored, leave',
		commands: ['connect'],
	},
	retry: {
		type: 'boolean',
		summary: 'reconnect; the default, but not with --raw',
		commands: ['connect'],
	},
	noRetry: {
		type: 'boolean',
		summary: 'exit when the connection is lost',
		commands: ['connect'],
	},
	timeout: {
		type: 'string',
		short: 'w',
		value: 'SECONDS',
		summary: 'time to connect and for all that is asked for',
		extras: {connect: 'UDP ends by then'},
		commands: ['connect', 'status', 'replay'],
	},
	connectTimeout: {
		type: 'string',
		value: 'SECONDS',
		summary: 'time for connect() and for the welcome (default: 10)',
		commands: ['join', 'connect'],
	},
	capture: {
		type: 'boolean',
		summary: 'show the real segments, by tcpdump or dumpcap',
		commands: ['serve', 'connect', 'watch', 'lesson'],
	},
	pcapng: {
		type: 'string',
		value: 'FILE',
		summary: 'write what is captured, or recorded, for Wireshark',
		commands: ['serve', 'connect', 'watch', 'replay'],
	},
	localPort: {
		type: 'string',
		value: 'PORT',
		summary: 'bind this port before connecting',
		commands: ['connect'],
	},
} as const satisfies Readonly<Record<string, Flag>>;

export type FlagName = keyof typeof flags;

export const flagNames = Object.keys(flags) as FlagName[];

/** As it is typed: --max-members. */
export const writtenFlag = (name: FlagName): string =>
	`--${name.replaceAll(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`;

export const isFor = (name: FlagName, command: Command): boolean =>
	(flags[name] as Flag).commands.includes(command);
