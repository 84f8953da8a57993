/**
 * Nicks of members whose connection dropped: kept for them for a while, so
 * that nobody comes back as somebody else while that one reconnects.
 */

/** How long a nick is kept after a drop. */
export const nickHoldMs = 60_000;

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
		return hold && hold.id !== id ? Math.max(0, hold.until - at) : 0;
	}

	release(key: string): void {
		this.#byKey.delete(key);
	}
}
