/**
 * Time that stands still until a test advances it. Sockets keep running: wait for
 * what they bring, then advance.
 */
import {systemClock, type Clock} from '../../source/socket/clock.js';

/** Ten times as fast, for a relay's beats: six seconds are a long test. */
export const fastClock: Clock = {
	monotonicMs: () => systemClock.monotonicMs() * 10,
	wallMs: () => systemClock.wallMs(),
	setTimer: (callback, delayMs) => systemClock.setTimer(callback, delayMs / 10),
};

type Timer = {readonly due: number; readonly callback: () => void};

const startedAt = 5_000_000;
const startedWallAt = Date.UTC(2026, 0, 2, 3, 4, 5);

export class FakeClock implements Clock {
	/** An offset of the wall clock that the monotonic one doesn't have. */
	wallOffsetMs = 0;
	#now = startedAt;
	readonly #timers = new Map<Timer, number>();

	readonly monotonicMs = (): number => this.#now;
	readonly wallMs = (): number =>
		startedWallAt + this.#now - startedAt + this.wallOffsetMs;

	readonly setTimer = (callback: () => void, delayMs: number) => {
		const timer = {due: this.#now + delayMs, callback};
		this.#timers.set(timer, delayMs);
		return () => {
			this.#timers.delete(timer);
		};
	};

	/** The delays of all timers that are set. */
	get delays(): readonly number[] {
		return Array.from(this.#timers, ([, delayMs]) => delayMs);
	}

	/** Advances; each timer fires at its time, also one set meanwhile. */
	advance(ms: number): void {
		const end = this.#now + ms;
		for (let next = this.#next(end); next; next = this.#next(end)) {
			this.#now = Math.max(this.#now, next.due);
			this.#fire(next);
		}

		this.#now = end;
	}

	/** Like a stopped process that continues: everything due is late. */
	jump(ms: number): void {
		this.#now += ms;
		for (let next = this.#next(this.#now); next; next = this.#next(this.#now)) {
			this.#fire(next);
		}
	}

	#next(end: number): Timer | undefined {
		let first: Timer | undefined;
		for (const timer of this.#timers.keys()) {
			if (timer.due <= end && timer.due < (first?.due ?? Infinity)) {
				first = timer;
			}
		}

		return first;
	}

	#fire(timer: Timer): void {
		this.#timers.delete(timer);
		timer.callback();
	}
}
