/** What the host does about who is in the room: kick, ban, mute, lock. */
import type {HostAction} from '../commands/host-action.js';
import {assertNever} from '../errors.js';
import {noSuchMember} from '../protocol/room-refusals.js';
import {done as answered, refused, type Answer} from '../tcp/socket-action.js';
import {hostOf} from '../socket/origin.js';
import type {Admission} from './admission.js';
import {banText, hostStays, parseBan, type Ban} from './moderation.js';
import type {PeerConnection} from './peer-connection.js';
import type {Hub} from './hub.js';

export type HostActionResult = Answer & {
	/** What everybody is shown, after the host's nick: `* otter bans …`. */
	readonly told?: string | undefined;
};

/** Finds out whose process a peer is. */
export type UserLookup = Pick<Admission, 'uidOf' | 'canTellUsers'>;

const holdsHere =
	'The relay is away: this holds on this server only, until the relay is back and the others hear of it.';

const thatIsYou = 'That is you, the host.';

/** @returns The member's connection, or why there is none to act on. */
const findPeer = (hub: Hub, who: string): PeerConnection | string => {
	const connection = hub.find(who);
	if (!connection?.member) {
		return noSuchMember(who, hub.relay?.isAway).message;
	}

	return connection.socket ? connection : thatIsYou;
};

/** A member on another server of the room. */
const findElsewhere = ({room, relay}: Hub, who: string) => {
	const member = room.memberNamed(who) ? undefined : room.elsewhereNamed(who);
	return relay && member ? {relay, member} : undefined;
};

/** The host's nick; undefined if it isn't a member. */
const hostNick = ({room}: Hub): string | undefined =>
	[...room.members()].find(({id}) => room.isHost(id))?.nick;

/**
 * Ends the connections that a new ban applies to.
 *
 * @returns How many of them were members.
 */
const enforce = async (hub: Hub, users: UserLookup): Promise<number> => {
	const {moderation} = hub;
	// Later connections are checked when they are accepted.
	const peers = hub.peers();
	if (moderation.needsUid) {
		await Promise.all(
			peers.map(async connection => {
				connection.uid ??= await users.uidOf(
					connection.socket!,
					connection.origin,
				);
			}),
		);
	}

	let sent = 0;
	for (const connection of peers) {
		const {origin, uid, member, dialectName} = connection;
		const id = dialectName === 'framed' ? member?.id : undefined;
		if (!moderation.isBanned({host: hostOf(origin), uid, id})) {
			continue;
		}

		connection.end('banned');
		sent += member ? 1 : 0;
	}

	return sent;
};

/** @returns Why a client can't be banned; undefined if it can. */
const whyNoBan = ({room}: Hub, id: string): string | undefined => {
	if (room.isHost(id)) {
		return thatIsYou;
	}

	const elsewhere = room.elsewhereWithId(id);
	return elsewhere?.host && hostStays(elsewhere.nick);
};

const banOf = (hub: Hub, who: string): Ban | string => {
	const parsed = parseBan(who);
	if (parsed) {
		const {kind, value} = parsed;
		return (kind === 'client' ? whyNoBan(hub, value) : undefined) ?? parsed;
	}

	const elsewhere = findElsewhere(hub, who);
	if (elsewhere) {
		const {id, nick} = elsewhere.member;
		return whyNoBan(hub, id) ?? {kind: 'client', value: id, nick};
	}

	const connection = findPeer(hub, who);
	if (typeof connection === 'string') {
		return connection;
	}

	const {id, nick} = connection.member!;
	return connection.dialectName === 'framed'
		? {kind: 'client', value: id, nick}
		: `${nick} is a plain peer, so it has no client id to ban. Ban its address (${hostOf(connection.origin) ?? 'none'}) or uid:N, or /kick it.`;
};

const list = ({moderation}: Hub): string => {
	const parts = [
		...moderation.bans.map(ban => `banned ${banText(ban)}`),
		...moderation.muted.map(({nick}) => `muted ${nick}`),
		...(moderation.isLocked ? ['the room is locked'] : []),
	];
	return parts.length === 0
		? 'Nobody is banned or muted, and the room is open.'
		: `${parts.join('; ')}.`;
};

