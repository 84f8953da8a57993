/**
 * Runs a client's state machine: feeds it events and time, passes its effects
 * to the owner of the link, and reports every change of phase.
 */
import {startConnection, transition, wakeAt} from '../connection/lifecycle.js';
import type {
	Connection,
	ConnectionEffect,
	ConnectionEvent,
} from '../connection/connection.js';
import type {SockchatError} from '../errors.js';
import type {ClientEvent} from '../event/event.js';
import type {Clock} from './clock.js';
import {noEndpoints, type Link} from './link.js';

export type ConnectionRunnerOptions = {
	readonly clock: Clock;
	readonly random: () => number;
	readonly perform: (effect: ConnectionEffect) => void;
	/** The link that the phase is about. */
	readonly link: () => Link | undefined;
	readonly onEvent: (event: ClientEvent) => void;
	/** How long connect(), and then the welcome, may take; 10 s by default. */
	readonly connectTimeoutMs?: number | undefined;
	/** Reading is paused on purpose, so silence means nothing. */
	readonly isPaused?: (() => boolean) | undefined;
};

// If a timer is this late, the process was stopped in between.
const stoppedMs = 1000;

// A timer may fire this much too early. Then it is set again, which is cheaper
// than to set it anew for every chunk; but an answer to a ping is worth it.
const earlyMs = 500;

export class ConnectionRunner {
	/** Settles once the connection is closed for good; with the cause, if any. */
	readonly closed: Promise<SockchatError | undefined>;
	readonly #options: ConnectionRunnerOptions;
	readonly #events: ConnectionEvent[] = [];
	#isDispatching = false;
	#connection: Connection;
	#wake: {at: number; cancel: () => void} | undefined;
	#settle!: (cause: SockchatError | undefined) => void;

	constructor(options: ConnectionRunnerOptions) {
		this.#options = options;
		this.closed = new Promise(resolve => {
			this.#settle = resolve;
		});
		[this.#connection] = startConnection(options.clock.monotonicMs());
	}

	get connection(): Connection {
		return this.#connection;
	}

	/** Makes the first attempt. */
	start(): void {
		const [connection, ...effects] = startConnection(this.now);
		this.#enter(connection, effects, true);
	}

	get now(): number {
		return this.#options.clock.monotonicMs();
	}

	/** An event that an effect causes waits until the current one is done. */
	dispatch(event: ConnectionEvent): void {
		this.#events.push(event);
		if (this.#isDispatching) {
			return;
		}

		this.#isDispatching = true;
		try {
			for (let next = this.#events.shift(); next; next = this.#events.shift()) {
				const before = this.#connection.phase;
				const [connection, ...effects] = transition(this.#connection, next);
				this.#enter(connection, effects, connection.phase !== before);
			}
		} finally {
			// Even if a listener throws, the next event must be handled.
			this.#isDispatching = false;
		}
	}

	/**
	 * @param isFinal Whether another attempt would fail too.
	 * @param retryInMs When to try again; by default the back-off decides.
	 */
	lose(cause: SockchatError, isFinal: boolean, retryInMs?: number): void {
		const random = this.#options.random();
		this.dispatch({
			type: 'lost',
			at: this.now,
			cause,
			isFinal,
			random,
			retryInMs,
		});
	}

	#enter(
		connection: Connection,
		effects: readonly ConnectionEffect[],
		isNewPhase: boolean,
	): void {
		this.#connection = connection;
		// Effects first, so the new phase is reported with its own link.
		for (const effect of effects) {
			this.#options.perform(effect);
		}

		if (isNewPhase) {
			const link = this.#options.link();
			this.#options.onEvent({
				type: 'connection',
				at: this.#options.clock.wallMs(),
				connection,
				...(link?.endpoints ?? noEndpoints),
				...(link?.facts && {link: link.facts}),
			});
		}

		this.#armTimer();
		if (connection.phase === 'closed') {
			this.#settle(connection.cause);
		}
	}

	#armTimer(): void {
		const at = wakeAt(this.#connection, this.#options.connectTimeoutMs);
		if (this.#wake && at !== undefined) {
			const aheadMs = at - this.#wake.at;
			if (aheadMs >= 0 && aheadMs < earlyMs) {
				return;
			}
		}

		this.#wake?.cancel();
		this.#wake = undefined;
		if (at === undefined || at === Infinity) {
			return;
		}

		const cancel = this.#options.clock.setTimer(
			() => {
				this.#wake = undefined;
				this.#awake(at);
			},
			Math.max(0, at - this.now),
		);
		this.#wake = {at, cancel};
	}

	#awake(due: number): void {
		const at = this.now;
		if (at - due > stoppedMs || this.#options.isPaused?.()) {
			this.dispatch({type: 'resumed', at});
		}

		const {random, connectTimeoutMs: patienceMs} = this.#options;
		this.dispatch({type: 'tick', at, random: random(), patienceMs});
	}
}
