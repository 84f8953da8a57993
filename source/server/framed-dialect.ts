/** A session whose peer is a sockchat client: frames in, frames out. */
import type {Buffer} from 'node:buffer';
import {assertNever, SockchatError} from '../errors.js';
import {
	badFrame,
	decodeClientFrame,
	frameLine,
	leadingSays,
	type Said,
} from '../protocol/codec.js';
import {
	frameTimeoutMs,
	maxFrameBytes,
	type ClientFrame,
	type LeaveReason,
	type ServerFrame,
	type Whisper,
	type Whispered,
} from '../protocol/frame.js';
import {LineSplitter, linesWith} from '../protocol/lines.js';
import type {Member} from '../room/results.js';
import {trace} from '../trace.js';
import type {Dialect} from './dialect.js';
import {Greeting} from './greeting.js';
import {Lookout} from './log-queries.js';
import type {PeerSession} from './peer-session.js';

const frameUnfinished = () =>
	new SockchatError(
		'ERR_FRAME_TIMEOUT',
		`A frame was begun ${frameTimeoutMs / 1000} s ago and has not ended. Send each in one piece.`,
	);

export class FramedDialect implements Dialect {
	readonly name = 'framed';
	readonly #session: PeerSession;
	readonly #lines = new LineSplitter(maxFrameBytes);
	#pings = 0;
	#pingedAt = 0;
	/** Until it is a member. */
	#greeting: Greeting | undefined;
	/** Once it has looked into the log. */
	#lookout: Lookout | undefined;
	/** When the frame began that has not ended; monotonic milliseconds. */
	#halfSince: number | undefined;

	constructor(session: PeerSession) {
		this.#session = session;
	}

	read(chunk: Buffer): void {
		try {
			this.#lines.push(
				chunk,
				line => {
					this.#halfSince = undefined;
					this.#session.intake.spend();
					this.#readLine(line);
				},
				lines => this.#readSays(lines),
			);
		} catch (error) {
			if (!(error instanceof SockchatError)) {
				throw error;
			}

			this.tellError(error);
			this.#session.end('protocol');
		}

