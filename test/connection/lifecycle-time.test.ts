/** Runs the client's state machine over time, as the client does. */
import assert from 'node:assert/strict';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import {backoffMs} from '../../source/connection/backoff.js';
import {
	startConnection,
	transition,
	wakeAt,
} from '../../source/connection/lifecycle.js';
import type {
	Connection,
	ConnectionEvent,
} from '../../source/connection/connection.js';
import {SockchatError} from '../../source/errors.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 1000);

const cause = new SockchatError('ERR_RESET', 'The server reset it.');

/** Ticks at each deadline, and reports an abandoned connection as lost. */
class Edge {
	at = 1000;
	random = 0.5;
	state: Connection = startConnection(1000)[0];
	/** Effects with their times, without dial, hello and resend. */
	readonly performed: string[] = [];
	readonly #patienceMs: number | undefined;

	/** @param patienceMs For connect() and for the welcome; 10 s by default. */
	constructor(patienceMs?: number) {
		this.#patienceMs = patienceMs;
	}

	get phase(): string {
		return this.state.phase;
	}

	dispatch(event: ConnectionEvent): void {
		const [state, ...effects] = transition(this.state, event);
		this.state = state;
		for (const effect of effects) {
			if (['ping', 'abandon', 'bye', 'destroy'].includes(effect.type)) {
				this.performed.push(`${effect.type} ${this.at}`);
			}

			if (effect.type === 'abandon') {
				this.lose(effect.cause);
			}
		}
	}

	/** Lets time pass up to and including a moment. */
	advance(to: number): void {
		const patienceMs = this.#patienceMs;
		let wake = wakeAt(this.state, patienceMs);
		for (let ticks = 0; wake !== undefined && wake <= to; ticks++) {
			assert.ok(ticks < 1000, `stuck in ${this.state.phase} at ${this.at}`);
			this.at = Math.max(this.at, wake);
			const {at, random} = this;
			this.dispatch({type: 'tick', at, random, patienceMs});
			wake = wakeAt(this.state, patienceMs);
		}

		this.at = to;
	}

	lose(why = cause): void {
		const {at, random} = this;
		this.dispatch({type: 'lost', at, cause: why, isFinal: false, random});
	}

	open(heartbeatMs = 2000): this {
		this.dispatch({type: 'connected', at: this.at});
		this.dispatch({type: 'welcomed', at: this.at, heartbeatMs});
		assert.equal(this.phase, 'open');
		return this;
	}

	heard(): void {
		this.dispatch({type: 'heard', at: this.at});
	}
}

const upTo50 = <T>(each: fc.Arbitrary<T>) =>
	fc.array(each, {maxLength: 50, size: 'max'});
const random = fc.double({min: 0, max: 1, maxExcluded: true, noNaN: true});

test('lifecycle: silent after 1.5 heartbeats, lost after 3, pinged once before', () => {
	fc.assert(
		fc.property(fc.integer({min: 500, max: 60_000}), half => {
			const heartbeatMs = half * 2;
			const edge = new Edge().open(heartbeatMs);
			const phases = [1.5, 3].flatMap(beats =>
				[-1, 0].map(offset => {
					edge.advance(1000 + beats * heartbeatMs + offset);
					return edge.phase;
				}),
			);
			assert.deepEqual(phases, ['open', 'silent', 'silent', 'waiting']);
			assert.equal(edge.state.phase, 'waiting');
			assert.equal(edge.state.cause.code, 'ERR_SILENT');
			assert.deepEqual(edge.performed, [
				// The first measures the round trip at once.
				'ping 1000',
				`ping ${1000 + heartbeatMs}`,
				`abandon ${edge.at}`,
			]);
		}),
		{numRuns: runs},
	);
});

test('lifecycle: connect() and the welcome may each take as long as was asked for', () => {
	fc.assert(
		fc.property(fc.integer({min: 1, max: 1_000_000}), patienceMs => {
			const dialled = new Edge(patienceMs);
			dialled.advance(1000 + patienceMs - 1);
			assert.equal(dialled.phase, 'connecting');
			dialled.dispatch({type: 'connected', at: dialled.at});
			const since = dialled.at;
			dialled.advance(since + patienceMs - 1);
			assert.equal(dialled.phase, 'handshaking');
			dialled.advance(since + patienceMs);
			assert.equal(dialled.state.phase, 'waiting');
			const seconds = Math.round(patienceMs / 100) / 10;
			assert.match(
				dialled.state.cause.message,
				new RegExp(`no welcome came within ${seconds} s\\.`),
			);
			const silent = new Edge(patienceMs);
			silent.advance(1000 + patienceMs);
			assert.equal(silent.state.phase, 'waiting');
			assert.match(
				silent.state.cause.message,
				new RegExp(`No answer to connect\\(\\) within ${seconds} s\\.`),
			);
		}),
		{numRuns: runs},
	);
});

