/**
 * Turns the command line, the environment and the config file into validated
 * options, or into one sentence about what is wrong. It reads no files.
 */
import {resolve} from 'node:path';
import {quoted, SockchatError} from '../errors.js';
import type {RawSocketOptions} from '../chat/open-raw.js';
import {lineEndings, type LineEnding} from '../raw/line-ends.js';
import type {ScriptStep} from '../raw/script-steps.js';
import type {CaptureWish} from '../chat/capture.js';
import type {RoomOptions} from '../chat/room-chat.js';
import {
	parseEventNames,
	watchedEvents,
	type EventName,
} from '../event/event-names.js';
import {clientsPath, historyPath, typedPath} from '../history/path.js';
import {
	formatAddress,
	parsePort,
	parseSocketPath,
	parseTcpAddress,
	requireLoopback,
	type Address,
	type LoopbackAddress,
} from '../socket/address.js';
import type {HistoryPlace} from '../server/history-place.js';
import {defaultHost, defaultPort} from '../protocol/frame.js';
import {
	nickFromLogin,
	parseNick,
	parseRoomName,
	type Nick,
} from '../protocol/nick.js';
import {checkText} from '../protocol/text.js';
import type {Inherited} from '../socket/inherited.js';
import {inputModes, notifications, themeNames} from './choices.js';
import {contradictionIn} from './contradictions.js';
import {isChat, readRequest, type ChatRequest} from './command.js';
import type {Config} from './config.js';
import {parsePattern} from './pattern.js';
import {Reader, wrongUsage, type TypedStep} from './reader.js';
import {settle} from './settings.js';
import {writtenFlag, type CommandLineCommand} from './flags.js';
import {readSteps} from './steps.js';
import type {CommandLine} from './words.js';

/** The sequence that asks the terminal for a notification. */
export type Notification = (typeof notifications)[number];

/** The colours of the screen; `auto` looks at the terminal. */
export type ThemeName = (typeof themeNames)[number];

export type Output = 'screen' | 'plain' | 'json';

/** Which message ends `--wait-for` or `--wait-for-mention`. */
export type Awaited = {readonly pattern: RegExp} | {readonly mentioned: Nick};

/** What a front end does, whatever the mode. */
export type FrontOptions = {
	readonly output: Output;
	/** The colours of the screen. */
	readonly theme: ThemeName;
	/** Whether the wheel scrolls the screen, which takes the mouse over. */
	readonly hasMouse: boolean;
	/** How the screen calls for a mention or a whisper. */
	readonly bell: {
		readonly isOn: boolean;
		readonly notification: Notification;
	};
	/** Whether only errors are printed. */
	readonly isQuiet: boolean;
	/** Whether each step of the lifecycle comes with its sentence. */
	readonly isExplained: boolean;
	/** Whether plain lines begin with a time. */
	readonly isTimed: boolean;
	/** The JSON events to print; without them all but the samples. */
	readonly events: readonly EventName[] | undefined;
	/** The message to wait for. */
	readonly awaited: Awaited | undefined;
	/** To send instead of what is typed; `-` is all of stdin. */
	readonly message: string | undefined;
	readonly timeoutMs: number | undefined;
	/** Set if it is only asked who listens at these. */
	readonly probed?: readonly LoopbackAddress[] | undefined;
};

/**
 * What a line of stdin is: something to say, a command or something to say, or a
 * request as JSON. With `none` stdin isn't read, so its end means nothing.
 */
export type InputMode = (typeof inputModes)[number];

export type RoomModeOptions = {
	readonly mode: 'room';
	/** By default `commands` if stdin is a terminal, else `text`. */
	readonly input: InputMode | undefined;
	/** Whether lines are typed below what comes, on a terminal without a screen. */
	readonly isPrompted: boolean;
	/** How many earlier messages to print; undefined for what the server sends. */
	readonly lastMessages?: number | undefined;
	/** Where a screen keeps the lines that were sent; undefined: nowhere. */
	readonly typedFile?: string | undefined;
} & FrontOptions &
	RoomOptions;

