/**
 * When written bytes reach the disk, by fdatasync(2).
 *
 * A process that dies loses nothing: the kernel has the bytes. This is for a
 * machine that goes down: with 'always' nothing that was shown is lost; with
 * 'interval' the last second of it may be.
 */
import {syncData} from './disk.js';

export type FsyncMode = 'always' | 'interval';

/** Calls back once after the delay. @returns Cancels it. */
export type SetTimer = (callback: () => void, delayMs: number) => () => void;

const intervalMs = 1000;

export class Syncing {
	readonly #setTimer: SetTimer;
	readonly #onTrouble: (error: unknown) => void;
	readonly #syncData: typeof syncData;
	#cancel: (() => void) | undefined;
	#running: Promise<void> = Promise.resolve();
	#isDue = false;
	/** A sync failed, was reported, and none has succeeded since. */
	#isFailing = false;
	#isRetrying = false;

	/**
	 * @param onTrouble Called when a sync in the background fails, once until one
	 * succeeds; then with undefined.
	 */
	constructor(
		setTimer: SetTimer,
		onTrouble: (error: unknown) => void,
		sync = syncData,
	) {
		this.#setTimer = setTimer;
		this.#onTrouble = onTrouble;
		this.#syncData = sync;
	}

	/** Call after a write; the bytes will be on the disk within a second. */
	wrote(fd: number): void {
		this.#isDue = true;
		this.#cancel ??= this.#setTimer(() => {
			this.#cancel = undefined;
			this.#running = this.#syncAfter(this.#running, fd);
		}, intervalMs);
	}

	/** Tries a failed sync again. Call once a second: in a quiet room no write does. */
	async retry(fd: number): Promise<void> {
		if (this.#isFailing && !this.#cancel && !this.#isRetrying) {
			this.#isRetrying = true;
			this.#running = this.#syncAfter(this.#running, fd);
			await this.#running;
			this.#isRetrying = false;
		}
	}

	/** Resolves once all written bytes are on the disk and no sync runs. */
	async now(fd: number): Promise<void> {
		this.#cancel?.();
		this.#cancel = undefined;
		await this.#running;
		await this.#sync(fd);
	}

	/** Stops syncing this file: its bytes are in another file now. */
	async forget(): Promise<void> {
		this.#cancel?.();
		this.#cancel = undefined;
		await this.#running;
		this.#isDue = false;
		this.#isFailing = false;
	}

	/** One at a time: a file must not be closed while an earlier sync runs. */
	async #syncAfter(before: Promise<void>, fd: number): Promise<void> {
		await before;
		try {
			await this.#sync(fd);
		} catch (error) {
			if (!this.#isFailing) {
				this.#isFailing = true;
				this.#onTrouble(error);
			}
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
			// The kernel reports a failure once; the next sync is to try again.
			this.#isDue = true;
			throw error;
		}

		if (this.#isFailing) {
			this.#isFailing = false;
			this.#onTrouble(undefined);
		}
	}
}
