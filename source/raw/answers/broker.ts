/**
 * `--broker`: what one peer says goes to the others.
 *
 * A speaker is not read until all others have what it said last, so the slowest
 * of them sets the pace, and nothing is left out. One that takes nothing for
 * some time is disconnected, or a single stopped program would stop them all.
 */
import type {Buffer} from 'node:buffer';
import {clearTimeout, setTimeout} from 'node:timers';
import {SockchatError} from '../../errors.js';
import type {Answerer, Speaker} from './answerer.js';

// Longer than a stopped process takes to be noticed and continued by a person,
// shorter than the patience of whoever waits for it.
const patienceMs = 5000;

const tooSlow = (peer: string, afterMs: number) =>
	new SockchatError(
		'ERR_SLOW_PEER',
		`${peer} has read nothing for ${afterMs / 1000} seconds while others waited for it; it is disconnected, and lacks what they say from here on.`,
	);

type Listener = {
	readonly peer: Speaker;
	/** Chunks on their way to it: of each speaker one at most. */
	waiting: number;
	/** Runs while any are. */
	timer: NodeJS.Timeout | undefined;
};

export class Broker {
	readonly #listeners = new Set<Listener>();
	readonly #onFailure: (error: SockchatError) => void;
	readonly #patienceMs: number;

	constructor(onFailure: (error: SockchatError) => void, waitMs = patienceMs) {
		this.#onFailure = onFailure;
		this.#patienceMs = waitMs;
	}

	join(peer: Speaker): Answerer {
		const own: Listener = {peer, waiting: 0, timer: undefined};
		this.#listeners.add(own);
		return {
			hear: async chunk => {
				await Promise.all(
					[...this.#listeners]
						.filter(listener => listener !== own)
						.map(async listener => this.#pass(chunk, listener)),
				);
			},
			async endHearing() {},
			leave: () => {
				this.#listeners.delete(own);
				clearTimeout(own.timer);
			},
		};
	}

	async #pass(chunk: Buffer, to: Listener): Promise<void> {
		to.waiting++;
		to.timer ??= setTimeout(() => {
			this.#onFailure(tooSlow(to.peer.name, this.#patienceMs));
			to.peer.disconnect();
		}, this.#patienceMs);
		await to.peer.write(chunk);
		to.waiting--;
		if (to.waiting > 0) {
			to.timer?.refresh();
		} else {
			clearTimeout(to.timer);
			to.timer = undefined;
		}
	}
}