export type RawModeOptions = {
	readonly mode: 'raw';
	/** What each line end is sent as; in a pipe none is touched without it. */
	readonly eol: LineEnding | undefined;
	/** What each connection begins with. */
	readonly script?: readonly ScriptStep[] | undefined;
	/** Whether stdin is read. */
	readonly isInputRead: boolean;
	/** Whether bytes are copied from stdin to stdout, and nothing else is said. */
	readonly isCopy: boolean;
} & FrontOptions &
	RawSocketOptions;

export type Options = RoomModeOptions | RawModeOptions;

type Environment = {
	/** Whether both stdin and stdout are terminals. */
	readonly isTerminal: boolean;
	readonly loginName: () => string;
	/** Environment variables: settings, and where the user's folders are. */
	readonly env: Readonly<Record<string, string | undefined>>;
	/** The config file, if there is one. */
	readonly config?: Config | undefined;
	/** A listening socket that was passed to us, for `serve`. */
	readonly inherited?: Inherited | undefined;
};

export const readAddress = (
	reader: Reader,
	command: CommandLineCommand | 'status' | 'watch',
): LoopbackAddress => {
	const path = reader.text('socket');
	const host = reader.text('host');
	const isRange =
		reader.has('probe') && portRange.test(reader.text('port') ?? '');
	const port = isRange
		? undefined
		: reader.port('port', command === 'serve' ? 0 : 1);
	const fallback = requireLoopback({
		kind: 'tcp',
		host: defaultHost,
		port: defaultPort,
	});
	if (path === undefined) {
		return reader.take(
			parseTcpAddress(host ?? defaultHost, port ?? defaultPort),
			fallback,
			'host',
		);
	}

	return reader.take(parseSocketPath(path), fallback, 'socket');
};

const portRange = /^(?<first>\d+)-(?<last>\d+)$/;

/** A range of ports is for --probe alone. */
const readProbed = (
	reader: Reader,
	named: LoopbackAddress,
): readonly LoopbackAddress[] | undefined => {
	if (!reader.has('probe')) {
		return undefined;
	}

	const range = portRange.exec(reader.text('port') ?? '')?.groups;
	if (!range || named.kind === 'unix') {
		return [named];
	}

	const [first, last] = [range['first']!, range['last']!].map(port =>
		reader.take(parsePort(port, 1), 1, 'port'),
	) as [number, number];
	if (last < first) {
		reader.take<unknown>(
			wrongUsage(
				`--probe needs the lower port first; got ${quoted(reader.text('port')!)}.`,
			),
			undefined,
			'port',
		);
	}

	return Array.from({length: Math.max(0, last - first + 1)}, (_, index) =>
		requireLoopback({...named, port: first + index}),
	);
};

/** Flags may repeat where the inherited socket listens, not contradict it. */
const contradictsInherited = (
	reader: Reader,
	inherited: LoopbackAddress,
	named: LoopbackAddress,
): SockchatError | undefined => {
	const asNamed = {
		socket:
			inherited.kind === 'unix' &&
			named.kind === 'unix' &&
			resolve(named.path) === inherited.path,
		host:
			inherited.kind === 'tcp' &&
			named.kind === 'tcp' &&
			named.host === inherited.host,
		port:
			inherited.kind === 'tcp' &&
			named.kind === 'tcp' &&
			named.port === inherited.port,
	};
	const wrong = (['socket', 'host', 'port'] as const).find(
		// A variable or the config file gives way to what was passed.
		name => reader.isTyped(name) && !asNamed[name],
	);
	return wrong === undefined
		? undefined
		: wrongUsage(
				`--${wrong} contradicts the socket that was passed (LISTEN_FDS), which listens on ${formatAddress(inherited)}; leave it out.`,
			);
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
		'nick',
	);
	// A nick from a variable or the config file serves every terminal of a user,
	// and jobs with one nick may send at once: nobody is there to choose another.
	const isNickFlexible = !reader.isTyped('nick') || reader.has('message');
	return {nick, isNickFlexible};
};

const readRoomName = (reader: Reader): {name?: string} => {
	const asked = reader.text('room');
	return asked === undefined
		? {}
		: {name: reader.take(parseRoomName(asked), '', 'room')};
};

const needsRaw = [
	'eol',
	'idle',
	'replies',
	'noShutdown',
	'once',
	'send',
	'sendHex',
	'sendFile',
	'expect',
	'record',
] as const;

