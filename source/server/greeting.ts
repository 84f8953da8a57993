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

		const result = room.join(client, nick, clock.wallMs(), {
			isHost: session.socket === undefined,
		});
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
