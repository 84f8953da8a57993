/**
 * One end of a TCP connection as a table: what follows from a call, a segment
 * or a time-out, after figure 5 of RFC 9293 (3.3.2) and its notes.
 *
 * It differs from the figure where the sockets API does: LISTEN is the state of
 * another socket, so a reset of what was not accepted yet leads to CLOSED; and
 * who sends RST is CLOSED too, as in 3.10.5, not in TIME-WAIT as in note 3.
 */
import type {TcpState} from './tcp.js';

export type TcpEvent =
	| 'passive-open'
	| 'active-open'
	/** Nothing more will be sent: FIN goes. */
	| 'close'
	/** RST goes. */
	| 'abort'
	| 'receive-syn'
	/** A SYN that acknowledges ours. */
	| 'receive-syn-ack'
	| 'receive-ack-of-syn'
	| 'receive-fin'
	/** A FIN when ours is acknowledged, by it or before it (note 2). */
	| 'receive-fin-ack'
	| 'receive-ack-of-fin'
	| 'receive-rst'
	/** Two segment lifetimes are over. */
	| 'wait-over'
	/** Nobody acknowledged what was sent for too long (3.8.3). */
	| 'give-up';

type Row = Readonly<Partial<Record<TcpEvent, TcpState>>>;

const endings = {
	abort: 'CLOSED',
	'receive-rst': 'CLOSED',
	'give-up': 'CLOSED',
} as const;

/** An event that is missing in a row changes nothing there. */
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
 * Whether one and the same connection can come from a state to another, at
 * once or over others. After CLOSED it is another connection.
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
