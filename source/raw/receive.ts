/** The receiving half of a connection: what comes goes to an output. */
import type {Buffer} from 'node:buffer';
import type {Duplex, Writable} from 'node:stream';
import {pipeline} from 'node:stream/promises';

export type Receiving = {
	/** Stays open at the end. */
	readonly output: Writable;
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

/** Settles when the other side has ended, or enough chunks have come. */
export const receive = async (
	stream: Duplex,
	{output, format, createDisplay, onChunk, onHeard}: Receiving,
): Promise<void> => {
	const display = createDisplay?.();
	const stages = [format, display].filter(stage => stage !== undefined);
	const [first] = stages;
	if (!onChunk && !onHeard) {
		await pipeline([stream, ...stages, output], {end: false});
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