test('lifecycle: frames in time keep it open, whatever the gaps', () => {
	fc.assert(
		fc.property(upTo50(fc.integer({min: 0, max: 2999})), all => {
			const edge = new Edge().open();
			for (const gap of all) {
				const before = edge.performed.length;
				edge.advance(edge.at + gap);
				assert.equal(edge.phase, 'open');
				// A ping is due a heartbeat after the last sign of life, once.
				assert.equal(edge.performed.length - before, gap >= 2000 ? 1 : 0);
				edge.heard();
			}

			assert.equal(edge.state.since, 1000);
		}),
		{numRuns: runs},
	);
});

test('lifecycle: a frame ends a silence and restarts the count', () => {
	const edge = new Edge().open();
	edge.advance(6999);
	assert.equal(edge.phase, 'silent');
	edge.heard();
	assert.equal(edge.state.since, 1000, 'it was the same connection');
	edge.advance(9998);
	assert.equal(edge.phase, 'open');
	edge.advance(9999);
	assert.equal(edge.phase, 'silent');
});

test('lifecycle: a process stopped for a day pings before giving up', () => {
	for (const pausedAt of [1500, 4500]) {
		const edge = new Edge().open();
		edge.advance(pausedAt);
		const {phase} = edge;
		edge.at += 86_400_000;
		const resumedAt = edge.at;
		edge.dispatch({type: 'resumed', at: resumedAt});
		edge.dispatch({type: 'tick', at: resumedAt, random: 0.5});
		assert.equal(edge.phase, phase);
		assert.equal(edge.performed.at(-1), `ping ${resumedAt}`);
		edge.advance(resumedAt + 5999);
		assert.equal(edge.phase, 'silent');
		edge.advance(resumedAt + 6000);
		assert.equal(edge.phase, 'waiting');
	}
});

test('lifecycle: attempts count up, and each waits within its own bound', () => {
	fc.assert(
		fc.property(upTo50(random), all => {
			const edge = new Edge();
			for (const [index, part] of all.entries()) {
				edge.random = part;
				edge.lose();
				const {state} = edge;
				assert.equal(state.phase, 'waiting');
				assert.equal(state.attempt, index + 1);
				assert.equal(state.retryAt - edge.at, backoffMs(index + 1, part));
				edge.advance(state.retryAt);
				assert.deepEqual(edge.state, {
					phase: 'connecting',
					since: state.retryAt,
					attempt: index + 2,
				});
			}
		}),
		{numRuns: runs},
	);
});

test('lifecycle: after a second open, silence included, attempts start over', () => {
	for (const [healthMs, attempt] of [
		[999, 4],
		[1000, 1],
		[3500, 1],
	] as const) {
		const edge = new Edge();
		for (let failures = 0; failures < 3; failures++) {
			edge.lose();
			edge.advance((edge.state as {retryAt: number}).retryAt);
		}

		edge.open();
		edge.advance(edge.at + healthMs);
		assert.equal(edge.phase, healthMs === 3500 ? 'silent' : 'open');
		edge.lose();
		assert.equal(edge.state.phase, 'waiting');
		assert.equal(edge.state.attempt, attempt);
	}
});

test('lifecycle: waits for connect(), welcome and FIN all end', () => {
	const edge = new Edge();
	edge.advance(11_500);
	assert.deepEqual(edge.performed, ['abandon 11000']);
	edge.dispatch({type: 'connected', at: edge.at});
	edge.advance(21_500);
	assert.equal(edge.performed.at(-1), 'abandon 21500');
	edge.advance(22_500);
	edge.open();
	edge.dispatch({type: 'leave', at: edge.at});
	edge.advance(24_499);
	assert.equal(edge.phase, 'draining');
	edge.advance(24_500);
	assert.equal(edge.phase, 'closed');
	assert.deepEqual(edge.performed.slice(-2), ['bye 22500', 'destroy 24500']);
});

const anyEvent = fc.record({
	type: fc.constantFrom(
		...(['connected', 'welcomed', 'heard', 'tick', 'resumed'] as const),
		...(['lost', 'leave', 'ended'] as const),
	),
	afterMs: fc.oneof(fc.nat({max: 5000}), fc.nat({max: 100_000_000})),
	heartbeatMs: fc.integer({min: 1, max: 40_000}),
	random,
	isFinal: fc.boolean(),
});

test('lifecycle: no order of events throws or leaves a missed deadline', () => {
	fc.assert(
		fc.property(upTo50(anyEvent), all => {
			let [state] = startConnection(0);
			let at = 0;
			for (const {afterMs, ...event} of all) {
				const before = state;
				at += afterMs;
				const [next, ...effects] = transition(state, {...event, at, cause});
				state = next;
				assert.ok(state.since <= at);
				assert.ok(before.phase !== 'closed' || state === before);
				assert.ok(!('lastHeardAt' in state) || state.lastHeardAt <= at);
				const wake = wakeAt(state);
				assert.equal(wake === undefined, state.phase === 'closed');
				// A tick acts, or the next one lies ahead: the edge never spins.
				const hasGivenUp = effects.some(({type}) => type === 'abandon');
				if (event.type === 'tick' && wake !== undefined && !hasGivenUp) {
					assert.ok(wake > at || next.phase !== before.phase);
				}
			}
		}),
		{numRuns: runs},
	);
});
