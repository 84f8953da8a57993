/** The options of a raw socket, and the flags that need `--raw`. */
import {typedPath} from '../../history/path.js';
import {lineEndings, type LineEnding} from '../../raw/line-ends.js';
import type {LoopbackAddress} from '../../socket/address.js';
import {inputModes} from '../choices.js';
import {writtenFlag, type CommandLineCommand} from '../flags.js';
import type {FrontOptions, RawModeOptions} from '../options.js';
import {wrongUsage, type Reader, type TypedStep} from '../reader.js';
import {readAnswering, readSteps} from '../steps.js';
import {canMoveCursor, type Terminal} from '../screen.js';
import type {Variables} from '../settings.js';
import {addressForFile, hasLastingAddress} from './history.js';

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
		: {typed: {file, purpose: `raw ${addressForFile(address)}`}};
};

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
	const isTelnet = reader.has('telnet');
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
		// A line of telnet's ends so (RFC 854).
		eol: typedEol ?? (isTelnet && isByHand ? 'crlf' : undefined),
		...(script.length > 0 && {script}),
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
				...(answering && {answering}),
				...(reader.has('to') && {to: reader.text('to')}),
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
