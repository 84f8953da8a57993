/**
 * The command line and the environment → validated options, or one sentence
 * that says what is wrong. Nothing is opened or read here but the login name.
 */
import {userInfo} from 'node:os';
import {resolve} from 'node:path';
import process from 'node:process';
import {SockchatError} from '../errors.js';
import {historyPath} from '../history/path.js';
import {
	formatAddress,
	parseSocketPath,
	parseTcpAddress,
	requireLoopback,
	type Address,
	type LoopbackAddress,
} from '../socket/address.js';
import type {HistoryPlace} from '../server/history-place.js';
import {defaultHost, defaultPort} from '../protocol/frame.js';
import {nickFromLogin, parseNick, type Nick} from '../protocol/nick.js';
import {contradictionIn} from './contradictions.js';
import {Reader, wrongUsage, type GivenFlags} from './reader.js';
import {nearest, type CommandLine} from './words.js';
import {
	flagNames,
	flags as definitions,
	writtenFlag,
	type CommandLineCommand,
	type Flag,
} from './flags.js';

/** What ends a typed line in raw mode. */
export type LineEnding = 'none' | 'lf' | 'crlf';

export const lineEnds: Readonly<Record<LineEnding, '' | '\n' | '\r\n'>> = {
	none: '',
	lf: '\n',
	crlf: '\r\n',
};

export type Output = 'screen' | 'plain' | 'json';

export type Options = {
	readonly command: CommandLineCommand;
	readonly address: LoopbackAddress;
	readonly nick: Nick;
	/** It was not asked for by name, so another may be taken instead. */
	readonly isNickFlexible: boolean;
	readonly isRaw: boolean;
	readonly eol: LineEnding;
	readonly output: Output;
	readonly isQuiet: boolean;
	/** Each lifecycle step carries a sentence on what just happened. */
	readonly isExplained: boolean;
	/** Whether somebody is shown what the sockets do. */
	readonly isWatched: boolean;
	readonly isSameUser: boolean;
	readonly maxPerUser: number | undefined;
	readonly rate: number | 'off' | undefined;
	readonly connectRate: number | 'off' | undefined;
	readonly tokenFile: string | undefined;
	readonly maxMembers: number | undefined;
	readonly backlog: number | undefined;
	/** Where a server keeps its room; undefined in memory alone. */
	readonly history: HistoryPlace | undefined;
	readonly message: string | undefined;
	readonly isRetrying: boolean;
	readonly timeoutMs: number | undefined;
	readonly localPort: number | undefined;
};

type Environment = {
	/** Whether both stdin and stdout are terminals. */
	readonly isTerminal: boolean;
	readonly loginName: () => string;
	/** The environment, for where files of the user stand. */
	readonly env: Readonly<Record<string, string | undefined>>;
};

const commandNames = ['serve', 'connect'] as const;

const parseCommand = (
	words: readonly string[],
): CommandLineCommand | SockchatError => {
	const [name, extra] = words;
	if (name === undefined) {
		return 'join';
	}

	const known = commandNames.find(command => command === name);
	if (!known) {
		const near = nearest(name, commandNames);
		const advice = near
			? `did you mean ${near}?`
			: `the commands are ${commandNames.join(' and ')}.`;
		return wrongUsage(`"${name}" is not a command; ${advice}`);
	}

	return extra === undefined
		? known
		: wrongUsage(
				`Unexpected "${extra}" after ${known}; a text with spaces needs quotes.`,
			);
};

const commandName = (command: CommandLineCommand): string =>
	command === 'join' ? 'sockchat without a command' : command;

/** @returns What is wrong with a flag that belongs to other commands. */
const misplacedIn = (
	given: GivenFlags,
	command: CommandLineCommand,
): SockchatError | undefined => {
	const name = flagNames.find(
		name =>
			given[name] !== undefined &&
			!(definitions[name] as Flag).commands.includes(command),
	);
	if (name === undefined) {
		return undefined;
	}

	const {commands}: Flag = definitions[name];
	const where = commands.filter(known => known !== 'join').join(' and ');
	return wrongUsage(
		`${writtenFlag(name)} is for ${where}, not for ${commandName(command)}.`,
	);
};

