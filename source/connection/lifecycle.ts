/**
 * The client's connection as a pure state machine over its phases
 * (connection.ts).
 *
 * `transition(state, event)` returns the next state and the effects for
 * client/client.ts to perform; nothing here reads a clock or a socket.
 */
import {SockchatError} from '../errors.js';
import {backoffMs, healthyAfterMs} from './backoff.js';
import type {
	Connection,
	ConnectionEffect,
	ConnectionEvent,
	WithAttempt,
} from './connection.js';
import {lostAfterMs, pingDueAfterMs, silentAfterMs} from './heartbeat.js';
import {createTransition, type Transition, type Table} from './machine.js';

export const connectTimeoutMs = 10_000;
export const handshakeTimeoutMs = 10_000;
const drainTimeoutMs = 2000;

const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`;

export const connectTimedOut = (ms = connectTimeoutMs) =>
	new SockchatError(
		'ERR_CONNECT_TIMEOUT',
		`No answer to connect() within ${seconds(ms)}. Is the server's backlog full, or its process stopped?`,
	);

const handshakeTimedOut = (ms = handshakeTimeoutMs) => {
	const what = `Connected, but no welcome came within ${seconds(ms)}.`;
	return new SockchatError(
		'ERR_HANDSHAKE_TIMEOUT',
		`${what} If this is not a sockchat server, use --raw.`,
		{api: `${what} Is this a sockchat server?`},
	);
};

const timedOut = {
	connect: connectTimedOut,
	handshake: handshakeTimedOut,
	silence: (ms: number) =>
		new SockchatError(
			'ERR_SILENT',
			`Nothing was heard from the server for ${seconds(ms)}: it is stopped or gone.`,
		),
};

type Lost = Extract<ConnectionEvent, {type: 'lost'}>;
type Machine = Table<Connection, ConnectionEvent, ConnectionEffect>;

export const startConnection = (
	at: number,
): Transition<Connection, ConnectionEffect> => [
	{phase: 'connecting', since: at, attempt: 1},
	{type: 'dial'},
];

const retryOrClose = (
	event: Lost,
	attempt: number,
	wasOpen: boolean,
): Transition<Connection, ConnectionEffect> => {
	const {at, cause, isFinal, random, retryInMs} = event;
	return isFinal
		? [{phase: 'closed', since: at, cause}]
		: [
				{
					phase: 'waiting',
					since: at,
					attempt,
					retryAt: at + (retryInMs ?? backoffMs(attempt, random)),
					cause,
					wasOpen,
				},
			];
};

const loseOpen = (attempt: number, openSince: number, event: Lost) =>
	retryOrClose(
		event,
		event.at - openSince >= healthyAfterMs ? 1 : attempt,
		true,
	);

const lostCell = {
	to: ['waiting', 'closed'],
	run: (state: WithAttempt, event: Lost) =>
		retryOrClose(event, state.attempt, false),
} as const;

/** While this process was stopped it heard no answer: restart the timeout. */
const waitAgainCell = <Name extends 'connecting' | 'handshaking'>(
	phase: Name,
) =>
	({
		to: [phase],
		run: (
			{attempt}: WithAttempt,
			{at}: {at: number},
		): Transition<Connection, ConnectionEffect> => [
			{phase, since: at, attempt},
		],
	}) as const;

const closeAt = (at: number): Transition<Connection, ConnectionEffect> => [
	{phase: 'closed', since: at, cause: undefined},
	{type: 'destroy'},
];
const closeCell = {
	to: ['closed'],
	run: (_state: unknown, {at}: {at: number}) => closeAt(at),
} as const;

const drainCell = {
	to: ['draining'],
	run: (
		_state: unknown,
		{at}: {at: number},
	): Transition<Connection, ConnectionEffect> => [
		{phase: 'draining', since: at, deadline: at + drainTimeoutMs},
		{type: 'bye'},
	],
} as const;

