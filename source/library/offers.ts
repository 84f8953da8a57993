/** A bot's commands, and those that a program asks bots for, as promises. */
import process from 'node:process';
import {SockchatError, type ErrorCode} from '../errors.js';
import type {Answered, AskedCommand, Offered} from '../protocol/frame.js';
import type {Client} from '../client/client.js';

/** How a command is shown by /help and completion. */
export type CommandOptions = {
	/** What it does: one line of at most 100 characters. */
	readonly help?: string | undefined;
	/** Its arguments, such as `web|api [FORCE]`; at most 40 of ASCII. */
	readonly usage?: string | undefined;
};

/** Somebody asks a bot for its command. */
export type CommandRequest = {
	readonly name: string;
	/** The rest of the line, trimmed; empty if there is none. */
	readonly text: string;
	/** The asker's nick. */
	readonly from: string;
	/** The asker's public id, which outlives a rename. */
	readonly id: string;
	/** When the room passed it on: milliseconds since the epoch. */
	readonly at: number;
};

/** The text is shown to the asker alone; it may be empty. */
export type CommandReply =
	string | {readonly text: string; readonly hasFailed?: boolean} | undefined;

/**
 * What a bot does for a command. If it throws, the asker gets an answer that it
 * failed, and the exception is an uncaught one of your program.
 */
export type CommandHandler = (
	request: CommandRequest,
) => CommandReply | void | Promise<CommandReply | void>;

/** A command that is offered until it is disposed of. */
export type CommandOffer = Disposable & {
	readonly name: string;
	/** Takes the command back; requests that have come are still answered. */
	readonly withdraw: () => void;
	/**
	 * Settles when it is offered no more: with the reason if the room refused it
	 * after a reconnect, else without one.
	 */
	readonly withdrawn: Promise<SockchatError | undefined>;
};

/** What a bot answered. */
export type CommandAnswer = {
	readonly text: string;
	/** The bot's nick. */
	readonly from: string;
	/** Whether the bot could not, or would not, do it. */
	readonly hasFailed: boolean;
};

type Settling<T> = {
	readonly resolve: (value: T) => void;
	readonly reject: (error: unknown) => void;
};

type Own = {
	readonly handler: CommandHandler;
	/** Of the promise that it is offered; later answers do nothing. */
	readonly offered: Settling<void>;
	readonly end: (error: SockchatError | undefined) => void;
};

const errorOf = ({code, message}: {code: ErrorCode; message: string}) =>
	new SockchatError(code, message);

/** It is a fault of the program, and not of the room. */
const surface = (error: unknown): void => {
	process.nextTick(() => {
		throw error;
	});
};

export class Offers {
	readonly #own = new Map<string, Own>();
	/** By the number of the request. */
	readonly #asked = new Map<number, Settling<CommandAnswer>>();
	/** The answer to what is being asked: without a connection it comes at once. */
	#early: Answered | undefined;
	#ending: {readonly error: unknown} | undefined;

	/** @returns Settles when the room has taken it. */
	async offer(
		client: Client,
		name: string,
		{usage = '', help = ''}: CommandOptions,
		handler: CommandHandler,
	): Promise<CommandOffer> {
		if (this.#ending) {
			throw this.#ending.error;
		}

		if (this.#own.has(name)) {
			throw offeredAlready(name);
		}

		let end!: Own['end'];
		const withdrawn = new Promise<SockchatError | undefined>(resolve => {
			end = resolve;
		});
		await new Promise<void>((resolve, reject) => {
			this.#own.set(name, {handler, offered: {resolve, reject}, end});
			client.bots.offer({name, usage, help});
		});
		const withdraw = () => {
			if (this.#own.get(name)?.end === end) {
				this.#own.delete(name);
				client.bots.withdraw(name);
				end(undefined);
			}
		};

		return {name, withdraw, withdrawn, [Symbol.dispose]: withdraw};
	}

	async ask(
		client: Client,
		name: string,
		text: string,
	): Promise<CommandAnswer> {
		if (this.#ending) {
			throw this.#ending.error;
		}

		return new Promise((resolve, reject) => {
			const settling = {resolve, reject};
			const request = client.bots.ask(name, text);
			const early = this.#early;
			this.#early = undefined;
			if (early?.request === request) {
				settle(settling, early);
			} else {
				this.#asked.set(request, settling);
			}
		});
	}

	/** @param client The member's; it is there once a frame comes. */
	take(frame: Offered | AskedCommand | Answered, client: () => Client): void {
		switch (frame.type) {
			case 'offered': {
				this.#takeOffered(frame);
				break;
			}

			case 'command': {
				void this.#perform(frame, client());
				break;
			}

			default: {
				const asked = this.#asked.get(frame.request);
				if (asked) {
					this.#asked.delete(frame.request);
					settle(asked, frame);
				} else {
					this.#early = frame;
				}
			}
		}
	}

	/** @param error Why nothing is offered or answered any more. */
	end(error: unknown, cause: SockchatError | undefined): void {
		this.#ending ??= {error};
		for (const {offered, end} of this.#own.values()) {
			offered.reject(error);
			end(cause);
		}

		for (const {reject} of this.#asked.values()) {
			reject(error);
		}

		this.#own.clear();
		this.#asked.clear();
	}

	#takeOffered({name, code, message = ''}: Offered): void {
		const own = this.#own.get(name);
		if (!own) {
			return;
		}

		if (code === undefined) {
			own.offered.resolve();
			return;
		}

		this.#own.delete(name);
		const error = errorOf({code, message});
		own.offered.reject(error);
		own.end(error);
	}

	async #perform(
		{request, name, text, from, id, at}: AskedCommand,
		client: Client,
	): Promise<void> {
		const own = this.#own.get(name);
		if (!own) {
			client.bots.answer(request, `/${name} is no longer offered.`, true);
			return;
		}

		try {
			const reply = await own.handler({name, text, from, id, at});
			const {text: said, hasFailed = false} =
				typeof reply === 'object' ? reply : {text: reply ?? ''};
			const error = client.bots.answer(request, said, hasFailed);
			if (error) {
				client.bots.answer(request, error.message, true);
			}
		} catch (error) {
			client.bots.answer(request, '', true);
			surface(error);
		}
	}
}

const offeredAlready = (name: string) =>
	new SockchatError(
		'ERR_COMMAND_TAKEN',
		`This member offers /${name} already. Withdraw that first.`,
	);

const settle = (
	{resolve, reject}: Settling<CommandAnswer>,
	{from, text, failed, code}: Answered,
): void => {
	if (from === undefined) {
		reject(errorOf({code: code ?? 'ERR_COMMAND_GONE', message: text}));
	} else {
		resolve({text, from, hasFailed: failed === true});
	}
};
