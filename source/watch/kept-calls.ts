/**
 * The newest calls of send() and recv(), until somebody opens a ladder: then one
 * sees how a connection began that is an hour old, or which of them are not kept.
 *
 * Heartbeats have few places of their own: they would drive out all else.
 */
import type {SocketEvent} from '../event/event.js';
import type {Step} from '../tcp/tcp.js';

export type CallEvent = Extract<SocketEvent, {type: 'step'}> & {
	readonly step: Extract<Step, {kind: 'call'}>;
};

/** As many as a ladder keeps, once it is open. */
const maxCalls = 2000;

const maxBeats = 200;

type Numbered = {readonly event: CallEvent; readonly number: number};

/** Once it is full, the next one replaces the oldest. */
class Newest {
	readonly #limit: number;
	#kept: Numbered[] = [];
	#count = 0;

	constructor(limit: number) {
		this.#limit = limit;
	}

	add(one: Numbered): void {
		this.#kept[this.#count % this.#limit] = one;
		this.#count++;
	}

	/** @returns Oldest first; it says how many are missing before it. */
	take(): readonly Numbered[] {
		const unkept = this.#count - this.#kept.length;
		const oldest = unkept % this.#limit;
		const [first, ...others] = [
			...this.#kept.slice(oldest),
			...this.#kept.slice(0, oldest),
		];
		this.forget();
		if (!first) {
			return [];
		}

		const {event, number} = first;
		return unkept === 0
			? [first, ...others]
			: [{event: {...event, step: {...event.step, unkept}}, number}, ...others];
	}

	forget(): void {
		this.#kept = [];
		this.#count = 0;
	}
}

export class KeptCalls {
	readonly #calls = new Newest(maxCalls);
	readonly #beats = new Newest(maxBeats);
	#next = 0;

	/** @param isBeat Whether it carried a heartbeat and nothing else. */
	add(event: CallEvent, isBeat: boolean): void {
		const kept = isBeat ? this.#beats : this.#calls;
		kept.add({event, number: this.#next++});
	}

	/** @returns All in their order; none is kept any more. */
	take(): readonly CallEvent[] {
		return [...this.#calls.take(), ...this.#beats.take()]
			.toSorted((one, other) => one.number - other.number)
			.map(({event}) => event);
	}

	forget(): void {
		this.#calls.forget();
		this.#beats.forget();
	}
}