const readAddress = (
	reader: Reader,
	command: CommandLineCommand,
): LoopbackAddress => {
	const path = reader.text('socket');
	const host = reader.text('host');
	const port = reader.port('port', command === 'serve' ? 0 : 1);
	const fallback = requireLoopback({
		kind: 'tcp',
		host: defaultHost,
		port: defaultPort,
	});
	if (path === undefined) {
		return reader.take(
			parseTcpAddress(host ?? defaultHost, port ?? defaultPort),
			fallback,
		);
	}

	return reader.take(parseSocketPath(path), fallback);
};

const readNick = (
	reader: Reader,
	loginName: () => string,
	command: CommandLineCommand,
): {nick: Nick; isNickFlexible: boolean} => {
	const bearer = command === 'serve' ? 'host' : 'member';
	const asked = reader.text('nick');
	if (asked === undefined) {
		return {nick: nickFromLogin(loginName(), bearer), isNickFlexible: true};
	}

	const parsed = parseNick(asked, bearer);
	const nick = reader.take(
		parsed.ok ? parsed.nick : parsed.error,
		nickFromLogin(''),
	);
	return {nick, isNickFlexible: false};
};

const readEol = (reader: Reader): LineEnding => {
	const eol = reader.choice('eol', ['none', 'lf', 'crlf']);
	return eol !== undefined && !reader.has('raw')
		? reader.take<LineEnding>(wrongUsage('--eol needs --raw.'), 'lf')
		: (eol ?? 'lf');
};

/** A port that is another each time has no room to come back to. */
const hasLastingAddress = (address: Address): boolean =>
	address.kind === 'unix' || address.port !== 0;

const addressForFile = (address: Address): string =>
	address.kind === 'unix' ? resolve(address.path) : formatAddress(address);

const readHistory = (
	reader: Reader,
	address: Address,
	env: Environment['env'],
): HistoryPlace | undefined => {
	const fsync = reader.choice('fsync', ['always', 'interval']) ?? 'interval';
	const asked = reader.text('history');
	if (reader.has('raw')) {
		return undefined;
	}

	const path =
		asked ??
		(!reader.has('noHistory') && hasLastingAddress(address)
			? historyPath(addressForFile(address), env)
			: undefined);
	return path === undefined
		? undefined
		: {path, fsync, isDefault: asked === undefined};
};

const readOutput = (reader: Reader, isTerminal: boolean): Output => {
	if (reader.has('json')) {
		return 'json';
	}

	// One message needs no screen.
	const isOneShot = reader.text('message') !== undefined;
	return reader.has('plain') || reader.has('quiet') || isOneShot || !isTerminal
		? 'plain'
		: 'screen';
};

/** The login name; a process may have a uid that no name belongs to. */
export const readLoginName = (): string => {
	try {
		return userInfo().username;
	} catch {
		return process.env['USER'] ?? '';
	}
};

/**
 * @param line What `readWords` made of the command line.
 * @returns An error of the code ERR_USAGE or of the value that is wrong.
 */
export const parseOptions = (
	{words, given, error}: CommandLine,
	{isTerminal, loginName, env}: Environment,
): Options | SockchatError => {
	const command = error ?? parseCommand(words);
	if (command instanceof SockchatError) {
		return command;
	}

	const wrong = misplacedIn(given, command) ?? contradictionIn(given);
	if (wrong) {
		return wrong;
	}

	const reader = new Reader(given);
	const output = readOutput(reader, isTerminal);
	const isExplained = reader.has('explain');
	const address = readAddress(reader, command);
	const options: Options = {
		command,
		address,
		...readNick(reader, loginName, command),
		isRaw: reader.has('raw'),
		eol: readEol(reader),
		output,
		// Who sends one message wants no transcript.
		isQuiet:
			reader.has('quiet') ||
			(!isExplained && reader.text('message') !== undefined),
		isExplained,
		isWatched: output !== 'plain' || isExplained,
		isSameUser: reader.has('sameUser'),
		maxPerUser: reader.count('maxPerUser'),
		rate: reader.rate('rate'),
		connectRate: reader.rate('connectRate'),
		tokenFile: reader.text('tokenFile'),
		maxMembers: reader.count('maxMembers'),
		backlog: reader.count('backlog'),
		history:
			command === 'connect' ? undefined : readHistory(reader, address, env),
		message: reader.text('message'),
		isRetrying: !reader.has('noRetry'),
		timeoutMs: reader.seconds('timeout'),
		localPort: reader.port('localPort', 1),
	};
	return reader.error ?? options;
};
