/**
 * What a server's room and its relay need of each other. Types only: the two
 * don't know each other, and a room without a relay loads nothing of it.
 */
import type {SockchatError} from '../errors.js';
import type {OfferedCommand} from '../protocol/frame.js';
import type {Elsewhere, Order} from './order.js';
import type {RestoredLog} from './appender.js';
import type {Room} from './room.js';

/** A log whose order the relay's stream makes. */
export type RelayedLog = {
	readonly id: string;
	/** The seq before the oldest entry that the stream has. */
	readonly head: number;
};

/** A command that a bot on this server offers. */
export type OwnOffer = Omit<OfferedCommand, 'from'> & {
	/** The bot's public id. */
	readonly bot: string;
	/** Milliseconds since the epoch. */
	readonly since: number;
};

/** One that a bot on another server offers. */
export type OfferElsewhere = OfferedCommand & {
	/** The bot's public id. */
	readonly bot: string;
	/** The server's id. */
	readonly server: string;
	/** Its machine, as people call it. */
	readonly machine: string;
};

/**
 * Requests that bots here still owe an answer, by the server of the asker: each
 * as that server calls it.
 */
export type Owed = Readonly<Record<string, readonly string[]>>;

/** Another server of the room, as its latest beat says. */
export type HeardServer = {
	/** Its id. */
	readonly server: string;
	/** Whether a client is a member there. */
	readonly has: (id: string) => boolean;
	/** Whether it still owes us the answer to a request. */
	readonly owes: (request: string) => boolean;
};

type Done = {
	/**
	 * When a host did it, in milliseconds since the epoch, and after all that it
	 * knew of: the later counts. An older server doesn't say.
	 */
	readonly done?: number;
};

/** What one server asks of another, beside the log. */
export type Errand =
	| {
			readonly type: 'whisper';
			/** The receiver's public id. */
			readonly to: string;
			/** A `whispered` frame as JSON. */
			readonly frame: string;
	  }
	| {readonly type: 'kick'; readonly id: string}
	| (Done & {
			readonly type: 'ban';
			readonly id: string;
			readonly nick: string;
	  })
	| (Done & {
			readonly type: 'mute';
			readonly id: string;
			readonly nick: string;
			/** The nick of the host who did it, if that is known. */
			readonly by?: string | undefined;
	  })
	| (Done & {readonly type: 'unban' | 'unmute'; readonly id: string})
	| {
			readonly type: 'command';
			/** As its sender calls it. */
			readonly request: string;
			/** The bot's public id. */
			readonly bot: string;
			/** A `command` frame as JSON. */
			readonly frame: string;
	  }
	| {
			readonly type: 'answered';
			/** As its receiver calls it. */
			readonly request: string;
			/** An `answered` frame as JSON. */
			readonly frame: string;
	  }
	| (Done & {
			readonly type: 'lock';
			/**
			 * When a host locked the room first; milliseconds since the epoch. An older
			 * server doesn't say.
			 */
			readonly at?: number;
	  })
	| (Done & {readonly type: 'unlock'});

/** The room's side. */
export type RelaySite = {
	readonly room: Room;
	/** The log grew: what is new goes to the history, then to the members. */
	readonly posted: () => void;
	/** Settles once all of the log is stored, or was taken back. */
	readonly stored: () => Promise<void>;
	/**
	 * Goes on after a seq that nobody has the entries up to.
	 *
	 * @throws {SockchatError} If the history can't be written.
	 */
	readonly moveTo: (log: RelayedLog) => Promise<void>;
	/** Shows members what waits for the engine; each is a `pending` frame. */
	readonly showPending: (lines: readonly string[]) => void;
	/**
	 * Lists members here, by id, as not yet shared: their joins wait. Called when
	 * comings and goings begin to wait, too, and when joins wait no longer.
	 */
	readonly showUnshared: (ids: ReadonlySet<string>) => void;
	/** Tells a member that its new nick waits. */
	readonly showRenamed: (id: string, nick: string) => void;
	/** Tells members that one of these gets no place; a `dropped` frame. */
	readonly showDropped: (line: string) => void;
	/** Sends a member an error: this message of its is not going out. */
	readonly refuse: (id: string, n: number, error: SockchatError) => void;
	/** The members elsewhere have changed. */
	readonly elsewhereChanged: () => void;
	/** Another member has this one's nick by right. */
	readonly giveOtherNick: (id: string) => void;
	/** The client is on another server now. */
	readonly replace: (id: string) => void;
	/**
	 * @param server Whose errand it is.
	 * @returns Why it can't be done, if so.
	 */
	readonly perform: (errand: Errand, server: string) => string | undefined;
	/** The commands that bots here offer. */
	readonly offers: () => readonly OwnOffer[];
	readonly setOffersElsewhere: (offers: readonly OfferElsewhere[]) => void;
	/** A bot's command goes to another, or is one too many in the whole room. */
	readonly takeOffer: (offer: OwnOffer, why: SockchatError) => void;
	readonly owed: () => Owed;
	/** What was asked of the server's bots, or by its members, may have ended. */
	readonly serverHeard: (heard: HeardServer) => void;
	readonly serverGone: (server: string) => void;
	/**
	 * What a server that has just come needs to apply: bans, mutes, a lock, and
	 * what of it was undone.
	 */
	readonly standing: () => readonly Errand[];
};

/** The relay's side. */
export type RoomRelay = Order & {
	/** The stream's log; undefined while the engine has not been reached. */
	readonly log: RelayedLog | undefined;
	/** Whether the engine is away: then nobody on other servers is known for long. */
	readonly isAway: boolean;
	/** Settles once the log has all that the stream has, or the engine is away. */
	readonly start: (site: RelaySite, past?: RestoredLog) => Promise<void>;
	/** Why nothing more can be taken; undefined if it can. */
	readonly refusal: () => SockchatError | undefined;
	/**
	 * Whether a client is in the room by the log, on any server, or was and left
	 * unintended, with its connection or its server.
	 *
	 * @param since Of a leave that counts; milliseconds since the epoch.
	 */
	readonly wasHere: (id: string, since: number) => boolean;
	/** Why no member can change its nick now; undefined if it can. */
	readonly renameRefusal: (nick: string) => SockchatError | undefined;
	/** The members here have changed, or what bots here offer. */
	readonly membersChanged: () => void;
	/** Entries were taken back from the log: the history can't be written. */
	readonly takenBack: () => void;
	/** The `pending` frames of all that waits, for a newcomer. */
	readonly pendingLines: () => readonly string[];
	/**
	 * How many messages wait besides the last ones of a client.
	 *
	 * @param count How many of these.
	 */
	readonly waitingBesides: (id: string, count: number) => number;
	/** Has another server do something. */
	readonly ask: (
		server: Elsewhere['server'],
		errand: Errand,
	) => Promise<SockchatError | undefined>;
	/** Has every other server do something. */
	readonly tell: (errand: Errand) => void;
	/** Sends what waits, as far as the engine takes it soon; keeps the rest. */
	readonly drain: () => Promise<void>;
};
