import assert from 'node:assert/strict';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import {arrowsOf} from '../../source/connection/machine.js';
import {
	sessionTable,
	transitionSession,
	type Session,
	type SessionEvent,
} from '../../source/connection/session.js';
import {
	serverTable,
	transitionServer,
	type Listening,
	type ListeningEvent,
} from '../../source/connection/listening.js';
import {SockchatError} from '../../source/errors.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 1000);

const cause = new SockchatError('ERR_PORT_TAKEN', 'The port is taken.');
const since = 100_000;
/** A time, in milliseconds after `since`. */
const after = (ms: number) => since + ms;
const at = after(10);

const binding = {phase: 'binding', since} as const;
const listening = {phase: 'listening', since} as const;
const serverDraining = {
	phase: 'draining',
	since,
	deadline: after(3000),
} as const;
const serverClosed = {phase: 'closed', since, cause: undefined} as const;

const serverTick = (ms: number) => ({type: 'tick', at: after(ms)}) as const;
const failed = {type: 'failed', at, cause} as const;
const drain = {type: 'drain', at} as const;
const failedServer = {phase: 'closed', since: at, cause} as const;
const drainingFrom = {
	phase: 'draining',
	since: at,
	deadline: at + 3000,
} as const;

const serverCases: Array<[Listening, ListeningEvent, Listening, ...string[]]> =
	[
		[binding, {type: 'bound', at}, {phase: 'listening', since: at}],
		[binding, failed, failedServer],
		[binding, drain, drainingFrom, 'stop-accepting'],
		[listening, failed, failedServer],
		[listening, drain, drainingFrom, 'stop-accepting'],
		[serverDraining, serverTick(2999), serverDraining],
		[serverDraining, serverTick(3000), serverDraining, 'cut-off'],
		[
			serverDraining,
			{type: 'emptied', at},
			{phase: 'closed', since: at, cause: undefined},
		],
	];

const accepted = {phase: 'accepted', since} as const;
const greeting = {phase: 'greeting', since} as const;
const open = {
	phase: 'open',
	since,
	dialect: 'framed',
	lastPingAt: since,
	pings: 0,
} as const;
/** The last ping of so many was so long after `since`. */
const pinged = (pings: number, ms: number) =>
	({...open, lastPingAt: after(ms), pings}) as const;
const plain = {...open, dialect: 'plain'} as const;
const halfClosed = {
	phase: 'half-closed',
	since,
	deadline: after(10_000),
} as const;
const draining = {phase: 'draining', since, deadline: after(1000)} as const;
const closed = {phase: 'closed', since, reason: 'quit'} as const;

/** A tick at a time after `since`, with the time of the last sign of life. */
const tick = (ms: number, heardMs = 0): SessionEvent => ({
	type: 'tick',
	at: after(ms),
	lastHeardAt: after(heardMs),
	heartbeatMs: 2000,
});
const foreign = {type: 'foreign', at, protocol: 'HTTP'} as const;
const fin = {type: 'fin', at} as const;
const end = {type: 'end', at, reason: 'shutdown'} as const;
const gone = {type: 'gone', at, reason: 'reset'} as const;
const drained = {phase: 'draining', since: at, deadline: at + 1000} as const;
const finished = {
	phase: 'half-closed',
	since: at,
	deadline: at + 10_000,
} as const;
const lost = {phase: 'closed', since: at, reason: 'reset'} as const;
const opened = (dialect: 'framed' | 'plain', ms: number) =>
	({
		phase: 'open',
		since: after(ms),
		dialect,
		lastPingAt: after(ms),
		pings: 0,
	}) as const;

