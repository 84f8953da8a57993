/** What a server's room is to the relay that links it with others. */
import {Buffer} from 'node:buffer';
import type {SockchatError} from '../errors.js';
import type {History} from '../history/history.js';
import {decodeServerFrame, frameLine} from '../protocol/codec.js';
import {nickLost, renameWaits} from '../protocol/room-refusals.js';
import type {Errand, RelayedLog, RelaySite} from '../room/relay.js';
import {askFromElsewhere} from './bots/actions.js';
import {commandIn} from './bots/remote-bots.js';
import type {Hub} from './hub.js';
import {hostStays, type Ban} from './moderation.js';

export type RelaySiteOptions = {
	readonly hub: Hub;
	readonly history: History | undefined;
	/** The log's identity is known now, or another one. */
	readonly setLog: (id: string) => void;
};

const asClient = (id: string, nick: string): Ban => ({
	kind: 'client',
	value: id,
	nick,
});

/** @returns Why it can't be done, if so. */
const perform = (
	hub: Hub,
	errand: Errand,
	server: string,
): string | undefined => {
	const {moderation} = hub;
	const now = hub.clock.wallMs();
	// An older server doesn't say.
	const done = ('done' in errand ? errand.done : undefined) ?? now;
	switch (errand.type) {
		case 'whisper': {
			const decoded = decodeServerFrame(Buffer.from(errand.frame));
			const receiver = hub.withId(errand.to);
			if (
				!receiver ||
				decoded.kind !== 'frame' ||
				decoded.frame.type !== 'whispered'
			) {
				return 'Its receiver has just left.';
			}

			receiver.sendWhisper(decoded.frame);
			return undefined;
		}

		case 'command': {
			const {request, bot, frame} = errand;
			const command = commandIn(frame);
			if (!command) {
				return 'Its server is of another version.';
			}

			askFromElsewhere(hub, {server, request}, bot, command);
			return undefined;
		}

		case 'answered': {
			hub.remoteBots?.take(errand.request, errand.frame);
			return undefined;
		}

		case 'kick': {
			const connection = hub.withId(errand.id);
			if (connection?.isHost) {
				return hostStays(connection.member!.nick);
			}

			connection?.end('kicked');
			return connection ? undefined : 'It has just left.';
		}

		case 'ban': {
			const connection = hub.withId(errand.id);
			if (connection?.isHost) {
				return hostStays(connection.member!.nick);
			}

			if (moderation.ban(asClient(errand.id, errand.nick), done)) {
				connection?.end('banned');
			}

			return undefined;
		}

		case 'unban': {
			moderation.unbanId(errand.id, done);
			return undefined;
		}

		case 'mute': {
			const {id, nick, by} = errand;
			moderation.mute({id, nick, by}, done);
			return undefined;
		}

		case 'unmute': {
			moderation.unmuteId(errand.id, done);
			return undefined;
		}

		case 'lock': {
			moderation.lock(errand.at ?? now, done);
			return undefined;
		}

		case 'unlock': {
			moderation.unlock(done);
			return undefined;
		}
	}
};

/** What a server that has just come, or was out of reach, has to apply. */
const standing = ({moderation}: Hub): readonly Errand[] => [
	...moderation.bans.flatMap((ban): Errand[] =>
		ban.kind === 'client'
			? [{type: 'ban', id: ban.value, nick: ban.nick ?? '', done: ban.done}]
			: [],
	),
	...moderation.muted.map((mute): Errand => ({type: 'mute', ...mute})),
	...(moderation.locked ? [{type: 'lock', ...moderation.locked} as const] : []),
	...moderation.undone.map(({kind, id, done}): Errand =>
		kind === 'lock' ? {type: 'unlock', done} : {type: `un${kind}`, id, done},
	),
];

export const relaySite = ({
	hub,
	history,
	setLog,
}: RelaySiteOptions): RelaySite => {
	const {room} = hub;
	const told = (id: string, error: SockchatError, n?: number) => {
		hub.withId(id)?.sendError(error, n);
	};

	return {
		room,
		posted() {
			hub.onPosted();
		},
		stored: async () => hub.stored(),
		async moveTo({id, head}: RelayedLog) {
			const clients = room.clientsAt(room.log.head);
			await history?.moveTo({logId: id, head, clients});
			setLog(id);
			room.log.skipTo(head);
			hub.onPosted();
		},
		showPending(lines) {
			hub.writeAll(lines.join(''));
		},
		showDropped(line) {
			hub.writeAll(line);
		},
		showUnshared(ids) {
			room.setUnshared(ids);
			hub.onListed();
		},
		showRenamed(id, nick) {
			told(id, renameWaits(nick));
		},
		refuse(id, n, error) {
			told(id, error, n);
		},
		elsewhereChanged() {
			hub.onListed();
		},
		giveOtherNick(id) {
			const connection = hub.withId(id);
			const before = connection?.member;
			const member = room.displace(id, hub.clock.wallMs());
			if (connection && before && member) {
				connection.member = member;
				told(id, nickLost(before.nick, member.nick));
				hub.onRenamed();
			}
		},
		replace(id) {
			const connection = hub.withId(id);
			// A host's own place is its server, as long as that runs.
			if (connection?.member && !connection.isHost) {
				hub.onLeft(connection.member, 'replaced');
				connection.replace();
			}
		},
		perform: (errand, server) => perform(hub, errand, server),
		offers: () => hub.bots.offers,
		setOffersElsewhere(offers) {
			hub.bots.setElsewhere(offers);
			hub.onOffers();
		},
		takeOffer({bot, name}, {code, message}) {
			if (hub.bots.withdraw(bot, name)) {
				const line = frameLine({type: 'offered', name, code, message});
				hub.withId(bot)?.writeIfFramed(line);
				hub.onOwnOffers();
			}
		},
		owed: () => hub.remoteBots?.owed() ?? {},
		serverHeard(heard) {
			hub.remoteBots?.heard(heard);
		},
		serverGone(server) {
			hub.remoteBots?.gone(server);
		},
		standing: () => standing(hub),
	};
};
