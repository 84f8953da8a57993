/** Errors of the room. */
import {SockchatError} from '../errors.js';
import {maxNickBytes} from './nick.js';

export const nickTaken = (nick: string) =>
	new SockchatError(
		'ERR_NICK_TAKEN',
		`"${nick}" is taken, or looks like a nick that is. Choose another.`,
	);

/** Of two members of different servers, the other keeps the nick. */
export const nickLost = (before: string, now: string) =>
	new SockchatError(
		'ERR_NICK_TAKEN',
		`You are ${now} now: on another server, somebody took "${before}", or a nick that looks like it, before you. /nick takes another.`,
	);

/** It is the member's, and no entry says so yet. */
export const renameWaits = (nick: string) =>
	new SockchatError(
		'ERR_RELAY_AWAY',
		`The room's relay doesn't answer: that you are ${nick} now is shown to all once it does.`,
	);

export const nickReserved = (nick: string, forMs: number) =>
	new SockchatError(
		'ERR_NICK_TAKEN',
		`"${nick}" is reserved for another ${Math.ceil(forMs / 1000)} s for a member whose connection dropped. Choose another, or try again then.`,
	);

export const renamedTooOften = (nick: string, atOnce: number, waitMs: number) =>
	new SockchatError(
		'ERR_NICK_RATE',
		`You are still ${nick}: only ${atOnce} nick changes in a row are allowed. Try again in ${Math.ceil(waitMs / 1000)} s.`,
	);

/** @param isByFiles Whether the limit comes from the process's open files. */
export const roomFull = (limit: number, isByFiles = false) =>
	new SockchatError(
		'ERR_ROOM_FULL',
		`The room is full: its limit is ${limit} members. Try again later, or ask its host for ${
			isByFiles ? 'more open files (ulimit -n)' : 'a higher --max-members'
		}.`,
	);

/** @param isRelayAway Whether members on other machines can't be known. */
export const noSuchMember = (name: string, isRelayAway = false) => {
	// The name may fill a whole frame; the answer must fit into one.
	const shown =
		name.length > maxNickBytes
			? `${name.slice(0, maxNickBytes).toWellFormed()}⋯`
			: name;
	return new SockchatError(
		'ERR_NO_SUCH_MEMBER',
		isRelayAway
			? `Nobody on this machine is called "${shown}", and others can't be reached until the room's relay is back.`
			: `Nobody here is called "${shown}". /who lists the names.`,
	);
};

export const banned = () =>
	new SockchatError('ERR_BANNED', 'The host has banned you from this room.');

export const roomLocked = () =>
	new SockchatError(
		'ERR_ROOM_LOCKED',
		'The host has locked this room: nobody else may join for now.',
	);

const muteText = "has muted you: you can read, but you can't send.";

export const muted = () =>
	new SockchatError('ERR_MUTED', `The host ${muteText}`);

/**
 * @param by The nick of the host who did it, if that is known.
 * @param nick What `/unmute` finds it by.
 */
export const hostMuted = (by: string | undefined, nick: string) =>
	new SockchatError(
		'ERR_MUTED',
		`${
			by === undefined
				? 'The host of another server'
				: `${by}, the host of another server,`
		} ${muteText} You are a host, too: /unmute ${nick} undoes it.`,
	);
