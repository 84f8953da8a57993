/**
 * Holds a state outside React and publishes it at most 30 times a second: a
 * flood costs frames, never keystrokes.
 *
 * The shape is what `useSyncExternalStore` takes.
 */

const publishEveryMs = 33;

export type StoreClock = {
	readonly monotonicMs: () => number;
	readonly setTimer: (callback: () => void, delayMs: number) => () => void;
};

export class Published<State, Event> {
	readonly #clock: StoreClock;
	readonly #reduce: (state: State, events: readonly Event[]) => State;
	readonly #listeners = new Set<() => void>();
	#state: State;
	#events: Event[] = [];
	#publishedAt = -Infinity;
	#cancel: (() => void) | undefined;
	#isResting = false;

	constructor(
		state: State,
		clock: StoreClock,
		reduce: (state: State, events: readonly Event[]) => State,
	) {
		this.#state = state;
		this.#clock = clock;
		this.#reduce = reduce;
	}

	/** The state as last published. */
	readonly getSnapshot = (): State => this.#state;

	readonly subscribe = (listener: () => void): (() => void) => {
		this.#listeners.add(listener);
		return () => {
			this.#listeners.delete(listener);
		};
	};

	/** Queues an event; the next publication shows it. */
	readonly dispatch = (event: Event): void => {
		this.#events.push(event);
		// A single event shows at once, a flood at the store's pace.
		this.#cancel ??= this.#clock.setTimer(
			() => {
				this.#publish();
			},
			Math.max(
				0,
				this.#publishedAt + publishEveryMs - this.#clock.monotonicMs(),
			),
		);
	};

	/** Whether gauges rest, because nobody looks at them. */
	readonly isResting = (): boolean => this.#isResting;

	/** Lets gauges rest while the terminal is out of sight, and wakes them. */
	readonly rest = (isResting: boolean): void => {
		if (this.#isResting !== isResting) {
			this.#isResting = isResting;
			this.#tell();
		}
	};

	/** Publishes the queued events now. */
	flush(): void {
		this.#cancel?.();
		this.#publish();
	}

	#publish(): void {
		this.#cancel = undefined;
		this.#publishedAt = this.#clock.monotonicMs();
		const events = this.#events;
		this.#events = [];
		this.#state = this.#reduce(this.#state, events);
		this.#tell();
	}

	#tell(): void {
		for (const listener of this.#listeners) {
			listener();
		}
	}
}
