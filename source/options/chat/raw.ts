/** The options of a raw socket, and the flags that need `--raw`. */
import {lineEndings, type LineEnding} from '../../raw/line-ends.js';
import {inputModes} from '../choices.js';
import {writtenFlag, type CommandLineCommand} from '../flags.js';
import type {FrontOptions, RawModeOptions} from '../options.js';
import {wrongUsage, type Reader, type TypedStep} from '../reader.js';
import {readAnswering, readSteps} from '../steps.js';

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

export const readRaw = (
	reader: Reader,
	common: FrontOptions & Pick<RawModeOptions, 'address' | 'isWatched'>,
	{
		isTerminal,
		command,
		descriptor,
		steps = [],
	}: {
		readonly isTerminal: boolean;
		readonly command: CommandLineCommand;
		readonly steps: readonly TypedStep[] | undefined;
		readonly descriptor: {readonly descriptor: number} | undefined;
	},
): RawModeOptions => {
	const eol = readEol(reader);
	const script = readSteps(reader, steps, eol);
	const answering = readAnswering(reader, steps, eol);
	// Off a terminal nobody is there to say more than the answers.
	const isInputRead =
		readIsInputRead(reader) && (isTerminal || answering === undefined);
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
				...(answering && {answering}),
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
