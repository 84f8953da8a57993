/**
 * Where chunks are noted as they are read and written, for whoever watches
 * the wire; off, it costs a look at a boolean.
 */
import {Buffer} from 'node:buffer';
import type {WireEvent} from '../store/event.js';
import {maxChunkBytes} from '../store/wire.js';
import type {Clock} from './clock.js';

export class WireTap {
	isOn = false;
	readonly #clock: Clock;
	readonly #emit: (event: WireEvent) => void;

	constructor(clock: Clock, emit: (event: WireEvent) => void) {
		this.#clock = clock;
		this.#emit = emit;
	}

	/** @param peer Whose chunk it is, on a server. */
	note(
		direction: 'in' | 'out',
		peer: string | undefined,
		chunk: Buffer | string,
	): void {
		if (!this.isOn) {
			return;
		}

		const whole = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
		this.#emit({
			type: 'wire',
			at: this.#clock.wallMs(),
			direction,
			peer,
			// A copy: a slice would keep the whole of Node's pool or of the log.
			bytes: Buffer.from(whole.subarray(0, maxChunkBytes)),
			length: whole.length,
		});
	}
}
