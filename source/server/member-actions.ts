/**
 * What a peer may do in the room, whatever it speaks.
 *
 * Each function applies the rules (muted? refused? stored? delivered?) and
 * returns the result as data; the dialects only put it into words.
 */
import type {SockchatError} from '../errors.js';
import type {Said} from '../protocol/codec.js';
import type {Whisper, Whispered} from '../protocol/frame.js';
import type {NickBearer} from '../protocol/nick.js';
import {publicId} from '../protocol/public-id.js';
import {noSuchMember} from '../protocol/room-refusals.js';
import type {Member, RefusedSay, RenameResult} from '../room/results.js';
import {hostOf} from '../socket/origin.js';
import type {Peer, PeerHub} from './peer.js';
import {whisperErrand} from './errand.js';

export type WhisperDelivery =
	/** Sent to the recipient; `whispered` is the sender's receipt. */
	| {readonly kind: 'delivered'; readonly whispered: Whispered}
	| {readonly kind: 'refused'; readonly error: SockchatError};

export type WhisperOutcome =
	| WhisperDelivery
	/**
	 * To be delivered once the entry with that seq, which its sender said before,
	 * is shown; at the latest before the sender says more.
	 */
	| {
			readonly kind: 'held';
			readonly seq: number;
			readonly deliver: () => WhisperDelivery;
	  }
	/** Sent to another server; settles with why it did not arrive, if so. */
	| {
			readonly kind: 'sent';
			readonly whispered: Whispered;
			readonly failed: Promise<SockchatError | undefined>;
	  }
	| {readonly kind: 'duplicate'};

/** Only the host's screen is in this process, so only it may have any nick. */
export const bearerOf = ({isHost}: Peer): NickBearer =>
	isHost ? 'host' : 'member';

/**
 * @param client The client's secret; undefined for a plain peer.
 * @returns Why the peer may not become a member; undefined if it may.
 */
export const joinRefusal = (
	{isHost, hub, newcomer, origin, uid}: Peer,
	client?: string,
): SockchatError | undefined => {
	const {moderation, room} = hub;
	if (isHost) {
		return undefined;
	}

	if (moderation.isOpenToAll || newcomer.refusal) {
		return newcomer.refusal;
	}

	const id = client === undefined ? undefined : publicId(client);
	return moderation.joinRefusal({
		host: hostOf(origin),
		uid,
		id,
		isMember: id !== undefined && (room.isMember(id) || wasIn(hub, id)),
	});
};

/** Whether it was in the room at the lock, on a server that may have ended. */
const wasIn = ({relay, moderation}: PeerHub, id: string): boolean =>
	moderation.locked !== undefined &&
	relay?.wasHere(id, moderation.locked.at) === true;

/** The host runs this process, so it need not prove that it has the token. */
export const needsToken = ({isHost, hub}: Peer): boolean =>
	hub.token !== undefined && !isHost;

/** An agent's messages, but for those that its limits refuse. */
const siftSaid = (
	{room, clock, agentLimits}: PeerHub,
	{id, agent}: Member,
	said: readonly Said[],
): {
	readonly passed: readonly Said[];
	readonly refused: readonly RefusedSay[];
} => {
	if (!agent || !agentLimits) {
		return {passed: said, refused: []};
	}

	// What is sent again was counted the first time.
	const taken = room.lastTaken(id);
	const fresh = said.filter(({n}) => n > taken);
	return agentLimits.sift(id, fresh, clock.monotonicMs());
};

/** @returns The messages that were refused, each with the reason. */
export const say = (
	{hub}: Peer,
	member: Member,
	said: readonly Said[],
): readonly RefusedSay[] => {
	const {room, clock, moderation} = hub;
	const error = moderation.speechRefusal(member.id) ?? hub.relay?.refusal();
	if (error) {
		return said.map(({n}) => ({n, error}));
	}

	const {passed, refused} = siftSaid(hub, member, said);
	const unfit = room.sayAll(member, passed, clock.wallMs());
	hub.onPosted();
	return refused.length > 0 ? [...refused, ...unfit] : unfit;
};

export const whisper = (
	{hub}: Peer,
	member: Member,
	{n, to, text}: Whisper,
): WhisperOutcome => {
	const {room, clock, moderation} = hub;
	const [limited] = siftSaid(hub, member, [{n, text}]).refused;
	const error = moderation.speechRefusal(member.id) ?? limited?.error;
	if (error) {
		return {kind: 'refused', error};
	}

	const result = room.whisper(member, n, to, text);
	if (result.kind === 'duplicate') {
		return result;
	}

	if (result.kind === 'refused') {
		return result.error.code === 'ERR_NO_SUCH_MEMBER' && hub.relay?.isAway
			? {kind: 'refused', error: noSuchMember(to, true)}
			: result;
	}

	const receiver = result.kind === 'repeated' ? undefined : result.to;

	const whispered: Whispered = {
		type: 'whispered',
		n,
		from: member.nick,
		id: member.id,
		to: receiver?.nick ?? to,
		text,
		at: clock.wallMs(),
	};
	if (result.kind === 'elsewhere') {
		const {id, server} = result.to;
		const errand = whisperErrand(id, whispered);
		return {kind: 'sent', whispered, failed: hub.relay!.ask(server, errand)};
	}

	const deliver = (): WhisperDelivery => {
		// The receipt of a whisper to oneself is the whisper.
		if (receiver && receiver.id !== member.id) {
			const connection = hub.of(receiver);
			if (!connection) {
				return {kind: 'refused', error: noSuchMember(to)};
			}

			connection.sendWhisper(whispered);
		}

		return {kind: 'delivered', whispered};
	};

	const seq = room.unshownSeq(member);
	return seq === undefined ? deliver() : {kind: 'held', seq, deliver};
};

export const rename = (
	peer: Peer,
	member: Member,
	nick: string,
): RenameResult => {
	const {hub} = peer;
	const {room, clock, moderation} = hub;
	const error =
		moderation.speechRefusal(member.id) ??
		hub.relay?.renameRefusal(member.nick);
	if (error) {
		return {kind: 'refused', error};
	}

	const result = room.rename(member, nick, clock.wallMs(), bearerOf(peer));
	if (result.kind === 'renamed') {
		peer.member = result.member;
		hub.onRenamed();
	}

	return result;
};
