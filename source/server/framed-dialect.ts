/** How a sockchat client is read and written: one frame of JSON per line. */
import type {Buffer} from 'node:buffer';
import {keepRoundTrip} from '../connection/round-trips.js';
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
	type Answered,
	type ClientFrame,
	type LeaveReason,
	type ServerFrame,
	type Whisper,
	type Whispered,
} from '../protocol/frame.js';
import {LineSplitter, linesWith} from '../protocol/lines.js';
import type {Member} from '../room/results.js';
import {trace} from '../trace.js';
import {
	answer,
	askBot,
	offer,
	offeredCommands,
	withdraw,
} from './bots/actions.js';
import {Greeting} from './greeting.js';
import {LogQueries} from './log/queries.js';
import {
	rename,
	say,
	whisper,
	type WhisperDelivery,
	type WhisperOutcome,
} from './member-actions.js';
import type {Dialect, Peer} from './peer.js';

const frameUnfinished = () =>
	new SockchatError(
		'ERR_FRAME_TIMEOUT',
		`A frame has had no line end for ${frameTimeoutMs / 1000} s. Send each frame in one piece.`,
	);

export class FramedDialect implements Dialect {
	readonly name = 'framed';
	readonly #peer: Peer;
	readonly #lines = new LineSplitter(maxFrameBytes);
	/** The last ping. */
	#pinged = 0;
	#pingedAt = 0;
	/** Only before it is a member. */
	#greeting: Greeting | undefined;
	/** Since its first query. */
	#logQueries: LogQueries | undefined;
	/**
	 * Deliver whispers that wait for what their sender said before, in order. Since
	 * the first one: a Set for each of 10,000 peers would take 2 MB.
	 */
	#held: Set<() => void> | undefined;
	/** When an unfinished frame began; monotonic milliseconds. */
	#unfinishedSince: number | undefined;

	constructor(peer: Peer) {
		this.#peer = peer;
	}

	read(chunk: Buffer): void {
		const tooLong = this.#lines.push(
			chunk,
			line => {
				this.#unfinishedSince = undefined;
				this.#peer.readLimiter.countMessages();
				this.#readLine(line);
			},
			lines => this.#readSays(lines),
		);
		if (tooLong) {
			this.sendError(tooLong);
			this.#peer.end('protocol');
		}

