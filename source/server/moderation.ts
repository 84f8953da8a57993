/** Does what a host says about its room, with a sentence for it and for all. */
import type {HostAction} from '../commands/host-action.js';
import {assertNever} from '../errors.js';
import {hostOf} from '../socket/origin.js';
import type {Door} from './admission.js';
import {banText, parseBan, type Ban} from './bans.js';
import type {PeerSession} from './peer-session.js';
import type {Sessions} from './sessions.js';

export type Ruled = {
	/** For the host. */
	readonly sentence: string;
	/** What the host did, for all to read: `* otter …`. */
	readonly told?: string | undefined;
};

/** Who can be told from whom. */
export type Users = Pick<Door, 'uidOf' | 'canTellUsers'>;

/** @returns The session, or why there is none to act on. */
const findPeer = (sessions: Sessions, who: string): PeerSession | string => {
	const session = sessions.find(who);
	if (!session?.member) {
		return `Nobody here is called "${who}". /who lists the names.`;
	}

	return session.socket ? session : 'That is you, the host.';
};

/** Sends away all that a new ban is about. */
const enforce = async (sessions: Sessions, users: Users): Promise<number> => {
	const {rules} = sessions;
	// Who comes from now on is asked at the door.
	const peers = sessions.peers();
	if (rules.isByUid) {
		await Promise.all(
			peers.map(async session => {
				session.uid ??= await users.uidOf(session.socket!, session.origin);
			}),
		);
	}

	let sent = 0;
	for (const session of peers) {
		const {origin, uid, member, dialectName} = session;
		const id = dialectName === 'framed' ? member?.id : undefined;
		if (!rules.isBanned({host: hostOf(origin), uid, id})) {
			continue;
		}

		session.end('banned');
		sent += member ? 1 : 0;
	}

	return sent;
};

const banOf = (sessions: Sessions, who: string): Ban | string => {
	const parsed = parseBan(who);
	if (parsed) {
		return parsed;
	}

	const session = findPeer(sessions, who);
	if (typeof session === 'string') {
		return session;
	}

	const {id, nick} = session.member!;
	return session.dialectName === 'framed'
		? {kind: 'client', value: id, nick}
		: `${nick} is a plain peer, which nothing tells from another: ban its address (${hostOf(session.origin) ?? 'none'}) or uid:N, or /kick it.`;
};

const list = ({rules}: Sessions): string => {
	const parts = [
		...rules.bans.map(ban => `banned ${banText(ban)}`),
		...rules.mutedNicks.map(nick => `muted ${nick}`),
		...(rules.isLocked ? ['the room is locked'] : []),
	];
	return parts.length === 0
		? 'Nobody is banned or muted, and the room is open.'
		: `${parts.join('; ')}.`;
};

export const rule = async (
	sessions: Sessions,
	users: Users,
	action: HostAction,
): Promise<Ruled> => {
	const {rules} = sessions;
	switch (action.type) {
		case 'kick': {
			const session = findPeer(sessions, action.who);
			if (typeof session === 'string') {
				return {sentence: session};
			}

			const {nick} = session.member!;
			session.end('kicked');
			return {sentence: `${nick} was sent away, and may come back.`};
		}

		case 'ban': {
			const ban = banOf(sessions, action.who);
			if (typeof ban === 'string') {
				return {sentence: ban};
			}

			if (ban.kind === 'uid' && !users.canTellUsers) {
				return {
					sentence:
						'A ban by uid needs Linux, whose kernel tells whose process a peer is. Ban a nick or an address instead.',
				};
			}

			rules.ban(ban);
			const sent = await enforce(sessions, users);
			const text = banText(ban);
			return {
				sentence: `${text} is banned, ${sent} sent away; /unban undoes it.`,
				told: `bans ${text}`,
			};
		}

		case 'unban': {
			const {who} = action;
			return rules.unban(who)
				? {sentence: `${who} may come back.`, told: `lifts the ban on ${who}`}
				: {sentence: `"${who}" is not banned; /bans lists who is.`};
		}

		case 'mute': {
			const session = findPeer(sessions, action.who);
			if (typeof session === 'string') {
				return {sentence: session};
			}

			const {id, nick} = session.member!;
			rules.mute(id, nick);
			return {
				sentence: `${nick} can listen, but not speak; /unmute undoes it.`,
				told: `mutes ${nick}`,
			};
		}

		case 'unmute': {
			const {who} = action;
			return rules.unmute(who)
				? {sentence: `${who} may speak.`, told: `lets ${who} speak again`}
				: {sentence: `"${who}" is not muted; /bans lists who is.`};
		}

		case 'lock': {
			rules.isLocked = true;
			return {
				sentence: 'Nobody else comes in; /unlock undoes it.',
				told: 'locks the room',
			};
		}

		case 'unlock': {
			rules.isLocked = false;
			return {sentence: 'The room is open.', told: 'unlocks the room'};
		}

		case 'bans': {
			return {sentence: list(sessions)};
		}

		default: {
			return assertNever(action);
		}
	}
};
