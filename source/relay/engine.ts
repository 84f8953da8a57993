/**
 * One connection to NATS, until it ends.
 *
 * It never reconnects by itself: what the library would send again after a loss
 * could come in another order. The stream is read with fetches on a durable pull
 * consumer; an entry's own coming back is its receipt, so of a burst only the
 * last publish asks for an ack.
 */
import {Buffer} from 'node:buffer';
import {createHash} from 'node:crypto';
import {
	jetstream,
	jetstreamManager,
	type ConsumerMessages,
	type JetStreamClient,
	type JetStreamManager,
	type JsMsg,
	type StreamConfig,
	type StreamInfo,
} from '@nats-io/jetstream';
import {
	connect,
	headers,
	type ConnectionOptions,
	type Msg,
	type NatsConnection,
} from '@nats-io/transport-node';
import {SockchatError} from '../errors.js';
import {turn} from '../history/turn.js';
import {trace} from '../trace.js';
import {
	credentialsRefused,
	engineDiskFull,
	engineLost,
	engineSilent,
	engineUnreachable,
	jetStreamSilent,
	entryRefused,
	noJetStream,
	streamFull,
	streamNotMade,
	streamOfOtherShape,
} from './failures.js';
import type {Delivery} from './merging.js';
import type {Waiting} from './outgoing.js';

export type EngineOptions = {
	/** As people write it; never with credentials. */
	readonly url: string;
	/** Of the room. */
	readonly room: string;
	/** Of a stream that is created. */
	readonly replicas: number;
	/** This server's, which names its consumer. */
	readonly server: string;
	readonly credentials: Pick<
		ConnectionOptions,
		'authenticator' | 'user' | 'pass' | 'token'
	>;
	readonly connect?: typeof connect | undefined;
};

export type SessionEvents = {
	/** Some deliveries, in the stream's order. The next come once it settles. */
	readonly onDelivered: (deliveries: readonly Delivery[]) => Promise<void>;
	/** A message to every server, or to this one alone. */
	readonly onMessage: (text: string) => string | undefined;
	readonly onBeat: (text: string) => void;
};

const connectTimeoutMs = 2000;
const requestTimeoutMs = 2500;

// The engine says at least this often that it is there while it has nothing.
const idleHeartbeatMs = 1000;
const fetchMs = 5000;
const fetchMessages = 1000;

const nanoseconds = 1e6;
const windowMs = 2 * 60 * 1000;
const consumerKeptMs = 24 * 60 * 60 * 1000;

// As much as a history keeps by default.
const streamBytes = 256 * 1024 * 1024;

/** A room's name as a part of subjects: letters and digits stay as they are. */
export const tokenOf = (room: string): string =>
	Array.from(Buffer.from(room), byte => {
		const character = String.fromCodePoint(byte);
		return /[\w-]/.test(character) && character !== '_'
			? character
			: `_${byte.toString(16).padStart(2, '0')}`;
	}).join('');

export const streamOf = (room: string): string => `sockchat-${tokenOf(room)}`;

export const subjectsOf = (room: string) => {
	const prefix = `sockchat.${tokenOf(room)}`;
	return {
		log: `${prefix}.log`,
		beat: `${prefix}.beat`,
		all: `${prefix}.all`,
		to: (server: string) => `${prefix}.to.${server}`,
	};
};

/** A stream made anew is another log, whatever its name. */
const logIdOf = (name: string, created: string): string => {
	const hex = createHash('sha256').update(`${name}\n${created}`).digest('hex');
	return [
		hex.slice(0, 8),
		hex.slice(8, 12),
		`8${hex.slice(13, 16)}`,
		`8${hex.slice(17, 20)}`,
		hex.slice(20, 32),
	].join('-');
};