export const performHostAction = async (
	hub: Hub,
	users: UserLookup,
	action: HostAction,
): Promise<HostActionResult> => {
	const {moderation, relay} = hub;
	const now = hub.clock.wallMs();
	const done = moderation.timeOf(now);
	const shared = (sentence: string): HostActionResult =>
		answered(relay?.isAway ? `${sentence} ${holdsHere}` : sentence);
	switch (action.type) {
		case 'kick': {
			const elsewhere = findElsewhere(hub, action.who);
			if (elsewhere) {
				const {id, nick, host, server, machine} = elsewhere.member;
				if (host) {
					return refused(hostStays(nick));
				}

				const error = await elsewhere.relay.ask(server, {type: 'kick', id});
				return error
					? refused(error.message)
					: answered(
							`${nick} was disconnected on ${machine} and may come back.`,
						);
			}

			const connection = findPeer(hub, action.who);
			if (typeof connection === 'string') {
				return refused(connection);
			}

			const {nick} = connection.member!;
			connection.end('kicked');
			return answered(`${nick} was disconnected and may come back.`);
		}

		case 'ban': {
			const ban = banOf(hub, action.who);
			if (typeof ban === 'string') {
				return refused(ban);
			}

			if (ban.kind === 'uid' && !users.canTellUsers) {
				return refused(
					'A ban by uid needs Linux, where the kernel knows the user of a peer. Ban a nick or an address instead.',
				);
			}

			moderation.ban(ban, done);
			if (ban.kind === 'client') {
				const {value: id, nick = ''} = ban;
				relay?.tell({type: 'ban', id, nick, done});
			}

			const sent = await enforce(hub, users);
			const text = banText(ban);
			const isShared = relay !== undefined && ban.kind === 'client';
			const isEverywhere = isShared && !relay.isAway;
			const elsewhere = isEverywhere
				? hub.room.elsewhereWithId(ban.value)
				: undefined;
			const where = isEverywhere ? ' on all servers of the room' : '';
			const effect = elsewhere
				? `${elsewhere.machine} disconnects it`
				: `members disconnected${isShared ? ' here' : ''}: ${sent}`;
			const sentence = `${text} is banned${where}; ${effect}. /unban undoes it.`;
			return {
				...(isShared ? shared(sentence) : answered(sentence)),
				told: `bans ${text}`,
			};
		}

		case 'unban': {
			const {who} = action;
			const lifted = moderation.unban(who, done);
			if (lifted?.kind === 'client') {
				relay?.tell({type: 'unban', id: lifted.value, done});
			}

			const isShared = lifted?.kind === 'client';
			const sentence = `${who} may come back.`;
			return lifted
				? {
						...(isShared ? shared(sentence) : answered(sentence)),
						told: `lifts the ban on ${who}`,
					}
				: refused(`"${who}" is not banned; /bans lists who is.`);
		}

		case 'mute': {
			const connection =
				findElsewhere(hub, action.who) ?? findPeer(hub, action.who);
			if (typeof connection === 'string') {
				return refused(connection);
			}

			const {id, nick} = connection.member!;
			const by = hostNick(hub);
			const mute = {id, nick, ...(by !== undefined && {by})};
			moderation.mute(mute, done);
			relay?.tell({type: 'mute', ...mute, done});
			return {
				...shared(
					`${nick} is muted: it can listen, but not speak. /unmute undoes it.`,
				),
				told: `mutes ${nick}`,
			};
		}

		case 'unmute': {
			const {who} = action;
			const id = moderation.unmute(who, done);
			if (id !== undefined) {
				relay?.tell({type: 'unmute', id, done});
			}

			return id === undefined
				? refused(`"${who}" is not muted; /bans lists who is.`)
				: {
						...shared(`${who} may speak again.`),
						told: `lets ${who} speak again`,
					};
		}

		case 'lock': {
			moderation.lock(now, done);
			relay?.tell({type: 'lock', at: now, done});
			return {
				...shared(
					'The room is locked: nobody else may join. /unlock undoes it.',
				),
				told: 'locks the room',
			};
		}

		case 'unlock': {
			moderation.unlock(done);
			relay?.tell({type: 'unlock', done});
			return {...shared('The room is open.'), told: 'unlocks the room'};
		}

		case 'bans': {
			return answered(list(hub));
		}

		default: {
			return assertNever(action);
		}
	}
};
