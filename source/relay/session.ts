/**
 * One connection to NATS, until it ends.
 *
 * It never reconnects by itself: what the library would send again after a loss
 * could come in another order.
 */
import {Buffer} from 'node:buffer';
import type {JetStreamManager, StreamInfo} from '@nats-io/jetstream';
import type {Msg, NatsConnection} from '@nats-io/transport-node';
import {SockchatError} from '../errors.js';
import {trace} from '../trace.js';
import {closeSoon, soon} from './closing.js';
import {accessFailure, type Credentials} from './credentials.js';
import {
	engineLost,
	engineSilent,
	entryTooLong,
	readingEnded,
	type TooLong,
} from './failures.js';
import type {Delivery} from './merging.js';
import type {Waiting} from './outgoing.js';
import {logIdOf} from './stream.js';
import {Parts, partsOf} from './parts.js';
import {StreamReader} from './stream-reader.js';
import {StreamWriter, type Published} from './stream-writer.js';
import {subjectsOf} from './subjects.js';

/** How long the engine, or another server, has to answer. */
export const requestTimeoutMs = 2500;

// An entry's key goes with it, and counts.
const maxHeaderBytes = 80;

export type SessionOptions = {
	/** As people write it; never with credentials. */
	readonly url: string;
	/** Of the room. */
	readonly room: string;
	/** 8 hex digits, of this run of this server alone. */
	readonly run: string;
	readonly credentials: Credentials;
};

export type SessionEvents = {
	/** Some deliveries, in the stream's order. The next come once it settles. */
	readonly onDelivered: (deliveries: readonly Delivery[]) => Promise<void>;
	/** A message to every server, or to this one alone. */
	readonly onMessage: (text: string) => string | undefined;
	readonly onBeat: (text: string) => void;
};

const entryLimitOf = ({config}: StreamInfo): number => {
	const {max_msg_size: limit} = config;
	return limit > 0 ? limit : Infinity;
};

const longer = (
	text: string,
	most: Omit<TooLong, 'bytes'>,
): TooLong | undefined => {
	const {limit} = most;
	if (text.length * 3 + maxHeaderBytes <= limit) {
		return undefined;
	}

	const bytes = Buffer.byteLength(text) + maxHeaderBytes;
	return bytes > limit ? {...most, bytes} : undefined;
};

export class Session {
	readonly logId: string;
	/** The oldest seq that the stream has; the next one if it is empty. */
	firstSeq: number;
	/** The newest that is known. */
	lastSeq: number;
	/** Of one message, as the engine takes it. */
	readonly maxBytes: number;
	/** Of one entry, as the stream takes it. */
	#maxEntryBytes: number;
	/** Settles with the reason once the connection can't be used any more. */
	readonly closed: Promise<SockchatError>;
	readonly #nc: NatsConnection;
	readonly #jsm: JetStreamManager;
	readonly #options: SessionOptions;
	/** The stream's name. */
	readonly stream: string;
	readonly #subjects: ReturnType<typeof subjectsOf>;
	/** The id of this server, once it listens. */
	#server = '';
	#end!: (error: SockchatError) => void;
	#isEnded = false;
	#beats = 0;
	#reader: StreamReader | undefined;
	readonly #writer: StreamWriter;

