/**
 * Requests between a member and a bot on two servers of one room.
 *
 * The engine may lose what servers say to each other. So an answer is kept until
 * the asker's server has it, and each beat says which answers a server still
 * owes: an asker whose request isn't among them gets none any more.
 */
import {Buffer} from 'node:buffer';
import {randomBytes} from 'node:crypto';
import type {SockchatError} from '../../errors.js';
import {
	answerTooLong,
	botUnheard,
	tooManyRequests,
} from '../../protocol/bot-refusals.js';
import {decodeServerFrame, frameLine} from '../../protocol/codec.js';
import type {Answered, AskedCommand} from '../../protocol/frame.js';
import {checkLength} from '../../protocol/text.js';
import type {
	Errand,
	HeardServer,
	OfferElsewhere,
	Owed,
	RoomRelay,
} from '../../room/relay.js';
import {type Home, maxRequestsPerAsker} from './bots.js';

/** Answers that bots here owe members of other servers, at most. */
export const maxOwed = 1024;

// A frame has a number of its own; an errand's isn't used.
const unused = 1;

type Asked = {
	readonly asker: string;
	/** The asker's own. */
	readonly number: number;
	readonly offer: OfferElsewhere;
	/** The other server has it. */
	isSent: boolean;
};

type Kept = {
	readonly home: Home;
	readonly answered: Answered;
	isOnItsWay: boolean;
};

export type RemoteBotsOptions = {
	readonly relay: Pick<RoomRelay, 'ask'>;
	readonly wallMs: () => number;
	/** Hands an answer to a member of this server. */
	readonly deliver: (asker: string, answered: Answered) => void;
	/** Nobody waits for the answer to a request of a bot here. */
	readonly drop: (request: number) => void;
};

/** The answer of a server for a bot. */
export const refusalOf = (
	name: string,
	{code, message}: SockchatError,
	at: number,
	request: number,
): Answered => ({type: 'answered', request, at, name, text: message, code});

/** A frame as another server has sent it. */
const frameIn = (json: string) => {
	const decoded = decodeServerFrame(Buffer.from(json));
	return decoded.kind === 'frame' ? decoded.frame : undefined;
};

export const commandIn = (json: string): AskedCommand | undefined => {
	const frame = frameIn(json);
	return frame?.type === 'command' && !checkLength(frame.text)
		? frame
		: undefined;
};

export class RemoteBots {
	readonly #options: RemoteBotsOptions;

	// A request of a server before it was started again is none of this one.
	readonly #run = randomBytes(4).toString('hex');

	#lastRequest = 0;

	/** What members here asked bots elsewhere. */
	readonly #asked = new Map<string, Asked>();

	/** What bots here were asked by members elsewhere: home, asker, our number. */
	readonly #owed = new Map<
		string,
		{readonly home: Home; readonly asker: string; readonly number: number}
	>();

	/** Answers of bots here that no other server is known to have. */
	readonly #kept = new Map<string, Kept>();

	constructor(options: RemoteBotsOptions) {
		this.#options = options;
	}

	/** How many answers of bots elsewhere a member waits for. */
	openOf(asker: string): number {
		let count = 0;
		for (const asked of this.#asked.values()) {
			count += asked.asker === asker ? 1 : 0;
		}

		return count;
	}

