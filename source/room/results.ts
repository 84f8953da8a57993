/** What comes of what a member wants of the room. */
import type {SockchatError} from '../errors.js';

/** A session that has joined; its nick changes, its id never. */
export type Member = {
	/** The first 16 hex digits of the SHA-256 of its client. */
	readonly id: string;
	readonly nick: string;
};

type Refused = {readonly kind: 'refused'; readonly error: SockchatError};

export type JoinResult =
	| {readonly kind: 'joined'; readonly member: Member}
	/** The same client was still there, on a connection that is now dead. */
	| {readonly kind: 'resumed'; readonly member: Member}
	| Refused;

/** One of many said at once. */
export type RefusedSay = {readonly n: number; readonly error: SockchatError};

export type SayResult =
	| {readonly kind: 'stored'; readonly seq: number}
	| {readonly kind: 'duplicate'}
	| Refused;

export type WhisperResult =
	| {readonly kind: 'delivered'; readonly to: Member}
	| {readonly kind: 'duplicate'}
	| Refused;

export type RenameResult =
	{readonly kind: 'renamed'; readonly member: Member} | Refused;
