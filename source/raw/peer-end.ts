/** How the connection of a server's peer ended: in an event, and in a sentence. */
import {bytesOf, bytesWere, SockchatError} from '../errors.js';
import type {ServerEvent} from '../event/event.js';
import {connectionLost, isReset} from '../socket/dial.js';
import type {OuterLink} from '../socket/link.js';

type Ended = Extract<ServerEvent, {type: 'ended'}>;

/** @param error Of its stream, if any. */
export const endOf = (
	link: OuterLink,
	error: Error | undefined,
): Pick<Ended, 'reason' | 'flaw'> => {
	if (error && isReset(error)) {
		return {reason: 'reset'};
	}

	const {endWords} = link;
	return {
		reason: 'closed',
		...(endWords !== undefined && {flaw: endWords}),
	};
};

/** Why what was said to the peer, or by it, may not be all; undefined if it is. */
export const failureOf = (
	link: OuterLink,
	name: string,
	error: Error | undefined,
): SockchatError | undefined => {
	const cause = error ?? link.flaw;
	if (cause === undefined) {
		return undefined;
	}

	return cause instanceof SockchatError
		? new SockchatError(cause.code, `${name}: ${cause.message}`, {cause})
		: connectionLost(`from ${name}`, cause, link.transport);
};

/**
 * A peer broke off that was sent an input which goes on.
 *
 * @param bytesGiven How much of it was read for that peer.
 * @param isOver Whether nothing follows.
 */
export const inputLost = (
	name: string,
	bytesGiven: number,
	bytesTaken: number,
	isOver: boolean,
): SockchatError =>
	new SockchatError(
		'ERR_NOT_SENT',
		`Of stdin, ${bytesWere(bytesGiven)} read for ${name}, the kernel took ${bytesTaken} of them, and how many arrived is unknown. Nobody else gets them${isOver ? '' : '; the next peer gets what follows'}.`,
	);

/** With --half-open, by hand: a person decides when our side ends. */
export const halfClosedWords = (who: string, whom: string, end: string) =>
	`${who} has ended: it sends nothing more. What you type is still sent${whom}; ${end} ends this side, too.`;

/** A peer that had not ended as we left, which was heard since, or is held back. */
export type CutOff = {readonly peer: string; readonly bytesIn: number};

export const cutOff = ({peer, bytesIn}: CutOff): SockchatError =>
	new SockchatError(
		'ERR_LOST',
		`The connection from ${peer} was closed before the other side had ended: ${bytesOf(bytesIn)} of it ${bytesIn === 1 ? 'was' : 'were'} read, and more may have been on the way.`,
	);

/** @returns Undefined if the kernel took all answers. */
export const answersLost = (
	name: string,
	{
		bytesToSay,
		bytesSaid,
	}: {readonly bytesToSay: number; readonly bytesSaid: number},
): SockchatError | undefined =>
	bytesToSay > bytesSaid
		? new SockchatError(
				'ERR_NOT_SENT',
				`Not all answers to ${name} were sent: of ${bytesOf(bytesToSay)} the kernel took ${bytesSaid}.`,
			)
		: undefined;
