/**
 * The input of a server that is a pipe: one peer at a time holds it, and nothing
 * is read while none does.
 *
 * What was given to one peer is not given to the next, as the kernel may have
 * taken a part of it.
 */
import type {Buffer} from 'node:buffer';
import type {Readable} from 'node:stream';
import {twoTurns} from '../socket/stream/turns.js';
import {bytesReadBy, inputStages, type Input} from './feed.js';
import type {Sink} from './sink.js';

export type Holder = {
	readonly sink: Sink;
	/** How much of the input it was given. */
	bytesGiven: number;
};

export class PeerInput<Peer extends Holder> {
	readonly #input: Input;
	readonly #onOver: () => void;
	readonly #onError: () => void;
	#holder: Peer | undefined;
	/** What is sent, once somebody is there: nothing is read before. */
	#source: Readable | undefined;
	readonly #stages: Readable[] = [];
	#isOver = false;
	#hasEnded = false;
	#error: Error | undefined;
	#bytesPassed = 0;
	#looked: Promise<void> | undefined;

	/**
	 * @param onOver Called when nobody gets any more of it.
	 * @param onError Called when it can't be read or cut.
	 */
	constructor(input: Input, onOver: () => void, onError: () => void) {
		this.#input = input;
		this.#onOver = onOver;
		this.#onError = onError;
	}

	get holder(): Peer | undefined {
		return this.#holder;
	}

	/** Whether nobody gets any more of it. */
	get isOver(): boolean {
		return this.#isOver;
	}

	/** Whether all of it was read. */
	get hasEnded(): boolean {
		return this.#hasEnded;
	}

	/** Why it can't be read or cut, if so. */
	get error(): Error | undefined {
		return this.#error;
	}

	/** How much was read; what still waits in a stream was read, too. */
	get bytesRead(): number {
		return bytesReadBy(
			[this.#input.stream, ...this.#stages],
			this.#bytesPassed,
		);
	}

	/** @param peer The next holder; there is none now. */
	giveTo(peer: Peer): void {
		this.#holder = peer;
		this.#source ??= this.#open();
		this.#source.pipe(peer.sink.writable, {end: false});
	}

	takeBack(): void {
		if (this.#holder) {
			this.#source?.unpipe(this.#holder.sink.writable);
			this.#source?.pause();
			this.#holder = undefined;
		}
	}

	/**
	 * Reads a chunk that is there already, and that nobody gets: if some of the
	 * input was sent, the rest isn't to be lost without a word.
	 */
	lookForMore(): void {
		const source = this.#source;
		if (source && this.#bytesPassed > 0 && !this.#isOver) {
			source.once('data', () => {
				source.pause();
			});
			source.resume();
			this.#looked = twoTurns();
		}
	}

	/** Settles once what was there is counted. */
	async looked(): Promise<void> {
		await this.#looked;
	}

	/** Nobody gets any more of it. */
	finish(): void {
		this.takeBack();
		this.#input.stream.destroy();
		this.#end();
	}

	/** Reads no more of it. */
	close(): void {
		this.#input.stream.destroy();
	}

	#open(): Readable {
		const {stream} = this.#input;
		const fail = (error: Error) => {
			this.#error ??= error;
			this.#onError();
		};

		stream.on('error', fail);
		stream.once('end', () => {
			this.#hasEnded = true;
		});
		let source = stream;
		for (const change of inputStages(this.#input)) {
			source = source.pipe(change);
			change.on('error', fail);
			this.#stages.push(change);
		}

		source.once('end', () => {
			this.#end();
		});
		source.on('data', (chunk: Buffer) => {
			this.#bytesPassed += chunk.length;
			if (this.#holder) {
				this.#holder.bytesGiven += chunk.length;
			}
		});
		return source;
	}

	#end(): void {
		this.#isOver = true;
		this.#holder = undefined;
		this.#onOver();
	}
}