/** What a stream's config has that a room's order can't stand. */
const otherShape = (
	{subjects, retention, storage, ...config}: StreamConfig,
	subject: string,
): string | undefined => {
	if (config.mirror ?? (config.sources?.length ? config.sources : undefined)) {
		return 'messages come from another stream';
	}

	if (subjects?.length !== 1 || subjects[0] !== subject) {
		return `subjects are ${(subjects ?? []).join(', ')}, not ${subject} alone`;
	}

	if (retention !== 'limits') {
		return `retention is ${retention}, not limits`;
	}

	if (storage !== 'file') {
		return `storage is ${storage}, not file`;
	}

	if (config.max_msgs_per_subject > 0) {
		return `limit is ${config.max_msgs_per_subject} messages a subject, and all are on one`;
	}

	if (config.no_ack) {
		return 'publishes are not acknowledged';
	}

	return config.sealed ? 'config says that it is sealed' : undefined;
};

/** A failure of the connection or of the credentials. */
const connectFailure = (url: string, cause: Error): SockchatError => {
	const text = `${cause.name} ${cause.message}`;
	return /authori[sz]|authenti|credential|nkey|signature|user_pass|jwt/i.test(
		text,
	)
		? credentialsRefused(url, cause)
		: engineUnreachable(url, cause);
};

const messageOf = (error: unknown): string => (error as Error).message;

type PubAck = {
	readonly seq?: number;
	readonly error?: {readonly err_code?: number; readonly description?: string};
};

export class Session {
	readonly logId: string;
	/** The oldest seq that the stream has; the next one if it is empty. */
	firstSeq: number;
	/** The newest that is known. */
	lastSeq: number;
	/** Settles with the reason once the connection can't be used any more. */
	readonly closed: Promise<SockchatError>;
	readonly #nc: NatsConnection;
	readonly #jsm: JetStreamManager;
	readonly #js: JetStreamClient;
	readonly #options: EngineOptions;
	/** The stream's name. */
	readonly stream: string;
	readonly #subjects: ReturnType<typeof subjectsOf>;
	#events: SessionEvents | undefined;
	#end!: (error: SockchatError) => void;
	#isEnded = false;
	/** The reading of the stream that counts; an earlier one stops. */
	#reading = 0;
	#messages: ConsumerMessages | undefined;

