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
	readonly #syncData: typeof syncData;
	#cancel: (() => void) | undefined;
	#running: Promise<void> = Promise.resolve();
	#isDue = false;

	/** @param onFailure For one that the timer began. */
	constructor(
		setTimer: SetTimer,
		onFailure: (error: unknown) => void,
		sync = syncData,
	) {
		this.#setTimer = setTimer;
		this.#onFailure = onFailure;
		this.#syncData = sync;
	}

	/** Bytes were written that are to be on the disk within a second. */
	wrote(fd: number): void {
		this.#isDue = true;
		this.#cancel ??= this.#setTimer(() => {
			this.#cancel = undefined;
			this.#running = this.#syncAfter(this.#running, fd);
		}, intervalMs);
	}

	/** Resolves once all that was written is on the disk, and none runs. */
	async now(fd: number): Promise<void> {
		this.#cancel?.();
		this.#cancel = undefined;
		await this.#running;
		await this.#sync(fd);
	}

	/** What was written is to be synced no more: it stands elsewhere by now. */
	async forget(): Promise<void> {
		this.#cancel?.();
		this.#cancel = undefined;
		await this.#running;
		this.#isDue = false;
	}

	/** One at a time: a file must not be closed while an earlier one still runs. */
	async #syncAfter(before: Promise<void>, fd: number): Promise<void> {
		await before;
		try {
			await this.#sync(fd);
		} catch (error) {
			this.#onFailure(error);
		}
	}

	async #sync(fd: number): Promise<void> {
		if (!this.#isDue) {
			return;
		}

		this.#isDue = false;
		try {
			await this.#syncData(fd);
		} catch (error) {
			// The kernel tells of a failure once; the next one is to try again.
			this.#isDue = true;
			throw error;
		}
	}
}
