/** What every member can do with its room, whatever links it to the server. */
import type {Client as Member} from '../client/client.js';
import type {ClientEvent, ServerEvent} from '../event/event.js';
import {type MemberList, type OfferedCommand} from '../protocol/frame.js';
import type {Address} from '../socket/address.js';
import type {ChatMessage, Conversation, MissedEvents} from './conversation.js';
import type {
	CommandAnswer,
	CommandHandler,
	CommandOffer,
	CommandOptions,
} from './offers.js';
import type {Stored} from './receipts.js';

/** A member of a room: one that connected, or the host of a server. */
export type Membership = AsyncDisposable & {
	/** Where the server listens. */
	readonly address: Address;
	/** The nick as the room has it. */
	readonly nick: string;
	/** The public id, which marks one's own entries in frames. */
	readonly id: string;
	/** Who is in the room; `count` is exact, at most 200 are named. */
	readonly members: MemberList;
	/**
	 * Says it to everybody, now or once connected again; kept, and stored once.
	 *
	 * @returns Settles when the room has stored it.
	 * @throws {SockchatError} The reason of the refusal, such as
	 * `ERR_TEXT_TOO_LONG` or `ERR_MUTED`; `ERR_NOT_STORED` if the member leaves
	 * before that is known; else what ended the connection for good.
	 */
	readonly say: (text: string) => Promise<Stored>;
	/**
	 * Says it to one member; it is not stored.
	 *
	 * @throws {SockchatError} As for `say()`, and `ERR_NO_SUCH_MEMBER`.
	 */
	readonly whisper: (to: string, text: string) => Promise<void>;
	/** The commands that bots offer in the room, sorted by name. */
	readonly commands: readonly OfferedCommand[];
	/**
	 * Offers a slash command to everybody: `/help` and completion show it. It is
	 * gone with this member, and offered again after a reconnect.
	 *
	 * @param name 1 to 24 of a-z, 0-9 and `-`; begins with a letter.
	 * @param handler Called for each request; what it returns is the answer, which
	 * only the asker sees. One that is longer than a message may be fails instead.
	 * @returns Settles when the room has taken it.
	 * @throws {SockchatError} `ERR_COMMAND_TAKEN` if another bot or sockchat itself
	 * has it, `ERR_COMMAND_INVALID`, `ERR_COMMAND_LIMIT`, or `ERR_NO_BOTS` from an
	 * older server.
	 */
	readonly offer: (
		name: string,
		options: CommandOptions,
		handler: CommandHandler,
	) => Promise<CommandOffer>;
	/**
	 * Asks the bot that offers a command.
	 *
	 * @param text The rest of the line.
	 * @throws {SockchatError} `ERR_NO_SUCH_COMMAND`, `ERR_COMMAND_GONE` if the bot
	 * leaves before it answers, `ERR_BUSY` if 16 requests are not answered yet,
	 * `ERR_LOST` if the connection breaks, or is not there: then the bot may have
	 * done it.
	 */
	readonly ask: (name: string, text?: string) => Promise<CommandAnswer>;
	/** Asks for another nick; the answer is a frame, `renamed` or `error`. */
	readonly rename: (nick: string) => void;
	/**
	 * What others say to all, also from before it joined (`isReplay`). Messages
	 * wait for the next loop while there is none, at most 1,000; a `gap` says what
	 * is missing. Ends when the member leaves, and throws what ended the connection
	 * otherwise.
	 */
	readonly messages: () => AsyncIterableIterator<ChatMessage, undefined>;
};

/** @typeParam E The events that it gets; a host's include its server's. */
export class RoomMember<E extends ClientEvent | ServerEvent> {
	protected readonly member: Member;
	readonly #conversation: Conversation<E>;

	constructor(member: Member, conversation: Conversation<E>) {
		this.member = member;
		this.#conversation = conversation;
	}

	get nick(): string {
		return this.member.nick;
	}

	get id(): string {
		return this.member.id;
	}

	get members(): MemberList {
		return this.member.members;
	}

	// Functions of their own, so that they can be passed on alone.
	readonly say = async (text: string): Promise<Stored> =>
		this.#conversation.say(() => {
			this.member.say(text);
		});

	readonly whisper = async (to: string, text: string): Promise<void> => {
		await this.#conversation.say(() => {
			this.member.whisper(to, text);
		});
	};

	get commands(): readonly OfferedCommand[] {
		return this.member.bots.offered ?? [];
	}

	readonly offer = async (
		name: string,
		options: CommandOptions,
		handler: CommandHandler,
	): Promise<CommandOffer> =>
		this.#conversation.offers.offer(this.member, name, options, handler);

	readonly ask = async (name: string, text = ''): Promise<CommandAnswer> =>
		this.#conversation.offers.ask(this.member, name, text);

	readonly rename = (nick: string): void => {
		this.member.rename(nick);
	};

	readonly messages = (): AsyncIterableIterator<ChatMessage, undefined> =>
		this.#conversation.messages();

	readonly events = (): AsyncIterableIterator<E | MissedEvents, undefined> =>
		this.#conversation.events();
}