	/** @param others How many answers of bots here the asker waits for. */
	ask(
		offer: OfferElsewhere,
		frame: AskedCommand,
		others: number,
	): SockchatError | undefined {
		const {id: asker, request: number} = frame;
		if (this.openOf(asker) + others >= maxRequestsPerAsker) {
			return tooManyRequests(maxRequestsPerAsker);
		}

		const request = `${this.#run}:${++this.#lastRequest}`;
		this.#asked.set(request, {asker, number, offer, isSent: false});
		const {bot, server} = offer;
		const json = frameLine({...frame, request: unused}).trimEnd();
		void this.#send(request, server, {
			type: 'command',
			request,
			bot,
			frame: json,
		});
		return undefined;
	}

	/** A bot here was asked. */
	owe(home: Home, asker: string, number: number): void {
		this.#owed.set(home.request, {home, asker, number});
	}

	get isFull(): boolean {
		return this.#owed.size + this.#kept.size >= maxOwed;
	}

	/** Answers a member of another server. */
	answer(home: Home, answered: Answered): void {
		this.#owed.delete(home.request);
		this.#kept.set(home.request, {
			home,
			answered: {...answered, request: unused},
			isOnItsWay: false,
		});
		void this.#post(home.request);
	}

	/** An answer came from another server; one that nobody waits for is dropped. */
	take(request: string, json: string): void {
		const frame = frameIn(json);
		const asked = this.#asked.get(request);
		if (frame?.type === 'answered' && asked) {
			const {name} = asked.offer;
			this.#end(
				request,
				checkLength(frame.text)
					? refusalOf(name, answerTooLong(name), frame.at, unused)
					: {...frame, name},
			);
		}
	}

	/** A member here has gone. */
	leave(id: string): void {
		for (const [request, {asker}] of this.#asked) {
			if (asker === id) {
				this.#asked.delete(request);
			}
		}
	}

	owed(): Owed {
		const owed: Record<string, string[]> = {};
		for (const {home} of [...this.#owed.values(), ...this.#kept.values()]) {
			(owed[home.server] ??= []).push(home.request);
		}

		return owed;
	}

	heard({server, has, owes}: HeardServer): void {
		for (const [request, {offer, isSent}] of this.#asked) {
			if (offer.server === server && isSent && !owes(request)) {
				this.#lose(request, offer);
			}
		}

		this.#dropOwed(owed => owed.home.server === server && !has(owed.asker));
		for (const [request, {home}] of this.#kept) {
			if (home.server === server) {
				void this.#post(request);
			}
		}
	}

	gone(server: string): void {
		for (const [request, {offer}] of this.#asked) {
			if (offer.server === server) {
				this.#lose(request, offer);
			}
		}

		this.#dropOwed(({home}) => home.server === server);
		for (const [request, {home}] of this.#kept) {
			if (home.server === server) {
				this.#kept.delete(request);
			}
		}
	}

	#dropOwed(
		isDropped: (owed: {readonly home: Home; readonly asker: string}) => boolean,
	): void {
		for (const [request, owed] of this.#owed) {
			if (!isDropped(owed)) {
				continue;
			}

			this.#owed.delete(request);
			this.#options.drop(owed.number);
		}
	}

	async #send(request: string, server: string, errand: Errand): Promise<void> {
		const {relay, wallMs} = this.#options;
		const error = await relay.ask(server, errand);
		const asked = this.#asked.get(request);
		if (!asked) {
			return;
		}

		asked.isSent = true;
		if (error) {
			const {name} = asked.offer;
			this.#end(request, refusalOf(name, error, wallMs(), unused));
		}
	}

	/** Sends an answer; if that fails, the server's next beat tries again. */
	async #post(request: string): Promise<void> {
		const kept = this.#kept.get(request);
		if (!kept || kept.isOnItsWay) {
			return;
		}

		kept.isOnItsWay = true;
		const error = await this.#options.relay.ask(kept.home.server, {
			type: 'answered',
			request,
			frame: frameLine(kept.answered).trimEnd(),
		});
		kept.isOnItsWay = false;
		if (!error && this.#kept.get(request) === kept) {
			this.#kept.delete(request);
		}
	}

	#lose(request: string, {name, machine}: OfferElsewhere): void {
		const {wallMs} = this.#options;
		const error = botUnheard(name, machine);
		this.#end(request, refusalOf(name, error, wallMs(), unused));
	}

	#end(request: string, answered: Answered): void {
		const asked = this.#asked.get(request);
		if (asked) {
			this.#asked.delete(request);
			const {asker, number} = asked;
			this.#options.deliver(asker, {...answered, request: number});
		}
	}
}
