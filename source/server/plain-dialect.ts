/**
 * How a peer with a bare socket is read and written: `nc`, telnet, the
 * tutorial's client.
 *
 * Each line is a message. The tutorial's client sends no newline at all, so its
 * message ends where it pauses (first-bytes.ts). It gets what others say and
 * nothing else, because it takes the next bytes that it reads for its answer.
 */
import {Buffer} from 'node:buffer';
import {randomUUID} from 'node:crypto';
import {plainHelpLines} from '../commands/help.js';
import {parseLine} from '../commands/parse.js';
import type {SockchatError} from '../errors.js';
import {decodeServerFrame} from '../protocol/codec.js';
import {display, joinText, type DisplayText} from '../protocol/display.js';
import {
	maxFrameBytes,
	plainN,
	type Answered,
	type LeaveReason,
	type Message,
	type Whispered,
} from '../protocol/frame.js';
import {isRequestLine} from '../protocol/foreign/http-request.js';
import {LineSplitter} from '../protocol/lines.js';
import {checkUtf8} from '../protocol/utf8.js';
import {tokenNeeded} from '../protocol/token.js';
import type {Member} from '../room/results.js';
import {askBot, offeredCommands} from './bots/actions.js';
import {joinRefusal, needsToken, rename, say} from './member-actions.js';
import type {Dialect, Peer} from './peer.js';
import {plainMessage} from './plain-messages.js';

export class PlainDialect implements Dialect {
	readonly name = 'plain';
	readonly #peer: Peer;
	readonly #lines = new LineSplitter(maxFrameBytes);
	/** Kept after it leaves: its last message must not come back to it either. */
	#id: string | undefined;

	constructor(peer: Peer) {
		this.#peer = peer;
	}

	/**
	 * @param seq The first entry it gets, as for `Peer.join`.
	 * @param oneShot Whether it has said all that it will: it was read to its FIN.
	 */
	join(seq: number | undefined, oneShot?: true): void {
		const peer = this.#peer;
		const refusal =
			joinRefusal(peer) ?? (needsToken(peer) ? tokenNeeded() : undefined);
		if (refusal) {
			this.#refuse(refusal);
			return;
		}

		const {room, clock} = peer.hub;
		const nick = this.#guestNick();
		const result = room.join(randomUUID(), nick, clock.wallMs(), {
			bearer: 'guest',
			oneShot,
		});
		if (result.kind === 'refused') {
			this.#refuse(result.error);
		} else {
			this.#id = result.member.id;
			peer.join(result.member, seq);
		}
	}

	#refuse(error: SockchatError): void {
		this.#peer.hub.refused++;
		this.sendError(error);
		this.#peer.end('protocol');
	}

	/** guest-PORT; a number is added if a peer of another 127.x.x.x has it. */
	#guestNick(): string {
		const {hub, name} = this.#peer;
		const nick = `guest-${/\d+$/.exec(name)?.[0] ?? 0}`;
		let free = nick;
		for (let next = 2; hub.room.memberNamed(free); next++) {
			free = `${nick}-${next}`;
		}

		return free;
	}

	read(chunk: Buffer): void {
		const tooLong = this.#lines.push(chunk, line => {
			this.#readLine(line);
		});
		if (tooLong) {
			this.sendError(tooLong);
			this.#peer.end('protocol');
		}
	}

	tick(): void {
		// A person may take as long as they like over a line.
	}

	readEnd(): void {
		this.#readLine(this.#lines.takeRest());
	}

	encode(entries: Buffer): Buffer {
		let said = display``;
		new LineSplitter(entries.length).push(entries, line => {
			const decoded = decodeServerFrame(line);
			if (decoded.kind === 'frame' && decoded.frame.type === 'message') {
				said = joinText(said, this.#shown(decoded.frame));
			}
		});
		return Buffer.from(said);
	}

	sendGap(from: number, to: number): void {
		this.#writeLine(
			`${to - from + 1} lines are gone, because you read too slowly.`,
		);
	}

	sendError({message}: SockchatError): void {
		this.#writeLine(message);
	}

	sendWhisper({from, text}: Whispered): void {
		this.#write(plainMessage(`${from} (to you alone)`, text));
	}

	sendAnswered({from, name, text, failed}: Answered): void {
		const speaker = from === undefined ? undefined : `${from} (to you alone)`;
		if (speaker === undefined) {
			this.#writeLine(text);
		} else if (text === '') {
			this.#writeLine(`${speaker}: /${name} ${failed ? 'failed' : 'is done'}.`);
		} else {
			this.#write(plainMessage(speaker, text));
		}
	}

	ping(): void {
		// A plain peer knows no ping.
	}

	sendBye(_reason: LeaveReason): void {
		// FIN is enough.
	}

	#shown(message: Message): DisplayText {
		return message.id === this.#id
			? display``
			: this.#peer.hub.plainMessages.shown(message);
	}

	#writeLine(sentence: string): void {
		this.#write(display`${sentence}\n`);
	}

	/** The peer has no front end: its terminal shows these bytes as they are. */
	#write(text: DisplayText): void {
		this.#peer.write(text);
	}

	#readLine(line: Buffer): void {
		const peer = this.#peer;
		const {member, hub} = peer;
		if (peer.state.phase !== 'open' || !member) {
			return;
		}

		peer.readLimiter.countMessages();
		const text = line.toString().replace(/\r$/, '');
		if (isRequestLine(text)) {
			peer.dispatch({type: 'foreign', at: hub.now, protocol: 'HTTP'});
			return;
		}

		const notUtf8 = checkUtf8(line);
		if (notUtf8) {
			this.sendError(notUtf8);
			return;
		}

		const offered = text.startsWith('/') ? offeredCommands(hub).offered : [];
		parseLine(
			text,
			'plain',
			offered,
		)({
			say: said => {
				this.#say(member, said);
			},
			rename: nick => {
				this.#rename(member, nick);
			},
			leave() {
				peer.end('quit');
			},
			members: () => hub.room.memberList(),
			notice: (_tone, sentence) => {
				this.#writeLine(sentence);
			},
			help: () => {
				for (const command of plainHelpLines(offered)) {
					this.#writeLine(command);
				}
			},
			ask: (name, rest) => {
				const refused = askBot(peer, member, {
					request: plainN,
					name,
					text: rest,
				});
				if (refused) {
					this.sendAnswered(refused);
				}
			},
		});
	}

	#say(member: Member, text: string): void {
		const [refused] = say(this.#peer, member, [{n: plainN, text}]);
		if (refused) {
			this.sendError(refused.error);
		}
	}

	#rename(member: Member, nick: string): void {
		const result = rename(this.#peer, member, nick);
		if (result.kind === 'refused') {
			this.sendError(result.error);
		} else {
			this.#writeLine(`You are ${result.member.nick} now.`);
		}
	}
}
