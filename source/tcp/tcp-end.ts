/**
 * One end of a TCP connection as a state table: the effect of a call, a segment or
 * a timeout, after figure 5 of RFC 9293 (3.3.2) and its notes.
 *
 * It differs from the figure as the sockets API does: LISTEN is the state of
 * another socket, so resetting a connection before accept() leads to CLOSED. An
 * end that sends RST is CLOSED too, as in 3.10.5, not in TIME-WAIT as in note 3.
 */
import type {TcpState} from './tcp.js';

export type TcpEvent =
	| 'passive-open'
	| 'active-open'
	/** Sends FIN. */
	| 'close'
	/** Sends RST. */
	| 'abort'
	| 'receive-syn'
	/** A SYN that acknowledges ours. */
	| 'receive-syn-ack'
	| 'receive-ack-of-syn'
	| 'receive-fin'
	/** A FIN after, or with, the acknowledgement of ours (note 2). */
	| 'receive-fin-ack'
	| 'receive-ack-of-fin'
	| 'receive-rst'
	/** Twice the maximum segment lifetime has passed. */
	| 'wait-over'
	/** Sent bytes were not acknowledged for too long (3.8.3). */
	| 'give-up';

type Row = Readonly<Partial<Record<TcpEvent, TcpState>>>;

const endings = {
	abort: 'CLOSED',
	'receive-rst': 'CLOSED',
	'give-up': 'CLOSED',
} as const;

/** An event missing from a row changes nothing. */
export const tcpTable: Readonly<Record<TcpState, Row>> = {
	CLOSED: {'passive-open': 'LISTEN', 'active-open': 'SYN-SENT'},
	LISTEN: {
		'active-open': 'SYN-SENT',
		'receive-syn': 'SYN-RECEIVED',
		close: 'CLOSED',
		abort: 'CLOSED',
	},
	'SYN-SENT': {
		...endings,
		'receive-syn': 'SYN-RECEIVED',
		'receive-syn-ack': 'ESTABLISHED',
		close: 'CLOSED',
	},
	'SYN-RECEIVED': {
		...endings,
		'receive-ack-of-syn': 'ESTABLISHED',
		close: 'FIN-WAIT-1',
	},
	ESTABLISHED: {...endings, 'receive-fin': 'CLOSE-WAIT', close: 'FIN-WAIT-1'},
	'FIN-WAIT-1': {
		...endings,
		'receive-fin': 'CLOSING',
		'receive-fin-ack': 'TIME-WAIT',
		'receive-ack-of-fin': 'FIN-WAIT-2',
	},
	'FIN-WAIT-2': {
		...endings,
		'receive-fin': 'TIME-WAIT',
		'receive-fin-ack': 'TIME-WAIT',
	},
	'CLOSE-WAIT': {...endings, close: 'LAST-ACK'},
	CLOSING: {...endings, 'receive-ack-of-fin': 'TIME-WAIT'},
	'LAST-ACK': {...endings, 'receive-ack-of-fin': 'CLOSED'},
	'TIME-WAIT': {...endings, 'wait-over': 'CLOSED'},
};

export const nextTcpState = (state: TcpState, event: TcpEvent): TcpState =>
	tcpTable[state][event] ?? state;

/**
 * Whether one connection can get from a state to another, directly or through
 * others. After CLOSED it is a different connection.
 */
export const canReach = (from: TcpState, to: TcpState): boolean => {
	const reached = new Set<TcpState>();
	const reach = (state: TcpState): void => {
		if (!reached.has(state)) {
			reached.add(state);
			const following = state === 'CLOSED' ? {} : tcpTable[state];
			for (const next of Object.values(following)) {
				reach(next);
			}
		}
	};

	reach(from);
	return reached.has(to);
};
