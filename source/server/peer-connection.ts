/**
 * One connection to the server: runs the session's state machine on its socket.
 *
 * What is read goes to its dialect once the first bytes show which it is; what
 * it is sent goes through its write queue.
 */
import type {Buffer} from 'node:buffer';
import type {Socket} from 'node:net';
import type {Duplex} from 'node:stream';
import {
	tickBy,
	transitionSession,
	type Session,
	type SessionEffect,
	type SessionEvent,
} from '../connection/session.js';
import {assertNever, SockchatError} from '../errors.js';
import type {ServerEvent} from '../event/event.js';
import type {ForeignProtocol} from '../protocol/foreign/sniff.js';
import {
	helloTimeoutMs,
	type Answered,
	type LeaveReason,
	type Whispered,
} from '../protocol/frame.js';
import type {LeftFacts} from '../room/comings.js';
import type {RoomLog} from '../room/log.js';
import type {Member} from '../room/results.js';
import type {Link} from '../socket/link.js';
import type {Origin} from '../socket/origin.js';
import type {PeerUid} from '../socket/peer-uid.js';
import {resetSocket} from '../socket/stream/reset.js';
import type {WireTap} from '../watch/wire-tap.js';
import type {Newcomer} from './admission.js';
import type {Budget} from './budget.js';
import {Ending} from './ending.js';
import {FirstBytes, foreignAnswers, type Heard} from './first-bytes.js';
import {FramedDialect} from './framed-dialect.js';
import type {LogHistory} from './log/cursor.js';
import type {Dialect, Peer, PeerHub} from './peer.js';
import {PlainDialect} from './plain-dialect.js';
import {ReadLimiter, type LimitedPeer} from './read-limiter.js';
import {WriteQueue, type QueueOwner} from './write-queue.js';

/** What a connection needs of the hub, beside what its dialect needs. */
export type ConnectionHub = PeerHub & {
	readonly emit: (event: ServerEvent) => void;
	readonly tap: WireTap | undefined;
	readonly budget: Budget | undefined;
	readonly history: LogHistory | undefined;
	readonly onJoined: (connection: PeerConnection) => void;
	readonly onLeft: (
		member: Member,
		reason: LeaveReason,
		facts?: LeftFacts,
	) => void;
	readonly onGone: (connection: PeerConnection, reason: LeaveReason) => void;
};

const lateHello = () =>
	new SockchatError(
		'ERR_HANDSHAKE_TIMEOUT',
		`No hello came within ${helloTimeoutMs / 1000} s of the connection. Send it first.`,
	);

// An 'error' without a listener would end the process. 'close' follows it.
const ignoreError = () => undefined;

const unknownNewcomer: Newcomer = {};

export class PeerConnection implements Peer, QueueOwner, LimitedPeer {
	readonly hub: ConnectionHub;
	readonly origin: Origin;
	readonly link: Link;
	readonly duplex: Duplex;
	/** The duplex, unless the peer is the host's own screen, in this process. */
	readonly socket: Socket | undefined;
	readonly newcomer: Newcomer;
	/** Undefined until it is needed; then the kernel is asked once. */
	uid: PeerUid | undefined;
	readonly readLimiter: ReadLimiter;
	/** Monotonic milliseconds of the last chunk. */
	lastHeardAt: number;
	bytesIn = 0;
	member: Member | undefined;
	isHeir = false;
	hearsCommands = false;
	rtts: readonly number[] = [];
	#state: Session;
	#dialect: Dialect | undefined;
	/** Until they show what the peer speaks, and that it is no web page. */
	#firstBytes: FirstBytes | undefined;
	/** Set once its FIN was read, which may be before it joins. */
	#isRead: true | undefined;
	readonly #writeQueue: WriteQueue;
	/** Undefined if the peer ends the connection, not the server. */
	#ending: Ending | undefined;

