import assert from 'node:assert/strict';
import {test} from 'node:test';
import {
	clientTable,
	startConnection,
	transition,
	wakeAt,
} from '../../source/connection/lifecycle.js';
import type {
	Connection,
	ConnectionEffect,
	ConnectionEvent,
} from '../../source/connection/connection.js';
import {arrowsOf} from '../../source/connection/machine.js';
import {SockchatError} from '../../source/errors.js';

const cause = new SockchatError('ERR_RESET', 'The server reset it.');

// One state per phase, at 100 s on the clock; the heartbeat is 2 s.
const since = 100_000;
const heartbeatMs = 2000;
const connecting = {phase: 'connecting', since, attempt: 3} as const;
const handshaking = {phase: 'handshaking', since, attempt: 3} as const;
const open = {
	phase: 'open',
	since: 80_000,
	attempt: 3,
	heartbeatMs,
	lastHeardAt: since,
	lastPingAt: since - 5000,
} as const;
const silent = {
	phase: 'silent',
	since: since + 3000,
	openSince: 95_000,
	attempt: 3,
	heartbeatMs,
	lastHeardAt: since,
} as const;
const waiting = {
	phase: 'waiting',
	since,
	attempt: 3,
	retryAt: since + 500,
	cause,
	wasOpen: true,
} as const;
const draining = {
	phase: 'draining',
	since,
	deadline: since + 2000,
} as const;
const closed = {phase: 'closed', since, cause: undefined} as const;

/** A time, in milliseconds after `since`. */
const after = (ms: number) => since + ms;
const tick = (ms: number): ConnectionEvent => ({
	type: 'tick',
	at: after(ms),
	random: 0.5,
});
const lost = (ms: number, isFinal = false): ConnectionEvent => ({
	type: 'lost',
	at: after(ms),
	cause,
	isFinal,
	random: 0.5,
});
const simple = (type: 'connected' | 'resumed' | 'leave' | 'ended', ms = 10) =>
	({type, at: after(ms)}) as const;
const welcomed = {type: 'welcomed', at: after(10), heartbeatMs} as const;
const rescheduled = {
	type: 'rescheduled',
	at: after(10),
	retryAt: after(20),
} as const;
const heard = {type: 'heard', at: after(10)} as const;

const left = {phase: 'closed', since: after(10), cause: undefined} as const;
const failed = {phase: 'closed', since: after(10), cause} as const;
const toWait = (attempt: number, delayMs: number, wasOpen = true) =>
	({
		phase: 'waiting',
		since: after(10),
		attempt,
		retryAt: after(10) + delayMs,
		cause,
		wasOpen,
	}) as const;
const drained = {
	phase: 'draining',
	since: after(10),
	deadline: after(2010),
} as const;
const opened = {
	...open,
	lastHeardAt: after(10),
	lastPingAt: after(10),
} as const;

/** The same with a heartbeat of 4 s. */
const slow = <State extends Connection>(state: State): State => ({
	...state,
	heartbeatMs: 4000,
});

type Case = [Connection, ConnectionEvent, Connection, ...string[]];

