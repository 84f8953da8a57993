/**
 * One plain sentence for each step of a connection, with its section of RFC 9293,
 * or its POSIX page if the RFC has none.
 */
import {assertNever} from '../errors.js';
import {explainFailure} from './explain-failure.js';
import {isCounted} from './segment-counts.js';
import type {SegmentName} from './segment.js';
import {
	nameOfCall,
	type Call,
	type CallName,
	type Step,
	type TcpState,
} from './tcp.js';

const calls: Readonly<Record<CallName, string>> = {
	socket:
		'The kernel made a socket, which has no address yet (POSIX, socket()).',
	setsockopt: 'An option of the socket was set (POSIX, setsockopt()).',
	bind: 'The socket now has its own address and port (POSIX, bind()).',
	listen:
		'The kernel now answers connection requests on this port and queues the finished connections (RFC 9293, 3.10.1).',
	accept:
		'The process took a connection from the queue; the kernel had already established it (POSIX, accept()).',
	connect:
		'The kernel sends SYN to the other side, the first step of the three-way handshake (RFC 9293, 3.5).',
	recv: 'The process takes received bytes, as many as there are, up to its limit (POSIX, recv()).',
	read: 'The process takes received bytes from the socket as from a file (POSIX, read()).',
	recvmsg:
		'The process takes received bytes into several buffers (POSIX, recvmsg()).',
	send: 'The process hands bytes to the kernel, which sends them when the window allows (POSIX, send()).',
	write: 'The process hands bytes to the socket as to a file (POSIX, write()).',
	sendmsg:
		'The process hands the bytes of several buffers to the kernel (POSIX, sendmsg()).',
	shutdown:
		'This side has no more to send: FIN goes out after the last byte; it can still receive (RFC 9293, 3.6).',
	close:
		'The process released the socket; the kernel handles the rest of the connection (POSIX, close()).',
	pause:
		'The process stops reading: bytes fill the receive queue until the window closes and the sender waits (RFC 9293, 3.8.6).',
	resume:
		'The process reads again: the receive queue empties, and the window opens for the sender (RFC 9293, 3.8.6).',
};

/** The calls of the other end's program that can be inferred. */
const otherCalls: Readonly<Partial<Record<CallName, string>>> = {
	connect:
		'The other process asked for the connection: its kernel sends SYN, the first step of the three-way handshake (RFC 9293, 3.5).',
	accept:
		'The other process took the connection from the queue; its kernel had already established it (POSIX, accept()).',
	shutdown:
		'The other side has no more to send: FIN goes out after the last byte; it can still receive (RFC 9293, 3.6).',
	close:
		'The other process released the socket; its kernel handles the rest of the connection (POSIX, close()).',
};

/** What an option does, by its call. */
const options: Readonly<Record<string, string>> = {
	'setsockopt(SO_LINGER, 0)':
		'From now on close() aborts: RST goes out, and unsent bytes are discarded (RFC 9293, 3.10.5).',
	'setsockopt(SO_REUSEADDR, 1)':
		'The address may then be one that a connection in TIME-WAIT still has (POSIX, SO_REUSEADDR).',
	'setsockopt(IPV6_V6ONLY, 0)':
		'Bound to ::, it would take IPv4 as well; bound to ::1 it takes IPv6 alone (POSIX, IPV6_V6ONLY).',
	'setsockopt(TCP_NODELAY, 1)':
		'Small writes are sent at once (RFC 9293, 3.7.4).',
	'setsockopt(TCP_NODELAY, 0)':
		'A small write may wait until what was sent before is acknowledged: Nagle (RFC 9293, 3.7.4).',
	'setsockopt(SO_KEEPALIVE, 1)':
		'After a long silence the kernel asks whether the other end is still there (RFC 9293, 3.8.4).',
	'setsockopt(SO_KEEPALIVE, 0)':
		'The kernel never asks whether a silent peer is there (RFC 9293, 3.8.4).',
};

