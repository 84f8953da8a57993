/** What a client measures on its connection: round trips and traffic. */
import type {ClientEvent} from '../event/event.js';
import type {Clock} from './clock.js';

// Often enough to look live, and rare compared to what it counts.
const sampleEveryMs = 250;

/** The counters of one connection. */
export type Counted = {
	readonly bytesIn: number;
	/** Bytes that the kernel took. */
	readonly bytesOut: number;
	/** Bytes that wait in Node for the kernel to take them. */
	readonly queuedBytes: number;
};

export class Gauges {
	readonly #clock: Clock;
	readonly #emit: (event: ClientEvent) => void;
	/** When each unanswered ping was written, monotonic, by its id. */
	readonly #pingedAt = new Map<number, number>();
	#cancelSample: (() => void) | undefined;
	/** Bytes of earlier connections. */
	#before = {bytesIn: 0, bytesOut: 0};

	constructor(clock: Clock, emit: (event: ClientEvent) => void) {
		this.#clock = clock;
		this.#emit = emit;
	}

	pinged(id: number): void {
		this.#pingedAt.set(id, this.#clock.monotonicMs());
	}

	/** The heartbeat is over: what it moved is reported with its round trip. */
	ponged(id: number, socket: Counted): void {
		const pingedAt = this.#pingedAt.get(id);
		if (pingedAt !== undefined) {
			this.#pingedAt.delete(id);
			const rttMs = this.#clock.monotonicMs() - pingedAt;
			this.#emit({type: 'rtt', at: this.#clock.wallMs(), rttMs});
		}

		if (this.#cancelSample) {
			this.#cancelSample();
			this.#cancelSample = undefined;
			this.#sample(socket);
		}
	}

	/** Traffic passed: reports one sample a little later. */
	moved(socket: Counted): void {
		this.#cancelSample ??= this.#clock.setTimer(() => {
			this.#cancelSample = undefined;
			this.#sample(socket);
		}, sampleEveryMs);
	}

	/** The connection ended: its bytes stay counted, its open pings are dropped. */
	ended(socket: Counted): void {
		this.#cancelSample?.();
		this.#cancelSample = undefined;
		this.#sample(socket);
		this.#before = this.#total(socket);
		this.#pingedAt.clear();
	}

	#total({bytesIn, bytesOut}: Counted) {
		return {
			bytesIn: this.#before.bytesIn + bytesIn,
			bytesOut: this.#before.bytesOut + bytesOut,
		};
	}

	#sample(socket: Counted): void {
		this.#emit({
			type: 'traffic',
			at: this.#clock.wallMs(),
			...this.#total(socket),
			queuedBytes: socket.queuedBytes,
		});
	}
}
