/**
 * The actions that a front end offers to commands, by mode. A command gets only
 * the actions that all its modes have.
 */
import type {Answer, SocketAction} from '../tcp/socket-action.js';
import type {HandRequest} from './hand-request.js';
import type {HostAction} from './host-action.js';

export type ViewName = 'wire' | 'lifecycle' | 'peers';

export type Members = {
	readonly count: number;
	/** Empty in a very large room, where only the count is known. */
	readonly names: readonly string[];
	/** Those of them that said they are agents. */
	readonly agents?: readonly string[];
	/** Those of them on other servers of the room, by machine. */
	readonly elsewhere?: ReadonlyArray<{
		readonly machine: string;
		readonly names: readonly string[];
	}>;
};

/** For a peer with a bare socket: `nc`, telnet. */
export type PlainHands = {
	readonly say: (text: string) => void;
	readonly rename: (nick: string) => void;
	/** Leaves gracefully; a second call leaves at once. */
	readonly leave: () => void;
	readonly members: () => Members;
	/** One sentence for the person who typed the line. */
	readonly notice: (tone: 'info' | 'bad', text: string) => void;
	/** @param topic Undefined lists the chat commands. */
	readonly help: (topic: string | undefined) => void;
	/**
	 * Asks the bot that offers a command.
	 *
	 * @param text The rest of the line; may be empty.
	 */
	readonly ask: (name: string, text: string) => void;
};

/** What raw mode and a room have in common: a screen, and sockets. */
export type SocketHands = Pick<
	PlainHands,
	'say' | 'leave' | 'notice' | 'help'
> & {
	readonly clear: () => void;
	/** @param peer Of the lifecycle: by nick or address; undefined for all. */
	readonly view: (view: ViewName, peer?: string) => void;
	/**
	 * @param peer On a server, the nick or address of a peer; undefined means our
	 * own socket.
	 */
	readonly control: (
		action: SocketAction,
		peer: string | undefined,
	) => Promise<Answer>;
};

/** For raw mode, which has bytes and sockets but no names. */
export type RawHands = SocketHands & {
	readonly byHand: (request: HandRequest) => void;
	/**
	 * On a server, sends a line to one peer.
	 *
	 * @param peer Its address, or the end of that; `all` for everybody.
	 * @param text Undefined: all lines from now on.
	 */
	readonly sayTo: (peer: string, text: string | undefined) => void;
};

/** For a member of a room. */
export type RoomHands = PlainHands &
	SocketHands & {
		readonly whisper: (to: string, text: string) => void;
		/**
		 * @param text Undefined continues the last search.
		 * @returns Why the search was refused; results arrive as an event.
		 */
		readonly search: (text: string | undefined) => string | undefined;
		/** Hides what somebody says, or no longer; undefined lists who is hidden. */
		readonly ignore: (nick: string | undefined) => void;
		/** Hides comings and goings, or no longer. */
		readonly quiet: () => void;
		/**
		 * @param isOn Undefined only asks.
		 * @returns When the bell rings now.
		 */
		readonly bell: (isOn: boolean | undefined) => Answer;
		readonly rule: (action: HostAction) => Promise<Answer>;
	};

/** For a proxy, which sends nothing of its own. */
export type ProxyHands = Pick<
	RawHands,
	'leave' | 'notice' | 'help' | 'clear' | 'view' | 'byHand'
>;

export type HandsOf = {
	readonly room: RoomHands;
	readonly raw: RawHands;
	readonly proxy: ProxyHands;
	readonly plain: PlainHands;
};

export type Mode = keyof HandsOf;
