/** The receiving half of a connection: what comes goes to an output. */
import type {Buffer} from 'node:buffer';
import type {Duplex, Writable} from 'node:stream';
import {pipeline} from 'node:stream/promises';

export type Receiving = {
	/** Stays open at the end. */
	readonly output: Writable;
	/** Makes bytes fit for the output, if that is a terminal. */
	readonly createDisplay?: (() => Duplex) | undefined;
	/**
	 * Called after each chunk, if chunks are counted.
	 *
	 * @returns Whether more are wanted.
	 */
	readonly onChunk?: (() => boolean) | undefined;
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

/** One by one, to stop right after the last that is wanted. */
const receiveChunks = async (
	stream: Duplex,
	output: Writable,
	onChunk: () => boolean,
): Promise<void> => {
	for await (const chunk of stream.iterator({destroyOnReturn: false})) {
		await write(output, chunk as Buffer);
		if (!onChunk()) {
			return;
		}
	}
};

/** Settles when the other side has ended, or enough chunks have come. */
export const receive = async (
	stream: Duplex,
	{output, createDisplay, onChunk}: Receiving,
): Promise<void> => {
	const display = createDisplay?.();
	if (!onChunk) {
		await (display
			? pipeline(stream, display, output, {end: false})
			: pipeline(stream, output, {end: false}));
		return;
	}

	if (!display) {
		await receiveChunks(stream, output, onChunk);
		return;
	}

	const shown = pipeline(display, output, {end: false});
	await Promise.all([
		receiveChunks(stream, display, onChunk).finally(() => {
			display.end();
		}),
		shown,
	]);
};
