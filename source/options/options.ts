/**
 * The command line and the environment → validated options, or one sentence
 * that says what is wrong. Nothing is opened or read here but the login name.
 */
import {userInfo} from 'node:os';
import {resolve} from 'node:path';
import process from 'node:process';
import leven from 'leven';
import {SockchatError} from '../errors.js';
import {historyPath} from '../history/path.js';
import type {FsyncMode} from '../history/syncing.js';
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
import {
	flagNames,
	flags as definitions,
	writtenFlag,
	type CommandLineCommand,
	type Flag,
	type FlagName,
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

/** The nearest of some words, where the slip is small. */
const nearest = (
	word: string,
	words: readonly string[],
): string | undefined => {
	const near = words.filter(known => leven(word, known) <= 2);
	return near.toSorted((a, b) => leven(word, a) - leven(word, b))[0];
};

const parseCommand = (
	input: readonly string[],
): CommandLineCommand | SockchatError => {
	const [name, extra] = input;
	if (name === undefined) {
		return 'join';
	}

	const known = commandNames.find(command => command === name);
	if (!known) {
		const near = nearest(name, commandNames);
		const advice = near
			? `did you mean ${near}?`
			: 'there are serve and connect.';
		return wrongUsage(`"${name}" is not a command; ${advice}`);
	}

	return extra === undefined
		? known
		: wrongUsage(
				`"${extra}" is one word too many after ${known}; a text with spaces needs quotes.`,
			);
};

const checkNames = (
	given: GivenFlags,
	command: CommandLineCommand,
): SockchatError | undefined => {
	for (const name of Object.keys(given)) {
		if (!Object.hasOwn(definitions, name)) {
			const typed =
				name.length === 1
					? `-${name}`
					: `--${name.replaceAll(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`;
			const near = nearest(typed, flagNames.map(writtenFlag));
			const advice = near ? `did you mean ${near}?` : '--help lists them all.';
			return wrongUsage(`${typed} is not a flag; ${advice}`);
		}

		const {commands}: Flag = definitions[name as FlagName];
		if (!commands.includes(command)) {
			const where = commands.filter(known => known !== 'join').join(' and ');
			const here = command === 'join' ? 'sockchat alone' : command;
			return wrongUsage(
				`${writtenFlag(name as FlagName)} is for ${where}, not for ${here}.`,
			);
		}
	}

	return undefined;
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
	const value = reader.text('eol') ?? 'lf';
	if (reader.text('eol') !== undefined && !reader.has('raw')) {
		return reader.take<LineEnding>(wrongUsage('--eol goes with --raw.'), 'lf');
	}

	return value === 'none' || value === 'lf' || value === 'crlf'
		? value
		: reader.take<LineEnding>(
				wrongUsage(`--eol takes none, lf or crlf; "${value}" is none of them.`),
				'lf',
			);
};

const readFsync = (reader: Reader): FsyncMode => {
	const value = reader.text('fsync') ?? 'interval';
	return value === 'always' || value === 'interval'
		? value
		: reader.take<FsyncMode>(
				wrongUsage(
					`--fsync takes always or interval; "${value}" is neither of them.`,
				),
				'interval',
			);
};

/** A port that is another each time has no room to come back to. */
const hasLastingAddress = (address: Address): boolean =>
	address.kind === 'unix' || address.port !== 0;

const addressForFile = (address: Address): string =>
	address.kind === 'unix' ? resolve(address.path) : formatAddress(address);

const readHistory = (
	reader: Reader,
	given: GivenFlags,
	address: Address,
	env: Environment['env'],
): HistoryPlace | undefined => {
	const isOff = given['history'] === false;
	const fsync = readFsync(reader);
	const asked = isOff ? undefined : reader.text('history');
	if (reader.has('raw')) {
		return undefined;
	}

	const path =
		asked ??
		(!isOff && hasLastingAddress(address)
			? historyPath(addressForFile(address), env)
			: undefined);
	return path === undefined
		? undefined
		: {path, fsync, isDefault: asked === undefined};
};

const readRate = (
	reader: Reader,
	name: 'rate' | 'connectRate',
	what: string,
): number | 'off' | undefined =>
	reader.text(name) === 'off'
		? 'off'
		: reader.count(name, `${what} a second, or off,`);

const readOutput = (reader: Reader, isTerminal: boolean): Output => {
	// All are read, so that a wrong value of any is seen.
	const isJson = reader.has('json');
	const isPlain = reader.has('plain');
	const isQuiet = reader.has('quiet');
	if (isJson) {
		return 'json';
	}

	// One message needs no screen.
	const isOneShot = reader.text('message') !== undefined;
	return isPlain || isQuiet || isOneShot || !isTerminal ? 'plain' : 'screen';
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
 * @param input The words that are no flags.
 * @returns An error of the code ERR_USAGE or of the value that is wrong.
 */
export const parseOptions = (
	input: readonly string[],
	given: GivenFlags,
	{isTerminal, loginName, env}: Environment,
): Options | SockchatError => {
	const command = parseCommand(input);
	if (command instanceof SockchatError) {
		return command;
	}

	const wrong = checkNames(given, command) ?? contradictionIn(given);
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
		maxPerUser: reader.count('maxPerUser', 'a number of connections'),
		rate: readRate(reader, 'rate', 'messages'),
		connectRate: readRate(reader, 'connectRate', 'connections'),
		tokenFile: reader.text('tokenFile'),
		maxMembers: reader.count('maxMembers', 'a number of members'),
		backlog: reader.count('backlog', 'a number of connections'),
		history:
			command === 'connect'
				? undefined
				: readHistory(reader, given, address, env),
		message: reader.text('message'),
		isRetrying: given['retry'] !== false,
		timeoutMs: reader.seconds('timeout'),
		localPort: reader.port('localPort', 1),
	};
	return reader.error ?? options;
};