	constructor(
		link: Link,
		origin: Origin,
		hub: ConnectionHub,
		newcomer: Newcomer = unknownNewcomer,
	) {
		this.newcomer = newcomer;
		this.uid = newcomer.uid;
		const duplex = link.stream;
		this.link = link;
		this.duplex = duplex;
		this.socket = link.kind === 'memory' ? undefined : link.socket;
		this.origin = origin;
		this.hub = hub;
		this.lastHeardAt = this.#now;
		this.#state = {phase: 'accepted', since: this.lastHeardAt};
		this.readLimiter = new ReadLimiter(
			this,
			hub.clock,
			this.socket && hub.budget,
		);
		this.#writeQueue = new WriteQueue(this);
		this.#firstBytes = new FirstBytes(hub.clock, heard => {
			this.#hear(heard);
		});
		duplex.on('data', (chunk: Buffer) => {
			this.bytesIn += chunk.length;
			this.#tap?.note('in', this.name, chunk);
			this.lastHeardAt = this.#now;
			this.readLimiter.countBytes(chunk.length);
			this.#read(chunk);
		});
		duplex.on('end', () => {
			this.#readEnd();
		});
		duplex.on('error', ignoreError);
		duplex.on('close', () => {
			this.#leave(duplex.errored ? 'reset' : 'closed');
		});
	}

	get name(): string {
		return this.origin.name;
	}

	get isHost(): boolean {
		return this.socket === undefined;
	}

	get state(): Session {
		return this.#state;
	}

	get log(): RoomLog {
		return this.hub.room.log;
	}

	get history(): LogHistory | undefined {
		return this.hub.history;
	}

	/** What the kernel has taken; 0 for one in memory. */
	get bytesOut(): number {
		return this.link.bytesOut;
	}

	/** Undefined until the first bytes show it. */
	get dialectName(): 'framed' | 'plain' | undefined {
		return this.#dialect?.name;
	}

	/** Bytes that wait in Node for the kernel. */
	get queuedBytes(): number {
		return this.duplex.writableLength;
	}

	/** Entries of the log that it was not sent yet. */
	get lagEntries(): number {
		return this.member ? this.#writeQueue.cursor.lagEntries : 0;
	}

	get #now(): number {
		return this.hub.now;
	}

	/** The host's bytes are on no wire. */
	get #tap(): WireTap | undefined {
		return this.socket && this.hub.tap;
	}

	get isTapped(): boolean {
		return this.#tap !== undefined;
	}

	noteOut(bytes: Buffer | string): void {
		this.#tap?.note('out', this.name, bytes);
	}

	onUnread(isTooMuch: boolean): void {
		if (isTooMuch) {
			this.readLimiter.pause('unread');
		} else {
			this.readLimiter.resume('unread');
		}
	}

	/** Before its hello is accepted, a client takes an error for the end. */
	reportSlowed(error: SockchatError): boolean {
		const isOpen = this.#state.phase === 'open';
		if (isOpen) {
			this.#dialect!.sendError(error);
		}

		return isOpen;
	}

	dispatch(event: SessionEvent): void {
		const [state, ...effects] = transitionSession(this.#state, event);
		this.#state = state;
		for (const effect of effects) {
			this.#perform(effect);
		}
	}

	/** Of one in this process there is none: nothing can get lost on the way. */
	get #heartbeatMs(): number {
		return this.isHost ? Infinity : this.hub.room.heartbeatMs;
	}

	/** Until then a tick changes nothing, monotonic. */
	get tickBy(): number {
		const {isPaused} = this.readLimiter;
		return isPaused
			? -Infinity
			: tickBy(this.#state, this.lastHeardAt, this.#heartbeatMs);
	}

	/** @param at Monotonic milliseconds. */
	tick(at: number): void {
		const heartbeatMs = this.#heartbeatMs;
		const {isPaused} = this.readLimiter;
		if (isPaused) {
			// Its silence is ours: it may have sent pongs that were not read.
			this.lastHeardAt = Math.max(this.lastHeardAt, at - heartbeatMs);
		}

		this.#dialect?.tick(at, isPaused);
		const {lastHeardAt} = this;
		this.dispatch({type: 'tick', at, lastHeardAt, heartbeatMs});
	}

	end(reason: LeaveReason): void {
		this.dispatch({type: 'end', at: this.#now, reason});
	}

	/** Sends RST: bytes in flight are lost, both ways. */
	reset(): void {
		this.#startEnding('reset');
		if (this.socket) {
			resetSocket(this.socket);
		}
	}

	/**
	 * Says bye and closes the socket at once, whatever is unread or not sent.
	 *
	 * @param onCall Called right before close(2).
	 */
	close(onCall: () => void): void {
		this.#startEnding('closed');
		this.#leaveRoom('closed');
		if (!this.duplex.writableEnded) {
			this.#dialect?.sendBye('closed');
		}

		onCall();
		this.duplex.destroy();
	}

	join(member: Member, seq?: number): void {
		this.member = member;
		if (seq !== undefined) {
			this.#writeQueue.cursor.moveTo(seq);
		}

		this.hub.onJoined(this);
	}

	/** The same client has joined by another connection: the member goes there. */
	replace(): void {
		this.member = undefined;
		this.end('replaced');
	}

	write(line: string): void {
		this.#writeQueue.write(line);
	}

	writeIfFramed(line: string): void {
		if (this.#state.phase === 'open' && this.#state.dialect === 'framed') {
			this.write(line);
		}
	}

	sendError(error: SockchatError, n?: number): void {
		this.#dialect?.sendError(error, n);
	}

	/** After what the log shows by now: its sender may just have said some of it. */
	sendWhisper(frame: Whispered): void {
		this.pump();
		this.#dialect?.sendWhisper(frame);
	}

	sendAnswered(frame: Answered): void {
		this.#dialect?.sendAnswered(frame);
	}

	/** Sends what the log has for this peer, as far as it takes it now. */
	pump(): void {
		const dialect = this.#dialect;
		const {duplex, hub, log} = this;
		if (!dialect || duplex.writableEnded) {
			return;
		}

		const ending = this.#ending;
		const wanted = ending?.byeOffset ?? (this.member ? log.shownEnd : 0);
		const end = Math.min(wanted, log.shownEnd);
		const isAllSent = this.#writeQueue.sendLog(end, dialect);
		if (isAllSent && ending?.byeOffset === end) {
			ending.byeOffset = undefined;
			dialect.sendBye(ending.reason);
			ending.sendFin(duplex, hub.clock, dialect.name === 'framed');
		}
	}

	/** The log took back entries that nobody was sent yet. */
	rollBack(): void {
		this.#writeQueue.cursor.rollBack();
		this.#ending?.rollBack(this.log.end);
		this.pump();
	}

	#read(chunk: Buffer): void {
		switch (this.#state.phase) {
			case 'accepted':
			case 'greeting':
			case 'open': {
				if (this.#firstBytes) {
					this.#firstBytes.push(chunk);
				} else {
					this.#dialect!.read(chunk);
				}

				break;
			}

			case 'half-closed':
			case 'draining':
			case 'closed': {
				if (this.#ending?.drop(chunk.length)) {
					this.readLimiter.pause('ended');
				}

				break;
			}

			default: {
				assertNever(this.#state);
			}
		}
	}

	#hear(heard: Heard): void {
		const at = this.#now;
		switch (heard.kind) {
			case 'foreign': {
				this.#firstBytes = undefined;
				this.dispatch({type: 'foreign', at, protocol: heard.protocol});
				break;
			}

			case 'framed': {
				// After the hello's time-out it is a plain peer, and stays one.
				if (this.#state.phase === 'accepted') {
					this.dispatch({type: 'framed', at});
				}

				this.#firstBytes = undefined;
				this.#read(heard.bytes);
				break;
			}

			case 'plain': {
				if (this.#state.phase === 'accepted') {
					this.dispatch({type: 'plain', at});
				}

				if (heard.isFinal) {
					this.#firstBytes = undefined;
				}

				if (this.#state.phase === 'open') {
					this.#dialect!.read(heard.bytes);
					if (heard.isLine) {
						this.#dialect!.readEnd();
					}
				}

				break;
			}

			default: {
				assertNever(heard);
			}
		}
	}

	#readEnd(): void {
		this.#isRead = true;
		this.#firstBytes?.end();
		if (this.#state.phase === 'open') {
			this.#dialect!.readEnd();
		}

		this.dispatch({type: 'fin', at: this.#now});
	}

	#perform(effect: SessionEffect): void {
		switch (effect.type) {
			case 'greet': {
				this.#dialect = new FramedDialect(this);
				break;
			}

			case 'join-plain': {
				this.#joinPlain(effect.isListener);
				if (effect.isListener) {
					// The beginning of a hello that never came is a line.
					this.#firstBytes?.end();
				}

				break;
			}

			case 'turn-away': {
				this.#turnAway(effect.protocol);
				break;
			}

			case 'ping': {
				this.#dialect!.ping(effect.id);
				break;
			}

			case 'report-late-hello': {
				this.hub.refused++;
				this.#dialect!.sendError(lateHello());
				this.#finish('protocol');
				break;
			}

			case 'finish': {
				this.#finish(effect.reason);
				break;
			}

			case 'destroy': {
				this.#leave(effect.reason);
				this.duplex.destroy();
				break;
			}

			default: {
				assertNever(effect);
			}
		}
	}

	#joinPlain(isListener: boolean): void {
		const {room} = this.hub;
		const dialect = new PlainDialect(this);
		this.#dialect = dialect;
		dialect.join(isListener ? undefined : room.log.head + 1, this.#isRead);
	}

	#turnAway(protocol: ForeignProtocol): void {
		const {clock, emit} = this.hub;
		emit({type: 'foreign', at: clock.wallMs(), peer: this.name, protocol});
		this.#startEnding('protocol');
		this.duplex.end(foreignAnswers[protocol]);
		this.#leaveRoom('protocol');
	}

	/** Leaves the room. What the log has until now still goes out, then FIN. */
	#finish(reason: LeaveReason): void {
		this.#startEnding(
			reason,
			this.member ? this.log.end : this.#writeQueue.cursor.offset,
		);
		this.#leaveRoom(reason);
		if (this.#dialect) {
			this.pump();
		} else {
			this.duplex.end();
		}
	}

	#startEnding(reason: LeaveReason, byeOffset?: number): void {
		this.#ending?.stop();
		this.#ending = new Ending(reason, byeOffset);
	}

	#leaveRoom(reason: LeaveReason): void {
		const {member, hub} = this;
		if (member) {
			this.member = undefined;
			const isUnix =
				this.origin.kind === 'unix' &&
				(reason === 'closed' || reason === 'reset');
			hub.onLeft(member, reason, isUnix ? {unix: true} : {});
		}
	}

	/** @param seen What the socket shows, in case the server did not end it. */
	#leave(seen: LeaveReason): void {
		if (this.#state.phase === 'closed') {
			return;
		}

		const reason = this.#ending?.reason ?? seen;
		this.#firstBytes?.stop();
		this.#ending?.stop();
		this.readLimiter.stop();
		this.dispatch({type: 'gone', at: this.#now, reason});
		this.#leaveRoom(reason);
		this.hub.onGone(this, reason);
	}
}
