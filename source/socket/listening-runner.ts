/** Runs the state machine of a socket that listens, or is bound for UDP. */
import {
	serverDrainTimeoutMs,
	transitionServer,
	type Listening,
	type ListeningEvent,
} from '../connection/listening.js';
import {assertNever} from '../errors.js';
import type {ServerEvent} from '../event/event.js';
import type {LoopbackAddress} from './address.js';
import type {Clock} from './clock.js';
import {placeOf} from './listen.js';

export type ListeningRunnerOptions = {
	readonly clock: Clock;
	readonly address: () => LoopbackAddress;
	readonly onEvent: (event: ServerEvent) => void;
	/** Takes no more, and ends all connections. */
	readonly stopAccepting: () => void;
	/** The time is up: close the remaining connections. */
	readonly onCutOff: () => void;
};

export class ListeningRunner {
	/** Settles once every connection has ended and the port is free. */
	readonly closed: Promise<void>;
	readonly #options: ListeningRunnerOptions;
	#state: Listening;
	#cancelTick: (() => void) | undefined;
	#settle!: () => void;

	constructor(options: ListeningRunnerOptions) {
		this.#options = options;
		this.#state = {phase: 'binding', since: options.clock.monotonicMs()};
		this.closed = new Promise(resolve => {
			this.#settle = resolve;
		});
	}

	get state(): Listening {
		return this.#state;
	}

	bound(): void {
		this.#dispatch({type: 'bound', at: this.#now});
	}

	/** After 3 seconds the remaining connections are closed. */
	async drain(): Promise<void> {
		this.#dispatch({type: 'drain', at: this.#now});
		return this.closed;
	}

	/** The last connection has ended, and the port is free. */
	emptied(): void {
		this.#cancelTick?.();
		this.#dispatch({type: 'emptied', at: this.#now});
		this.#settle();
	}

	get #now(): number {
		return this.#options.clock.monotonicMs();
	}

	#dispatch(event: ListeningEvent): void {
		const before = this.#state;
		const [state, ...effects] = transitionServer(before, event);
		this.#state = state;
		const {clock, address, onEvent, stopAccepting, onCutOff} = this.#options;
		if (state.phase !== before.phase) {
			const place = placeOf(address());
			const isUdp = address().kind === 'udp';
			onEvent({
				type: 'listening',
				at: clock.wallMs(),
				state,
				place,
				...(isUdp && {link: {kind: 'udp'}}),
			});
		}

		for (const effect of effects) {
			switch (effect.type) {
				case 'stop-accepting': {
					this.#cancelTick = clock.setTimer(() => {
						// The timer may fire a fraction early, and is set only once.
						const due = this.#state.since + serverDrainTimeoutMs;
						this.#dispatch({type: 'tick', at: Math.max(this.#now, due)});
					}, serverDrainTimeoutMs);
					stopAccepting();
					break;
				}

				case 'cut-off': {
					onCutOff();
					break;
				}

				default: {
					assertNever(effect);
				}
			}
		}
	}
}
