/**
 * Of an RST that was captured nothing has to be inferred: with a capture, the
 * one that the kernel's counters show is the same. And while segments are
 * captured, none is missed for want of a count. Pure.
 */
import type {PortEvent} from '../../event/port-event.js';
import {seenBy} from '../../tcp/step-time.js';
import type {Step} from '../../tcp/tcp.js';

/** Of how many connections it is known; the oldest is forgotten. */
const maxPeers = 1000;

export class CapturedResets {
	/** By peer, when its connection was reset last. */
	readonly #resetAt = new Map<string, number>();
	#isCapturing = false;

	note(steps: readonly Step[]): void {
		this.#isCapturing = true;
		for (const step of steps) {
			const {peer} = step;
			if (step.kind !== 'segment' || step.segment !== 'RST' || !peer) {
				continue;
			}

			this.#resetAt.delete(peer);
			this.#resetAt.set(peer, seenBy(step));
			if (this.#resetAt.size <= maxPeers) {
				continue;
			}

			const [oldest] = this.#resetAt.keys();
			this.#resetAt.delete(oldest!);
		}
	}

	/** Those that say something new. */
	without(events: readonly PortEvent[]): readonly PortEvent[] {
		return events.filter(event => {
			if (event.type === 'uncounted') {
				return !this.#isCapturing;
			}

			if (event.type !== 'step' || event.step.kind !== 'segment') {
				return true;
			}

			const {reason, peer, at, notBefore} = event.step;
			const resetAt = this.#resetAt.get(peer ?? '') ?? -Infinity;
			return reason === undefined || resetAt < (at ?? notBefore);
		});
	}
}
