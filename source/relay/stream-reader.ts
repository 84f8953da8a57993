/**
 * Reads a stream with fetches on a durable pull consumer.
 *
 * What one turn of the event loop reads is one group, and so is what comes while
 * a group is taken.
 */
import {JetStreamApiError, type JetStreamManager} from '@nats-io/jetstream';
import {errors, type NatsConnection} from '@nats-io/transport-node';
import {turn} from '../history/turn.js';
import {trace} from '../trace.js';
import {readingRefused} from './failures.js';
import type {Delivery} from './merging.js';
import {Pull, type Pulled} from './pull.js';

export type StreamReaderOptions = {
	readonly nc: NatsConnection;
	readonly jsm: JetStreamManager;
	/** As people write it. */
	readonly url: string;
	/** The stream's name. */
	readonly stream: string;
	/** This server's id and this run of it, which name its consumer. */
	readonly server: string;
	readonly run: string;
	/** Some deliveries, in the stream's order. The next come once it settles. */
	readonly onDelivered: (deliveries: readonly Delivery[]) => Promise<void>;
	/** The stream has entries up to this seq. */
	readonly onLastSeq: (seq: number) => void;
	readonly onFailed: (error: unknown) => void;
};

const nanoseconds = 1e6;
// Where it goes on, the log says: of a server that was killed nobody needs it.
const consumerKeptMs = 60 * 1000;

/** What the engine answers, not that it doesn't. */
const isRefusal = (error: unknown): error is Error =>
	error instanceof JetStreamApiError ||
	(error instanceof Error &&
		error.cause instanceof errors.PermissionViolationError);

/** What was pulled; its headers are decoded only if somebody asks for its key. */
class Delivered implements Delivery {
	readonly seq: number;
	readonly text: string;
	readonly #message: Pulled['message'];

	constructor({message, seq}: Pulled) {
		this.seq = seq;
		this.text = message.string();
		this.#message = message;
	}

	get key(): string | undefined {
		const id = this.#message.headers?.get('Nats-Msg-Id');
		// The library gives an empty one for a header that isn't there.
		return id === '' ? undefined : id;
	}
}

export class StreamReader {
	readonly #options: StreamReaderOptions;
	/** The reading that counts; an earlier one stops. */
	#reading = 0;
	#pull: Pull | undefined;
	#placed: Promise<unknown> = Promise.resolve();

	constructor(options: StreamReaderOptions) {
		this.#options = options;
	}

	/** Reads from a seq on; whatever was read before stops. */
	readFrom(seq: number): void {
		const reading = ++this.#reading;
		this.#pull?.stop();
		this.#read(seq, reading).catch((error: unknown) => {
			if (reading === this.#reading) {
				const {url, onFailed} = this.#options;
				onFailed(isRefusal(error) ? readingRefused(url, error) : error);
			}
		});
	}

	stop(): void {
		this.#reading++;
		this.#pull?.stop();
	}

	/** Nothing is read any more: removes the consumer. */
	async remove(): Promise<void> {
		this.stop();
		const {jsm, stream} = this.#options;
		await this.#placed.catch(() => undefined);
		await jsm.consumers.delete(stream, this.#consumer);
	}

	/** Two servers with one id, as of a copied machine, must not share it. */
	get #consumer(): string {
		return `${this.#consumers}${this.#options.run}`;
	}

	/** How the names of the consumers of all runs start. */
	get #consumers(): string {
		return `sockchat-${this.#options.server}-`;
	}

	async #read(from: number, reading: number): Promise<void> {
		const {nc, stream, onDelivered, onLastSeq, onFailed} = this.#options;
		const isOver = () => reading !== this.#reading;
		const placed = this.#placeConsumer(from);
		this.#placed = placed;
		const consumer = await placed;
		if (isOver()) {
			return;
		}

		let collected: Delivery[] = [];
		let isTaking = false;
		let hasEnded = false;
		const fetchIfDone = () => {
			if (hasEnded && !isTaking && !isOver()) {
				hasEnded = false;
				pull.fetch();
			}
		};

		const take = async () => {
			isTaking = true;
			try {
				await turn();
				while (collected.length > 0 && !isOver()) {
					const batch = collected;
					collected = [];
					// eslint-disable-next-line no-await-in-loop -- in order
					await onDelivered(batch);
				}

				isTaking = false;
				fetchIfDone();
			} catch (error) {
				onFailed(error);
			}
		};

		const pull = new Pull({
			nc,
			stream,
			consumer,
			onMessage(pulled) {
				collected.push(new Delivered(pulled));
				onLastSeq(pulled.seq + pulled.pending);
				if (!isTaking) {
					void take();
				}
			},
			onEnd() {
				hasEnded = true;
				fetchIfDone();
			},
			onFailed,
		});
		this.#pull = pull;
		pull.fetch();
	}

	/** Has our durable consumer go on at a seq, wherever it was. */
	async #placeConsumer(from: number): Promise<string> {
		const {jsm, stream} = this.#options;
		const {consumers} = jsm;
		const name = this.#consumer;
		try {
			const {delivered} = await consumers.info(stream, name);
			if (delivered.stream_seq === from - 1) {
				return name;
			}

			await consumers.delete(stream, name);
		} catch (error) {
			if (!/not found/i.test((error as Error).message)) {
				throw error;
			}
		}

		const add = async () =>
			consumers.add(stream, {
				durable_name: name,
				ack_policy: 'none',
				deliver_policy: 'by_start_sequence',
				opt_start_seq: Math.max(1, from),
				inactive_threshold: consumerKeptMs * nanoseconds,
			});
		try {
			await add();
			// A cluster may leave the list of a new stream's consumers unanswered.
			void this.#removeEarlier();
		} catch (error) {
			if (!(error instanceof JetStreamApiError)) {
				throw error;
			}

			// The stream may take no more of them.
			await this.#removeEarlier();
			await add();
		}

		return name;
	}

	/** Those of our runs that were killed. */
	async #removeEarlier(): Promise<void> {
		const {jsm, stream} = this.#options;
		try {
			for await (const each of jsm.consumers.list(stream)) {
				// From that of a copied machine, a server waits for more.
				if (
					each.name.startsWith(this.#consumers) &&
					each.name !== this.#consumer &&
					each.num_waiting === 0
				) {
					await jsm.consumers.delete(stream, each.name);
				}
			}
		} catch (error) {
			// Not each account may list them. They are gone a little later anyway.
			trace('relay: %o', error);
		}
	}
}
