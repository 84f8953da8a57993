/** How a sockchat client comes in: what is asked of it, and its welcome. */
import {randomUUID} from 'node:crypto';
import {SockchatError} from '../errors.js';
import {
	maxFrameBytes,
	maxTextBytes,
	replayEntries,
	wireVersion,
	type ClientChallenge,
	type Hello,
	type ServerFrame,
} from '../protocol/frame.js';
import {hasNoToken, tokenNeeded, tokenWrong} from '../protocol/token.js';
import type {Member} from '../room/results.js';
import type {PeerSession} from './session.js';
import {ServerExchange} from './token-exchange.js';

const wrongVersion = (seen: number) =>
	new SockchatError(
		'ERR_VERSION',
		`This server speaks version ${wireVersion} of the wire, and the client asked for ${seen}. Use the same sockchat on both sides.`,
	);

export type GreetingOptions = {
	readonly session: PeerSession;
	readonly send: (frame: ServerFrame) => void;
	readonly tellError: (error: SockchatError) => void;
};

export class Greeting {
	readonly #options: GreetingOptions;
	#exchange: ServerExchange | undefined;

	constructor(options: GreetingOptions) {
		this.#options = options;
	}

	/** Proves that this server knows the token, before the client says who it is. */
	answer(frame: ClientChallenge): void {
		const {session, send} = this.#options;
		const {token} = session.sessions;
		if (session.comer.refusal) {
			this.#refuse(session.comer.refusal);
		} else if (frame.v !== wireVersion) {
			this.#refuse(wrongVersion(frame.v));
		} else if (token) {
			this.#exchange = new ServerExchange(token);
			send(this.#exchange.answer(frame, session.duplex));
		} else {
			this.#refuse(hasNoToken());
		}
	}

	greet(hello: Hello): void {
		const {v, client, nick} = hello;
		const {session} = this.#options;
		const {sessions} = session;
		const {room, clock} = sessions;
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

		const result = room.join(client, nick, clock.wallMs());
		if (result.kind === 'refused') {
			// For a nick it may say hello again with another.
			if (result.error.code === 'ERR_ROOM_FULL') {
				this.#refuse(result.error);
			} else {
				this.#options.tellError(result.error);
			}

			return;
		}

		this.#welcome(result.member, hello);
	}

	#welcome(member: Member, {since, log}: Hello): void {
		const {session, send} = this.#options;
		const {sessions} = session;
		const {room, clock} = sessions;
		const {head} = room.log;
		send({
			type: 'welcome',
			v: wireVersion,
			session: randomUUID(),
			room: sessions.roomName,
			log: room.logId,
			nick: member.nick,
			head,
			stored: room.lastStored(member.id),
			members: room.memberList(),
			limits: {frameBytes: maxFrameBytes, textBytes: maxTextBytes},
			heartbeatMs: room.heartbeatMs,
		});
		// Numbers of another log, or beyond this one's head, mean nothing here.
		const isKnown =
			since !== undefined &&
			since <= head &&
			(log === undefined || log === room.logId);
		const {firstSeq} = room.log;
		const latest = Math.max(firstSeq, head - replayEntries + 1);
		session.join(member, isKnown ? since + 1 : latest);
		session.dispatch({type: 'welcomed', at: clock.monotonicMs()});
	}

	#refuse(error: SockchatError): void {
		const {session} = this.#options;
		session.sessions.refused++;
		this.#options.tellError(error);
		session.end('protocol');
	}
}
