/**
 * Reads a stream with fetches on a durable pull consumer.
 *
 * What one turn of the event loop reads is one group, and so is what comes while
 * a group is taken.
 */
import type {
	ConsumerMessages,
	JetStreamClient,
	JetStreamManager,
	JsMsg,
} from '@nats-io/jetstream';
import {turn} from '../history/turn.js';
import type {Delivery} from './merging.js';

export type StreamReaderOptions = {
	readonly js: JetStreamClient;
	readonly jsm: JetStreamManager;
	/** The stream's name. */
	readonly stream: string;
	/** This server's id, which names its consumer. */
	readonly server: string;
	/** Some deliveries, in the stream's order. The next come once it settles. */
	readonly onDelivered: (deliveries: readonly Delivery[]) => Promise<void>;
	/** The stream has entries up to this seq. */
	readonly onLastSeq: (seq: number) => void;
	readonly onFailed: (error: unknown) => void;
};

// The engine says at least this often that it is there while it has nothing.
const idleHeartbeatMs = 1000;
const fetchMs = 5000;
const fetchMessages = 1000;

const nanoseconds = 1e6;
const consumerKeptMs = 24 * 60 * 60 * 1000;

/** The library gives an empty one for a header that isn't there. */
const keyOf = (id: string | undefined): string | undefined =>
	id === '' ? undefined : id;

const deliveryOf = (message: JsMsg): Delivery => ({
	seq: message.seq,
	key: keyOf(message.headers?.get('Nats-Msg-Id')),
	text: message.string(),
});

export class StreamReader {
	readonly #options: StreamReaderOptions;
	/** The reading that counts; an earlier one stops. */
	#reading = 0;
	#messages: ConsumerMessages | undefined;

	constructor(options: StreamReaderOptions) {
		this.#options = options;
	}

	/** Reads from a seq on; whatever was read before stops. */
	readFrom(seq: number): void {
		const reading = ++this.#reading;
		this.#messages?.stop();
		this.#read(seq, reading).catch((error: unknown) => {
			if (reading === this.#reading) {
				this.#options.onFailed(error);
			}
		});
	}

	stop(): void {
		this.#reading++;
	}

	async #read(from: number, reading: number): Promise<void> {
		const {js, stream, onDelivered, onLastSeq, onFailed} = this.#options;
		const isOver = () => reading !== this.#reading;
		const name = await this.#placeConsumer(from);
		const consumer = await js.consumers.get(stream, name);
		let collected: Delivery[] = [];
		let taken: Promise<void> | undefined;
		const take = async () => {
			await turn();
			while (collected.length > 0 && !isOver()) {
				const batch = collected;
				collected = [];
				// eslint-disable-next-line no-await-in-loop -- in order
				await onDelivered(batch);
			}

			taken = undefined;
		};

		while (!isOver()) {
			// eslint-disable-next-line no-await-in-loop -- each fetch goes on after the last
			const messages = await consumer.fetch({
				max_messages: fetchMessages,
				expires: fetchMs,
				idle_heartbeat: idleHeartbeatMs,
			});
			this.#messages = messages;
			// eslint-disable-next-line no-await-in-loop -- each fetch goes on after the last
			for await (const message of messages) {
				if (isOver()) {
					return;
				}

				collected.push(deliveryOf(message));
				onLastSeq(message.seq + message.info.pending);
				taken ??= take().catch((error: unknown) => {
					onFailed(error);
				});
			}

			// eslint-disable-next-line no-await-in-loop -- each fetch goes on after the last
			await taken;
		}
	}

	/** Has our durable consumer go on at a seq, wherever it was. */
	async #placeConsumer(from: number): Promise<string> {
		const {jsm, stream, server} = this.#options;
		const {consumers} = jsm;
		const name = `sockchat-${server}`;
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

		await consumers.add(stream, {
			durable_name: name,
			ack_policy: 'none',
			deliver_policy: 'by_start_sequence',
			opt_start_seq: Math.max(1, from),
			inactive_threshold: consumerKeptMs * nanoseconds,
		});
		return name;
	}
}
