/**
 * The events of a TCP socket in node:net, as steps of its connection.
 *
 * It only listens. Node reports calls and received segments; states are inferred
 * from them (tcp-end.ts), and the kernel's table overrides those (step-log.ts).
 * A Unix domain socket has no such states: don't watch one.
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
	 * Records a call for which node:net has no event: reset(), pause(), resume().
	 * Call it before the call itself.
	 */
	readonly called: (call: Call) => void;
};

/**
 * The error codes for an RST on Linux: in answer to a SYN, while open, and on a
 * write after the peer's FIN or after a read has reported the RST.
 */
const resetCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE']);

/**
 * Turns a socket's events into steps, from now to its 'close'.
 *
 * Call it before anyone else listens to the socket, to report a segment before
 * the reaction to it; best in the turn of connect() or accept().
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
		// The kernel acknowledges our FIN before the peer's process can answer it.
		// Only a FIN stuck behind data leads to CLOSING, which the table shows.
		follow(state === 'FIN-WAIT-1' ? 'receive-fin-ack' : 'receive-fin');
	});
	socket.once('finish', () => {
		// After an RST, shutdown() has nothing to do.
		if (state !== 'CLOSED') {
			called('end()');
			follow('close');
		}
	});
	// errorMonitor only observes; the socket's owner handles the error.
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