export const clientTable: Machine = {
	connecting: {
		connected: {
			to: ['handshaking'],
			run: ({attempt}, {at}) => [
				{phase: 'handshaking', since: at, attempt},
				{type: 'hello'},
			],
		},
		tick: {
			to: ['connecting'],
			run: (state, {at, patienceMs = connectTimeoutMs}) =>
				at - state.since >= patienceMs
					? [state, {type: 'abandon', cause: timedOut.connect(patienceMs)}]
					: [state],
		},
		resumed: waitAgainCell('connecting'),
		lost: lostCell,
		leave: closeCell,
	},
	handshaking: {
		welcomed: {
			to: ['open'],
			run: ({attempt}, {at, heartbeatMs}) => [
				{
					phase: 'open',
					since: at,
					attempt,
					heartbeatMs,
					lastHeardAt: at,
					lastPingAt: at,
				},
				{type: 'resend'},
				// Measures the round trip right away.
				{type: 'ping'},
			],
		},
		tick: {
			to: ['handshaking'],
			run: (state, {at, patienceMs = handshakeTimeoutMs}) =>
				at - state.since >= patienceMs
					? [state, {type: 'abandon', cause: timedOut.handshake(patienceMs)}]
					: [state],
		},
		resumed: waitAgainCell('handshaking'),
		lost: lostCell,
		// The hello is on its way: without a bye the others would read of a cut.
		leave: drainCell,
	},
	open: {
		heard: {
			to: ['open'],
			run: (state, {at, heartbeatMs = state.heartbeatMs}) => [
				{...state, lastHeardAt: at, heartbeatMs},
			],
		},
		resumed: {
			to: ['open'],
			run: (state, {at}) => [
				{...state, lastHeardAt: at, lastPingAt: at},
				{type: 'ping'},
			],
		},
		tick: {
			to: ['open', 'silent'],
			run(state, {at}) {
				const {attempt, since, heartbeatMs, lastHeardAt} = state;
				if (at - lastHeardAt >= silentAfterMs(heartbeatMs)) {
					const openSince = since;
					return [
						{
							phase: 'silent',
							since: at,
							attempt,
							openSince,
							heartbeatMs,
							lastHeardAt,
						},
					];
				}

				return at >= pingDueAt(state)
					? [{...state, lastPingAt: at}, {type: 'ping'}]
					: [state];
			},
		},
		lost: {
			to: ['waiting', 'closed'],
			run: ({attempt, since}, event) => loseOpen(attempt, since, event),
		},
		leave: drainCell,
	},
	silent: {
		heard: {
			to: ['open'],
			run: ({attempt, openSince, heartbeatMs}, event) => [
				{
					phase: 'open',
					since: openSince,
					attempt,
					heartbeatMs: event.heartbeatMs ?? heartbeatMs,
					lastHeardAt: event.at,
					lastPingAt: event.at,
				},
			],
		},
		resumed: {
			to: ['silent'],
			run: (state, {at}) => [{...state, lastHeardAt: at}, {type: 'ping'}],
		},
		tick: {
			to: ['silent'],
			run(state, {at}) {
				const silentMs = at - state.lastHeardAt;
				return silentMs >= lostAfterMs(state.heartbeatMs)
					? [state, {type: 'abandon', cause: timedOut.silence(silentMs)}]
					: [state];
			},
		},
		lost: {
			to: ['waiting', 'closed'],
			run: ({attempt, openSince}, event) => loseOpen(attempt, openSince, event),
		},
		leave: drainCell,
	},
	waiting: {
		tick: {
			to: ['connecting', 'waiting'],
			run: (state, {at}) =>
				at >= state.retryAt
					? [
							{phase: 'connecting', since: at, attempt: state.attempt + 1},
							{type: 'dial'},
						]
					: [state],
		},
		rescheduled: {
			to: ['waiting'],
			run: (state, {retryAt}) => [{...state, retryAt}],
		},
		leave: closeCell,
	},
	draining: {
		tick: {
			to: ['draining', 'closed'],
			run: (state, {at}) => (at >= state.deadline ? closeAt(at) : [state]),
		},
		lost: closeCell,
		ended: closeCell,
		leave: closeCell,
	},
	closed: {},
};

const pingDueAt = ({
	lastHeardAt,
	lastPingAt,
	heartbeatMs,
}: Extract<Connection, {phase: 'open'}>): number =>
	Math.max(lastHeardAt, lastPingAt) + pingDueAfterMs(heartbeatMs);

export const transition = createTransition<
	Connection,
	ConnectionEvent,
	ConnectionEffect
>(clientTable);

/**
 * When the next `tick` is due; undefined if time changes nothing.
 *
 * @param patienceMs That of the tick.
 */
export const wakeAt = (
	state: Connection,
	patienceMs?: number,
): number | undefined => {
	switch (state.phase) {
		case 'connecting': {
			return state.since + (patienceMs ?? connectTimeoutMs);
		}

		case 'handshaking': {
			return state.since + (patienceMs ?? handshakeTimeoutMs);
		}

		case 'open': {
			return Math.min(
				pingDueAt(state),
				state.lastHeardAt + silentAfterMs(state.heartbeatMs),
			);
		}

		case 'silent': {
			return state.lastHeardAt + lostAfterMs(state.heartbeatMs);
		}

		case 'waiting': {
			return state.retryAt;
		}

		case 'draining': {
			return state.deadline;
		}

		case 'closed': {
			return undefined;
		}
	}
};