const sessionCases: Array<[Session, SessionEvent, Session, ...string[]]> = [
	// The hello's timeout runs from accept().
	[accepted, {type: 'framed', at}, greeting, 'greet'],
	[accepted, {type: 'plain', at}, opened('plain', 10), 'join-plain new'],
	[accepted, foreign, drained, 'turn-away HTTP'],
	[accepted, tick(9999), accepted],
	[accepted, tick(10_000), opened('plain', 10_000), 'join-plain listener'],
	[accepted, fin, finished, 'finish closed'],
	[accepted, end, drained, 'finish shutdown'],
	[accepted, gone, lost],
	[greeting, {type: 'welcomed', at}, opened('framed', 10)],
	[greeting, tick(9999, 9999), greeting],
	[
		greeting,
		tick(10_000, 9999),
		{phase: 'draining', since: after(10_000), deadline: after(11_000)},
		'report-late-hello',
	],
	[greeting, fin, finished, 'finish closed'],
	[greeting, end, drained, 'finish shutdown'],
	[greeting, gone, lost],
	[open, foreign, drained, 'turn-away HTTP'],
	[open, tick(1999), open],
	[open, tick(2000), pinged(1, 2000), 'ping 1'],
	// Of a new peer it wants two round trips, however much it hears.
	[open, tick(2000, 1999), pinged(1, 2000), 'ping 1'],
	[pinged(1, 2000), tick(3999, 3000), pinged(1, 2000)],
	[pinged(1, 2000), tick(4000, 3000), pinged(2, 4000), 'ping 2'],
	// Then it leaves the pings to the peer,
	[pinged(2, 0), tick(2499), pinged(2, 0)],
	[pinged(2, 0), tick(2500), pinged(3, 2500), 'ping 3'],
	[pinged(2, 0), tick(5999, 3500), pinged(2, 0)],
	// except for a round trip now and then.
	[pinged(2, 0), tick(29_999, 29_998), pinged(2, 0)],
	[pinged(2, 0), tick(30_000, 29_999), pinged(3, 30_000), 'ping 3'],
	[open, tick(5999), pinged(1, 5999), 'ping 1'],
	[open, tick(6000), open, 'destroy timeout'],
	[pinged(2, 70_000), tick(90_000, 88_001), pinged(2, 70_000)],
	// A plain peer can't answer a ping, and may be silent all day.
	[plain, tick(86_400_000), plain],
	[open, fin, finished, 'finish closed'],
	[open, end, drained, 'finish shutdown'],
	[open, gone, lost],
	[halfClosed, tick(9999), halfClosed],
	[halfClosed, tick(10_000), halfClosed, 'destroy closed'],
	[halfClosed, gone, lost],
	[draining, tick(999), draining],
	[draining, tick(1000), draining, 'destroy closed'],
	[draining, gone, lost],
];

/** An effect with its one value. */
const named = ({type, ...rest}: {readonly type: string}): string => {
	const [detail] = Object.values<unknown>(rest);
	const words =
		typeof detail === 'boolean' ? (detail ? 'listener' : 'new') : detail;
	return words === undefined ? type : `${type} ${words as string | number}`;
};

type AnyCase = readonly [
	{phase: string},
	{type: string; at: number},
	{phase: string},
	...string[],
];

const walked = (cases: readonly AnyCase[]) =>
	new Set(
		cases.map(([{phase}, {type}, next]) => `${phase} ${type} ${next.phase}`),
	);

const drawn = (table: Parameters<typeof arrowsOf>[0]) =>
	new Set(arrowsOf(table).map(({from, event, to}) => `${from} ${event} ${to}`));

const titleOf = ([state, event, next, ...effects]: AnyCase) =>
	[
		`${state.phase}, ${event.type} at ${event.at - since} → ${next.phase}`,
		...effects,
	].join(', ');

for (const each of serverCases) {
	test(`serving: a server, ${titleOf(each)}`, () => {
		const [state, event, next, ...effects] = each;
		const [reached, ...performed] = transitionServer(state, event);
		assert.deepEqual(reached, next);
		assert.deepEqual(performed.map(named), effects);
	});
}

for (const each of sessionCases) {
	test(`serving: a session, ${titleOf(each)}`, () => {
		const [state, event, next, ...effects] = each;
		const [reached, ...performed] = transitionSession(state, event);
		assert.deepEqual(reached, next);
		assert.deepEqual(performed.map(named), effects);
	});
}

test('serving: the cases above walk every arrow of both tables, and no other', () => {
	assert.deepEqual(walked(serverCases), drawn(serverTable));
	assert.deepEqual(walked(sessionCases), drawn(sessionTable));
});

test('serving: closed stays closed', () => {
	for (const [, event] of serverCases) {
		assert.deepEqual(transitionServer(serverClosed, event), [serverClosed]);
	}

	for (const [, event] of sessionCases) {
		assert.deepEqual(transitionSession(closed, event), [closed]);
	}
});

test('serving: no order of events throws or keeps a session forever', () => {
	const any = fc.record({
		event: fc.constantFrom(...sessionCases.map(([, event]) => event)),
		afterMs: fc.nat({max: 15_000}),
	});
	fc.assert(
		fc.property(fc.array(any, {maxLength: 60, size: 'max'}), all => {
			let state: Session = accepted;
			let now = since;
			for (const {event, afterMs} of all) {
				now += afterMs;
				[state] = transitionSession(state, {...event, at: now});
				assert.ok(state.since <= now);
				assert.ok(!('deadline' in state) || state.deadline > state.since);
			}

			// Whoever is not open or gone is seen off, or joins, by one late tick.
			const late = tick(now + 10_000 - since, now - since);
			const [next, ...effects] = transitionSession(state, late);
			const isOver = effects.some(({type}) => type === 'destroy');
			assert.ok(
				isOver || next !== state || ['open', 'closed'].includes(next.phase),
			);
		}),
		{numRuns: runs},
	);
});
