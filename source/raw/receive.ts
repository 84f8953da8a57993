/** The receiving half of a connection: what comes goes to an output. */
import type {Buffer} from 'node:buffer';
import {Writable, type Duplex} from 'node:stream';
import {pipeline} from 'node:stream/promises';
import {
	bulkBytes,
	readIntoPool,
	type BufferPool,
} from '../socket/stream/buffer-pool.js';

/** How many chunks are wanted, of one connection or of several together. */
export class Replies {
	/** How many have yet to come. */
	missing: number;
	/** How many of these are not on their way to the output. */
	#free: number;
	readonly #onEnough: () => void;

	/** @param onEnough Called once the output has all of them. */
	constructor(wanted: number, onEnough: () => void = () => undefined) {
		this.missing = wanted;
		this.#free = wanted;
		this.#onEnough = onEnough;
	}

	/** @returns Whether a chunk that has come is wanted. */
	claim(): boolean {
		this.#free--;
		return this.#free >= 0;
	}

	/**
	 * The output has one that was wanted.
	 *
	 * @returns Whether more are wanted.
	 */
	count(): boolean {
		this.missing--;
		if (this.missing === 0) {
			this.#onEnough();
		}

		return this.#free > 0;
	}
}

export type Receiving = {
	/** Stays open at the end. */
	readonly output: Writable;
	/** Whether nothing holds a chunk any longer once its write is done. */
	readonly isDirect?: boolean | undefined;
	/** Makes bytes of messages. */
	readonly format?: Duplex | undefined;
	/** Makes bytes fit for the output, if that is a terminal. */
	readonly createDisplay?: (() => Duplex) | undefined;
	/** Set if chunks are counted. */
	readonly replies?: Replies | undefined;
	/**
	 * Called with each chunk once the output has it; the next one is read when it
	 * has settled.
	 *
	 * @returns Whether it is to be called again.
	 */
	readonly onHeard?: ((chunk: Buffer) => Promise<boolean>) | undefined;
};

const write = async (output: Writable, chunk: Buffer): Promise<void> =>
	new Promise((resolve, reject) => {
		output.write(chunk, error => {
			if (error) {
				reject(error);
			} else {
				resolve();
			}
		});
	});

/**
 * One by one, to stop right after the last that is wanted, or to go on at full
 * speed once nobody listens any more.
 */
const receiveChunks = async (
	stream: Duplex,
	output: Writable,
	{replies, onHeard}: Pick<Receiving, 'replies' | 'onHeard'>,
): Promise<void> => {
	let isHeard = onHeard !== undefined;
	let isUnheard = false;
	for await (const chunk of stream.iterator({destroyOnReturn: false})) {
		if (replies?.claim() === false) {
			return;
		}

		await write(output, chunk as Buffer);
		isHeard &&= await onHeard!(chunk as Buffer);
		if (replies?.count() === false) {
			return;
		}

		if (!replies && !isHeard) {
			isUnheard = true;
			break;
		}
	}

	if (isUnheard && !stream.readableEnded) {
		// A pipeline of one whose end was read, but not reported, never settles.
		if (stream.destroyed) {
			throw stream.errored ?? new Error('The connection is closed.');
		}

		await pipeline(stream, wayTo(output, stream, false));
	}
};

/**
 * The way of one connection to the output, which goes on without it: a pipeline
 * that ended there would leave its listeners on it, once for each connection.
 *
 * @param isReused Whether what comes in bulk is read into buffers that are used
 * again.
 */
const wayTo = (
	output: Writable,
	stream: Duplex,
	isReused: boolean,
): Writable => {
	let pool: BufferPool | undefined;
	let isAsked = !isReused;
	const way = new Writable({
		write(chunk: Buffer, _encoding, done) {
			if (!isAsked && chunk.length >= bulkBytes) {
				isAsked = true;
				pool = readIntoPool(stream);
			}

			output.write(chunk, error => {
				if (!error) {
					pool?.giveBack(chunk);
				}

				done(error);
			});
		},
		destroy(error, done) {
			output.off('error', fail).off('close', fail);
			done(error);
		},
	});
	const fail = (error = new Error('The output is closed.')) => {
		way.destroy(error);
	};

	output.on('error', fail).on('close', fail);
	return way;
};

/** Settles when the other side has ended, or enough chunks have come. */
export const receive = async (
	stream: Duplex,
	{output, isDirect, format, createDisplay, replies, onHeard}: Receiving,
): Promise<void> => {
	const display = createDisplay?.();
	const stages = [format, display].filter(stage => stage !== undefined);
	const [first] = stages;
	if (!replies && !onHeard) {
		const isReused = isDirect === true && stages.length === 0;
		await pipeline([stream, ...stages, wayTo(output, stream, isReused)]);
		return;
	}

	if (!first) {
		await receiveChunks(stream, output, {replies, onHeard});
		return;
	}

	const shown = pipeline([...stages, wayTo(output, stream, false)]);
	await Promise.all([
		receiveChunks(stream, first, {replies, onHeard}).finally(() => {
			first.end();
		}),
		shown,
	]);
};
