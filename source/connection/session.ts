/**
 * One peer's session on the server as a pure state machine, like the client's.
 *
 * Hearing from the peer is not an event; each tick carries `lastHeardAt`. A
 * transition for every chunk of every peer would cost more than the chunk.
 */
import type {ForeignProtocol} from '../protocol/foreign/sniff.js';
import {helloTimeoutMs, type LeaveReason} from '../protocol/frame.js';
import {
	lostAfterMs,
	roundTripDueAfterMs,
	serverPingDueAfterMs,
} from './heartbeat.js';
import {createTransition, type Transition, type Table} from './machine.js';

// A peer that doesn't know bye, such as nc, may keep its side open forever.
const sessionDrainTimeoutMs = 1000;
// Longer than a drain: `printf … | nc` ends its side at once and keeps reading.
const halfClosedTimeoutMs = 10_000;

export type Session =
	/** It hasn't sent enough bytes to tell what it speaks. */
	| {readonly phase: 'accepted'; readonly since: number}
	/** A sockchat client whose hello is not accepted yet. */
	| {readonly phase: 'greeting'; readonly since: number}
	| {
			readonly phase: 'open';
			readonly since: number;
			readonly dialect: 'framed' | 'plain';
			readonly lastPingAt: number;
			readonly pings: number;
	  }
	/** Its FIN arrived; the rest of our output is on its way to it. */
	| {
			readonly phase: 'half-closed';
			readonly since: number;
			readonly deadline: number;
	  }
	/** Sent bye and FIN; waiting for its FIN. */
	| {
			readonly phase: 'draining';
			readonly since: number;
			readonly deadline: number;
	  }
	| {
			readonly phase: 'closed';
			readonly since: number;
			readonly reason: LeaveReason;
	  };

export type SessionEvent =
	| {readonly type: 'framed'; readonly at: number}
	| {readonly type: 'plain'; readonly at: number}
	| {
			readonly type: 'foreign';
			readonly at: number;
			readonly protocol: ForeignProtocol;
	  }
	/** Its hello was accepted: it is now a member. */
	| {readonly type: 'welcomed'; readonly at: number}
	| {
			readonly type: 'tick';
			readonly at: number;
			readonly lastHeardAt: number;
			readonly heartbeatMs: number;
	  }
	| {readonly type: 'fin'; readonly at: number}
	/** We end it: it sent bye, broke the protocol, or the server drains. */
	| {readonly type: 'end'; readonly at: number; readonly reason: LeaveReason}
	/** The socket is gone. */
	| {readonly type: 'gone'; readonly at: number; readonly reason: LeaveReason};

export type SessionEffect =
	| {readonly type: 'greet'}
	| {readonly type: 'join-plain'; readonly isListener: boolean}
	| {readonly type: 'turn-away'; readonly protocol: ForeignProtocol}
	| {readonly type: 'ping'; readonly id: number}
	/** Send the reason, flush, send FIN. */
	| {readonly type: 'finish'; readonly reason: LeaveReason}
	| {readonly type: 'report-late-hello'}
	| {readonly type: 'destroy'; readonly reason: LeaveReason};

type SessionTransition = Transition<Session, SessionEffect>;

const drain = (at: number, effect: SessionEffect): SessionTransition => [
	{phase: 'draining', since: at, deadline: at + sessionDrainTimeoutMs},
	effect,
];

const openPlain = (at: number, isListener: boolean): SessionTransition => [
	{phase: 'open', since: at, dialect: 'plain', lastPingAt: at, pings: 0},
	{type: 'join-plain', isListener},
];

const endCell = {
	to: ['draining'],
	run: (_state: unknown, {at, reason}: {at: number; reason: LeaveReason}) =>
		drain(at, {type: 'finish', reason}),
} as const;

const finCell = {
	to: ['half-closed'],
	run: (_state: unknown, {at}: {at: number}): SessionTransition => [
		{phase: 'half-closed', since: at, deadline: at + halfClosedTimeoutMs},
		{type: 'finish', reason: 'closed'},
	],
} as const;

const foreignCell = {
	to: ['draining'],
	run: (
		_state: unknown,
		{at, protocol}: {at: number; protocol: ForeignProtocol},
	) => drain(at, {type: 'turn-away', protocol}),
} as const;

