/**
 * In which order connections were accepted that came between two readings. Pure.
 */
import type {PortEvent} from '../../event/port-event.js';
import {timeOf} from '../../tcp/step-time.js';
import {asStep, isAccept} from './call-steps.js';
import type {ConnectionLog, RowPair} from './connection-log.js';
import type {PortReading} from './port-reading.js';

/**
 * Of connections that came between two readings: a process's new descriptor is
 * the lowest that is free, and inodes grow, but for one processor each.
 */
export const orderOfAccept = (
	{local: one}: RowPair,
	{local: other}: RowPair,
	{holders}: PortReading,
): number => {
	const [inode, next] = [Number(one?.inode), Number(other?.inode)];
	// Those that still wait come last.
	if (!inode || !next) {
		return (inode ? 0 : 1) - (next ? 0 : 1);
	}

	const holder = holders.get(one!.inode);
	const holderOfNext = holders.get(other!.inode);
	return holder !== undefined && holder.pid === holderOfNext?.pid
		? holder.fd - holderOfNext.fd
		: inode - next;
};

/**
 * A queue is first in, first out: who came before one that was accepted was
 * accepted before, even if the row was read before that.
 */
export const inOrderOfQueue = (
	events: readonly PortEvent[],
	connections: ReadonlyMap<string, ConnectionLog>,
): readonly PortEvent[] =>
	events.flatMap(event => {
		if (!isAccept(event)) {
			return [event];
		}

		const accepted = connections.get(event.step.result!);
		const before = [...connections.values()].filter(
			log => log.isQueued && log.openSince < (accepted?.openSince ?? 0),
		);
		return [
			...before.map(log => asStep(log.accept(timeOf(event.step)))),
			event,
		];
	});
