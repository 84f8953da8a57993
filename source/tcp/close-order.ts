/**
 * Which end of a connection closed first, and the states that an end passed
 * through unseen (RFC 9293, 3.6). Some last microseconds: no table shows them,
 * but the states before and after leave no other way.
 */
import type {TcpState} from './tcp.js';

/**
 * first: an end sent FIN, which was acknowledged before the other end's came.
 * last: it received the other end's FIN before it sent its own. crossed: its FIN
 * and the other's were on their way together, as far as this end saw; the other
 * end may have seen it otherwise.
 */
export type CloseOrder = 'first' | 'last' | 'crossed';

/** A state; CLOSED if the kernel has forgotten the end, undefined if unknown. */
type Seen = TcpState | undefined;

const byOwn = new Map<Seen, CloseOrder>([
	['FIN-WAIT-2', 'first'],
	['CLOSING', 'crossed'],
	['CLOSE-WAIT', 'last'],
	['LAST-ACK', 'last'],
]);

const byOther = new Map<Seen, CloseOrder>([
	['CLOSING', 'crossed'],
	['CLOSE-WAIT', 'first'],
	['LAST-ACK', 'first'],
]);

/**
 * The order in which an end closed, from both ends at one time.
 *
 * @returns Undefined while it can't be known.
 */
export const closeOrder = (own: Seen, other: Seen): CloseOrder | undefined => {
	// Of two ends that cross, both wait; otherwise only the first to close does.
	if (own === 'TIME-WAIT') {
		return other === 'TIME-WAIT' || other === 'CLOSING' ? 'crossed' : 'first';
	}

	if (own === 'CLOSED') {
		return other === 'TIME-WAIT' ? 'last' : undefined;
	}

	return byOwn.get(own) ?? byOther.get(other);
};

const ways: Readonly<Record<CloseOrder, readonly TcpState[]>> = {
	first: ['ESTABLISHED', 'FIN-WAIT-1', 'FIN-WAIT-2', 'TIME-WAIT', 'CLOSED'],
	last: ['ESTABLISHED', 'CLOSE-WAIT', 'LAST-ACK', 'CLOSED'],
	// By way of CLOSING, or of FIN-WAIT-2 if the FIN came with an ACK of ours.
	crossed: ['ESTABLISHED', 'FIN-WAIT-1', 'TIME-WAIT', 'CLOSED'],
};

/**
 * The states between two of one end that it must have passed through.
 *
 * @param order Undefined if unknown.
 */
export const statesBetween = (
	from: TcpState,
	to: TcpState,
	order: CloseOrder | undefined,
): readonly TcpState[] => {
	if (order === undefined) {
		return [];
	}

	const way = ways[order];
	const start = way.indexOf(from);
	const end = way.indexOf(to);
	return start === -1 ? [] : way.slice(start + 1, Math.max(start + 1, end));
};