/** From the config file, they are for the connections that are raw. */
const refuseWithoutRaw = (reader: Reader): void => {
	const flag = needsRaw.find(name => reader.isTyped(name));
	if (flag && !reader.has('raw')) {
		// A missing value is named first.
		reader.text(flag);
		reader.take<unknown>(
			wrongUsage(`${writtenFlag(flag)} needs --raw.`),
			undefined,
			flag,
		);
	}
};

const readEol = (reader: Reader): LineEnding | undefined =>
	reader.choice('eol', lineEndings, text => text.toLowerCase());

/** Of --input, raw mode knows that nothing is read. */
const readIsInputRead = (reader: Reader): boolean => {
	const input = reader.choice('input', inputModes);
	if (input !== undefined && input !== 'none' && reader.isTyped('input')) {
		return reader.take<boolean>(
			wrongUsage(
				`--input ${input} is for rooms; raw mode sends exact bytes, or none with --input none.`,
			),
			true,
			'input',
		);
	}

	return input !== 'none';
};

/** A free port differs each time, so no later server would find the file. */
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
	const path =
		asked ??
		(!reader.has('noHistory') && hasLastingAddress(address)
			? historyPath(addressForFile(address), env)
			: undefined);
	return path === undefined
		? undefined
		: {path, fsync, isDefault: asked === undefined};
};

/** Ink's own variable, for its own kind of screen, which a room doesn't need. */
export const isForScreenReader = ({env}: Pick<Environment, 'env'>): boolean =>
	env['INK_SCREEN_READER'] === 'true' || env['INK_SCREEN_READER'] === '1';

/** A terminal whose cursor can't be moved gets nothing but lines. */
export const canMoveCursor = ({
	isTerminal,
	env,
}: Pick<Environment, 'isTerminal' | 'env'>): boolean =>
	isTerminal && env['TERM'] !== 'dumb';

export const readOutput = (
	reader: Reader,
	environment: Pick<Environment, 'isTerminal' | 'env'>,
): Output => {
	if (reader.has('json')) {
		return 'json';
	}

	const isPlain = (
		[
			'plain',
			'quiet',
			'message',
			'input',
			'waitFor',
			'waitForMention',
			'probe',
			'send',
			'sendHex',
			'sendFile',
			'expect',
		] as const
	).some(name => reader.has(name));
	return isPlain ||
		!canMoveCursor(environment) ||
		isForScreenReader(environment)
		? 'plain'
		: 'screen';
};

const readEvents = (
	reader: Reader,
	awaited: Awaited | undefined,
): readonly EventName[] | undefined => {
	const list = reader.text('events');
	if (list === undefined) {
		// What matches is printed alone.
		return awaited && [];
	}

	return reader.take(
		reader.has('json')
			? parseEventNames(list)
			: wrongUsage('--events needs --json.'),
		[],
		'events',
	);
};

const readAwaited = (reader: Reader): Awaited | undefined => {
	const pattern = reader.text('waitFor');
	if (pattern !== undefined) {
		return {
			pattern: reader.take(parsePattern(pattern, 'waitFor'), /^$/, 'waitFor'),
		};
	}

	const name = reader.text('waitForMention');
	if (name === undefined) {
		return undefined;
	}

	// The host may have a name that others may not.
	const parsed = parseNick(name, 'host');
	return {
		mentioned: reader.take(
			parsed.ok ? parsed.nick : parsed.error,
			nickFromLogin(''),
			'waitForMention',
		),
	};
};

/** One that the room would refuse is refused before joining. */
const readMessage = (reader: Reader): string | undefined => {
	if (reader.isEmpty('message')) {
		const empty = wrongUsage(
			'--message is empty; a message has at least one character.',
		);
		return reader.take<string>(empty, '', 'message');
	}

	const message = reader.text('message');
	const isRoomText = message !== undefined && !reader.has('raw');
	const wrong = isRoomText ? checkText(message) : undefined;
	return wrong ? reader.take<string>(wrong, '', 'message') : message;
};

/** A theme that was typed beats NO_COLOR, as no-color.org has it. */
export const readTheme = (
	reader: Reader,
	env: Environment['env'],
): ThemeName => {
	const asked = reader.choice('theme', themeNames) ?? 'auto';
	const isColoured =
		!reader.has('noColor') && (!env['NO_COLOR'] || reader.isTyped('theme'));
	return isColoured ? asked : 'mono';
};