		if (this.#lines.pendingBytes > 0) {
			this.#halfSince ??= this.#session.sessions.clock.monotonicMs();
		}
	}

	tick(at: number, isHeld: boolean): void {
		if (this.#halfSince === undefined) {
			return;
		}

		if (isHeld) {
			this.#halfSince = at;
		} else if (at - this.#halfSince >= frameTimeoutMs) {
			this.#halfSince = undefined;
			this.tellError(frameUnfinished());
			this.#session.end('protocol');
		}
	}

	readEnd(): void {
		const {pendingBytes} = this.#lines;
		if (pendingBytes > 0) {
			trace(`${this.#session.peer}: FIN within a frame, ${pendingBytes} bytes`);
		}
	}

	/** The log holds what goes on the wire. */
	encode(entries: Buffer): Buffer {
		const {comer, member} = this.#session;
		return comer.isDeaf && member ? linesWith(entries, member.id) : entries;
	}

	tellGap(from: number, to: number): void {
		this.#send({type: 'gap', from, to});
		// Who came and went in the gap is not told any more: the list is.
		if (this.#session.member) {
			const {room} = this.#session.sessions;
			const {head} = room.log;
			this.#send({type: 'members', ...room.memberList(), head});
		}
	}

	tellError({code, message}: SockchatError, n?: number): void {
		this.#send({
			type: 'error',
			code,
			message,
			...(n === undefined ? {} : {n}),
		});
	}

	tellWhisper(frame: Whispered): void {
		this.#send(frame);
	}

	ping(): void {
		this.#pingedAt = this.#session.sessions.clock.monotonicMs();
		this.#send({type: 'ping', id: ++this.#pings});
	}

	farewell(reason: LeaveReason): void {
		this.#send({type: 'bye', reason});
	}

	stop(): void {
		// It holds nothing that outlives the socket.
	}

	#send(frame: ServerFrame): void {
		this.#session.write(frameLine(frame));
	}

	/** @returns How many bytes it took. */
	#readSays(lines: Buffer): number {
		const {member, state} = this.#session;
		if (!member || state.phase !== 'open') {
			return 0;
		}

		const {says, bytes} = leadingSays(lines);
		if (says.length > 0) {
			this.#halfSince = undefined;
			this.#session.intake.spend(says.length);
			this.#say(member, says);
		}

		return bytes;
	}

	#readLine(line: Buffer): void {
		const {phase} = this.#session.state;
		if (phase !== 'greeting' && phase !== 'open') {
			// A frame before it in the same chunk ended the session.
			return;
		}

		const decoded = decodeClientFrame(line);
		switch (decoded.kind) {
			case 'frame': {
				this.#take(decoded.frame);
				break;
			}

			case 'unknown': {
				trace(`${this.#session.peer}: passed over a ${decoded.frameType}`);
				break;
			}

			case 'bad': {
				this.tellError(decoded.error);
				break;
			}

			default: {
				assertNever(decoded);
			}
		}
	}

	#take(frame: ClientFrame): void {
		const {member} = this.#session;
		if (frame.type === 'hello') {
			if (member) {
				this.tellError(badFrame('hello was said before', '{"type":"hello"'));
				return;
			}

			this.#greeting ??= new Greeting(this.#session);
			this.#greeting.greet(frame);
			if (this.#session.member) {
				this.#greeting = undefined;
			}

			return;
		}

		if (frame.type === 'challenge') {
			this.#greeting ??= new Greeting(this.#session);
			this.#greeting.answer(frame);
			return;
		}

		if (frame.type === 'bye') {
			this.#session.end('quit');
			return;
		}

		if (!member) {
			this.tellError(
				badFrame('hello must come first', `{"type":"${frame.type}"`),
			);
			return;
		}

		switch (frame.type) {
			case 'say': {
				this.#say(member, [frame]);
				break;
			}

			case 'whisper': {
				this.#whisper(member, frame);
				break;
			}

			case 'search':
			case 'past': {
				this.#lookout ??= new Lookout(this.#session);
				void this.#lookout.look(frame);
				break;
			}

			case 'nick': {
				this.#rename(member, frame.nick);
				break;
			}

			case 'ping': {
				this.#send({type: 'pong', id: frame.id});
				break;
			}

			case 'pong': {
				if (frame.id === this.#pings) {
					const {clock} = this.#session.sessions;
					this.#session.rttMs = clock.monotonicMs() - this.#pingedAt;
				}

				break;
			}

			default: {
				assertNever(frame);
			}
		}
	}

	#isSilenced({id}: Member, n?: number): boolean {
		const error = this.#session.sessions.rules.silence(id);
		if (error) {
			this.tellError(error, n);
		}

		return error !== undefined;
	}

	#say(member: Member, said: readonly Said[]): void {
		const {sessions} = this.#session;
		const {room, clock, rules} = sessions;
		const silenced = rules.silence(member.id);
		if (silenced) {
			for (const {n} of said) {
				this.tellError(silenced, n);
			}

			return;
		}

		for (const {n, error} of room.sayAll(member, said, clock.wallMs())) {
			this.tellError(error, n);
		}

		sessions.onPosted();
	}

	#whisper(member: Member, {n, to, text}: Whisper): void {
		if (this.#isSilenced(member, n)) {
			return;
		}

		const {sessions} = this.#session;
		const {room, clock} = sessions;
		const result = room.whisper(member, n, to, text);
		switch (result.kind) {
			case 'delivered': {
				const frame: Whispered = {
					type: 'whispered',
					n,
					from: member.nick,
					id: member.id,
					to: result.to.nick,
					text,
					at: clock.wallMs(),
				};
				this.tellWhisper(frame);
				if (result.to.id !== member.id) {
					sessions.of(result.to)?.whisper(frame);
				}

				break;
			}

			case 'duplicate': {
				break;
			}

			case 'refused': {
				this.tellError(result.error, n);
				break;
			}

			default: {
				assertNever(result);
			}
		}
	}

	#rename(member: Member, nick: string): void {
		if (this.#isSilenced(member)) {
			return;
		}

		const {bearer, sessions} = this.#session;
		const {room, clock} = sessions;
		const result = room.rename(member, nick, clock.wallMs(), bearer);
		if (result.kind === 'refused') {
			this.tellError(result.error);
		} else {
			this.#session.member = result.member;
			sessions.onRenamed();
		}
	}
}
