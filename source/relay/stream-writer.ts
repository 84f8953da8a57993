/**
 * Publishes entries to a stream, in order.
 *
 * An entry's own coming back is its receipt, so of a burst only the last publish
 * asks for an ack.
 */
import {headers, type NatsConnection} from '@nats-io/transport-node';
import type {SockchatError} from '../errors.js';
import {
	engineDiskFull,
	entryRefused,
	streamFull,
	streamTakesShorter,
} from './failures.js';
import type {Waiting} from './outgoing.js';

export type StreamWriterOptions = {
	readonly nc: NatsConnection;
	/** As people write it. */
	readonly url: string;
	/** The stream's name. */
	readonly stream: string;
	/** Where its entries are published. */
	readonly subject: string;
	readonly timeoutMs: number;
};

/** What the stream says of a burst. */
export type Published = {
	/** Of the last entry. */
	readonly seq: number;
	/** Those known to have been in the stream before, each with its seq then. */
	readonly repeats: ReadonlyMap<Waiting, number>;
};

// JSStreamMessageExceedsMaximumErr
const exceedsMaximum = 10_054;

// A stream never has it as its last.
const noSeq = String(Number.MAX_SAFE_INTEGER);

type PubAck = {
	readonly seq?: number;
	/** The engine has seen its key in its window, and stores it no more. */
	readonly duplicate?: boolean;
	readonly error?: {readonly err_code?: number; readonly description?: string};
};

const headersOf = ({key}: Waiting) => {
	const made = headers();
	made.set('Nats-Msg-Id', key);
	return made;
};

export class StreamWriter {
	readonly #options: StreamWriterOptions;

	constructor(options: StreamWriterOptions) {
		this.#options = options;
	}

	/**
	 * @param isCareful Whether each asks for an ack, to learn what is refused.
	 * @throws {SockchatError} What the engine doesn't take; a plain error if it is
	 * unknown whether all were stored.
	 */
	async publish(
		burst: readonly Waiting[],
		isCareful: boolean,
	): Promise<Published> {
		const {nc, subject} = this.#options;
		const acked = isCareful ? burst : burst.slice(-1);
		for (const waiting of isCareful ? [] : burst.slice(0, -1)) {
			nc.publish(subject, waiting.text, {headers: headersOf(waiting)});
		}

		const answers = await Promise.all(
			acked.map(async waiting => this.#ask(waiting, headersOf(waiting))),
		);
		const repeats = new Map<Waiting, number>();
		let last = 0;
		for (const [index, {seq = 0, duplicate, error}] of answers.entries()) {
			if (error) {
				throw this.#refusalOf(error);
			}

			last = seq;
			if (duplicate) {
				repeats.set(acked[index]!, seq);
			}
		}

		return {seq: last, repeats};
	}

	/**
	 * Of some entries those that the stream has taken, as far as the engine's
	 * window goes. Nothing is stored by asking: a repeat is found first, and
	 * anything else fails, as it wants to follow a seq that no stream has.
	 */
	async taken(entries: readonly Waiting[]): Promise<ReadonlySet<Waiting>> {
		const answers = await Promise.all(
			entries.map(async waiting => {
				const asked = headersOf(waiting);
				asked.set('Nats-Expected-Last-Sequence', noSeq);
				return this.#ask(waiting, asked);
			}),
		);
		return new Set(entries.filter((_, index) => answers[index]!.duplicate));
	}

	async #ask(
		{text}: Waiting,
		given: ReturnType<typeof headersOf>,
	): Promise<PubAck> {
		const {nc, subject, timeoutMs} = this.#options;
		const options = {headers: given, timeout: timeoutMs};
		const answer = await nc.request(subject, text, options);
		return answer.json<PubAck>();
	}

	#refusalOf({
		err_code: code,
		description = 'no reason',
	}: NonNullable<PubAck['error']>): SockchatError {
		const {url, stream} = this.#options;
		if (code === exceedsMaximum) {
			return streamTakesShorter(stream, description);
		}

		if (/maximum (?:bytes|messages)|max(?:imum)? msgs/i.test(description)) {
			return streamFull(stream, description);
		}

		return /no space|storage|resource|disk/i.test(description)
			? engineDiskFull(url, description)
			: entryRefused(url, description);
	}
}