const readFront = (
	reader: Reader,
	environment: Environment,
	named: LoopbackAddress,
): FrontOptions => {
	refuseWithoutRaw(reader);
	const probed = readProbed(reader, named);
	const isExplained = reader.has('explain');
	const message = readMessage(reader);
	const awaited = readAwaited(reader);
	const isOneShot = message !== undefined || awaited !== undefined;
	return {
		output: readOutput(reader, environment),
		theme: readTheme(reader, environment.env),
		hasMouse: reader.has('mouse'),
		bell: {
			isOn: reader.choice('bell', ['on', 'off']) !== 'off',
			notification: reader.choice('notify', notifications) ?? 'none',
		},
		// With a message to send, or one to wait for, the transcript is noise.
		isQuiet: reader.has('quiet') || (!isExplained && isOneShot),
		isExplained,
		isTimed: reader.has('times'),
		events: readEvents(reader, awaited),
		awaited,
		message,
		timeoutMs: reader.seconds('timeout'),
		...(probed && {probed}),
	};
};

const onlyForLines = (flag: string) =>
	wrongUsage(
		`${flag} is for lines; add --plain or --json, or leave it out: the screen scrolls back.`,
	);

/**
 * What a script hears happened while it listened, unless it asks for more.
 *
 * @returns `last` and `since` of the hello: the printer finds the last messages
 * itself, as the server counts entries.
 */
const readReplay = (reader: Reader, output: Output, isTerminal: boolean) => {
	const flag = (['last', 'since', 'times'] as const).find(name =>
		reader.has(name),
	);
	if (output === 'screen') {
		return flag && reader.take(onlyForLines(writtenFlag(flag)), {}, flag);
	}

	const since = reader.number('since');
	const asked = reader.number('last');
	const lastMessages =
		asked ?? (since === undefined && !isTerminal ? 0 : undefined);
	return {
		since,
		lastMessages,
		last: lastMessages === undefined ? undefined : 0,
	};
};

const readCapture = (
	reader: Reader,
	address: Address,
): CaptureWish | undefined => {
	const file = reader.text('pcapng');
	const name = file === undefined ? 'capture' : 'pcapng';
	if (!reader.has(name)) {
		return undefined;
	}

	if (address.kind === 'tcp') {
		return {file};
	}

	// From the config file it is for the connections that have segments.
	return reader.isTyped(name)
		? reader.take<CaptureWish | undefined>(
				wrongUsage(
					`${writtenFlag(name)} shows TCP segments, and a Unix domain socket has none; leave it out.`,
				),
				undefined,
				name,
			)
		: undefined;
};

// A shorter one takes a busy machine for a dead one; a longer one, nobody waits
// for.
const heartbeatSeconds = {least: 1, most: 3600};

const readHeartbeat = (reader: Reader): number | undefined => {
	const {least, most} = heartbeatSeconds;
	const ms = reader.seconds('heartbeat');
	return ms === undefined || (ms >= least * 1000 && ms <= most * 1000)
		? ms
		: reader.take<number | undefined>(
				wrongUsage(
					`--heartbeat needs from ${least} to ${most} seconds; got ${quoted(reader.text('heartbeat')!)}.`,
				),
				undefined,
				'heartbeat',
			);
};

/** Whether what the sockets do is asked for. */
const isWatching = ({
	output,
	isExplained,
	events = [],
}: FrontOptions): boolean =>
	output === 'screen' ||
	isExplained ||
	(output === 'json' && events.some(name => watchedEvents.has(name)));

