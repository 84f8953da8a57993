/**
 * Who is in the room, with ids, for a member that asks: which are agents, which
 * are on another machine, and which are processes of the same user, by the
 * kernel's word.
 */
import {frameLine} from '../protocol/codec.js';
import {maxPresent, type PresentMember} from '../protocol/frame.js';
import type {Room} from '../room/room.js';
import type {Member} from '../room/results.js';
import type {Origin} from '../socket/origin.js';
import type {PeerUid} from '../socket/peer-uid.js';
import type {Admission} from './admission.js';

export type UserLookup = Pick<Admission, 'uidOf' | 'canTellUsers'>;

/** A member's connection. */
export type Asked = {
	readonly origin: Origin;
	readonly socket: Parameters<Admission['uidOf']>[0] | undefined;
	uid: PeerUid | undefined;
};

/** Asked once for each connection; all at once read the kernel's table once. */
const uidOf = async (
	connection: Asked | undefined,
	users: UserLookup,
): Promise<PeerUid> => {
	if (!connection || !users.canTellUsers) {
		return 'unknown';
	}

	const {origin, socket} = connection;
	connection.uid ??= await users.uidOf(socket!, origin);
	return connection.uid;
};

/** @returns The line of the answer. */
export const callRoll = async (
	{
		room,
		of,
	}: {
		readonly room: Room;
		readonly of: (member: Member) => Asked | undefined;
	},
	users: UserLookup,
	asking: Member,
	id: number,
): Promise<string> => {
	const members = [...room.members(maxPresent)];
	const [own, ...uids] = await Promise.all(
		[asking, ...members].map(async member => uidOf(of(member), users)),
	);
	const here = members.map(({nick, id: whose, agent}, index): PresentMember => {
		const isSame = own !== 'unknown' && uids[index] === own;
		return {
			nick,
			id: whose,
			...(agent && {agent}),
			...(isSame && {sameUser: true}),
		};
	});
	const elsewhere = Array.from(
		room.elsewhere,
		({nick, id: whose, agent, machine}): PresentMember => ({
			nick,
			id: whose,
			...(agent && {agent}),
			machine,
		}),
	);
	return frameLine({
		type: 'present',
		id,
		count: room.memberCount,
		members: [...here, ...elsewhere].slice(0, maxPresent),
	});
};
