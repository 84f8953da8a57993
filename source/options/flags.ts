/**
 * The flags, defined once: parsing, --help and the README's table are all made
 * from this list.
 */

export type CommandLineCommand = 'join' | 'serve' | 'connect';

export type Flag = {
	/** A string takes the next word; a boolean takes no value. */
	readonly type: 'string' | 'boolean';
	/** The letter of its short form. */
	readonly short?: string;
	/** The value's name in --help. */
	readonly value?: string;
	readonly summary: string;
	readonly commands: readonly CommandLineCommand[];
	/** Why raw mode has no use for it. */
	readonly notRaw?: string;
};

const everywhere = ['join', 'serve', 'connect'] as const;

export const flags = {
	port: {
		type: 'string',
		short: 'p',
		value: 'PORT',
		summary: '5001 by default; serve: 0 picks a free port',
		commands: everywhere,
	},
	host: {
		type: 'string',
		value: 'HOST',
		summary: '127.0.0.1 (default), 127.x.x.x, ::1 or localhost',
		commands: everywhere,
	},
	socket: {
		type: 'string',
		value: 'PATH',
		summary: 'a Unix domain socket, instead of host and port',
		commands: everywhere,
	},
	nick: {
		type: 'string',
		short: 'n',
		value: 'NAME',
		summary: 'your name (default: your login name)',
		commands: everywhere,
	},
	raw: {
		type: 'boolean',
		short: 'r',
		summary: 'exact bytes, no protocol',
		commands: ['serve', 'connect'],
	},
	eol: {
		type: 'string',
		value: 'none|lf|crlf',
		summary: 'with --raw: ends each typed line (default: lf)',
		commands: ['serve', 'connect'],
	},
	plain: {
		type: 'boolean',
		summary: 'print lines instead of drawing a screen',
		commands: everywhere,
	},
	json: {
		type: 'boolean',
		summary: 'print one JSON event per line',
		commands: everywhere,
	},
	quiet: {
		type: 'boolean',
		short: 'q',
		summary: 'print only errors',
		commands: everywhere,
	},
	explain: {
		type: 'boolean',
		summary: 'explain each step of the connection',
		commands: everywhere,
	},
	input: {
		type: 'string',
		value: 'MODE',
		summary: 'lines of stdin: text, commands, json or none',
		commands: everywhere,
		notRaw: 'raw mode sends exact bytes',
	},
	tokenFile: {
		type: 'string',
		value: 'FILE',
		summary: "the room's token; mode 600 (or SOCKCHAT_TOKEN)",
		commands: everywhere,
		notRaw: 'raw mode has no protocol to check a token',
	},
	help: {
		type: 'boolean',
		short: 'h',
		summary: 'print this help',
		commands: everywhere,
	},
	version: {
		type: 'boolean',
		short: 'V',
		summary: 'print the version',
		commands: everywhere,
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
		commands: ['join', 'serve'],
		notRaw: 'raw mode lets everybody in',
	},
	backlog: {
		type: 'string',
		value: 'N',
		summary: 'the backlog of listen() (default: 4096)',
		commands: ['join', 'serve'],
	},
	history: {
		type: 'string',
		value: 'FILE',
		summary: 'where to keep the room (default: your state folder)',
		commands: ['join', 'serve'],
		notRaw: 'raw mode keeps no history',
	},
	noHistory: {
		type: 'boolean',
		summary: 'keep the room only in memory',
		commands: ['join', 'serve'],
	},
	fsync: {
		type: 'string',
		value: 'always|interval',
		summary: 'sync before showing, or within 1 s (default)',
		commands: ['join', 'serve'],
		notRaw: 'raw mode keeps no history',
	},
	message: {
		type: 'string',
		short: 'm',
		value: 'TEXT',
		summary: 'send TEXT (-: stdin), wait until stored, leave',
		commands: ['connect'],
	},
	noRetry: {
		type: 'boolean',
		summary: 'exit when the connection is lost; do not reconnect',
		commands: ['connect'],
	},
	timeout: {
		type: 'string',
		short: 'w',
		value: 'SECONDS',
		summary: 'time to connect and store the --message',
		commands: ['connect'],
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

/** As --help shows it: `-p, --port PORT`; without a short form, indented. */
const headOf = (name: FlagName, indent: string): string => {
	const {short, value = ''}: Flag = flags[name];
	const before = short === undefined ? indent : `-${short}, `;
	return `${before}${writtenFlag(name)} ${value}`.trimEnd();
};

const section = (title: string, names: readonly FlagName[]): string[] => {
	const hasShort = names.some(name => (flags[name] as Flag).short);
	const heads = names.map(name => headOf(name, ' '.repeat(hasShort ? 4 : 0)));
	const width = Math.max(...heads.map(head => head.length));
	return [
		'',
		title,
		...names.map(
			(name, index) =>
				`  ${heads[index]!.padEnd(width)}  ${flags[name].summary}`,
		),
	];
};

const isFor = (name: FlagName, command: CommandLineCommand): boolean =>
	(flags[name] as Flag).commands.includes(command);

/** --help, as it is printed. */
export const helpText = (): string => {
	const common = flagNames.filter(
		name => isFor(name, 'serve') && isFor(name, 'connect'),
	);
	const only = (command: CommandLineCommand) =>
		flagNames.filter(name => isFor(name, command) && !common.includes(name));
	return [
		'Usage',
		'  sockchat          join the room on this machine, or open it',
		'  sockchat serve    listen, accept, and chat as the host',
		'  sockchat connect  connect and chat',
		...section('Options', common),
		...section(
			'Options of serve, and of sockchat without a command',
			only('serve'),
		),
		...section('Options of connect', only('connect')),
		'',
		'Exit codes: 0 done; 1 failed at run time; 2 wrong usage; 3 --timeout passed;',
		'128 + N ended by signal N before all was done.',
	].join('\n');
};
