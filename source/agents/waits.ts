/**
 * Waiting for a message: a promise, a timer, and a signal. Nothing is asked for
 * meanwhile, so one that waits costs nothing.
 */
import type {Clock} from '../socket/clock.js';
import type {Heard, Wanted} from './inbox.js';

export type WaitOptions = {
	/** By default, what calls the agent. */
	readonly wanted?: Wanted | undefined;
	readonly seconds: number;
	/** Its abort ends the wait at once. */
	readonly signal: AbortSignal;
	/** Called every few seconds, with how many have passed. */
	readonly onProgress?: ((seconds: number) => void) | undefined;
};

/** Why a wait ended without a message. */
export type Unmet = 'timeout' | 'aborted' | 'ended';

/** A message that this wait returns, and no other does. */
export type Handed = {
	readonly heard: Heard;
	/** Takes that back: it was not delivered. */
	readonly undo: () => void;
};

type Waiting = {
	readonly isWanted: Wanted;
	readonly settle: (outcome: Handed | Unmet) => void;
};

// Clients give up after a minute or so without a word.
const progressMs = 5000;

export class Waits {
	readonly #clock: Clock;
	#waiting: Waiting[] = [];

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	async wait(
		isWanted: Wanted,
		{
			seconds,
			signal,
			onProgress,
			isFirst = false,
		}: Omit<WaitOptions, 'wanted'> & {
			/** Whether it is offered messages before other waits. */
			readonly isFirst?: boolean;
		},
	): Promise<Handed | Unmet> {
		if (signal.aborted) {
			return 'aborted';
		}

		return new Promise(resolve => {
			let passedMs = 0;
			let cancelProgress = () => {};
			const tick = () => {
				cancelProgress = this.#clock.setTimer(() => {
					passedMs += progressMs;
					onProgress!(passedMs / 1000);
					tick();
				}, progressMs);
			};

			const abort = () => {
				waiting.settle('aborted');
			};

			const waiting: Waiting = {
				isWanted,
				settle: outcome => {
					cancel();
					cancelProgress();
					signal.removeEventListener('abort', abort);
					this.#waiting = this.#waiting.filter(each => each !== waiting);
					resolve(outcome);
				},
			};
			const cancel = this.#clock.setTimer(() => {
				waiting.settle('timeout');
			}, seconds * 1000);
			if (onProgress) {
				tick();
			}

			signal.addEventListener('abort', abort, {once: true});
			if (isFirst) {
				this.#waiting.unshift(waiting);
			} else {
				this.#waiting.push(waiting);
			}
		});
	}

	/**
	 * Offers a message to those who wait, the first of them first.
	 *
	 * @param hand Called if one of them takes it; returns what takes that back.
	 */
	offer(heard: Heard, hand: () => () => void): boolean {
		for (const {isWanted, settle} of this.#waiting) {
			if (isWanted(heard)) {
				settle({heard, undo: hand()});
				return true;
			}
		}

		return false;
	}

	/** Nothing will come any more. */
	end(): void {
		for (const {settle} of this.#waiting) {
			settle('ended');
		}
	}
}
