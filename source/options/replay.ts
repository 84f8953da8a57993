/** The options of `sockchat replay`, as far as no recording is read. */
import {SockchatError} from '../errors.js';
import type {LoopbackAddress} from '../socket/address.js';
import type {Config} from './config/config.js';
import {contradictionIn} from './contradictions.js';
import {readAddressWord} from './address-word.js';
import {readAddress} from './address.js';
import {writtenFlag} from './flags.js';
import {Reader, wrongUsage, type GivenFlags} from './reader.js';
import {settle, type Variables} from './settings.js';

export type ReplaySide = 'connect' | 'serve';

export type ReplayOptions = {
	readonly file: string;
	/** Undefined for the side that recorded. */
	readonly side: ReplaySide | undefined;
	readonly isFast: boolean;
	readonly timeoutMs: number | undefined;
	readonly isJson: boolean;
	readonly isQuiet: boolean;
	/** A file that gets it as packets; nothing is played then. */
	readonly pcapng: string | undefined;
	/** The flags that were typed; without any that say where, the recording does. */
	readonly typed: GivenFlags;
};

// A port that is set for rooms is not meant for recordings.
const places = ['port', 'host', 'socket'] as const;

const playing = ['connect', 'serve', 'fast', 'timeout', ...places] as const;

/** What is written as packets is not played. */
const exportContradiction = (typed: GivenFlags): SockchatError | undefined => {
	const flag = playing.find(name => typed[name] !== undefined);
	if (typed.pcapng === undefined || flag === undefined) {
		return undefined;
	}

	const isPlace = (places as readonly string[]).includes(flag);
	return wrongUsage(
		`--pcapng writes the recording, and plays nothing; leave out ${isPlace ? 'ADDRESS' : writtenFlag(flag)}.`,
	);
};

export const parseReplayOptions = (
	file: string | undefined,
	typed: GivenFlags,
	env: Variables,
	config: Config | undefined,
): ReplayOptions | SockchatError => {
	if (file === undefined) {
		return wrongUsage('replay needs FILE, a recording made by --record.');
	}

	const {given, origins} = settle(typed, 'replay', env, config);
	const wrong = contradictionIn(given, origins);
	if (wrong) {
		return wrong;
	}

	const reader = new Reader(given, origins);
	const side = (['connect', 'serve'] as const).find(name => reader.has(name));
	const options = {
		file,
		side,
		isFast: reader.has('fast'),
		timeoutMs: reader.seconds('timeout'),
		isJson: reader.has('json'),
		isQuiet: reader.has('quiet'),
		// In the config file it is for what is captured.
		pcapng: reader.isTyped('pcapng') ? reader.text('pcapng') : undefined,
		typed,
	};
	return exportContradiction(typed) ?? reader.error ?? options;
};

/** @param recorded The address in the recording. */
export const replayAddress = (
	typed: GivenFlags,
	side: ReplaySide,
	recorded: string,
): LoopbackAddress | SockchatError => {
	const isTyped = places.some(name => typed[name] !== undefined);
	const meant = isTyped ? typed : readAddressWord(recorded);
	const reader = new Reader(meant instanceof Error ? {} : meant);
	const address = readAddress(reader, side, true);
	const wrong = meant instanceof Error ? meant : reader.error;
	return isTyped || !wrong
		? (wrong ?? address)
		: new SockchatError(
				'ERR_RECORDING',
				`The recording has no address to play at: ${wrong.message}`,
			);
};
