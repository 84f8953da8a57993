/**
 * What a front end lets the commands do, by mode: a command gets only what its
 * modes have in common.
 */
import type {SocketAction} from '../tcp/socket-action.js';
import type {HostAction} from './host-action.js';

export type ViewName = 'wire' | 'lifecycle' | 'peers';

export type Members = {
	readonly count: number;
	/** Empty in a very large room, where only the count is known. */
	readonly names: readonly string[];
};

/** Of a peer with a bare socket: `nc`, telnet. */
export type PlainHands = {
	readonly say: (text: string) => void;
	readonly rename: (nick: string) => void;
	/** Leaves in good order; called again, at once. */
	readonly leave: () => void;
	readonly members: () => Members;
	/** One sentence for the person who typed the line. */
	readonly notice: (tone: 'info' | 'bad', text: string) => void;
	/** @param topic Undefined lists the commands of the chat. */
	readonly help: (topic: string | undefined) => void;
};

/** Of raw mode, where there are bytes and sockets and no names. */
export type RawHands = Pick<PlainHands, 'say' | 'leave' | 'notice' | 'help'> & {
	readonly clear: () => void;
	readonly view: (view: ViewName) => void;
	/**
	 * @param peer Whose socket, on a server: a nick or an address; undefined for
	 * one's own.
	 * @returns One sentence on what was done, or why not.
	 */
	readonly control: (
		action: SocketAction,
		peer: string | undefined,
	) => Promise<string>;
};

/** Of a member of a room. */
export type RoomHands = PlainHands &
	RawHands & {
		readonly whisper: (to: string, text: string) => void;
		/**
		 * @param text Undefined goes on with the last search.
		 * @returns Why it is not done; what is found comes as an event.
		 */
		readonly search: (text: string | undefined) => string | undefined;
		/** @returns One sentence on what was done, or why not. */
		readonly rule: (action: HostAction) => Promise<string>;
	};

export type HandsOf = {
	readonly room: RoomHands;
	readonly raw: RawHands;
	readonly plain: PlainHands;
};

export type Mode = keyof HandsOf;
