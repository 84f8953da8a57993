/**
 * Which commands the bots of a room offer, and which requests wait for an answer.
 *
 * A bot is a member, named here by its public id. All of it ends with the bot's
 * connection: the same client on another one has to offer again.
 */
import {aliases, commands} from '../../commands/registry.js';
import type {SockchatError} from '../../errors.js';
import {
	commandTaken,
	noSuchCommand,
	tooManyCommands,
	tooManyRequests,
} from '../../protocol/bot-refusals.js';
import type {Offer} from '../../protocol/frame.js';
import {checkOffer, maxOffers} from '../../protocol/offered-commands.js';
import type {OfferElsewhere, OwnOffer} from '../../room/relay.js';

export const maxOffersPerBot = 16;

/** Requests without an answer yet: of one asker, and to one bot. */
export const maxRequestsPerAsker = 16;
export const maxRequestsPerBot = 1024;

type Description = Omit<Offer, 'type'>;

/** Where a request came from, if its asker is on another server. */
export type Home = {
	/** The server's id. */
	readonly server: string;
	/** The request as that server calls it. */
	readonly request: string;
};

export type OpenRequest = {
	/** The asker's public id, and its own number. */
	readonly asker: string;
	readonly number: number;
	readonly bot: string;
	readonly name: string;
	readonly home?: Home | undefined;
};

/** Numbers of requests by member; a member without any takes no memory. */
class Index {
	readonly #numbers = new Map<string, Set<number>>();

	of(id: string): ReadonlySet<number> {
		return this.#numbers.get(id) ?? new Set();
	}

	add(id: string, number: number): void {
		const numbers = this.#numbers.get(id) ?? new Set();
		this.#numbers.set(id, numbers.add(number));
	}

	delete(id: string, number: number): void {
		const numbers = this.#numbers.get(id);
		numbers?.delete(number);
		if (numbers?.size === 0) {
			this.#numbers.delete(id);
		}
	}
}

const builtIn: ReadonlySet<string> = new Set([
	...commands.map(({name}) => name),
	...aliases.keys(),
]);

export class Bots {
	readonly #offers = new Map<string, OwnOffer>();
	/** Those of bots on other servers, by name. */
	#elsewhere: ReadonlyMap<string, OfferElsewhere> = new Map();
	/** By the number that the bot gets. */
	readonly #requests = new Map<number, OpenRequest>();
	readonly #byAsker = new Index();
	readonly #byBot = new Index();
	#lastRequest = 0;

	/** Those of bots here. */
	get offers(): readonly OwnOffer[] {
		return [...this.#offers.values()];
	}

	get offersElsewhere(): Iterable<OfferElsewhere> {
		return this.#elsewhere.values();
	}

	setElsewhere(offers: readonly OfferElsewhere[]): void {
		this.#elsewhere = new Map(
			offers
				.filter(({name}) => !builtIn.has(name))
				.map(each => [each.name, each]),
		);
	}

	/** The command, unless a bot here has it. */
	elsewhereNamed(name: string): OfferElsewhere | undefined {
		return this.#offers.has(name) ? undefined : this.#elsewhere.get(name);
	}

	/** How many commands are offered here. */
	get count(): number {
		return this.#offers.size;
	}

	get openRequests(): number {
		return this.#requests.size;
	}

	/** The bot here that offers a command. */
	botOf(name: string): string | undefined {
		return this.#offers.get(name)?.bot;
	}

	/**
	 * @param at Milliseconds since the epoch.
	 * @param nickOf Names a bot in a refusal.
	 * @returns Why it is refused, if so.
	 */
	offer(
		bot: string,
		{name, usage, help}: Description,
		at: number,
		nickOf: (bot: string) => string = id => id,
	): SockchatError | undefined {
		if (builtIn.has(name)) {
			return commandTaken(name, undefined);
		}

		const wrong = checkOffer({name, usage, help});
		if (wrong) {
			return wrong;
		}

		const owner = this.botOf(name);
		if (owner !== undefined && owner !== bot) {
			return commandTaken(name, nickOf(owner));
		}

		const elsewhere = this.elsewhereNamed(name);
		if (elsewhere && elsewhere.bot !== bot) {
			return commandTaken(name, elsewhere.from);
		}

		if (owner === undefined) {
			const offers = [...this.#offers.values()];
			if (offers.filter(each => each.bot === bot).length >= maxOffersPerBot) {
				return tooManyCommands(maxOffersPerBot, false);
			}

			if (offers.length + this.#elsewhere.size >= maxOffers) {
				return tooManyCommands(maxOffers, true);
			}
		}

		const since = this.#offers.get(name)?.since ?? at;
		this.#offers.set(name, {name, usage, help, bot, since});
		return undefined;
	}

	/** @returns Whether it was offered by this bot. */
	withdraw(bot: string, name: string): boolean {
		return this.botOf(name) === bot && this.#offers.delete(name);
	}

	/**
	 * @param number The asker's own.
	 * @param home Set if the asker is on another server.
	 * @param others How many answers of bots elsewhere the asker waits for.
	 * @returns The bot, and the number that it gets.
	 */
	ask(
		asker: string,
		number: number,
		name: string,
		{home, others = 0}: {readonly home?: Home; readonly others?: number} = {},
	): {readonly bot: string; readonly request: number} | SockchatError {
		const bot = this.botOf(name);
		if (bot === undefined) {
			return noSuchCommand(name);
		}

		if (this.#byAsker.of(asker).size + others >= maxRequestsPerAsker) {
			return tooManyRequests(maxRequestsPerAsker);
		}

		if (this.#byBot.of(bot).size >= maxRequestsPerBot) {
			return tooManyRequests(maxRequestsPerBot);
		}

		const request = ++this.#lastRequest;
		this.#requests.set(request, {asker, number, bot, name, home});
		this.#byAsker.add(asker, request);
		this.#byBot.add(bot, request);
		return {bot, request};
	}

	/** How many answers of bots here a member waits for. */
	openOf(asker: string): number {
		return this.#byAsker.of(asker).size;
	}

	/** Nobody waits for the answer to a request any more. */
	drop(request: number): void {
		const open = this.#requests.get(request);
		if (open) {
			this.#end(request, open);
		}
	}

	/** @returns The request that it ends; undefined if the bot has no such one. */
	answer(bot: string, request: number): OpenRequest | undefined {
		const open = this.#requests.get(request);
		if (open?.bot !== bot) {
			return undefined;
		}

		this.#end(request, open);
		return open;
	}

	/**
	 * A member, or its connection, is gone.
	 *
	 * @returns The requests of others that it will not answer.
	 */
	leave(id: string): readonly OpenRequest[] {
		for (const [name, {bot}] of this.#offers) {
			if (bot === id) {
				this.#offers.delete(name);
			}
		}

		const unanswered: OpenRequest[] = [];
		for (const request of [...this.#byAsker.of(id), ...this.#byBot.of(id)]) {
			const open = this.#requests.get(request);
			if (!open) {
				// It asked itself.
				continue;
			}

			this.#end(request, open);
			if (open.asker !== id) {
				unanswered.push(open);
			}
		}

		return unanswered;
	}

	#end(request: number, {asker, bot}: OpenRequest): void {
		this.#requests.delete(request);
		this.#byAsker.delete(asker, request);
		this.#byBot.delete(bot, request);
	}
}
