/**
 * Reserves the nicks of members whose connection dropped, so nobody can pose as
 * them while they reconnect.
 */

/**
 * How long a nick is reserved after a drop: long enough for a client to reconnect,
 * short enough for a user whose terminal broke.
 */
export const nickReservedMs = 20_000;

// More would mean that somebody joins and drops on purpose.
const maxReserved = 10_000;

type Reservation = {readonly id: string; readonly until: number};

export class ReservedNicks {
	readonly #byKey = new Map<string, Reservation>();

	/**
	 * @param key The nick's key, by `foldNick`.
	 * @param at Milliseconds since the epoch.
	 */
	reserve(key: string, id: string, at: number): void {
		// Deleted first to keep the map in order of time.
		this.#byKey.delete(key);
		this.#byKey.set(key, {id, until: at + nickReservedMs});
		for (const [oldest, {until}] of this.#byKey) {
			if (until > at && this.#byKey.size <= maxReserved) {
				break;
			}

			this.#byKey.delete(oldest);
		}
	}

	/** @returns How much longer it is reserved for another client; 0 if it isn't. */
	reservedMs(key: string, id: string, at: number): number {
		const reservation = this.#byKey.get(key);
		const leftMs =
			reservation && reservation.id !== id ? reservation.until - at : 0;
		// After the clock was set back the nick would stay reserved for that long.
		return leftMs > nickReservedMs ? 0 : Math.max(0, leftMs);
	}

	/** Whether a nick is reserved for this client. */
	hasFor(id: string): boolean {
		for (const reservation of this.#byKey.values()) {
			if (reservation.id === id) {
				return true;
			}
		}

		return false;
	}

	release(key: string): void {
		this.#byKey.delete(key);
	}
}
