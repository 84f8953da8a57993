/** The options of `sockchat replay`, as far as no recording is read. */
import type {SockchatError} from '../errors.js';
import type {LoopbackAddress} from '../socket/address.js';
import {contradictionIn} from './contradictions.js';
import {readAddressWord} from './address-word.js';
import {readAddress} from './address.js';
import {Reader, wrongUsage, type GivenFlags} from './reader.js';

export type ReplaySide = 'connect' | 'serve';

export type ReplayOptions = {
	readonly file: string;
	/** Undefined for the side that recorded. */
	readonly side: ReplaySide | undefined;
	readonly isFast: boolean;
	readonly timeoutMs: number | undefined;
	/** Flags that say where; without any, the recording does. */
	readonly given: GivenFlags;
};

export const parseReplayOptions = (
	file: string | undefined,
	given: GivenFlags,
): ReplayOptions | SockchatError => {
	const wrong =
		file === undefined
			? wrongUsage('replay needs FILE, a recording made by --record.')
			: contradictionIn(given);
	if (file === undefined || wrong) {
		return wrong!;
	}

	const reader = new Reader(given);
	const side = (['connect', 'serve'] as const).find(name => reader.has(name));
	const options = {
		file,
		side,
		isFast: reader.has('fast'),
		timeoutMs: reader.seconds('timeout'),
		given,
	};
	return reader.error ?? options;
};

/** @param recorded The address in the recording. */
export const replayAddress = (
	given: GivenFlags,
	side: ReplaySide,
	recorded: string,
): LoopbackAddress | SockchatError => {
	const isGiven = ['port', 'host', 'socket'].some(
		name => given[name as 'port'] !== undefined,
	);
	const meant = isGiven ? given : readAddressWord(recorded);
	if (meant instanceof Error) {
		return meant;
	}

	const reader = new Reader(meant);
	const address = readAddress(reader, side);
	return reader.error ?? address;
};
