/**
 * Buffers for bytes in bulk, used again and again. A new one for each read costs
 * the kernel 32 pages of zeros, and the garbage collector its work: as much as
 * the copying itself. The collector also lets tens of megabytes of them pile up.
 *
 * A chunk is a view into its buffer, beside those of other reads. It may be given
 * back only once nothing holds it, or any part of it; a buffer of which a chunk is
 * never given back is garbage, as any other.
 */
import {Buffer} from 'node:buffer';
import {Socket} from 'node:net';
import type {Readable} from 'node:stream';

/** What is read at once of a connection. */
export const pooledBytes = 128 * 1024;

/** As much as Node reads at once by itself; a read of it means more to come. */
export const bulkBytes = 64 * 1024;

// More of them are free only after a burst.
const maxFree = 4;

type Pooled = {
	readonly bytes: Buffer;
	filled: number;
	/** How many of its chunks were not given back. */
	held: number;
};

export class BufferPool {
	readonly #free: Pooled[] = [];
	readonly #owners = new WeakMap<Uint8Array, Pooled>();
	readonly #bytes: number;
	#current: Pooled | undefined;

	/** @param bytes What is read at once. */
	constructor(bytes = pooledBytes) {
		this.#bytes = bytes;
	}

	/** Where the next read is to go: never less than `bulkBytes`. */
	get room(): Buffer {
		this.#current ??= this.#free.pop() ?? {
			bytes: Buffer.allocUnsafeSlow(this.#bytes),
			filled: 0,
			held: 0,
		};
		return this.#current.bytes.subarray(this.#current.filled);
	}

	/** @returns The first bytes of `room`, which were read there. */
	fill(length: number): Buffer {
		const chunk = this.room.subarray(0, length);
		const current = this.#current!;
		current.filled += length;
		current.held++;
		this.#owners.set(chunk, current);
		if (this.#bytes - current.filled < bulkBytes) {
			this.#current = undefined;
		}

		return chunk;
	}

	/** @param chunk Ignored if it was not filled here, or was given back. */
	giveBack(chunk: Uint8Array): void {
		const owner = this.#owners.get(chunk);
		if (!owner) {
			return;
		}

		this.#owners.delete(chunk);
		owner.held--;
		const isIdle = owner.held === 0 && owner !== this.#current;
		if (isIdle && this.#free.length < maxFree) {
			owner.filled = 0;
			this.#free.push(owner);
		}
	}
}

type Reading = {
	kBuffer: Buffer;
	kBufferGen: () => Buffer;
	kBufferCb: (length: number) => boolean;
};

type Handle = {readonly useUserBuffer: (buffer: Buffer) => void};

/**
 * From now on a socket reads into buffers of a pool. Its chunks come as before,
 * and whoever gets one may give it back.
 *
 * This is the option `onread` of node:net, which it takes only before connect(),
 * and not at all for a socket that it has accepted: so its fields are set here.
 * Where they are missing, everything stays as it is.
 *
 * @returns The pool.
 */
export const readIntoPool = (stream: Readable): BufferPool | undefined => {
	if (!(stream instanceof Socket) || stream.constructor !== Socket) {
		return undefined;
	}

	const handle = Reflect.get(stream, '_handle') as Partial<Handle> | undefined;
	const fields = new Map(
		Object.getOwnPropertySymbols(stream).map(symbol => [
			symbol.description,
			symbol,
		]),
	);
	const set = <Name extends keyof Reading>(
		name: Name,
		value: Reading[Name],
	): void => {
		Reflect.set(stream, fields.get(name)!, value);
	};

	const names = ['kBuffer', 'kBufferGen', 'kBufferCb'] as const;
	if (!handle?.useUserBuffer || names.some(name => !fields.has(name))) {
		return undefined;
	}

	const pool = new BufferPool();
	const first = pool.room;
	set('kBuffer', first);
	set('kBufferCb', length => stream.push(pool.fill(length)));
	set('kBufferGen', () => pool.room);
	handle.useUserBuffer(first);
	return pool;
};
