/** Results of a member's requests to the room. */
import type {SockchatError} from '../errors.js';
import type {Elsewhere} from './order.js';

/** A session that has joined; its nick changes, its id never. */
export type Member = {
	/** The public id of its client. */
	readonly id: string;
	readonly nick: string;
	/** It says one thing and leaves, as the log notes at both. */
	readonly oneShot?: true;
	/** It says it is a program that acts for somebody. */
	readonly agent?: true;
};

type Refused = {readonly kind: 'refused'; readonly error: SockchatError};

export type JoinResult =
	| {readonly kind: 'joined'; readonly member: Member}
	/** The same client is still a member, on a connection that is now replaced. */
	| {readonly kind: 'resumed'; readonly member: Member}
	| Refused;

/** A refused message among several. */
export type RefusedSay = {readonly n: number; readonly error: SockchatError};

export type SayResult =
	| {readonly kind: 'stored'; readonly seq: number}
	| {readonly kind: 'duplicate'}
	| Refused;

export type WhisperResult =
	| {readonly kind: 'delivered'; readonly to: Member}
	/** Its receiver is on another server. */
	| {readonly kind: 'elsewhere'; readonly to: Elsewhere}
	/** It was delivered before; only the sender's receipt may be missing. */
	| {readonly kind: 'repeated'}
	| {readonly kind: 'duplicate'}
	| Refused;

export type RenameResult =
	{readonly kind: 'renamed'; readonly member: Member} | Refused;