const cases: Case[] = [
	[
		connecting,
		simple('connected'),
		{...handshaking, since: after(10)},
		'hello',
	],
	[connecting, tick(9999), connecting],
	[connecting, tick(10_000), connecting, 'abandon ERR_CONNECT_TIMEOUT'],
	[connecting, simple('resumed'), {...connecting, since: after(10)}],
	[connecting, lost(10), toWait(3, 2000, false)],
	[connecting, lost(10, true), failed],
	[connecting, simple('leave'), left, 'destroy'],
	[handshaking, welcomed, {...opened, since: after(10)}, 'resend', 'ping'],
	[handshaking, tick(9999), handshaking],
	[handshaking, tick(10_000), handshaking, 'abandon ERR_HANDSHAKE_TIMEOUT'],
	[handshaking, simple('resumed'), {...handshaking, since: after(10)}],
	[handshaking, lost(10), toWait(3, 2000, false)],
	[handshaking, lost(10, true), failed],
	[handshaking, simple('leave'), drained, 'bye'],
	[open, heard, {...open, lastHeardAt: after(10)}],
	[slow(open), heard, slow({...open, lastHeardAt: after(10)})],
	[
		open,
		{...heard, heartbeatMs: 4000},
		slow({...open, lastHeardAt: after(10)}),
	],
	[open, simple('resumed'), opened, 'ping'],
	[open, tick(1999), open],
	[open, tick(2000), {...open, lastPingAt: after(2000)}, 'ping'],
	[open, tick(2999), {...open, lastPingAt: after(2999)}, 'ping'],
	[open, tick(3000), {...silent, openSince: 80_000}],
	// After being open for 20 s it starts over with the first bound.
	[open, lost(10), toWait(1, 500)],
	[{...open, since}, lost(10), toWait(3, 2000)],
	[open, lost(10, true), failed],
	[open, simple('leave'), drained, 'bye'],
	[silent, heard, {...opened, since: 95_000}],
	[slow(silent), heard, slow({...opened, since: 95_000})],
	[silent, {...heard, heartbeatMs: 4000}, slow({...opened, since: 95_000})],
	[silent, simple('resumed'), {...silent, lastHeardAt: after(10)}, 'ping'],
	[silent, tick(5999), silent],
	[silent, tick(6000), silent, 'abandon ERR_SILENT'],
	[silent, lost(10), toWait(1, 500)],
	[silent, lost(10, true), failed],
	[silent, simple('leave'), drained, 'bye'],
	[waiting, tick(499), waiting],
	[
		waiting,
		tick(500),
		{phase: 'connecting', since: after(500), attempt: 4},
		'dial',
	],
	[waiting, rescheduled, {...waiting, retryAt: after(20)}],
	[waiting, simple('leave'), left, 'destroy'],
	[draining, tick(1999), draining],
	[draining, tick(2000), {...left, since: after(2000)}, 'destroy'],
	[draining, lost(10), left, 'destroy'],
	[draining, simple('ended'), left, 'destroy'],
	[draining, simple('leave'), left, 'destroy'],
];

const named = (effect: ConnectionEffect): string =>
	effect.type === 'abandon' ? `abandon ${effect.cause.code}` : effect.type;

for (const [state, event, next, ...effects] of cases) {
	const end = effects.map(effect => `, ${effect}`).join('');
	const at = event.at - since;
	test(`lifecycle: ${state.phase}, ${event.type} at ${at} → ${next.phase}${end}`, () => {
		const [reached, ...performed] = transition(state, event);
		assert.deepEqual(reached, next);
		assert.deepEqual(performed.map(named), effects);
	});
}

test('lifecycle: the cases above walk every arrow of the table, and no other', () => {
	const walked = cases.map(
		([{phase}, {type}, next]) => `${phase} ${type} ${next.phase}`,
	);
	const drawn = arrowsOf(clientTable).map(
		({from, event, to}) => `${from} ${event} ${to}`,
	);
	assert.deepEqual([...new Set(walked)].toSorted(), drawn.toSorted());
	assert.equal(new Set(drawn).size, drawn.length);
});

const states = [
	connecting,
	handshaking,
	open,
	silent,
	waiting,
	draining,
	closed,
];
const events = [
	welcomed,
	heard,
	rescheduled,
	tick(10),
	lost(10),
	simple('connected'),
	simple('resumed'),
	simple('leave'),
	simple('ended'),
];

test('lifecycle: an event without a cell changes nothing', () => {
	assert.deepEqual(
		states.map(({phase}) => phase),
		Object.keys(clientTable),
	);
	for (const state of states) {
		for (const event of events) {
			const isDrawn = Object.hasOwn(clientTable[state.phase], event.type);
			const step = transition(state, event);
			assert.ok(isDrawn || (step.length === 1 && step[0] === state));
		}
	}
});

test('lifecycle: each phase names its next deadline', () => {
	const wanted = states.map(state => {
		const at = wakeAt(state);
		return at === undefined ? undefined : at - since;
	});
	assert.deepEqual(wanted, [10_000, 10_000, 2000, 6000, 500, 2000, undefined]);
	// Already pinged: the next deadline is that of silence.
	assert.equal(wakeAt({...open, lastPingAt: after(2000)}), after(3000));
});

test('lifecycle: starts with the first attempt', () => {
	assert.deepEqual(startConnection(since), [
		{phase: 'connecting', since, attempt: 1},
		{type: 'dial'},
	]);
});