const segments: Readonly<Record<SegmentName, string>> = {
	SYN: 'The other side asks for a connection and says where its sequence numbers begin (RFC 9293, 3.5).',
	'SYN+ACK':
		"The other side agrees, says where its own sequence numbers begin, and acknowledges this side's SYN (RFC 9293, 3.5).",
	ACK: 'The other side says which byte it expects next, and how many it has room for (RFC 9293, 3.4).',
	PSH: 'The other side sends bytes; PSH asks for them to be handed over at once (RFC 9293, 3.9.1).',
	FIN: 'The other side has no more to send; this side may still send unless it has closed too (RFC 9293, 3.6).',
	RST: 'The other side refused or aborted the connection: it is over at once, and bytes in flight are lost (RFC 9293, 3.5.3).',
};

/** The same of a segment that this side has sent. */
const sent: Readonly<Record<SegmentName, string>> = {
	SYN: 'This side asks for a connection and says where its sequence numbers begin (RFC 9293, 3.5).',
	'SYN+ACK':
		"This side agrees, says where its own sequence numbers begin, and acknowledges the other side's SYN (RFC 9293, 3.5).",
	ACK: 'This side says which byte it expects next, and how many it has room for (RFC 9293, 3.4).',
	PSH: 'This side sends bytes; PSH asks for them to be handed over at once (RFC 9293, 3.9.1).',
	FIN: 'This side has no more to send; it can still receive (RFC 9293, 3.6).',
	RST: 'This side refused or aborted the connection: it is over at once (RFC 9293, 3.5.3).',
};

const sentAgain = (side: string): string =>
	`${side} sends what it has sent before, as no acknowledgement came in time (RFC 9293, 3.8.1).`;

const counted =
	"Segments with data between two readings of the kernel's counters (tcp_info): how many, and their bytes in all; how they were cut is not known (RFC 9293, 3.8).";

type Sides = Readonly<Record<'local' | 'remote', string>>;

const states: Readonly<Record<TcpState, Sides>> = {
	LISTEN: {
		local: 'This side waits for connection requests (RFC 9293, 3.3.2).',
		remote: 'The other side waits for connection requests (RFC 9293, 3.3.2).',
	},
	'SYN-SENT': {
		local:
			"This side has sent SYN and waits for the other side's SYN and its acknowledgement (RFC 9293, 3.5).",
		remote:
			"The other side has sent SYN and waits for this side's SYN and its acknowledgement (RFC 9293, 3.5).",
	},
	'SYN-RECEIVED': {
		local:
			'Both sides have sent SYN; this side waits for its own to be acknowledged (RFC 9293, 3.5).',
		remote:
			'Both sides have sent SYN; the other side waits for its own to be acknowledged (RFC 9293, 3.5).',
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
			"This side's FIN is acknowledged: the connection is half-closed until the other side's FIN arrives (RFC 9293, 3.6.1).",
		remote:
			"The other side's FIN is acknowledged: the connection is half-closed until this side's FIN arrives (RFC 9293, 3.6.1).",
	},
	'CLOSE-WAIT': {
		local:
			"The other side's FIN arrived; the kernel waits for this process to close too (RFC 9293, 3.6).",
		remote:
			"This side's FIN arrived; the kernel waits for the other process to close too (RFC 9293, 3.6).",
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
			'Both sides have closed; the addresses are kept a while (60 s on Linux) to keep late segments out of a new connection (RFC 9293, 3.6.1).',
		remote:
			'Both sides have closed; the other side keeps the addresses a while (60 s on Linux) to keep late segments out of a new connection (RFC 9293, 3.6.1).',
	},
	CLOSED: {
		local: 'Nothing is left of the connection at this end (RFC 9293, 3.3.2).',
		remote:
			'Nothing is left of the connection at the other end (RFC 9293, 3.3.2).',
	},
};

/** What nobody saw; the sender has an article. */
const unseen = (
	reason: 'unread' | 'answer' | 'unknown' | 'uncounted',
	sender: string,
): string => {
	switch (reason) {
		case 'uncounted': {
			return 'Nothing was counted in the time before the end, and the kernel has forgotten it: either end may have sent bytes that stand nowhere here. --capture shows every segment.';
		}

		case 'unread': {
			return `${sender}'s socket was closed while bytes were unread: its kernel sends RST, not FIN, to show that they are lost (RFC 9293, 3.6.1).`;
		}

		case 'answer': {
			return `${sender}'s socket was closed before these bytes came: its kernel answers with RST, as nobody can read them (RFC 9293, 3.6.1).`;
		}

		case 'unknown': {
			return 'Both ends are gone at once, and neither is in TIME-WAIT: one of them has sent RST; which one is not known (RFC 9293, 3.5.3).';
		}
	}
};

