/**
 * Where chunks are noted as they are read and written, for whoever watches
 * the wire. Off, it only counts, so that it knows where it is when it is on;
 * where nobody shows anything there is none.
 */
import {Buffer} from 'node:buffer';
import {type WireEvent, maxChunkBytes} from '../event/event.js';
import type {Clock} from '../socket/clock.js';

type Direction = WireEvent['direction'];

export class WireTap {
	isOn = false;
	readonly #clock: Clock;
	readonly #emit: (event: WireEvent) => void;
	/** Bytes so far, by direction and peer: counted on, also while it is off. */
	readonly #offsets = new Map<string, number>();

	constructor(clock: Clock, emit: (event: WireEvent) => void) {
		this.#clock = clock;
		this.#emit = emit;
	}

	/** A connection begins or is gone, and its two streams with it. */
	forget(peer: string | undefined): void {
		this.#offsets.delete(keyOf('in', peer));
		this.#offsets.delete(keyOf('out', peer));
	}

	/** @param peer Whose chunk it is, on a server. */
	note(
		direction: Direction,
		peer: string | undefined,
		chunk: Buffer | string,
	): void {
		const key = keyOf(direction, peer);
		const offset = this.#offsets.get(key) ?? 0;
		const length = Buffer.byteLength(chunk);
		this.#offsets.set(key, offset + length);
		if (!this.isOn) {
			return;
		}

		const whole = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
		// A copy: a slice would keep the whole of Node's pool or of the log.
		const bytes = Buffer.from(whole.subarray(0, maxChunkBytes));
		const at = this.#clock.wallMs();
		this.#emit({type: 'wire', at, direction, peer, offset, bytes, length});
	}
}

const keyOf = (direction: Direction, peer: string | undefined): string =>
	`${direction} ${peer ?? ''}`;
