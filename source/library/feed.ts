/**
 * Async iteration over what happens, for readers that may be slow or absent.
 *
 * Each reader gets every item, in order, or one that states what is missing.
 *
 * While nobody reads, items wait for the next reader, and a reader that stops
 * hands on what it didn't read: nothing is lost between one loop and the next.
 *
 * At most `maxUnread` items wait for a reader. The sender is never held up: a
 * member that doesn't read its socket would not get its receipts either.
 */

/** The most items that wait for one reader. */
export const maxUnread = 1000;

type Ending = {readonly error: unknown};

type Waiting<T> = {
	readonly resolve: (result: IteratorResult<T, undefined>) => void;
	readonly reject: (error: unknown) => void;
};

const over = {done: true, value: undefined} as const;

/** Adds an item; if there are too many, the oldest becomes a part of the next. */
const add = <T>(items: T[], item: T, merge: (lost: T, next: T) => T): void => {
	items.push(item);
	const [lost, next] = items;
	if (items.length > maxUnread) {
		items.splice(0, 2, merge(lost!, next!));
	}
};

class Reader<T> implements AsyncIterableIterator<T, undefined> {
	/** In order; the feed's when this reader begins and stops. */
	readonly unread: T[];
	readonly #waiting: Array<Waiting<T>> = [];
	readonly #onStop: () => void;
	#ending: Ending | undefined;
	#isOver = false;

	constructor(unread: T[], ending: Ending | undefined, onStop: () => void) {
		this.unread = unread;
		this.#ending = ending;
		this.#onStop = onStop;
	}

	[Symbol.asyncIterator](): this {
		return this;
	}

	take(item: T, merge: (lost: T, next: T) => T): void {
		const waiting = this.#waiting.shift();
		if (waiting) {
			waiting.resolve({done: false, value: item});
		} else {
			add(this.unread, item, merge);
		}
	}

	end(ending: Ending): void {
		this.#ending = ending;
		for (const {resolve, reject} of this.#waiting.splice(0)) {
			this.#finish(resolve, reject);
		}
	}

	async next(): Promise<IteratorResult<T, undefined>> {
		return new Promise((resolve, reject) => {
			if (this.#isOver) {
				resolve(over);
			} else if (this.unread.length > 0) {
				resolve({done: false, value: this.unread.shift()!});
			} else if (this.#ending) {
				this.#finish(resolve, reject);
			} else {
				this.#waiting.push({resolve, reject});
			}
		});
	}

	async return(): Promise<IteratorResult<T, undefined>> {
		if (!this.#isOver) {
			this.#isOver = true;
			for (const {resolve} of this.#waiting.splice(0)) {
				resolve(over);
			}

			this.#onStop();
		}

		return over;
	}

	/** The error is thrown once; then, as with any iterator, it is over. */
	#finish(resolve: Waiting<T>['resolve'], reject: Waiting<T>['reject']): void {
		const error = this.#ending?.error;
		if (this.#isOver || error === undefined) {
			resolve(over);
		} else {
			reject(error);
		}

		this.#isOver = true;
	}
}

export class Feed<T> {
	readonly #merge: (lost: T, next: T) => T;
	readonly #readers = new Set<Reader<T>>();
	#unread: T[] = [];
	#ending: Ending | undefined;

	/** @param merge Makes one item of two: the second, and that the first is lost. */
	constructor(merge: (lost: T, next: T) => T) {
		this.#merge = merge;
	}

	push(item: T): void {
		if (this.#ending) {
			return;
		}

		if (this.#readers.size === 0) {
			add(this.#unread, item, this.#merge);
		}

		for (const reader of this.#readers) {
			reader.take(item, this.#merge);
		}
	}

	/**
	 * No more will come. Readers get what waits for them first.
	 *
	 * @param error Thrown to each reader at the end; undefined for a good end.
	 */
	end(error: unknown): void {
		this.#ending ??= {error};
		for (const reader of this.#readers) {
			reader.end(this.#ending);
		}
	}

	/** The same at once: what waits is dropped. */
	abort(error: unknown): void {
		this.#unread = [];
		for (const {unread} of this.#readers) {
			unread.length = 0;
		}

		this.end(error);
	}

	/** A reader: of what nobody has read yet, unless somebody is reading. */
	read(): AsyncIterableIterator<T, undefined> {
		const unread = this.#readers.size === 0 ? this.#unread : [];
		if (this.#readers.size === 0) {
			this.#unread = [];
		}

		const reader = new Reader<T>(unread, this.#ending, () => {
			this.#readers.delete(reader);
			if (this.#readers.size === 0) {
				this.#unread = reader.unread;
			}
		});
		this.#readers.add(reader);
		return reader;
	}
}