	constructor(
		nc: NatsConnection,
		jsm: JetStreamManager,
		info: StreamInfo,
		options: EngineOptions,
	) {
		this.#nc = nc;
		this.#jsm = jsm;
		this.#js = jetstream(nc);
		this.#options = options;
		this.stream = info.config.name;
		this.#subjects = subjectsOf(options.room);
		this.logId = logIdOf(info.config.name, info.created);
		this.firstSeq = Math.max(1, info.state.first_seq);
		this.lastSeq = info.state.last_seq;
		this.closed = new Promise(resolve => {
			this.#end = error => {
				this.#isEnded = true;
				this.#reading++;
				resolve(error);
			};
		});
		void this.#watch();
	}

	/** Hears the other servers, and the stream from the first `readFrom` on. */
	listen(events: SessionEvents): void {
		this.#events = events;
		const {all, beat, to} = this.#subjects;
		const answer = (error: Error | null, message: Msg) => {
			if (!error) {
				const answered = events.onMessage(message.string());
				if (message.reply) {
					message.respond(answered ?? '');
				}
			}
		};

		this.#nc.subscribe(to(this.#options.server), {callback: answer});
		this.#nc.subscribe(all, {callback: answer});
		this.#nc.subscribe(beat, {
			callback(error, message) {
				if (!error) {
					events.onBeat(message.string());
				}
			},
		});
	}

	beat(text: string): void {
		this.#send(this.#subjects.beat, text);
	}

	tell(text: string): void {
		this.#send(this.#subjects.all, text);
	}

	/** @returns What the server answers. @throws {Error} If it doesn't. */
	async ask(server: string, text: string): Promise<string> {
		const answer = await this.#nc.request(this.#subjects.to(server), text, {
			timeout: requestTimeoutMs,
		});
		return answer.string();
	}

	/** Reads the stream from a seq on; whatever was read before stops. */
	readFrom(seq: number): void {
		const reading = ++this.#reading;
		this.#messages?.stop();
		this.#read(seq, reading).catch((error: unknown) => {
			if (reading === this.#reading) {
				this.fail(error);
			}
		});
	}

	/** Asks the stream for its ends. @throws {Error} If it doesn't answer. */
	async look(): Promise<void> {
		const {state} = await this.#jsm.streams.info(this.stream);
		this.firstSeq = Math.max(1, state.first_seq);
		this.lastSeq = state.last_seq;
	}

	/**
	 * Publishes entries in order.
	 *
	 * @param isCareful Whether each asks for an ack, to learn what is refused.
	 * @returns The seq of the last of them, once it is stored.
	 * @throws {SockchatError} What the engine doesn't take; a plain error if it is
	 * unknown whether all were stored.
	 */
	async publish(
		burst: readonly Waiting[],
		isCareful: boolean,
	): Promise<number> {
		const acked = isCareful ? burst : burst.slice(-1);
		for (const waiting of isCareful ? [] : burst.slice(0, -1)) {
			this.#nc.publish(this.#subjects.log, waiting.text, {
				headers: headersOf(waiting),
			});
		}

		const answers = await Promise.all(
			acked.map(async waiting =>
				this.#nc.request(this.#subjects.log, waiting.text, {
					headers: headersOf(waiting),
					timeout: requestTimeoutMs,
				}),
			),
		);
		let last = 0;
		for (const answer of answers) {
			const {seq, error} = answer.json<PubAck>();
			if (error) {
				throw this.#refusalOf(error);
			}

			last = seq ?? 0;
		}

		this.lastSeq = Math.max(this.lastSeq, last);
		return last;
	}

	/** Ends the connection; nothing is sent any more. */
	async close(): Promise<void> {
		this.#end(engineLost(this.#options.url));
		await closeSoon(this.#nc);
	}

	/** Sends what was written, then ends the connection. */
	async drain(): Promise<void> {
		await soon(async () => this.#nc.flush());
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
		const {url} = this.#options;
		this.#end(
			error instanceof SockchatError
				? error
				: /heartbeats missed|timeout/i.test(messageOf(error))
					? engineSilent(url)
					: engineLost(url, error as Error),
		);
		void closeSoon(this.#nc);
	}

	async #watch(): Promise<void> {
		const {url} = this.#options;
		const cause = await this.#nc.closed();
		if (!this.#isEnded) {
			this.#end(engineLost(url, cause instanceof Error ? cause : undefined));
		}
	}

	async #read(from: number, reading: number): Promise<void> {
		const isOver = () => reading !== this.#reading;
		const name = await this.#placeConsumer(from);
		const consumer = await this.#js.consumers.get(this.stream, name);
		let collected: Delivery[] = [];
		let taken: Promise<void> | undefined;
		const take = async () => {
			// What one turn of the event loop reads is one group, and so is what comes
			// while a group is taken.
			await turn();
			while (collected.length > 0 && !isOver()) {
				const batch = collected;
				collected = [];
				// eslint-disable-next-line no-await-in-loop -- in order
				await this.#events!.onDelivered(batch);
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
				this.lastSeq = Math.max(
					this.lastSeq,
					message.seq + message.info.pending,
				);
				taken ??= take().catch((error: unknown) => {
					this.fail(error);
				});
			}

			// eslint-disable-next-line no-await-in-loop -- each fetch goes on after the last
			await taken;
		}
	}

	/** Has our durable consumer go on at a seq, wherever it was. */
	async #placeConsumer(from: number): Promise<string> {
		const name = `sockchat-${this.#options.server}`;
		const {consumers} = this.#jsm;
		try {
			const {delivered} = await consumers.info(this.stream, name);
			if (delivered.stream_seq === from - 1) {
				return name;
			}

			await consumers.delete(this.stream, name);
		} catch (error) {
			if (!/not found/i.test(messageOf(error))) {
				throw error;
			}
		}

		await consumers.add(this.stream, {
			durable_name: name,
			ack_policy: 'none',
			deliver_policy: 'by_start_sequence',
			opt_start_seq: Math.max(1, from),
			inactive_threshold: consumerKeptMs * nanoseconds,
		});
		return name;
	}

	#refusalOf({
		description = 'no reason',
	}: NonNullable<PubAck['error']>): SockchatError {
		const {url} = this.#options;
		if (/maximum (?:bytes|messages)|max(?:imum)? msgs/i.test(description)) {
			return streamFull(this.stream, description);
		}

		return /no space|storage|resource|disk/i.test(description)
			? engineDiskFull(url, description)
			: entryRefused(url, description);
	}
}

