/** What a pipe sends, and how a connection gets it: alone, or after others. */
import type {Buffer} from 'node:buffer';
import type {Duplex, Readable, Writable} from 'node:stream';
import {pipeline} from 'node:stream/promises';
import type {BufferPool} from '../socket/stream/buffer-pool.js';
import {lineEndTransform, type LineEnding} from './line-ends.js';
import {Cutter} from './messages/cut.js';

/** What is sent. */
export type Input = {
	readonly stream: Readable;
	/** Whether it ends by itself: a file, or a text. */
	readonly isFinite: boolean;
	/** Replaces each line end; without it nothing is touched. */
	readonly lineEnding: LineEnding | undefined;
	/** Makes messages of it, for a link that has them. */
	readonly createCutter?: (() => Cutter) | undefined;
	/** Whether its end sends FIN. */
	readonly isShutdown: boolean;
	/** Takes chunks of the stream back that nobody needs any longer. */
	readonly giveBack?: ((chunk: Buffer) => void) | undefined;
	/** Where changed line ends are written; by default in new buffers. */
	readonly pool?: BufferPool | undefined;
};

/** What the input goes through before it is sent. */
export const inputStages = ({
	lineEnding,
	createCutter,
	giveBack,
	pool,
}: Pick<
	Input,
	'lineEnding' | 'createCutter' | 'giveBack' | 'pool'
>): readonly Duplex[] => [
	...(lineEnding === undefined
		? []
		: [lineEndTransform(lineEnding, {onCopied: giveBack, pool})]),
	...(createCutter ? [createCutter()] : []),
];

/** What takes back what was sent; undefined if that is only made of chunks. */
export const giveBackOf = ({
	lineEnding,
	createCutter,
	giveBack,
	pool,
}: Input): Input['giveBack'] => {
	if (createCutter) {
		return undefined;
	}

	return lineEnding === undefined
		? giveBack
		: pool &&
				(chunk => {
					pool.giveBack(chunk);
				});
};

/**
 * How much was read; what waits between the stages was read, too.
 *
 * @param stages What it goes through.
 * @param bytesPassed How much has left the last of them.
 */
export const bytesReadBy = (
	stages: readonly Readable[],
	bytesPassed: number,
): number => {
	let sum = 0;
	for (const stage of stages) {
		// The length of one that makes messages is how many there are.
		sum +=
			stage instanceof Cutter
				? stage.madeBytes + stage.heldBytes - bytesPassed
				: stage.readableLength;
	}

	return bytesPassed + sum;
};

/** What a cutter keeps until a message is whole. */
const heldBytesOf = (stages: readonly Readable[]): number => {
	const last = stages.at(-1);
	return last instanceof Cutter ? last.heldBytes : 0;
};

export type Feed = {
	readonly input: Input;
	/** How much was read; line ends count as they are sent. */
	readonly bytesRead: number;
	/** How much of that is the beginning of a message, and can't be given yet. */
	readonly heldBytes: number;
	readonly hasEnded: boolean;
	/** Why the input can't be read or cut. */
	readonly error: Error | undefined;
	/**
	 * Gives all that is left to the sending half of a connection, and ends that.
	 *
	 * @returns Settles with whether the kernel took it.
	 */
	readonly giveTo: (sink: Writable) => Promise<boolean>;
	/** Gives no more. */
	readonly takeBack: (sink: Writable) => void;
	/** The connection has closed. */
	readonly release: () => void;
};

/** An input for one connection, which goes away with it. */
export class OwnFeed implements Feed {
	readonly input: Input;
	hasEnded = false;
	error: Error | undefined;
	#stages: readonly Readable[] = [];
	#bytesPassed = 0;

	constructor(input: Input) {
		this.input = input;
	}

	/** What waits in a stream was read, too. */
	get bytesRead(): number {
		return bytesReadBy(this.#stages, this.#bytesPassed);
	}

	get heldBytes(): number {
		return heldBytesOf(this.#stages);
	}

	async giveTo(sink: Writable): Promise<boolean> {
		const {stream} = this.input;
		const changes = inputStages(this.input);
		this.#stages = [stream, ...changes];
		this.#stages.at(-1)!.on('data', (chunk: Buffer) => {
			this.#bytesPassed += chunk.length;
		});
		for (const stage of this.#stages) {
			stage.on('error', error => {
				// A pipeline that breaks further on destroys it with that error.
				if (!sink.destroyed) {
					this.error ??= error;
				}
			});
		}

		stream.once('end', () => {
			this.hasEnded = true;
		});
		try {
			await pipeline([stream, ...changes, sink]);
			return true;
		} catch {
			return false;
		}
	}

	takeBack(sink: Writable): void {
		const last = this.#stages.at(-1);
		last?.unpipe(sink);
		last?.pause();
	}

	release(): void {
		this.input.stream.destroy();
	}
}

/**
 * An input for one connection after another: what is not read yet is for the
 * next. What was given to one that broke is not given again, as the kernel may
 * have taken a part of it.
 */
export class SharedFeed implements Feed {
	readonly input: Input;
	bytesRead = 0;
	/** What isn't a message yet isn't counted as read. */
	readonly heldBytes = 0;
	hasEnded = false;
	error: Error | undefined;
	readonly #source: Readable;

	constructor(input: Input) {
		const {stream} = input;
		this.input = input;
		const fail = (error: Error) => {
			this.error ??= error;
			this.#source.destroy();
		};

		let source = stream.on('error', fail);
		for (const change of inputStages(input)) {
			source = source.pipe(change).on('error', fail);
		}

		this.#source = source;
		// Else it would flow as soon as somebody counts.
		this.#source.pause();
		this.#source.on('data', (chunk: Buffer) => {
			this.bytesRead += chunk.length;
		});
		this.#source.once('end', () => {
			this.hasEnded = true;
		});
	}

	async giveTo(sink: Writable): Promise<boolean> {
		const source = this.#source;
		if (source.destroyed && !this.hasEnded) {
			return false;
		}

		if (!this.hasEnded) {
			await new Promise<void>(resolve => {
				const stop = () => {
					source.off('end', stop).off('close', stop);
					sink.off('error', stop).off('close', stop).off('unpipe', stop);
					this.takeBack(sink);
					resolve();
				};

				source.on('end', stop).on('close', stop);
				sink.on('error', stop).on('close', stop).on('unpipe', stop);
				source.pipe(sink, {end: false});
			});
		}

		return (
			this.hasEnded &&
			new Promise(resolve => {
				sink.end((error?: Error) => {
					resolve(!error);
				});
			})
		);
	}

	takeBack(sink: Writable): void {
		this.#source.unpipe(sink);
		this.#source.pause();
	}

	release(): void {
		// It is for the next connection.
	}
}
