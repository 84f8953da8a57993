/** What a proxy does to one direction of a connection, besides passing it on. */
import type {Faults} from '../event/proxy-event.js';

export const noFaults: Faults = {
	delayMs: 0,
	rateLimit: undefined,
	sliceBytes: undefined,
	isPaused: false,
};

/** Whether chunks are passed on as they come. */
export const isPlain = ({
	delayMs,
	rateLimit,
	sliceBytes,
	isPaused,
}: Faults): boolean =>
	delayMs === 0 &&
	rateLimit === undefined &&
	sliceBytes === undefined &&
	!isPaused;

// A tenth of a second at once, so that a slow link trickles.
const partsPerSecond = 10;

/** The most bytes to write at once. */
export const pieceBytes = ({rateLimit, sliceBytes}: Faults): number =>
	Math.min(
		sliceBytes ?? Infinity,
		rateLimit === undefined
			? Infinity
			: Math.max(1, Math.floor(rateLimit / partsPerSecond)),
	);

/** How long to wait after a write of so many bytes. */
export const pauseMsAfter = (bytes: number, {rateLimit}: Faults): number =>
	rateLimit === undefined ? 0 : (bytes * 1000) / rateLimit;

/** What was asked for, as the answer to a command names it. */
export const changeWords = (change: Partial<Faults>): string => {
	if (change.isPaused !== undefined) {
		return change.isPaused ? 'Paused' : 'Resumed';
	}

	if (change.delayMs !== undefined) {
		return `Delay ${change.delayMs === 0 ? 'off' : `${change.delayMs} ms`}`;
	}

	if ('rateLimit' in change) {
		const {rateLimit} = change;
		return `Rate limit ${rateLimit === undefined ? 'off' : `${rateLimit} B/s`}`;
	}

	const {sliceBytes} = change;
	return `Slice ${sliceBytes === undefined ? 'off' : `${sliceBytes} B`}`;
};
