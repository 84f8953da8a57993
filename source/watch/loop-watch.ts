/**
 * How long an event may have waited before Node reported it: while the event
 * loop runs callbacks it doesn't look at sockets, so a FIN that came meanwhile
 * is reported with those that come right after.
 *
 * It adds up the time for which the loop was busy since it last waited for
 * something. What came earlier would have ended that wait. An immediate runs once
 * per turn of the loop, after the sockets were looked at; without a reference it
 * causes no turn of its own.
 *
 * The time is always the real one, as that of the loop is. A process that was
 * stopped (SIGSTOP) looks as if it had waited.
 */
import process from 'node:process';
import {systemClock} from '../socket/clock.js';

export type LoopWatch = {
	/** The most by which what is reported now is late, in milliseconds. */
	readonly lateMs: () => number;
	readonly stop: () => void;
};

/**
 * Looking at sockets of which one has something to report takes microseconds; a
 * process that waits and is woken takes longer.
 */
const waitMs = 0.25;

/** Reads how long the loop has waited so far; loaded after the first turn. */
const loadWaited = (): (() => number) => {
	const {performance} = process.getBuiltinModule('node:perf_hooks');
	return () => performance.nodeTiming.idleTime;
};

export const startLoopWatch = (): LoopWatch => {
	let turnedAt = systemClock.monotonicMs();
	let waitedMs = 0;
	let busyMs = 0;
	let readWaited: (() => number) | undefined;
	const look = () => {
		const now = systemClock.monotonicMs();
		const waited = readWaited?.() ?? 0;
		const sinceMs = waited - waitedMs;
		const busySinceMs = now - turnedAt - sinceMs;
		return {
			now,
			waited,
			busy: sinceMs < waitMs ? busyMs + busySinceMs : busySinceMs,
		};
	};

	const turn = () => {
		({now: turnedAt, waited: waitedMs, busy: busyMs} = look());
		immediate = setImmediate(turn).unref();
	};

	let immediate = setImmediate(() => {
		readWaited = loadWaited();
		waitedMs = readWaited();
		turn();
	}).unref();
	return {
		lateMs: () => look().busy,
		stop() {
			clearImmediate(immediate);
		},
	};
};