		if (this.#lines.pendingBytes > 0) {
			this.#unfinishedSince ??= this.#peer.hub.clock.monotonicMs();
		}
	}

	tick(at: number, isPaused: boolean): void {
		if (this.#unfinishedSince === undefined) {
			return;
		}

		if (isPaused) {
			this.#unfinishedSince = at;
		} else if (at - this.#unfinishedSince >= frameTimeoutMs) {
			this.#unfinishedSince = undefined;
			this.sendError(frameUnfinished());
			this.#peer.end('protocol');
		}
	}

	readEnd(): void {
		const {pendingBytes} = this.#lines;
		if (pendingBytes > 0) {
			trace(`${this.#peer.name}: FIN within a frame, ${pendingBytes} bytes`);
		}
	}

	/** The log's bytes are what goes on the wire. */
	encode(entries: Buffer): Buffer {
		const {newcomer, member} = this.#peer;
		return newcomer.isReceiptsOnly && member
			? linesWith(entries, member.id)
			: entries;
	}

	sendGap(from: number, to: number): void {
		this.#send({type: 'gap', from, to});
		// The gap may have held joins and leaves; the list replaces them.
		if (this.#peer.member) {
			const {room} = this.#peer.hub;
			const {head} = room.log;
			this.#send({type: 'members', ...room.memberList(), head});
		}
	}

	sendError({code, message}: SockchatError, n?: number): void {
		this.#send({
			type: 'error',
			code,
			message,
			...(n === undefined ? {} : {n}),
		});
	}

	sendWhisper(frame: Whispered): void {
		this.#send(frame);
	}

	sendAnswered(frame: Answered): void {
		this.#send(frame);
	}

	ping(id: number): void {
		this.#pinged = id;
		this.#pingedAt = this.#peer.hub.clock.monotonicMs();
		this.#send({type: 'ping', id});
	}

	sendBye(reason: LeaveReason): void {
		this.#send({type: 'bye', reason});
	}

	#send(frame: ServerFrame): void {
		this.#peer.write(frameLine(frame));
	}

	/** @returns How many bytes it read. */
	#readSays(lines: Buffer): number {
		const {member, state} = this.#peer;
		if (!member || state.phase !== 'open') {
			return 0;
		}

		const {says, bytes} = leadingSays(lines);
		if (says.length > 0) {
			this.#unfinishedSince = undefined;
			this.#peer.readLimiter.countMessages(says.length);
			this.#say(member, says);
		}

		return bytes;
	}

	#readLine(line: Buffer): void {
		const {phase} = this.#peer.state;
		if (phase !== 'greeting' && phase !== 'open') {
			// An earlier frame in the same chunk ended the connection.
			return;
		}

		const decoded = decodeClientFrame(line);
		switch (decoded.kind) {
			case 'frame': {
				this.#perform(decoded.frame);
				break;
			}

			case 'unknown': {
				trace(`${this.#peer.name}: ignored an unknown ${decoded.frameType}`);
				break;
			}

			case 'bad': {
				this.sendError(decoded.error);
				break;
			}

			default: {
				assertNever(decoded);
			}
		}
	}

	#perform(frame: ClientFrame): void {
		const {member} = this.#peer;
		if (frame.type === 'hello') {
			if (member) {
				this.sendError(
					badFrame('hello may be sent once only', '{"type":"hello"'),
				);
				return;
			}

			this.#greeting ??= new Greeting(this.#peer);
			this.#greeting.greet(frame);
			if (this.#peer.member) {
				this.#greeting = undefined;
			}

			return;
		}

		if (frame.type === 'challenge') {
			this.#greeting ??= new Greeting(this.#peer);
			this.#greeting.answer(frame);
			return;
		}

		if (frame.type === 'bye') {
			this.#peer.end('quit');
			return;
		}

		if (!member) {
			this.sendError(
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
				this.#logQueries ??= new LogQueries(this.#peer);
				void this.#logQueries.answer(frame);
				break;
			}

			case 'who': {
				void this.#answerWho(member, frame.id);
				break;
			}

			case 'nick': {
				this.#rename(member, frame.nick);
				break;
			}

			case 'heir': {
				this.#peer.isHeir = true;
				break;
			}

			case 'commands': {
				this.#peer.hearsCommands = true;
				this.#send(offeredCommands(this.#peer.hub));
				break;
			}

			case 'offer': {
				this.#send(offer(this.#peer, member, frame));
				break;
			}

			case 'withdraw': {
				withdraw(this.#peer, member, frame.name);
				break;
			}

			case 'command': {
				const refused = askBot(this.#peer, member, frame);
				if (refused) {
					this.#send(refused);
				}

				break;
			}

			case 'answer': {
				answer(this.#peer, member, frame);
				break;
			}

			case 'ping': {
				this.#send({type: 'pong', id: frame.id});
				break;
			}

			case 'pong': {
				if (frame.id === this.#pinged) {
					const {clock} = this.#peer.hub;
					const rttMs = clock.monotonicMs() - this.#pingedAt;
					this.#peer.rtts = keepRoundTrip(this.#peer.rtts, rttMs);
				}

				break;
			}

			default: {
				assertNever(frame);
			}
		}
	}

	#say(member: Member, said: readonly Said[]): void {
		// A client takes all of its numbers up to a stored one for delivered.
		for (const deliver of this.#held ?? []) {
			deliver();
		}

		for (const {n, error} of say(this.#peer, member, said)) {
			this.sendError(error, n);
		}
	}

	#whisper(member: Member, frame: Whisper): void {
		const outcome = whisper(this.#peer, member, frame);
		switch (outcome.kind) {
			case 'delivered':
			case 'refused': {
				this.#report(member, outcome, frame.n);
				break;
			}

			case 'held': {
				void this.#hold(member, outcome, frame.n);
				break;
			}

			case 'sent': {
				void this.#receipt(outcome);
				break;
			}

			case 'duplicate': {
				break;
			}

			default: {
				assertNever(outcome);
			}
		}
	}

	async #hold(
		member: Member,
		{seq, deliver}: Extract<WhisperOutcome, {kind: 'held'}>,
		n: number,
	): Promise<void> {
		this.#held ??= new Set();
		const held = this.#held;
		const deliverOnce = () => {
			if (held.delete(deliverOnce)) {
				this.#report(member, deliver(), n);
			}
		};

		held.add(deliverOnce);
		await this.#peer.hub.shown(seq);
		deliverOnce();
	}

	/** To the sender's connection, which by now may be another one. */
	#report(member: Member, delivery: WhisperDelivery, n: number): void {
		const connection = this.#peer.hub.of(member);
		if (delivery.kind === 'delivered') {
			connection?.sendWhisper(delivery.whispered);
		} else {
			connection?.sendError(delivery.error, n);
		}
	}

	async #answerWho(member: Member, id: number): Promise<void> {
		const line = await this.#peer.hub.callRoll(member, id);
		this.#peer.writeIfFramed(line);
	}

	async #receipt({
		whispered,
		failed,
	}: Extract<WhisperOutcome, {kind: 'sent'}>): Promise<void> {
		const error = await failed;
		if (error) {
			this.sendError(error, whispered.n);
		} else {
			this.sendWhisper(whispered);
		}
	}

	#rename(member: Member, nick: string): void {
		const result = rename(this.#peer, member, nick);
		if (result.kind === 'refused') {
			this.sendError(result.error);
		}
	}
}