	constructor(
		nc: NatsConnection,
		jsm: JetStreamManager,
		info: StreamInfo,
		options: SessionOptions,
	) {
		this.#nc = nc;
		this.#jsm = jsm;
		this.#options = options;
		this.stream = info.config.name;
		this.#subjects = subjectsOf(options.room);
		const {stream} = this;
		this.#writer = new StreamWriter({
			nc,
			url: options.url,
			stream,
			subject: this.#subjects.log,
			timeoutMs: requestTimeoutMs,
		});
		this.maxBytes = nc.info?.max_payload ?? Infinity;
		this.#maxEntryBytes = entryLimitOf(info);
		this.logId = logIdOf(info);
		this.firstSeq = Math.max(1, info.state.first_seq);
		this.lastSeq = info.state.last_seq;
		this.closed = new Promise(resolve => {
			this.#end = error => {
				this.#isEnded = true;
				this.#reader?.stop();
				resolve(error);
			};
		});
		void this.#watch();
	}

	/**
	 * Hears the other servers, and the stream from the first `readFrom` on.
	 *
	 * @param server The id of this one.
	 */
	listen(server: string, events: SessionEvents): void {
		const {url, run} = this.#options;
		this.#server = server;
		this.#reader = new StreamReader({
			nc: this.#nc,
			jsm: this.#jsm,
			url,
			stream: this.stream,
			server,
			run,
			onDelivered: events.onDelivered,
			onLastSeq: seq => {
				this.lastSeq = Math.max(this.lastSeq, seq);
			},
			onFailed: error => {
				this.fail(error);
			},
		});
		const {all, beat, to} = this.#subjects;
		const answer = (error: Error | null, message: Msg) => {
			if (!error) {
				const answered = events.onMessage(message.string());
				if (message.reply) {
					message.respond(answered ?? '');
				}
			}
		};

		this.#nc.subscribe(to(server), {callback: answer});
		this.#nc.subscribe(all, {callback: answer});
		const parts = new Parts();
		this.#nc.subscribe(beat, {
			callback(error, message) {
				const text = error ? undefined : parts.take(message.string());
				if (text !== undefined) {
					events.onBeat(text);
				}
			},
		});
	}

	/** Whether an entry is too long for the stream, or for the engine. */
	tooLong(text: string): TooLong | undefined {
		const whose = `stream ${this.stream}`;
		const limit = this.#maxEntryBytes;
		return limit < this.maxBytes
			? longer(text, {whose, setting: 'max_msg_size', limit})
			: this.#tooLongForEngine(text);
	}

	beat(text: string): void {
		const server = this.#server;
		for (const part of partsOf(
			text,
			{server, text: ++this.#beats},
			this.maxBytes,
		)) {
			this.#send(this.#subjects.beat, part);
		}
	}

	tell(text: string): void {
		this.#send(this.#subjects.all, text);
	}

	/**
	 * @returns What the server answers.
	 * @throws {SockchatError} If the engine can't take it; another error if the
	 * server doesn't answer.
	 */
	async ask(server: string, text: string): Promise<string> {
		const why = this.#tooLongForEngine(text);
		if (why) {
			throw entryTooLong(why);
		}

		const answer = await this.#nc.request(this.#subjects.to(server), text, {
			timeout: requestTimeoutMs,
		});
		return answer.string();
	}

	/** Reads the stream from a seq on; whatever was read before stops. */
	readFrom(seq: number): void {
		this.#reader!.readFrom(seq);
	}

	/**
	 * Asks the stream for its ends, and how long an entry may be.
	 *
	 * @throws {Error} If it doesn't answer.
	 */
	async look(): Promise<void> {
		const info = await this.#jsm.streams.info(this.stream);
		const {first_seq: firstSeq, last_seq: lastSeq} = info.state;
		this.firstSeq = Math.max(1, firstSeq);
		this.lastSeq = lastSeq;
		this.#maxEntryBytes = entryLimitOf(info);
	}

	/**
	 * Publishes entries in order.
	 *
	 * @param isCareful Whether each asks for an ack, to learn what is refused.
	 * @throws {SockchatError} What the engine doesn't take; a plain error if it is
	 * unknown whether all were stored.
	 */
	async publish(
		burst: readonly Waiting[],
		isCareful: boolean,
	): Promise<Published> {
		const published = await this.#writer.publish(burst, isCareful);
		this.lastSeq = Math.max(this.lastSeq, published.seq);
		return published;
	}

	/** Of some entries those that the stream has taken lately, if not kept. */
	async taken(entries: readonly Waiting[]): Promise<ReadonlySet<Waiting>> {
		return this.#writer.taken(entries);
	}

	#tooLongForEngine(text: string): TooLong | undefined {
		return longer(text, {
			whose: 'NATS server',
			setting: 'max_payload',
			limit: this.maxBytes,
		});
	}

	/** Ends the connection; nothing is sent any more. */
	async close(): Promise<void> {
		this.#end(engineLost(this.#options.url));
		await closeSoon(this.#nc);
	}

	/** Sends what was written, then ends the connection for good. */
	async drain(): Promise<void> {
		await soon(async () => {
			await Promise.all([this.#reader?.remove(), this.#nc.flush()]);
		});
		await this.close();
	}

	#send(subject: string, text: string): void {
		if (this.#isEnded) {
			return;
		}

		try {
			this.#nc.publish(subject, text);
		} catch (error) {
			this.fail(error);
		}
	}

	/** Ends it: it can't be used. */
	fail(error: unknown): void {
		if (this.#isEnded) {
			return;
		}

		trace('relay: %o', error);
		this.#end(this.#failureOf(error as Error));
		void closeSoon(this.#nc);
	}

	#failureOf(error: Error): SockchatError {
		const {url} = this.#options;
		if (error instanceof SockchatError) {
			return error;
		}

		if (/consumer deleted/i.test(error.message)) {
			return readingEnded(url, error);
		}

		return /heartbeats missed|timeout/i.test(error.message)
			? engineSilent(url)
			: engineLost(url, error);
	}

	async #watch(): Promise<void> {
		const {url, credentials} = this.#options;
		const cause = await this.#nc.closed();
		if (!this.#isEnded) {
			this.#end(
				cause instanceof Error
					? // The credentials may have expired meanwhile.
						(accessFailure(url, credentials, cause) ?? engineLost(url, cause))
					: engineLost(url),
			);
		}
	}
}
