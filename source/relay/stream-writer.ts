/**
 * Publishes entries to a stream, in order.
 *
 * An entry's own coming back is its receipt, so of a burst only the last publish
 * asks for an ack.
 */
import {headers, type NatsConnection} from '@nats-io/transport-node';
import type {SockchatError} from '../errors.js';
import {engineDiskFull, entryRefused, streamFull} from './failures.js';
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

type PubAck = {
	readonly seq?: number;
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
	 * @returns The seq of the last of them, once it is stored.
	 * @throws {SockchatError} What the engine doesn't take; a plain error if it is
	 * unknown whether all were stored.
	 */
	async publish(
		burst: readonly Waiting[],
		isCareful: boolean,
	): Promise<number> {
		const {nc, subject, timeoutMs} = this.#options;
		const acked = isCareful ? burst : burst.slice(-1);
		for (const waiting of isCareful ? [] : burst.slice(0, -1)) {
			nc.publish(subject, waiting.text, {headers: headersOf(waiting)});
		}

		const answers = await Promise.all(
			acked.map(async waiting =>
				nc.request(subject, waiting.text, {
					headers: headersOf(waiting),
					timeout: timeoutMs,
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

		return last;
	}

	#refusalOf({
		description = 'no reason',
	}: NonNullable<PubAck['error']>): SockchatError {
		const {url, stream} = this.#options;
		if (/maximum (?:bytes|messages)|max(?:imum)? msgs/i.test(description)) {
			return streamFull(stream, description);
		}

		return /no space|storage|resource|disk/i.test(description)
			? engineDiskFull(url, description)
			: entryRefused(url, description);
	}
}