/** What a call does otherwise by a flag of it. */
const byFlag = (call: Call): string | undefined => {
	if (nameOfCall(call) !== 'recv') {
		return undefined;
	}

	return call.includes('MSG_PEEK')
		? 'The process gets received bytes and leaves them where they are, for its next call (POSIX, recv()).'
		: call.includes('MSG_WAITALL')
			? 'The process takes as many bytes as it asks for, fewer only if no more can come (POSIX, recv()).'
			: undefined;
};

/** Whoever made it. */
const explainCall = ({call, errno}: Extract<Step, {kind: 'call'}>): string =>
	errno === undefined
		? (options[call] ?? byFlag(call) ?? calls[nameOfCall(call)])
		: explainFailure(call, errno);

/** Explains a step to a learner. */
export const explain = (step: Step): string => {
	switch (step.kind) {
		case 'call': {
			const ofOther =
				step.end === 'remote' ? otherCalls[nameOfCall(step.call)] : undefined;
			return ofOther ?? explainCall(step);
		}

		case 'segment': {
			if (isCounted(step)) {
				return counted;
			}

			const side = step.direction === 'out' ? 'This side' : 'The other side';
			if (step.reason) {
				return unseen(step.reason, side);
			}

			if (step.retransmitted !== undefined) {
				return sentAgain(side);
			}

			return (step.direction === 'out' ? sent : segments)[step.segment];
		}

		case 'state': {
			return states[step.state][step.end];
		}

		default: {
			return assertNever(step);
		}
	}
};

const waitsToSend =
	'The process waits for room in its send queue: the other side has not acknowledged enough (RFC 9293, 3.8.6).';

const waitsToReceive =
	'The process waits for bytes of the other side; nothing is unread (RFC 9293, 3.10.3).';

const waitsForAll =
	'The process waits for bytes of the other side, until there are as many as it asks for (POSIX, recv()).';

/** What a process waits for in a call that blocks. */
const waits: Readonly<Partial<Record<CallName, string>>> = {
	accept:
		'The process waits for a connection; nobody is in the queue (POSIX, accept()).',
	connect:
		"The process waits for the other side's SYN and its acknowledgement (RFC 9293, 3.5).",
	recv: waitsToReceive,
	read: waitsToReceive,
	recvmsg: waitsToReceive,
	send: waitsToSend,
	write: waitsToSend,
	sendmsg: waitsToSend,
};

/** Of two other programs, as if the one that it is about were this one. */
const sentenceOf = (step: Step): string => {
	switch (step.kind) {
		case 'state': {
			return states[step.state].local;
		}

		case 'call': {
			const wait = step.call.includes('MSG_WAITALL')
				? waitsForAll
				: waits[nameOfCall(step.call)];
			return (step.isBlocked ? wait : undefined) ?? explainCall(step);
		}

		case 'segment': {
			return explain(step);
		}
	}
};

const sidesOf = (
	end: 'local' | 'remote' | undefined,
): readonly [own: string, other: string] =>
	end === 'remote' ? ['client', 'server'] : ['server', 'client'];

/**
 * Explains a step to a learner who watches two other processes: neither side is
 * this one, so they are called the server and the client.
 */
export const explainWatched = (step: Step): string => {
	if (
		step.kind === 'state' &&
		step.state === 'CLOSED' &&
		step.peer === undefined
	) {
		return 'Nobody listens on the port any more: a SYN is answered by RST (RFC 9293, 3.10.7.1).';
	}

	if (step.kind === 'segment' && step.reason) {
		const [sender] = sidesOf(step.direction === 'out' ? 'local' : 'remote');
		return unseen(step.reason, `The ${sender}`);
	}

	const [own, other] = sidesOf(step.kind === 'segment' ? 'local' : step.end);
	return sentenceOf(step)
		.replaceAll('at this end', `at the ${own}'s end`)
		.replaceAll('after the other;', `after the ${other};`)
		.replaceAll(
			/\b(?<article>[Tt])his (?:side|process)\b/g,
			`$<article>he ${own}`,
		)
		.replaceAll(
			/\b(?<article>[Tt])he other (?:side|process|end)\b/g,
			`$<article>he ${other}`,
		);
};
