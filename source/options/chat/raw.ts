/** The options of a raw socket, and the flags that need `--raw`. */
import {typedPath} from '../../history/path.js';
import {lineEndings, type LineEnding} from '../../raw/line-ends.js';
import {lastingAddress, type LoopbackAddress} from '../../socket/address.js';
import type {LinkWish} from '../../socket/link/transport.js';
import {inputModes} from '../choices.js';
import {writtenFlag, type CommandLineCommand} from '../flags.js';
import type {FrontOptions, RawModeOptions} from '../options.js';
import {wrongUsage, type Reader, type TypedStep} from '../reader.js';
import {readAnswering, readSteps} from '../steps.js';
import {canMoveCursor, type Terminal} from '../screen.js';
import type {Variables} from '../settings.js';
import {hasLastingAddress} from './history.js';
import {readLink} from './link.js';

const needsRaw = [
	'eol',
	'udp',
	'tls',
	'tlsCa',
	'tlsInsecure',
	'tlsName',
	'tlsAlpn',
	'tlsCert',
	'tlsKey',
	'ws',
	'wsBinary',
	'wsProtocol',
	'wsHeader',
	'idle',
	'replies',
	'noShutdown',
	'once',
	'send',
	'sendHex',
	'sendFile',
	'expect',
	'reply',
	'echo',
	'broker',
	'escapes',
	'pretty',
	'halfOpen',
	'telnet',
	'log',
	'to',
	'record',
] as const;

/** From the config file, they are for the connections that are raw. */
export const refuseWithoutRaw = (reader: Reader): void => {
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

/** Of --input, raw mode knows `none` alone. */
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

/** What a person sees or types; a pipe has bytes alone. */
const refuseInPipe = (reader: Reader, isTerminal: boolean): void => {
	const flag = (['escapes', 'pretty', 'log', 'times'] as const).find(
		name => reader.isTyped(name) && !(isTerminal && name === 'times'),
	);
	if (flag) {
		const advice = flag === 'log' ? '; --record keeps the bytes' : '';
		reader.take<unknown>(
			wrongUsage(
				`${writtenFlag(flag)} is for bytes by hand; a pipe copies them as they are${advice}.`,
			),
			undefined,
			flag,
		);
	}
};

/** Flags about what stdin says, if it isn't read. */
const refuseUnsent = (
	reader: Reader,
	steps: readonly TypedStep[],
	isInputRead: boolean,
): void => {
	const isSent = isInputRead || reader.has('message');
	const hasText = steps.some(({name}) => name === 'send' || name === 'reply');
	const flag = (['eol', 'to', 'escapes'] as const).find(
		name => reader.isTyped(name) && !isSent && !(name === 'eol' && hasText),
	);
	if (flag) {
		reader.take<unknown>(
			wrongUsage(
				`${writtenFlag(flag)} is for stdin, which isn't read; leave it out.`,
			),
			undefined,
			flag,
		);
	}
};

/** Lines are recalled where they were typed: at one address. */
const readTypedFile = (
	reader: Reader,
	address: LoopbackAddress,
	env: Variables,
): Pick<RawModeOptions, 'typed'> => {
	const file =
		reader.has('noHistory') || !hasLastingAddress(address)
			? undefined
			: typedPath(env);
	return file === undefined
		? {}
		: {typed: {file, purpose: `raw ${lastingAddress(address)}`}};
};

/** What a typed line ends with, unless --eol says so. */
const endOfTyped = (
	isTelnet: boolean,
	link: LinkWish | undefined,
): LineEnding | undefined => {
	if (isTelnet) {
		// RFC 854.
		return 'crlf';
	}

	// A line is a message of a WebSocket, which needs no end of its own.
	return link?.ws ? 'none' : undefined;
};

/**
 * Whether the end of stdin may be sent. Of UDP there is none to send, and that of
 * a WebSocket ends both directions, so it follows the replies that are asked for.
 */
const mayEndFirst = (
	reader: Reader,
	{address}: Pick<RawModeOptions, 'address'>,
	link: LinkWish | undefined,
): boolean =>
	address.kind !== 'udp' &&
	!(link?.ws && (reader.has('replies') || reader.has('idle')));

export const readRaw = (
	reader: Reader,
	common: FrontOptions & Pick<RawModeOptions, 'address' | 'isWatched'>,
	{
		isTerminal,
		env,
		command,
		descriptor,
		steps = [],
	}: Terminal & {
		readonly command: CommandLineCommand;
		readonly steps: readonly TypedStep[] | undefined;
		readonly descriptor: {readonly descriptor: number} | undefined;
	},
): RawModeOptions => {
	const typedEol = readEol(reader);
	const script = readSteps(reader, steps, typedEol);
	const answering = readAnswering(reader, steps, typedEol);
	// Off a terminal nobody is there to say more than the answers.
	const isInputRead =
		readIsInputRead(reader) && (isTerminal || answering === undefined);
	refuseUnsent(reader, steps, isInputRead);
	const isTelnet = reader.has('telnet');
	const link = readLink(reader, steps);
	const isTyped =
		isTerminal && isInputRead && !reader.has('message') && script.length === 0;
	const isCopy = common.output === 'plain' && !common.isWatched && !isTyped;
	const isByHand = isTyped && common.output !== 'json';
	if (isCopy) {
		refuseInPipe(reader, isTerminal);
	}

	const mode = {
		...common,
		mode: 'raw',
		eol: typedEol ?? (isByHand ? endOfTyped(isTelnet, link) : undefined),
		...(script.length > 0 && {script}),
		...(link && {link}),
		isInputRead,
		isCopy,
		isByHand,
		isPrompted:
			isByHand && common.output === 'plain' && canMoveCursor({isTerminal, env}),
		hasEscapes: reader.has('escapes'),
		isPretty: reader.has('pretty'),
		isHalfOpen: reader.has('halfOpen'),
		isTelnet,
		log: reader.text('log'),
		...(isByHand && readTypedFile(reader, common.address, env)),
		isShutdown: !reader.has('noShutdown') && mayEndFirst(reader, common, link),
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
				...(answering && {answering}),
				...(reader.has('to') && {to: reader.peer('to')}),
			}
		: {
				...mode,
				command: 'connect',
				localPort: reader.port('localPort', 1),
				connectTimeoutMs: reader.seconds('connectTimeout'),
				isWaiting: reader.has('wait'),
				...(reader.has('retry') && {isRetrying: true}),
			};
};
