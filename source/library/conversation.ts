/**
 * One member's side of a room for a program: what it says settles, what the
 * others say and what happens can be iterated over.
 */
import process from 'node:process';
import type {Client} from '../client/client.js';
import {SockchatError} from '../errors.js';
import type {ClientEvent} from '../event/event.js';
import type {Gap, Message, ServerFrame} from '../protocol/frame.js';
import {Feed} from './feed.js';
import {Offers} from './offers.js';
import {Receipts} from './receipts.js';
import {inApiWords, type AnyEvent} from './words.js';

/** What somebody else said to all. */
export type ChatMessage = {
	readonly text: string;
	/** The nick that its sender had. */
	readonly from: string;
	/** Its place in the room's log; rises by 1 with each entry. */
	readonly seq: number;
	/** When the room took it: milliseconds since the epoch, by the server's clock. */
	readonly at: number;
	/** Whether it was said before this member joined. */
	readonly isReplay: boolean;
	/**
	 * Set if entries right before it are missing: the seqs of the first and the last
	 * one. The server kept them no longer, or more than 1,000 messages waited here
	 * for their reader.
	 */
	readonly gap?: {readonly from: number; readonly to: number};
};

/** Events that are missing here: more than 1,000 waited for their reader. */
export type MissedEvents = {
	readonly type: 'missed';
	/** When the first event after them happened. */
	readonly at: number;
	readonly count: number;
};

const left = () =>
	new SockchatError('ERR_NOT_STORED', 'This member has left the room.');

const missedIn = (event: {readonly type: string}): number =>
	event.type === 'missed' ? (event as MissedEvents).count : 1;

/** Whether the signal, not the room, ended it. */
type Ending = {readonly error: unknown; readonly isAborted: boolean};

export class Conversation<E extends AnyEvent> {
	/** Settles with the first welcome; rejects if it ends before that. */
	readonly welcomed: Promise<void>;
	/** Its commands, and those that it asks for. */
	readonly offers = new Offers();
	readonly #id: string;
	readonly #client: () => Client;
	readonly #onEvent: ((event: E) => void) | undefined;
	readonly #receipts: Receipts;
	readonly #messages = new Feed<ChatMessage>((lost, next) => ({
		...next,
		gap: {from: lost.gap?.from ?? lost.seq, to: next.seq - 1},
	}));

	readonly #events = new Feed<E | MissedEvents>((lost, next) => ({
		type: 'missed',
		at: next.at,
		count: missedIn(lost) + missedIn(next),
	}));

	#welcome!: {resolve: () => void; reject: (error: unknown) => void};
	#gap: Pick<Gap, 'from' | 'to'> | undefined;
	#ending: Ending | undefined;

	/**
	 * @param id The member's public id.
	 * @param onEvent The program's own. What it throws is thrown as an uncaught
	 * exception: it is no failure of the peer that was just heard, nor of ours.
	 * @param client The member, once a frame has come.
	 */
	constructor(
		id: string,
		onEvent: ((event: E) => void) | undefined,
		client: () => Client,
	) {
		this.#id = id;
		this.#client = client;
		this.#onEvent = onEvent;
		this.#receipts = new Receipts(id);
		this.welcomed = new Promise((resolve, reject) => {
			this.#welcome = {resolve, reject};
		});
	}

	/** Takes an event, and passes it on. */
	readonly take = (said: E): void => {
		const event = inApiWords(said);
		this.#receipts.take(event as ClientEvent);
		if (event.type === 'frame') {
			this.#read(event.frame, event.isReplay === true);
		}

		this.#events.push(event);
		try {
			this.#onEvent?.(event);
		} catch (error) {
			process.nextTick(() => {
				throw error;
			});
		}
	};

	/** @param send Queues one message. */
	async say(send: () => void) {
		return this.#receipts.wait(send);
	}

	messages(): AsyncIterableIterator<ChatMessage, undefined> {
		return this.#messages.read();
	}

	events(): AsyncIterableIterator<E | MissedEvents, undefined> {
		return this.#events.read();
	}

	/** @param cause Undefined if that was wanted. */
	end(cause: SockchatError | undefined): void {
		this.#end({error: cause, isAborted: false});
	}

	/** @param reason The signal's. */
	abort(reason: unknown): void {
		this.#end({error: reason, isAborted: true});
	}

	#end(ending: Ending): void {
		if (this.#ending) {
			return;
		}

		this.#ending = ending;
		const {error, isAborted} = ending;
		for (const feed of [this.#messages, this.#events]) {
			if (isAborted) {
				feed.abort(error);
			} else {
				feed.end(error);
			}
		}

		const why = error ?? left();
		this.#receipts.end(why);
		const cause = error instanceof SockchatError ? error : undefined;
		this.offers.end(why, cause);
		// Nobody waits for it after the welcome, when this does nothing.
		this.#welcome.reject(why);
	}

	#read(frame: ServerFrame, isReplay: boolean): void {
		switch (frame.type) {
			case 'welcome': {
				this.#welcome.resolve();
				break;
			}

			case 'gap': {
				this.#gap = {from: this.#gap?.from ?? frame.from, to: frame.to};
				break;
			}

			case 'message': {
				this.#hear(frame, isReplay);
				break;
			}

			case 'offered':
			case 'command':
			case 'answered': {
				this.offers.take(frame, this.#client);
				break;
			}

			default: {
				break;
			}
		}
	}

	#hear({id, text, from, seq, at}: Message, isReplay: boolean): void {
		if (id === this.#id) {
			return;
		}

		const gap = this.#gap;
		this.#gap = undefined;
		const message = {text, from, seq, at, isReplay};
		this.#messages.push(gap ? {...message, gap} : message);
	}
}
