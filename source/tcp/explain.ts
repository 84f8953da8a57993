/**
 * One plain sentence on each step of a connection, with the section of RFC 9293
 * that it follows, or the page of POSIX where the RFC has none.
 */
import {assertNever} from '../errors.js';
import type {Call, Step, TcpState} from './tcp.js';

const calls: Readonly<Record<Call, string>> = {
	'bind()':
		'The socket has an address and a port of its own now (POSIX, bind()).',
	'listen()':
		'The kernel takes connection requests for this port now, and queues those that are ready (RFC 9293, 3.10.1).',
	'accept()':
		'The process took a connection out of the queue; the kernel had set it up before (POSIX, accept()).',
	'connect()':
		'The kernel sends SYN to the other side, the first step of the three-way handshake (RFC 9293, 3.5).',
	'end()':
		'This side has no more to send: FIN goes out after the last byte, and it still receives (RFC 9293, 3.6).',
	'reset()':
		'This side aborts: RST goes out, and whatever was still to be sent is thrown away (RFC 9293, 3.10.5).',
	'close()':
		'The process let go of the socket; what is left of the connection is up to the kernel (POSIX, close()).',
	'pause()':
		'The process stops reading: what comes fills the receive queue, until the window closes and the sender waits (RFC 9293, 3.8.6).',
	'resume()':
		'The process reads again: the receive queue empties, and the window opens for the sender (RFC 9293, 3.8.6).',
};

const segments: Readonly<Record<'FIN' | 'RST', string>> = {
	FIN: 'The other side has no more to send; this side may, unless it has closed too (RFC 9293, 3.6).',
	RST: 'The other side refuses or aborts the connection: it is over at once, and what was on its way is lost (RFC 9293, 3.5.3).',
};

type Sides = Readonly<Record<'local' | 'remote', string>>;

const states: Readonly<Record<TcpState, Sides>> = {
	LISTEN: {
		local:
			'This side waits for connection requests from anybody (RFC 9293, 3.3.2).',
		remote:
			'The other side waits for connection requests from anybody (RFC 9293, 3.3.2).',
	},
	'SYN-SENT': {
		local:
			"This side has sent SYN and waits for the other side's SYN and its acknowledgement (RFC 9293, 3.5).",
		remote:
			"The other side has sent SYN and waits for this side's SYN and its acknowledgement (RFC 9293, 3.5).",
	},
	'SYN-RECEIVED': {
		local:
			'SYN has gone both ways; this side waits for its own to be acknowledged (RFC 9293, 3.5).',
		remote:
			'SYN has gone both ways; the other side waits for its own to be acknowledged (RFC 9293, 3.5).',
	},
	ESTABLISHED: {
		local:
			'The handshake is complete at this end: bytes can go both ways (RFC 9293, 3.5).',
		remote:
			'The handshake is complete at the other end: bytes can go both ways (RFC 9293, 3.5).',
	},
	'FIN-WAIT-1': {
		local:
			'This side has closed and waits for its FIN to be acknowledged (RFC 9293, 3.6).',
		remote:
			'The other side has closed and waits for its FIN to be acknowledged (RFC 9293, 3.6).',
	},
	'FIN-WAIT-2': {
		local:
			"This side's FIN is acknowledged: the connection is half-closed until the other side's FIN comes (RFC 9293, 3.6.1).",
		remote:
			"The other side's FIN is acknowledged: the connection is half-closed until this side's FIN comes (RFC 9293, 3.6.1).",
	},
	'CLOSE-WAIT': {
		local:
			"The other side's FIN came; the kernel waits for this process to close as well (RFC 9293, 3.6).",
		remote:
			"This side's FIN arrived; the kernel waits for the other process to close as well (RFC 9293, 3.6).",
	},
	CLOSING: {
		local:
			'Both sides closed at the same time; this side waits for its FIN to be acknowledged (RFC 9293, 3.6).',
		remote:
			'Both sides closed at the same time; the other side waits for its FIN to be acknowledged (RFC 9293, 3.6).',
	},
	'LAST-ACK': {
		local:
			'This side has closed after the other; only the acknowledgement of its FIN is missing (RFC 9293, 3.6).',
		remote:
			'The other side has closed after this one; only the acknowledgement of its FIN is missing (RFC 9293, 3.6).',
	},
	'TIME-WAIT': {
		local:
			'Both sides have closed; the addresses are kept a while (60 s on Linux), so that late segments meet no new connection (RFC 9293, 3.6.1).',
		remote:
			'Both sides have closed; the other side keeps the addresses a while (60 s on Linux), so that late segments meet no new connection (RFC 9293, 3.6.1).',
	},
	CLOSED: {
		local: 'Nothing is left of the connection at this end (RFC 9293, 3.3.2).',
		remote:
			'Nothing is left of the connection at the other end (RFC 9293, 3.3.2).',
	},
};

/** What just happened, for who learns it. */
export const explain = (step: Step): string => {
	switch (step.kind) {
		case 'call': {
			return calls[step.call];
		}

		case 'segment': {
			return segments[step.segment];
		}

		case 'state': {
			return states[step.state][step.end];
		}

		default: {
			return assertNever(step);
		}
	}
};
