/**
 * What node:net tells of a TCP socket, as steps of its connection.
 *
 * It only listens. Node says what was called and what came; which state
 * follows is inferred (tcp-end.ts), and the kernel's table has the last word
 * (step-log.ts). A Unix domain socket has no such states: don't watch one.
 */
import {errorMonitor, type EventEmitter} from 'node:events';
import type {Socket} from 'node:net';
import {nextTcpState, type TcpEvent} from '../tcp/tcp-end.js';
import type {Call, Step, TcpState} from '../tcp/tcp.js';
import type {Clock} from '../socket/clock.js';

export type WatchStepsOptions = {
	readonly side: 'client' | 'server';
	/** The server's peer; undefined on a client. */
	readonly peer: string | undefined;
	readonly clock: Clock;
	readonly onStep: (step: Step) => void;
};

export type StepWatch = {
	/**
	 * Tells of a call that node:net keeps to itself: reset(), pause(), resume().
	 * Tell it before the call is made.
	 */
	readonly called: (call: Call) => void;
};

/**
 * What Linux makes of an RST: as the answer to SYN, while open, and after the
 * peer's FIN or once a read has told of it.
 */
const resetCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE']);

/**
 * Turns a socket's events into steps, from here to its 'close'.
 *
 * Call it before anybody else listens to the socket, so that what came is told
 * before what was made of it; best in the turn of connect() or accept().
 */
export const watchSteps = (
	socket: Socket,
	{side, peer, clock, onStep}: WatchStepsOptions,
): StepWatch => {
	let state: TcpState = socket.connecting ? 'CLOSED' : 'SYN-RECEIVED';
	let isReset = false;

	const called = (call: Call): void => {
		isReset ||= call === 'reset()';
		onStep({kind: 'call', at: clock.wallMs(), call, peer});
	};

	const received = (segment: 'FIN' | 'RST'): void => {
		onStep({kind: 'segment', at: clock.wallMs(), segment, peer});
	};

	const follow = (event: TcpEvent): void => {
		const next = nextTcpState(state, event);
		if (next !== state) {
			state = next;
			const at = clock.wallMs();
			const evidence = 'inferred';
			onStep({kind: 'state', at, end: 'local', state, evidence, peer});
		}
	};

	if (socket.connecting) {
		called('connect()');
		follow('active-open');
		socket.once('connect', () => {
			follow('receive-syn-ack');
		});
	} else {
		if (side === 'server') {
			called('accept()');
		}

		follow('receive-ack-of-syn');
	}

	socket.once('end', () => {
		received('FIN');
		// A kernel acknowledges a FIN before its process can answer it; only where
		// ours is stuck behind data is it CLOSING, and that can be read.
		follow(state === 'FIN-WAIT-1' ? 'receive-fin-ack' : 'receive-fin');
	});
	socket.once('finish', () => {
		// After an RST, shutdown() finds nothing to shut.
		if (state !== 'CLOSED') {
			called('end()');
			follow('close');
		}
	});
	// Seen, not handled: whoever holds the socket handles it.
	const errors: EventEmitter = socket;
	errors.once(errorMonitor, ({code = ''}: NodeJS.ErrnoException) => {
		if (resetCodes.has(code)) {
			received('RST');
			follow('receive-rst');
		} else if (code === 'ETIMEDOUT') {
			follow('give-up');
		}
	});
	socket.once('close', () => {
		called('close()');
		follow(isReset ? 'abort' : 'close');
		if (state === 'LAST-ACK') {
			follow('receive-ack-of-fin');
		}
	});
	return {called};
};
