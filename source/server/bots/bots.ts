/**
 * Which commands the bots of a room offer, and which requests wait for an answer.
 *
 * A bot is a member, named here by its public id. All of it ends with the bot's
 * connection: the same client on another one has to offer again.
 */
import {aliases, commands} from '../../commands/registry.js';
import type {SockchatError} from '../../errors.js';
import {
	commandInvalid,
	commandTaken,
	noSuchCommand,
	tooManyCommands,
	tooManyRequests,
} from '../../protocol/bot-refusals.js';
import type {Offer} from '../../protocol/frame.js';

/** In the room, and of one bot. */
export const maxOffers = 64;
export const maxOffersPerBot = 16;

/** Requests without an answer yet: of one asker, and to one bot. */
export const maxRequestsPerAsker = 16;
export const maxRequestsPerBot = 1024;

const maxUsage = 40;
const maxHelp = 100;

type Description = Omit<Offer, 'type'>;

type Offered = Description & {readonly bot: string};

export type OpenRequest = {
	/** The asker's public id, and its own number. */
	readonly asker: string;
	readonly number: number;
	readonly bot: string;
	readonly name: string;
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

const checkWords = ({
	name,
	usage,
	help,
}: Description): SockchatError | undefined => {
	if (!/^[a-z][a-z\d-]{0,23}$/.test(name)) {
		return commandInvalid(
			"A command's name has 1 to 24 of a-z, 0-9 and -, and begins with a letter.",
		);
	}

	if (!/^[\u0020-\u007E]*$/.test(usage) || usage.length > maxUsage) {
		return commandInvalid(
			`The usage of /${name} has to be ASCII, of at most ${maxUsage} characters.`,
		);
	}

	return /[\p{C}\p{Zl}\p{Zp}]/u.test(help) || help.length > maxHelp
		? commandInvalid(
				`The help of /${name} has to be one line of at most ${maxHelp} characters, none of them a control.`,
			)
		: undefined;
};

export class Bots {
	readonly #offers = new Map<string, Offered>();
	/** By the number that the bot gets. */
	readonly #requests = new Map<number, OpenRequest>();
	readonly #byAsker = new Index();
	readonly #byBot = new Index();
	#lastRequest = 0;

	get offers(): readonly Offered[] {
		return [...this.#offers.values()].toSorted((a, b) =>
			a.name.localeCompare(b.name, 'en'),
		);
	}

	/** How many commands are offered. */
	get count(): number {
		return this.#offers.size;
	}

	get openRequests(): number {
		return this.#requests.size;
	}

	/** The bot that offers a command. */
	botOf(name: string): string | undefined {
		return this.#offers.get(name)?.bot;
	}

	/**
	 * @param nickOf Names a bot in a refusal.
	 * @returns Why it is refused, if so.
	 */
	offer(
		bot: string,
		{name, usage, help}: Description,
		nickOf: (bot: string) => string = id => id,
	): SockchatError | undefined {
		if (builtIn.has(name)) {
			return commandTaken(name, undefined);
		}

		const wrong = checkWords({name, usage, help});
		if (wrong) {
			return wrong;
		}

		const owner = this.botOf(name);
		if (owner !== undefined && owner !== bot) {
			return commandTaken(name, nickOf(owner));
		}

		if (owner === undefined) {
			const offers = [...this.#offers.values()];
			if (offers.filter(each => each.bot === bot).length >= maxOffersPerBot) {
				return tooManyCommands(maxOffersPerBot, false);
			}

			if (offers.length >= maxOffers) {
				return tooManyCommands(maxOffers, true);
			}
		}

		this.#offers.set(name, {name, usage, help, bot});
		return undefined;
	}

	/** @returns Whether it was offered by this bot. */
	withdraw(bot: string, name: string): boolean {
		return this.botOf(name) === bot && this.#offers.delete(name);
	}

	/**
	 * @param number The asker's own.
	 * @returns The bot, and the number that it gets.
	 */
	ask(
		asker: string,
		number: number,
		name: string,
	): {readonly bot: string; readonly request: number} | SockchatError {
		const bot = this.botOf(name);
		if (bot === undefined) {
			return noSuchCommand(name);
		}

		if (this.#byAsker.of(asker).size >= maxRequestsPerAsker) {
			return tooManyRequests(maxRequestsPerAsker);
		}

		if (this.#byBot.of(bot).size >= maxRequestsPerBot) {
			return tooManyRequests(maxRequestsPerBot);
		}

		const request = ++this.#lastRequest;
		this.#requests.set(request, {asker, number, bot, name});
		this.#byAsker.add(asker, request);
		this.#byBot.add(bot, request);
		return {bot, request};
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
