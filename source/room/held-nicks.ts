/**
 * Nicks of members whose connection dropped: kept for them for a while, so
 * that nobody comes back as somebody else while that one reconnects.
 */

/**
 * How long a nick is kept after a drop: a client that comes back has done so by
 * then, and somebody whose terminal broke need not wait long.
 */
export const nickHoldMs = 20_000;

// More would be somebody who joins and drops on purpose.
const maxHeld = 10_000;

type Hold = {readonly id: string; readonly until: number};

export class HeldNicks {
	readonly #byKey = new Map<string, Hold>();

	/**
	 * @param key Of the nick, by `foldNick`.
	 * @param at Milliseconds since the epoch.
	 */
	hold(key: string, id: string, at: number): void {
		// Deleted first, so that the map's order is the order of time.
		this.#byKey.delete(key);
		this.#byKey.set(key, {id, until: at + nickHoldMs});
		for (const [oldest, {until}] of this.#byKey) {
			if (until > at && this.#byKey.size <= maxHeld) {
				break;
			}

			this.#byKey.delete(oldest);
		}
	}

	/** @returns For how long yet it is kept for another; 0 if it is not. */
	heldMs(key: string, id: string, at: number): number {
		const hold = this.#byKey.get(key);
		const leftMs = hold && hold.id !== id ? hold.until - at : 0;
		// A clock that was set back would keep it for as long.
		return leftMs > nickHoldMs ? 0 : Math.max(0, leftMs);
	}

	/** Whether one is kept for it. */
	isFor(id: string): boolean {
		for (const hold of this.#byKey.values()) {
			if (hold.id === id) {
				return true;
			}
		}

		return false;
	}

	release(key: string): void {
		this.#byKey.delete(key);
	}
}