const goneCell = {
	to: ['closed'],
	run: (
		_state: unknown,
		{at, reason}: {at: number; reason: LeaveReason},
	): SessionTransition => [{phase: 'closed', since: at, reason}],
} as const;

const cutOffLate = (
	state: Extract<Session, {deadline: number}>,
	at: number,
): SessionTransition =>
	at >= state.deadline ? [state, {type: 'destroy', reason: 'closed'}] : [state];

const pingDueAt = (
	{lastPingAt, pings}: Extract<Session, {phase: 'open'}>,
	lastHeardAt: number,
	heartbeatMs: number,
): number =>
	Math.min(
		Math.max(lastHeardAt, lastPingAt) + serverPingDueAfterMs(heartbeatMs),
		lastPingAt + roundTripDueAfterMs(pings, heartbeatMs),
	);

export const sessionTable: Table<Session, SessionEvent, SessionEffect> = {
	accepted: {
		framed: {
			to: ['greeting'],
			// The hello's timeout runs from accept(), not from its first byte.
			run: ({since}) => [{phase: 'greeting', since}, {type: 'greet'}],
		},
		plain: {to: ['open'], run: (_state, {at}) => openPlain(at, false)},
		foreign: foreignCell,
		tick: {
			to: ['accepted', 'open'],
			// A peer silent for this long is not a sockchat client; perhaps a person at
			// nc who waits for us to speak first.
			run: (state, {at}) =>
				at - state.since >= helloTimeoutMs ? openPlain(at, true) : [state],
		},
		fin: finCell,
		end: endCell,
		gone: goneCell,
	},
	greeting: {
		welcomed: {
			to: ['open'],
			run: (_state, {at}) => [
				{phase: 'open', since: at, dialect: 'framed', lastPingAt: at, pings: 0},
			],
		},
		tick: {
			to: ['greeting', 'draining'],
			run: (state, {at}) =>
				at - state.since >= helloTimeoutMs
					? drain(at, {type: 'report-late-hello'})
					: [state],
		},
		fin: finCell,
		end: endCell,
		gone: goneCell,
	},
	open: {
		foreign: foreignCell,
		tick: {
			to: ['open'],
			run(state, {at, lastHeardAt, heartbeatMs}) {
				// A plain peer can't answer a ping, and may listen all day.
				if (state.dialect === 'plain') {
					return [state];
				}

				if (at - lastHeardAt >= lostAfterMs(heartbeatMs)) {
					return [state, {type: 'destroy', reason: 'timeout'}];
				}

				if (at < pingDueAt(state, lastHeardAt, heartbeatMs)) {
					return [state];
				}

				const id = state.pings + 1;
				return [
					{...state, lastPingAt: at, pings: id},
					{type: 'ping', id},
				];
			},
		},
		fin: finCell,
		end: endCell,
		gone: goneCell,
	},
	'half-closed': {
		tick: {
			to: ['half-closed'],
			run: (state, {at}) => cutOffLate(state, at),
		},
		gone: goneCell,
	},
	draining: {
		tick: {to: ['draining'], run: (state, {at}) => cutOffLate(state, at)},
		gone: goneCell,
	},
	closed: {},
};

export const transitionSession = createTransition<
	Session,
	SessionEvent,
	SessionEffect
>(sessionTable);

/**
 * Until when a tick changes nothing, monotonic; it may be earlier than needed.
 *
 * @param lastHeardAt What the tick would carry.
 */
export const tickBy = (
	state: Session,
	lastHeardAt: number,
	heartbeatMs: number,
): number => {
	switch (state.phase) {
		case 'accepted':
		case 'greeting': {
			return state.since + helloTimeoutMs;
		}

		case 'open': {
			return state.dialect === 'plain'
				? Infinity
				: Math.min(
						lastHeardAt + lostAfterMs(heartbeatMs),
						pingDueAt(state, lastHeardAt, heartbeatMs),
					);
		}

		case 'half-closed':
		case 'draining': {
			return state.deadline;
		}

		case 'closed': {
			return Infinity;
		}
	}
};
