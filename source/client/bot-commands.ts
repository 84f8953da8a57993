/**
 * A member and the commands of bots: those that it offers, those that it asks
 * for, and those that others offer.
 *
 * What it offers is offered again on each connection. A request is lost with its
 * connection, on either side: it is answered by an `answered` of our own, and a
 * bot's late answer goes nowhere.
 */
import {isCommandName, typable} from '../protocol/offered-commands.js';
import {noBots, noSuchCommand} from '../protocol/bot-refusals.js';
import type {
	Answered,
	AskedCommand,
	Commands,
	Offer,
	Offered,
	OfferedCommand,
	ServerFrame,
	Welcome,
} from '../protocol/frame.js';
import {checkLength} from '../protocol/text.js';
import {SockchatError} from '../errors.js';
import type {FramedSocket} from './framed-socket.js';

export type OwnCommand = Omit<Offer, 'type'>;

export type BotCommandsOptions = {
	/** Whether it wants to know which commands bots offer. */
	readonly isHearing: boolean;
	/** The socket, after the welcome. */
	readonly socket: () => FramedSocket | undefined;
	readonly wallMs: () => number;
	readonly emit: (frame: ServerFrame) => void;
};

const lost = () =>
	new SockchatError(
		'ERR_LOST',
		'The connection was lost before the bot answered; it may have done it.',
	);

const offline = () =>
	new SockchatError('ERR_LOST', 'There is no connection now.');

export class BotCommands {
	readonly #options: BotCommandsOptions;
	/** What it offers, by name. */
	readonly #own = new Map<string, OwnCommand>();
	/** By our own number: the names of the commands that were asked for. */
	readonly #asked = new Map<number, string>();
	/** The numbers of the requests of this connection that it has to answer. */
	readonly #open = new Set<number>();
	#offered: readonly OfferedCommand[] | undefined;
	#isKnown = false;
	#lastRequest = 0;

	constructor(options: BotCommandsOptions) {
		this.#options = options;
	}

	/** The commands of bots; undefined before it knows them. */
	get offered(): readonly OfferedCommand[] | undefined {
		return this.#offered;
	}

	/** How many of its own requests are not answered yet. */
	get unanswered(): number {
		return this.#asked.size;
	}

	/** Offers a command, or offers it anew; `offered` answers. */
	offer(command: OwnCommand): void {
		const {name, usage, help} = command;
		if (checkLength([name, usage, help].join(''))) {
			// It would end the connection, and then each next one.
			const code = 'ERR_COMMAND_INVALID';
			const message = 'The offer is longer than a message may be.';
			this.#options.emit({type: 'offered', name, code, message});
			return;
		}

		this.#own.set(command.name, command);
		if (this.#options.socket()) {
			this.#sendOffer(command);
		}
	}

	/** @returns Whether it was offered. */
	withdraw(name: string): boolean {
		if (!this.#own.delete(name)) {
			return false;
		}

		if (this.#isKnown) {
			this.#options.socket()?.send({type: 'withdraw', name});
		}

		return true;
	}

	/**
	 * Asks a bot; `answered` answers, in any case.
	 *
	 * @returns The number of the request.
	 */
	ask(name: string, text: string): number {
		const request = ++this.#lastRequest;
		const socket = this.#options.socket();
		const error = socket
			? // A long name, too, would end the connection.
				this.#isKnown && isCommandName(name)
				? checkLength(text)
				: noSuchCommand(name)
			: offline();
		if (error) {
			this.#fail(request, name, error);
		} else {
			this.#asked.set(request, name);
			socket!.send({
				type: 'command',
				request,
				name: name.toWellFormed(),
				text: text.toWellFormed(),
			});
		}

		return request;
	}

	/** @returns Why it can't be answered, if so. */
	answer(
		request: number,
		text: string,
		hasFailed = false,
	): SockchatError | undefined {
		if (!this.#open.has(request)) {
			return new SockchatError(
				'ERR_COMMAND_GONE',
				`There is no request ${request} to answer: it was answered, or its connection is gone.`,
			);
		}

		// It is still open for a shorter one.
		const error = checkLength(text);
		if (error) {
			return error;
		}

		this.#open.delete(request);
		this.#options.socket()?.send({
			type: 'answer',
			request,
			text: text.toWellFormed(),
			...(hasFailed ? {failed: true} : {}),
		});
		return undefined;
	}

	welcomed({commands}: Welcome): void {
		this.#isKnown = commands === true;
		if (!commands) {
			this.#offered = [];
		}

		if (commands && this.#options.isHearing) {
			this.#options.socket()!.send({type: 'commands'});
		}

		for (const command of this.#own.values()) {
			this.#sendOffer(command);
		}
	}

	interrupted(): void {
		this.#isKnown = false;
		this.#open.clear();
		const asked = [...this.#asked];
		this.#asked.clear();
		for (const [request, name] of asked) {
			this.#fail(request, name, lost());
		}
	}

	take(frame: Commands | Offered | AskedCommand | Answered): void {
		switch (frame.type) {
			case 'commands': {
				this.#offered = typable(frame.offered);
				break;
			}

			case 'offered': {
				if (frame.code !== undefined) {
					this.#own.delete(frame.name);
				}

				break;
			}

			case 'command': {
				this.#open.add(frame.request);
				break;
			}

			default: {
				if (!this.#asked.delete(frame.request)) {
					return;
				}
			}
		}

		this.#options.emit(frame);
	}

	#sendOffer(command: OwnCommand): void {
		const {socket, emit} = this.#options;
		if (this.#isKnown) {
			socket()!.send({type: 'offer', ...command});
			return;
		}

		this.#own.delete(command.name);
		const {code, message} = noBots();
		emit({type: 'offered', name: command.name, code, message});
	}

	#fail(request: number, name: string, {code, message}: SockchatError): void {
		const {emit, wallMs} = this.#options;
		const at = wallMs();
		emit({type: 'answered', request, at, name, text: message, code});
	}
}
