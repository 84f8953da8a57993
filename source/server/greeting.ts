/** How a sockchat client comes in: what is asked of it, and its welcome. */
import {randomUUID} from 'node:crypto';
import {SockchatError} from '../errors.js';
import {frameLine, welcomeLine} from '../protocol/codec.js';
import {
	maxFrameBytes,
	maxTextBytes,
	replayEntries,
	wireVersion,
	type ClientChallenge,
	type Hello,
	type ServerFrame,
	type Welcome,
} from '../protocol/frame.js';
import {normalNick} from '../protocol/nick.js';
import {publicId} from '../protocol/public-id.js';
import {muted} from '../protocol/room-refusals.js';
import {hasNoToken, tokenNeeded, tokenWrong} from '../protocol/token.js';
import type {Member} from '../room/results.js';
import {ServerExchange} from '../socket/token-exchange.js';
import type {PeerSession} from './peer-session.js';

const wrongVersion = (seen: number) =>
	new SockchatError(
		'ERR_VERSION',
		`This server speaks version ${wireVersion} of the wire, and the client asked for ${seen}. Use the same sockchat on both sides.`,
	);

export class Greeting {
	readonly #session: PeerSession;
	#exchange: ServerExchange | undefined;

	constructor(session: PeerSession) {
		this.#session = session;
	}

	/** Proves that this server knows the token, before the client says who it is. */
	answer(frame: ClientChallenge): void {
		const session = this.#session;
		const {token} = session.sessions;
		if (session.comer.refusal) {
			this.#refuse(session.comer.refusal);
		} else if (frame.v !== wireVersion) {
			this.#refuse(wrongVersion(frame.v));
		} else if (token) {
			this.#exchange = new ServerExchange(token);
			this.#send(this.#exchange.answer(frame, session.origin));
		} else {
			this.#refuse(hasNoToken());
		}
	}

	greet(hello: Hello): void {
		const {v, client, nick} = hello;
		const session = this.#session;
		const {room, clock} = session.sessions;
		if (v !== wireVersion) {
			this.#refuse(wrongVersion(v));
			return;
		}

		const refusal = session.refusal(client);
		if (refusal) {
			this.#refuse(refusal);
			return;
		}

		if (session.isAskedForToken && !this.#exchange?.isProven(hello)) {
			this.#refuse(hello.proof === undefined ? tokenNeeded() : tokenWrong());
			return;
		}

		const at = clock.wallMs();
		const kept = this.#keptNick(client, at);
		const result = room.join(client, kept ?? nick, at, session.bearer);
		if (result.kind === 'refused') {
			// For a nick it may say hello again with another.
			if (result.error.code === 'ERR_ROOM_FULL') {
				this.#refuse(result.error);
			} else {
				session.refuse(result.error);
			}

			return;
		}

		this.#welcome(result.member, hello);
		if (kept !== undefined && result.member.nick !== normalNick(nick)) {
			session.refuse(muted());
		}
	}

	/** A muted client comes back by the nick it had: another would be a text. */
	#keptNick(client: string, at: number): string | undefined {
		const {room, rules} = this.#session.sessions;
		const id = publicId(client);
		const nick = rules.keptNick(id);
		return nick === undefined ? undefined : room.freeNick(nick, id, at);
	}

	#welcome(member: Member, {since, log}: Hello): void {
		const session = this.#session;
		const {sessions} = session;
		const {room} = sessions;
		const {head} = room.log;
		// The welcome and its replay are one write: of a join, most is the kernel's.
		session.duplex.cork();
		const welcome: Omit<Welcome, 'members'> = {
			type: 'welcome',
			v: wireVersion,
			session: randomUUID(),
			room: sessions.roomName,
			log: room.logId,
			nick: member.nick,
			head,
			stored: room.lastStored(member.id),
			limits: {frameBytes: maxFrameBytes, textBytes: maxTextBytes},
			heartbeatMs: room.heartbeatMs,
		};
		session.write(welcomeLine(welcome, room.memberCount, room.namesJson));
		// Numbers of another log, or beyond this one's head, mean nothing here.
		const isKnown =
			since !== undefined &&
			since <= head &&
			(log === undefined || log === room.logId);
		const {firstSeq} = room.log;
		const latest = Math.max(firstSeq, head - replayEntries + 1);
		session.join(member, isKnown ? since + 1 : latest);
		session.duplex.uncork();
		session.dispatch({type: 'welcomed', at: sessions.now});
	}

	#refuse(error: SockchatError): void {
		const session = this.#session;
		session.sessions.refused++;
		session.refuse(error);
		session.end('protocol');
	}

	#send(frame: ServerFrame): void {
		this.#session.write(frameLine(frame));
	}
}
