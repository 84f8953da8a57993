/**
 * What a watch on a port sees, as steps: bytes that came through are the effect
 * of a send(), of which only the count is known.
 */
import type {Step} from '../tcp/tcp.js';
import {sendOf, type PortEvent} from '../event/port-event.js';

export class Transfers {
	/** Bytes so far, by connection and direction. */
	readonly #counts = new Map<string, number>();

	/** @returns Undefined for what is no step. */
	stepOf(event: PortEvent): Step | undefined {
		if (event.type === 'step') {
			return event.step;
		}

		if (event.type !== 'data') {
			return undefined;
		}

		const {from, bytes, peer} = event;
		const key = `${from} ${peer}`;
		const offset = this.#counts.get(key) ?? 0;
		this.#counts.set(key, offset + bytes);
		return sendOf(event, offset);
	}
}
