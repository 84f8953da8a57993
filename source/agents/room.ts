/**
 * What an agent needs of a room, and of the place where it lasts. The chat
 * hands both in: nothing here opens a socket or a file.
 */
import type {SockchatError} from '../errors.js';
import type {ChatEvent} from '../event/event.js';
import type {Kept} from './kept.js';

export type AgentRoom = {
	/** The server's address, as people write it. */
	readonly where: string;
	/** Each gives its message a number, which comes as an event at once. */
	readonly say: (text: string) => void;
	readonly whisper: (to: string, text: string) => void;
	/** Each returns the id that the answer will have. */
	readonly readPast: (before: number | undefined) => number;
	readonly find: (text: string, before: number | undefined) => number;
	readonly callRoll: () => number;
	/** The first call leaves in good order, the second at once. */
	readonly leave: () => void;
	/** Settles when it is over: with the cause, or none if that was wanted. */
	readonly closed: Promise<SockchatError | undefined>;
};

/** Where in the log to begin. */
export type Beginning = {
	readonly log: string | undefined;
	readonly since: number | undefined;
	readonly last: number | undefined;
};

/** An agent by its name: who it is in the room, and what it has kept. */
export type AgentHome = {
	/** Its public id. */
	readonly id: string;
	/** What an earlier run has kept, if any. */
	readonly kept: Kept | undefined;
	readonly keep: (kept: Kept) => void;
	/** Joins the room, or opens it if there is none. */
	readonly open: (
		onEvent: (event: ChatEvent) => void,
		beginning: Beginning,
	) => Promise<AgentRoom>;
};

/** @param name What the client calls itself, if it says so. */
export type FindHome = (name: string | undefined) => Promise<AgentHome>;
