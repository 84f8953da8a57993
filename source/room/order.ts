/**
 * An order that is made elsewhere: what this room's members do is offered to
 * it, and becomes an entry of the log once it comes back with its seq.
 */
import type {Entry} from '../protocol/frame.js';

/** An entry without its seq. */
export type Offer = {
	/** The public id of the member that it comes from. */
	readonly id: string;
	/** A message's number; `plainN` if it has none. */
	readonly n: number;
	/** See protocol/unnumbered.ts. */
	readonly text: string;
};

export type Order = {
	readonly offer: (offers: readonly Offer[]) => void;
	/** The lowest n of a client's messages that have not come back. */
	readonly waitingN: (id: string) => number | undefined;
};

/** An entry as it came back. */
export type Ordered = {
	readonly seq: number;
	/** LF included. */
	readonly line: string;
	/** Whose message it is, and its number; else `plainN`. */
	readonly id: string;
	readonly n: number;
};

/** A member of the same room on another server. */
export type Elsewhere = {
	readonly id: string;
	readonly nick: string;
	/** It says it is a program that acts for somebody. */
	readonly agent?: true;
	/** It is the host of its server. */
	readonly host?: true;
	/** The server's id. */
	readonly server: string;
	/** The server's machine, as people call it. */
	readonly machine: string;
};

/**
 * What the log holds if the order holds nothing new there: a repeat, or
 * something that isn't an entry. Every client takes it for the leave of a
 * one-shot that it doesn't know, and shows nothing.
 */
export const voidEntry = (seq: number): Entry => ({
	type: 'left',
	seq,
	at: 0,
	nick: '',
	id: '0000000000000000',
	reason: 'protocol',
	oneShot: true,
});