const readRaw = (
	reader: Reader,
	common: FrontOptions & Pick<RawModeOptions, 'address' | 'isWatched'>,
	{
		isTerminal,
		command,
		descriptor,
		steps = [],
	}: Pick<Environment, 'isTerminal'> & {
		readonly command: CommandLineCommand;
		readonly steps: readonly TypedStep[] | undefined;
		readonly descriptor: {readonly descriptor: number} | undefined;
	},
): RawModeOptions => {
	const isInputRead = readIsInputRead(reader);
	const eol = readEol(reader);
	const script = readSteps(reader, steps, eol);
	const isTyped =
		isTerminal && isInputRead && !reader.has('message') && script.length === 0;
	const mode = {
		...common,
		mode: 'raw',
		eol,
		...(script.length > 0 && {script}),
		isInputRead,
		isCopy: common.output === 'plain' && !common.isWatched && !isTyped,
		isShutdown: !reader.has('noShutdown'),
		idleMs: reader.seconds('idle'),
		replies: reader.count('replies'),
		record: reader.text('record'),
	} as const;
	return command === 'serve'
		? {
				...mode,
				command,
				...descriptor,
				backlog: reader.count('backlog'),
				isOnce: reader.has('once'),
			}
		: {
				...mode,
				command: 'connect',
				localPort: reader.port('localPort', 1),
				connectTimeoutMs: reader.seconds('connectTimeout'),
				isWaiting: reader.has('wait'),
			};
};

/** @returns An error of the code ERR_USAGE or of the value that is wrong. */
export const optionsOf = (
	{command, given: typed, steps}: ChatRequest,
	environment: Environment,
): Options | SockchatError => {
	const {loginName, env, config} = environment;
	const {given, origins} = settle(typed, command, env, config);
	const wrong = contradictionIn(given, origins);
	if (wrong) {
		return wrong;
	}

	const reader = new Reader(given, origins);
	const named = readAddress(reader, command);
	const passed = command === 'serve' ? environment.inherited : undefined;
	const address = passed
		? reader.take(
				contradictsInherited(reader, passed.address, named) ?? passed.address,
				named,
				'port',
			)
		: named;
	const descriptor = passed && {descriptor: passed.descriptor};
	const {isNickFlexible, nick} = readNick(reader, loginName, command);
	const front = readFront(reader, environment, named);
	const capture = readCapture(reader, address);
	const common = {
		...front,
		address,
		isWatched: isWatching(front) || capture !== undefined,
		...(capture && {capture}),
	};
	if (reader.has('raw')) {
		const options = readRaw(reader, common, {
			...environment,
			command,
			descriptor,
			steps,
		});
		return reader.error ?? options;
	}

	const input = reader.choice('input', inputModes);
	const mode = {
		...common,
		mode: 'room',
		input,
		isPrompted:
			canMoveCursor(environment) &&
			front.output === 'plain' &&
			front.message === undefined &&
			front.awaited === undefined &&
			input !== 'none',
		nick,
		isNickFlexible,
		tokenFile: reader.text('tokenFile'),
		clientsFolder: clientsPath(env),
		connectTimeoutMs: reader.seconds('connectTimeout'),
		...readReplay(reader, front.output, environment.isTerminal),
	} as const;
	const history =
		command === 'connect' ? undefined : readHistory(reader, address, env);
	const keepsLines = command === 'connect' || history !== undefined;
	const typedFile =
		front.output === 'screen' && keepsLines ? typedPath(env) : undefined;
	const options: RoomModeOptions =
		command === 'connect'
			? {
					...mode,
					command,
					isRetrying: !reader.has('noRetry'),
					isWaiting: reader.has('wait'),
					localPort: reader.port('localPort', 1),
				}
			: {
					...mode,
					command,
					...descriptor,
					backlog: reader.count('backlog'),
					maxMembers: reader.count('maxMembers'),
					heartbeatMs: readHeartbeat(reader),
					maxPerUser: reader.count('maxPerUser'),
					rate: reader.rate('rate'),
					connectRate: reader.rate('connectRate'),
					isSameUser: reader.has('sameUser'),
					...readRoomName(reader),
					history,
					...(history === undefined &&
						!reader.has('noHistory') &&
						hasLastingAddress(address) && {isHomeless: true}),
				};
	return (
		reader.error ??
		(typedFile === undefined ? options : {...options, typedFile})
	);
};

/**
 * @param line What `readWords` made of the command line.
 * @returns An error, as `optionsOf` does, also if the line is no chat's.
 */
export const parseOptions = (
	line: CommandLine,
	environment: Environment,
): Options | SockchatError => {
	const request = readRequest(line);
	if (request instanceof SockchatError) {
		return request;
	}

	return isChat(request)
		? optionsOf(request, environment)
		: wrongUsage(`${request.command} opens no chat.`);
};
