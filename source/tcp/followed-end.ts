/**
 * What is known of one end of a connection, and what its row in the kernel's
 * table means for it.
 */
import type {CloseOrder} from './close-order.js';
import {canReach} from './tcp-end.js';
import type {KernelSocket, StepTime, TcpState} from './tcp.js';

export type FollowedEnd = {
	readonly name: 'local' | 'remote';
	/** Undefined until something is known. */
	last:
		| {
				readonly state: TcpState;
				readonly evidence: 'read' | 'inferred';
				readonly time: StepTime;
		  }
		| undefined;
	lastRead: TcpState | undefined;
	/** Whether it had a row that was never read. */
	wasThere: boolean;
	/** In which order it closed, once known. */
	order: CloseOrder | undefined;
	/** When its next state was not yet reached; milliseconds since the epoch. */
	knownAt: number | undefined;
	/** When its row was first missing. */
	missingSince: number | undefined;
	/** When TIME-WAIT is over, as read. */
	endsAt: number | undefined;
};

export const createEnd = (name: FollowedEnd['name']): FollowedEnd => ({
	name,
	last: undefined,
	lastRead: undefined,
	wasThere: false,
	order: undefined,
	knownAt: undefined,
	missingSince: undefined,
	endsAt: undefined,
});

/** States in which no FIN has gone either way. */
export const openStates = new Set<TcpState>([
	'SYN-SENT',
	'SYN-RECEIVED',
	'ESTABLISHED',
]);

/** States of an end that has sent or received a FIN. */
export const finStates = new Set<TcpState>([
	'FIN-WAIT-1',
	'FIN-WAIT-2',
	'CLOSE-WAIT',
	'CLOSING',
	'LAST-ACK',
	'TIME-WAIT',
]);

/** States of an end that has sent its FIN. */
export const sentFinStates: ReadonlySet<TcpState | undefined> = new Set<
	TcpState | undefined
>(['FIN-WAIT-1', 'FIN-WAIT-2', 'CLOSING', 'LAST-ACK', 'TIME-WAIT']);

/** States of an end that has received the other's FIN. */
export const finReceivedStates: ReadonlySet<TcpState | undefined> = new Set<
	TcpState | undefined
>(['CLOSE-WAIT', 'CLOSING', 'LAST-ACK', 'TIME-WAIT']);

/**
 * Whether a row with our addresses belongs to a later connection: a port may be
 * reused within a second. Inference may have run ahead, but a closed connection
 * never reopens.
 */
export const isAnothers = (
	{last, lastRead}: FollowedEnd,
	state: TcpState,
): boolean => {
	if (last === undefined || canReach(last.state, state)) {
		return false;
	}

	return (
		openStates.has(state) ||
		(lastRead !== undefined && !canReach(lastRead, state))
	);
};

/**
 * CLOSED if its row is gone; undefined if there may never have been one.
 *
 * @param hasBeen Whether it is known otherwise that there was one.
 */
export const seenState = (
	{lastRead, wasThere}: FollowedEnd,
	socket: KernelSocket | undefined,
	hasBeen = false,
): TcpState | undefined =>
	socket?.state ??
	(lastRead === undefined && !wasThere && !hasBeen ? undefined : 'CLOSED');
