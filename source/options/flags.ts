/**
 * The flags, once: meow's definitions, --help and the README's table are all
 * made from this list.
 */

export type CommandLineCommand = 'join' | 'serve' | 'connect';

export type Flag = {
	readonly type: 'string' | 'boolean';
	/** What follows it on the command line, as --help shows it. */
	readonly value?: string;
	/** How it is written, where that is not its name: --no-retry. */
	readonly written?: string;
	readonly summary: string;
	readonly commands: readonly CommandLineCommand[];
};

const everywhere = ['join', 'serve', 'connect'] as const;

export const flags = {
	host: {
		type: 'string',
		value: 'HOST',
		summary: 'loopback only: 127.0.0.1 (default), 127.x.x.x, ::1, localhost',
		commands: everywhere,
	},
	port: {
		type: 'string',
		value: 'PORT',
		summary: '5001 by default; serve: 0 takes a free one',
		commands: everywhere,
	},
	socket: {
		type: 'string',
		value: 'PATH',
		summary: "a Unix domain socket's path, instead of host and port",
		commands: everywhere,
	},
	nick: {
		type: 'string',
		value: 'NAME',
		summary: 'your name (default: the login name)',
		commands: everywhere,
	},
	raw: {
		type: 'boolean',
		summary: 'exact bytes, no protocol',
		commands: ['serve', 'connect'],
	},
	eol: {
		type: 'string',
		value: 'none|lf|crlf',
		summary: 'with --raw: what ends a typed line (default: lf)',
		commands: ['serve', 'connect'],
	},
	plain: {
		type: 'boolean',
		summary: 'lines instead of panes',
		commands: everywhere,
	},
	json: {
		type: 'boolean',
		summary: 'one JSON event a line',
		commands: everywhere,
	},
	quiet: {
		type: 'boolean',
		summary: 'lines: print errors only',
		commands: everywhere,
	},
	explain: {
		type: 'boolean',
		summary: 'one sentence on each step of the connection',
		commands: everywhere,
	},
	tokenFile: {
		type: 'string',
		value: 'FILE',
		summary: "the room's token, in a file of mode 600 (or SOCKCHAT_TOKEN)",
		commands: everywhere,
	},
	maxMembers: {
		type: 'string',
		value: 'N',
		summary: 'how many may be in the room (default: 10000)',
		commands: ['join', 'serve'],
	},
	maxPerUser: {
		type: 'string',
		value: 'N',
		summary: 'how many connections one user may have (default: any; Linux)',
		commands: ['join', 'serve'],
	},
	rate: {
		type: 'string',
		value: 'N|off',
		summary: 'messages a second per peer, of 1 KiB on average (default: 1000)',
		commands: ['join', 'serve'],
	},
	connectRate: {
		type: 'string',
		value: 'N|off',
		summary: 'connections let in a second; more wait a little (default: 5000)',
		commands: ['join', 'serve'],
	},
	sameUser: {
		type: 'boolean',
		summary: 'turn other users of this machine away (Linux)',
		commands: ['join', 'serve'],
	},
	backlog: {
		type: 'string',
		value: 'N',
		summary: 'the queue given to listen() (default: 4096)',
		commands: ['join', 'serve'],
	},
	history: {
		type: 'string',
		value: 'FILE',
		summary:
			"where the room is kept (default: a file in the user's state folder)",
		commands: ['join', 'serve'],
	},
	noHistory: {
		type: 'boolean',
		summary: 'keep the room in memory alone',
		commands: ['join', 'serve'],
	},
	fsync: {
		type: 'string',
		value: 'always|interval',
		summary:
			'when the disk has it: before it is shown, or within 1 s (default)',
		commands: ['join', 'serve'],
	},
	message: {
		type: 'string',
		value: 'TEXT',
		summary: 'send it, wait until it is stored, leave',
		commands: ['connect'],
	},
	retry: {
		type: 'boolean',
		written: '--no-retry',
		summary: 'end when the connection is lost, instead of coming back',
		commands: ['connect'],
	},
	timeout: {
		type: 'string',
		value: 'SECONDS',
		summary: 'give up unless connected, and --message stored, by then',
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
export const writtenFlag = (name: FlagName): string => {
	const {written}: Flag = flags[name];
	return (
		written ??
		`--${name.replaceAll(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`
	);
};

const section = (title: string, names: readonly FlagName[]): string[] => {
	const heads = names.map(name => {
		const {value = ''}: Flag = flags[name];
		return `${writtenFlag(name)} ${value}`.trimEnd();
	});
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
		'  sockchat          join the room on this machine, opening it if nobody has',
		'  sockchat serve    listen, accept, and chat as the host',
		'  sockchat connect  connect and chat',
		...section('Options', common),
		...section('serve, and sockchat alone', only('serve')),
		...section('connect', only('connect')),
		'',
		'Exit codes: 0 done; 1 it failed at run time; 2 wrong usage.',
	].join('\n');
};
