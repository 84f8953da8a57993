/** The handshake with a sockchat client: challenge, hello, welcome. */
import {randomUUID} from 'node:crypto';
import {SockchatError} from '../errors.js';
import {frameLine, welcomeLine} from '../protocol/codec.js';
import {
	maxFrameBytes,
	maxTextBytes,
	replayBytesPerMessage,
	replayEntriesPerMessage,
	replayMessages,
	wireVersion,
	type ClientChallenge,
	type Hello,
	type Welcome,
} from '../protocol/frame.js';
import {normalNick} from '../protocol/nick.js';
import {publicId} from '../protocol/public-id.js';
import {hasNoToken, tokenNeeded, tokenWrong} from '../protocol/token.js';
import type {RoomLog} from '../room/log.js';
import type {Member} from '../room/results.js';
import {ServerExchange} from '../socket/token-exchange.js';
import {bearerOf, joinRefusal, needsToken} from './member-actions.js';
import type {Peer} from './peer.js';

const wrongVersion = (seen: number) =>
	new SockchatError(
		'ERR_VERSION',
		`This server speaks version ${wireVersion} of the protocol, and the client asked for ${seen}. Use the same sockchat on both sides.`,
	);

/**
 * The first entry of a replay: the oldest of the last messages, or a later one,
 * if there is too much between them.
 *
 * @param past The log's head before the newcomer joined.
 * @param last By default what memory has of the usual number.
 */
const replayStart = (
	log: RoomLog,
	past: number,
	last: number | undefined,
): number => {
	const messages = last ?? replayMessages;
	if (messages === 0) {
		return past + 1;
	}

	const allowed = Math.max(replayMessages, messages);
	const startByte = log.end - allowed * replayBytesPerMessage;
	const start = Math.max(
		log.seqOfMessages(messages),
		past + 1 - allowed * replayEntriesPerMessage,
		startByte > log.start ? log.seqAt(startByte) : 1,
		last === undefined ? log.firstSeq : 1,
	);
	const {firstMissing, firstSeq} = log;
	return start > firstMissing && start <= firstSeq ? firstMissing : start;
};

export class Greeting {
	readonly #peer: Peer;
	#exchange: ServerExchange | undefined;

	constructor(peer: Peer) {
		this.#peer = peer;
	}

	/** Proves that this server has the token, before the client names itself. */
	answer(frame: ClientChallenge): void {
		const peer = this.#peer;
		const {token} = peer.hub;
		if (peer.newcomer.refusal) {
			this.#refuse(peer.newcomer.refusal);
		} else if (frame.v !== wireVersion) {
			this.#refuse(wrongVersion(frame.v));
		} else if (token) {
			this.#exchange = new ServerExchange(token);
			peer.write(frameLine(this.#exchange.answer(frame, peer.origin)));
		} else {
			this.#refuse(hasNoToken());
		}
	}

	greet(hello: Hello): void {
		const {v, client, nick, status, oneShot, agent} = hello;
		const peer = this.#peer;
		const {room, clock} = peer.hub;
		if (v !== wireVersion) {
			this.#refuse(wrongVersion(v));
			return;
		}

		const refusal = joinRefusal(peer, client);
		if (refusal) {
			this.#refuse(refusal);
			return;
		}

		if (needsToken(peer) && !this.#exchange?.isProven(hello)) {
			this.#refuse(hello.proof === undefined ? tokenNeeded() : tokenWrong());
			return;
		}

		if (status) {
			this.#tellStatus();
			return;
		}

		const at = clock.wallMs();
		const mutedNick = this.#mutedNick(client, at);
		const past = room.log.head;
		const result = room.join(client, mutedNick ?? nick, at, {
			bearer: bearerOf(peer),
			oneShot,
			agent,
		});
		if (result.kind === 'refused') {
			// If it is the nick, the client may send hello again with another.
			if (result.error.code === 'ERR_ROOM_FULL') {
				this.#refuse(result.error);
			} else {
				peer.sendError(result.error);
			}

			return;
		}

		this.#welcome(result.member, hello, past);
		const silenced = this.#peer.hub.moderation.speechRefusal(result.member.id);
		if (silenced && result.member.nick !== normalNick(nick)) {
			peer.sendError(silenced);
		}
	}

	/** It joins nothing, and may send another hello. */
	#tellStatus(): void {
		const {room, roomName, title, startedAt} = this.#peer.hub;
		this.#peer.write(
			frameLine({
				type: 'status',
				v: wireVersion,
				room: roomName,
				...(title !== undefined && {name: title}),
				log: room.logId,
				head: room.log.shownHead,
				since: startedAt,
				members: room.memberList(),
			}),
		);
	}

	/** A muted client keeps its nick: a new one would be a way to speak. */
	#mutedNick(client: string, at: number): string | undefined {
		const {room, moderation} = this.#peer.hub;
		const id = publicId(client);
		const nick = moderation.mutedNick(id);
		return nick === undefined ? undefined : room.freeNick(nick, id, at);
	}

	/** @param past The log's head before it joined. */
	#welcome(member: Member, {since, log, last}: Hello, past: number): void {
		const peer = this.#peer;
		const {hub} = peer;
		const {room} = hub;
		const {head} = room.log;
		// One write for welcome and replay: most of what a join costs is in the kernel.
		peer.duplex.cork();
		const welcome: Omit<Welcome, 'members'> = {
			type: 'welcome',
			v: wireVersion,
			session: randomUUID(),
			room: hub.roomName,
			...(hub.title !== undefined && {name: hub.title}),
			log: room.logId,
			...(hub.hostNick !== undefined && {host: hub.hostNick}),
			...(hub.isSameUser && {sameUser: true}),
			...(hub.isManaged && {restarts: true}),
			commands: true,
			...(hub.isInMemory && {inMemory: true}),
			nick: member.nick,
			head,
			stored: room.lastStored(member.id),
			limits: {
				frameBytes: maxFrameBytes,
				textBytes: maxTextBytes,
				...(hub.agentLimits && {agentRate: hub.agentLimits.perMinute}),
			},
			heartbeatMs: room.heartbeatMs,
		};
		peer.write(welcomeLine(welcome, room.memberCount, room.listJson));
		// A seq of another log, or beyond this log's head, means nothing here.
		const isKnown =
			since !== undefined &&
			since <= head &&
			(log === undefined || log === room.logId);
		peer.join(member, isKnown ? since + 1 : replayStart(room.log, past, last));
		const pending = hub.relay?.pendingLines() ?? [];
		if (pending.length > 0) {
			peer.write(pending.join(''));
		}

		peer.duplex.uncork();
		peer.dispatch({type: 'welcomed', at: hub.now});
	}

	#refuse(error: SockchatError): void {
		const peer = this.#peer;
		peer.hub.refused++;
		peer.sendError(error);
		peer.end('protocol');
	}
}
