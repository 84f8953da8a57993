/**
 * When what was written reaches the disk, by fdatasync(2).
 *
 * A process that dies takes nothing with it: the kernel has the bytes. This is
 * for a machine that does: with 'always' nothing that was shown is lost, with
 * 'interval' what was written within the last second may be.
 */
import {syncData} from './disk.js';

export type FsyncMode = 'always' | 'interval';

/** Calls back once after the delay. @returns A way to call it off. */
export type SetTimer = (callback: () => void, delayMs: number) => () => void;

const intervalMs = 1000;

export class Syncing {
	readonly #setTimer: SetTimer;
	readonly #onFailure: (error: unknown) => void;
	#cancel: (() => void) | undefined;
	#running: Promise<void> = Promise.resolve();
	#isDue = false;

	/** @param onFailure For one that the timer began. */
	constructor(setTimer: SetTimer, onFailure: (error: unknown) => void) {
		this.#setTimer = setTimer;
		this.#onFailure = onFailure;
	}

	/** Bytes were written that are to be on the disk within a second. */
	wrote(fd: number): void {
		this.#isDue = true;
		this.#cancel ??= this.#setTimer(() => {
			this.#cancel = undefined;
			this.#running = this.#sync(fd).catch(this.#onFailure);
		}, intervalMs);
	}

	/** Resolves once all that was written is on the disk, and none runs. */
	async now(fd: number): Promise<void> {
		this.#cancel?.();
		this.#cancel = undefined;
		await this.#running;
		await this.#sync(fd);
	}

	async #sync(fd: number): Promise<void> {
		if (!this.#isDue) {
			return;
		}

		this.#isDue = false;
		try {
			await syncData(fd);
		} catch (error) {
			// The kernel tells of a failure once; the next one is to try again.
			this.#isDue = true;
			throw error;
		}
	}
}