// An engine that has stopped reading must not hold up an end.
const patienceMs = 500;

/** Settles once the work is done, has failed, or takes too long. */
const soon = async (work: () => Promise<void>): Promise<void> =>
	new Promise(resolve => {
		const timer = setTimeout(resolve, patienceMs);
		work()
			.catch((error: unknown) => {
				trace('relay: %o', error);
			})
			.finally(() => {
				clearTimeout(timer);
				resolve();
			});
	});

/** What the library has of its socket, as it has no other way to drop it. */
type Inside = {
	readonly protocol?: {
		readonly transport?: {readonly socket?: {destroy?: () => void}};
	};
};

const closeSoon = async (nc: NatsConnection): Promise<void> => {
	const {protocol} = nc as unknown as Inside;
	const socket = protocol?.transport?.socket;
	await soon(async () => nc.close());
	socket?.destroy?.();
};

const headersOf = ({key}: Waiting) => {
	const made = headers();
	made.set('Nats-Msg-Id', key);
	return made;
};

/** The library gives an empty one for a header that isn't there. */
const keyOf = (id: string | undefined): string | undefined =>
	id === '' ? undefined : id;

const deliveryOf = (message: JsMsg): Delivery => ({
	seq: message.seq,
	key: keyOf(message.headers?.get('Nats-Msg-Id')),
	text: message.string(),
});

/** The stream of a room, created if it isn't there. */
const ensureStream = async (
	jsm: JetStreamManager,
	{room, replicas}: EngineOptions,
): Promise<StreamInfo> => {
	const name = streamOf(room);
	const {log} = subjectsOf(room);
	let info: StreamInfo | undefined;
	try {
		info = await jsm.streams.info(name);
	} catch (error) {
		if (!/not found/i.test(messageOf(error))) {
			throw error;
		}
	}

	if (!info) {
		try {
			info = await jsm.streams.add({
				name,
				subjects: [log],
				retention: 'limits',
				discard: 'old',
				storage: 'file',
				num_replicas: replicas,
				max_bytes: streamBytes,
				duplicate_window: windowMs * nanoseconds,
				deny_delete: true,
				deny_purge: true,
			});
		} catch (error) {
			throw streamNotMade(name, error as Error);
		}
	}

	const why = otherShape(info.config, log);
	if (why !== undefined) {
		throw streamOfOtherShape(name, why);
	}

	return info;
};

/** @throws {SockchatError} `ERR_RELAY`, in one sentence. */
export const openSession = async (options: EngineOptions): Promise<Session> => {
	const {url, credentials, connect: dial = connect} = options;
	let nc: NatsConnection;
	try {
		nc = await dial({
			...credentials,
			servers: url
				.split(',')
				.map(each => each.replace(/^(?:nats|tls):\/\//, '')),
			...(url.startsWith('tls://') && {tls: {}}),
			name: `sockchat ${options.room}`,
			reconnect: false,
			timeout: connectTimeoutMs,
			pingInterval: 2000,
			maxPingOut: 2,
		});
	} catch (error) {
		throw connectFailure(url, error as Error);
	}

	try {
		const jsm = await jetstreamManager(nc, {timeout: requestTimeoutMs});
		return new Session(nc, jsm, await ensureStream(jsm, options), options);
	} catch (error) {
		void closeSoon(nc);
		if (error instanceof SockchatError) {
			throw error;
		}

		throw /not enabled|no responders/i.test(messageOf(error))
			? noJetStream(url)
			: jetStreamSilent(url, error as Error);
	}
};
