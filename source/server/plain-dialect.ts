/**
 * A session whose peer has a bare socket: `nc`, telnet, the tutorial's client.
 *
 * Each line is a message; the tutorial's client sends no newline at all, so
 * that what it sends ends where it pauses (first-bytes.ts). It gets what the others say and nothing else, because that client
 * takes the next bytes that it reads for its answer.
 */
import {Buffer} from 'node:buffer';
import {randomUUID} from 'node:crypto';
import {plainHelpLines} from '../commands/help.js';
import {parseLine} from '../commands/parse.js';
import {SockchatError} from '../errors.js';
import {decodeServerFrame} from '../protocol/codec.js';
import {display, joinText, type DisplayText} from '../protocol/display.js';
import {
	maxFrameBytes,
	plainN,
	type LeaveReason,
	type Message,
	type Whispered,
} from '../protocol/frame.js';
import {isRequestLine} from '../protocol/http-request.js';
import {LineSplitter} from '../protocol/lines.js';
import {checkUtf8} from '../protocol/utf8.js';
import {tokenNeeded} from '../protocol/token.js';
import type {Member} from '../room/results.js';
import type {Dialect} from './dialect.js';
import type {PeerSession} from './peer-session.js';
import {spoken} from './spoken.js';

export class PlainDialect implements Dialect {
	readonly name = 'plain';
	readonly #session: PeerSession;
	readonly #lines = new LineSplitter(maxFrameBytes);
	/** Kept beyond its leaving: what it said last is no echo either. */
	#id: string | undefined;

	constructor(session: PeerSession) {
		this.#session = session;
	}

	/** @param seq From where on it listens, as in a session. */
	join(seq: number | undefined): void {
		const session = this.#session;
		const refusal =
			session.refusal() ??
			(session.isAskedForToken ? tokenNeeded() : undefined);
		if (refusal) {
			session.sessions.refused++;
			this.tellError(refusal);
			session.end('protocol');
			return;
		}

		const {sessions} = this.#session;
		const {room, clock} = sessions;
		const nick = this.#guestNick();
		const result = room.join(randomUUID(), nick, clock.wallMs(), 'guest');
		if (result.kind === 'refused') {
			sessions.refused++;
			this.tellError(result.error);
			this.#session.end('protocol');
		} else {
			this.#id = result.member.id;
			this.#session.join(result.member, seq);
		}
	}

	/** guest-PORT; another 127.x.x.x may have the same port. */
	#guestNick(): string {
		const {sessions, peer} = this.#session;
		const nick = `guest-${/\d+$/.exec(peer)?.[0] ?? 0}`;
		let free = nick;
		for (let next = 2; sessions.room.memberNamed(free); next++) {
			free = `${nick}-${next}`;
		}

		return free;
	}

	read(chunk: Buffer): void {
		try {
			this.#lines.push(chunk, line => {
				this.#readLine(line);
			});
		} catch (error) {
			if (!(error instanceof SockchatError)) {
				throw error;
			}

			this.tellError(error);
			this.#session.end('protocol');
		}
	}

	tick(): void {
		// A person may take any time to end a line.
	}

	readEnd(): void {
		this.#readLine(this.#lines.takeRest());
	}

	encode(entries: Buffer): Buffer {
		let said = display``;
		new LineSplitter(entries.length).push(entries, line => {
			const decoded = decodeServerFrame(line);
			if (decoded.kind === 'frame' && decoded.frame.type === 'message') {
				said = joinText(said, this.#heard(decoded.frame));
			}
		});
		return Buffer.from(said);
	}

	tellGap(from: number, to: number): void {
		this.#tell(`${to - from + 1} lines are gone: you read too slowly.`);
	}

	tellError({message}: SockchatError): void {
		this.#tell(message);
	}

	tellWhisper({from, text}: Whispered): void {
		this.#write(spoken(`${from} (to you alone)`, text));
	}

	ping(): void {
		// It knows none: nothing may come that nobody said.
	}

	farewell(_reason: LeaveReason): void {
		// FIN says it.
	}

	stop(): void {
		// It holds nothing that outlives the socket.
	}

	#heard(message: Message): DisplayText {
		return message.id === this.#id
			? display``
			: this.#session.sessions.spoken.shown(message);
	}

	#tell(sentence: string): void {
		this.#write(display`${sentence}\n`);
	}

	/** What this peer is sent stands on its terminal as it comes. */
	#write(text: DisplayText): void {
		this.#session.write(text);
	}

	#readLine(line: Buffer): void {
		const session = this.#session;
		const {member, sessions} = session;
		if (session.state.phase !== 'open' || !member) {
			return;
		}

		session.intake.spend();
		const text = line.toString().replace(/\r$/, '');
		if (isRequestLine(text)) {
			session.dispatch({type: 'foreign', at: sessions.now, protocol: 'HTTP'});
			return;
		}

		const notUtf8 = checkUtf8(line);
		if (notUtf8) {
			this.tellError(notUtf8);
			return;
		}

		parseLine(
			text,
			'plain',
		)({
			say: said => {
				this.#say(said);
			},
			rename: nick => {
				this.#rename(nick);
			},
			leave() {
				session.end('quit');
			},
			members: () => sessions.room.memberList(),
			notice: (_tone, sentence) => {
				this.#tell(sentence);
			},
			help: () => {
				for (const command of plainHelpLines()) {
					this.#tell(command);
				}
			},
		});
	}

	/** @returns Whether the host has muted it; then it is told. */
	#isSilenced({id}: Member): boolean {
		const silence = this.#session.sessions.rules.silence(id);
		if (silence) {
			this.tellError(silence);
		}

		return silence !== undefined;
	}

	#say(text: string): void {
		const {member, sessions} = this.#session;
		if (!member || this.#isSilenced(member)) {
			return;
		}

		const {room, clock} = sessions;
		const result = room.say(member, plainN, text, clock.wallMs());
		if (result.kind === 'refused') {
			this.tellError(result.error);
		} else {
			sessions.onPosted();
		}
	}

	#rename(nick: string): void {
		const {member, sessions} = this.#session;
		if (!member || this.#isSilenced(member)) {
			return;
		}

		const {room, clock} = sessions;
		const result = room.rename(member, nick, clock.wallMs());
		if (result.kind === 'refused') {
			this.tellError(result.error);
			return;
		}

		this.#session.member = result.member;
		this.#tell(`You are ${result.member.nick} now.`);
		sessions.onRenamed();
	}
}
