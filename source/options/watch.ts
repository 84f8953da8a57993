/** The options of `sockchat watch`. */
import type {SockchatError} from '../errors.js';
import type {CaptureWish} from '../chat/capture.js';
import type {LoopbackAddress} from '../socket/address.js';
import {contradictionIn} from './contradictions.js';
import type {Config} from './config/config.js';
import {readAddress} from './address.js';
import type {Output, ThemeName} from './options.js';
import {Reader, wrongUsage, type GivenFlags} from './reader.js';
import {canMoveCursor, isForScreenReader, readTheme} from './screen.js';
import {settle, type Variables} from './settings.js';

export type WatchOptions = {
	readonly address: Extract<LoopbackAddress, {kind: 'tcp'}>;
	/** `screen` only where stdin and stdout are terminals. */
	readonly output: Output;
	/** Whether each step comes with its sentence. */
	readonly isExplained: boolean;
	/** Whether lines begin with a time. */
	readonly isTimed: boolean;
	/** Segments are captured, too. */
	readonly capture: CaptureWish | undefined;
	readonly theme: ThemeName;
	readonly hasMouse: boolean;
};

const readOutput = (
	reader: Reader,
	isTerminal: boolean,
	env: Variables,
): Output => {
	if (reader.has('json')) {
		return 'json';
	}

	// A time before each line is for lines.
	const isPlain = reader.has('plain') || reader.isTyped('times');
	return isPlain ||
		!canMoveCursor({isTerminal, env}) ||
		isForScreenReader({env})
		? 'plain'
		: 'screen';
};

const readCapture = (reader: Reader): CaptureWish | undefined => {
	const file = reader.text('pcapng');
	return file !== undefined || reader.has('capture') ? {file} : undefined;
};

/**
 * @param typed Flags of `watch`, with those that ADDRESS stands for.
 * @param isTerminal Whether both stdin and stdout are terminals.
 */
export const parseWatchOptions = (
	typed: GivenFlags,
	env: Variables,
	config: Config | undefined,
	isTerminal: boolean,
): WatchOptions | SockchatError => {
	const {given, origins} = settle(typed, 'watch', env, config);
	const wrong = contradictionIn(given, origins);
	if (wrong) {
		return wrong;
	}

	const reader = new Reader(given, origins);
	const address = readAddress(reader, 'watch');
	if (address.kind !== 'tcp') {
		return wrongUsage(
			'watch shows TCP states, and a Unix domain socket has none; give a port.',
		);
	}

	const options: WatchOptions = {
		address,
		output: readOutput(reader, isTerminal, env),
		isExplained: reader.has('explain'),
		isTimed: reader.has('times'),
		capture: readCapture(reader),
		theme: readTheme(reader, env),
		hasMouse: reader.has('mouse'),
	};
	return reader.error ?? options;
};
