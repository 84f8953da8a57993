/**
 * Buffers for bytes in bulk, used again and again. A new one for each read costs
 * the kernel 32 pages of zeros, and the garbage collector its work: as much as
 * the copying itself.
 *
 * A chunk is a view into its buffer. It may be given back only once nothing
 * holds the chunk, or any part of it; what is never given back is garbage, as
 * any other chunk.
 */
import {Buffer} from 'node:buffer';
import {Socket} from 'node:net';
import type {Duplex} from 'node:stream';

/** What is read at once. */
export const pooledBytes = 128 * 1024;

/** As much as Node reads at once by itself; a read of it means more to come. */
export const bulkBytes = 64 * 1024;

// More of them are free only after a burst.
const maxFree = 4;

export class BufferPool {
	readonly #free: Buffer[] = [];
	readonly #taken = new WeakMap<ArrayBufferLike, Buffer>();

	take(): Buffer {
		const buffer = this.#free.pop() ?? Buffer.allocUnsafeSlow(pooledBytes);
		this.#taken.set(buffer.buffer, buffer);
		return buffer;
	}

	/** @param chunk Ignored if it is of no buffer that was taken here. */
	giveBack(chunk: Uint8Array): void {
		const buffer = this.#taken.get(chunk.buffer);
		if (buffer && this.#free.length < maxFree) {
			this.#taken.delete(chunk.buffer);
			this.#free.push(buffer);
		}
	}
}

// A chunk that waits holds its whole buffer; copying one this small is cheap.
const smallBytes = 16 * 1024;

type Reading = {
	kBuffer: Buffer;
	kBufferGen: () => Buffer;
	kBufferCb: (length: number, buffer: Buffer) => boolean;
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
export const readIntoPool = (stream: Duplex): BufferPool | undefined => {
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
	let next = pool.take();
	set('kBuffer', next);
	set('kBufferCb', (length, buffer) => {
		if (length < smallBytes) {
			return stream.push(Buffer.from(buffer.subarray(0, length)));
		}

		next = pool.take();
		return stream.push(buffer.subarray(0, length));
	});
	set('kBufferGen', () => next);
	handle.useUserBuffer(next);
	return pool;
};
