/** The receiving half of a connection: what comes goes to an output. */
import type {Buffer} from 'node:buffer';
import {Writable, type Duplex} from 'node:stream';
import {pipeline} from 'node:stream/promises';
import {
	bulkBytes,
	readIntoPool,
	type BufferPool,
} from '../socket/buffer-pool.js';

export type Receiving = {
	/** Stays open at the end. */
	readonly output: Writable;
	/** Whether nothing holds a chunk any longer once its write is done. */
	readonly isDirect?: boolean | undefined;
	/** Makes bytes of messages. */
	readonly format?: Duplex | undefined;
	/** Makes bytes fit for the output, if that is a terminal. */
	readonly createDisplay?: (() => Duplex) | undefined;
	/**
	 * Called after each chunk, if chunks are counted.
	 *
	 * @returns Whether more are wanted.
	 */
	readonly onChunk?: (() => boolean) | undefined;
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
	{onChunk, onHeard}: Pick<Receiving, 'onChunk' | 'onHeard'>,
): Promise<void> => {
	let isHeard = onHeard !== undefined;
	for await (const chunk of stream.iterator({destroyOnReturn: false})) {
		await write(output, chunk as Buffer);
		isHeard &&= await onHeard!(chunk as Buffer);
		if (onChunk && !onChunk()) {
			return;
		}

		if (!onChunk && !isHeard) {
			break;
		}
	}

	if (!onChunk && !stream.readableEnded) {
		await pipeline(stream, output, {end: false});
	}
};

/** Passes on what comes, in buffers that are used again once it comes in bulk. */
const inBulk = (stream: Duplex, output: Writable): Writable => {
	let pool: BufferPool | undefined;
	let isAsked = false;
	return new Writable({
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
	});
};

/** Settles when the other side has ended, or enough chunks have come. */
export const receive = async (
	stream: Duplex,
	{output, isDirect, format, createDisplay, onChunk, onHeard}: Receiving,
): Promise<void> => {
	const display = createDisplay?.();
	const stages = [format, display].filter(stage => stage !== undefined);
	const [first] = stages;
	if (!onChunk && !onHeard) {
		if (isDirect && stages.length === 0) {
			await pipeline(stream, inBulk(stream, output));
		} else {
			await pipeline([stream, ...stages, output], {end: false});
		}

		return;
	}

	if (!first) {
		await receiveChunks(stream, output, {onChunk, onHeard});
		return;
	}

	const shown = pipeline([...stages, output], {end: false});
	await Promise.all([
		receiveChunks(stream, first, {onChunk, onHeard}).finally(() => {
			first.end();
		}),
		shown,
	]);
};
