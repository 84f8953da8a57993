/**
 * One peer of the server: its socket, its machine, and how it speaks.
 */
import type {Buffer} from 'node:buffer';
import {Socket} from 'node:net';
import type {Duplex} from 'node:stream';
import {
	transitionSession,
	type Session,
	type SessionEffect,
	type SessionEvent,
} from '../connection/session.js';
import {assertNever, SockchatError} from '../errors.js';
import type {ForeignProtocol} from '../protocol/dialect.js';
import {
	helloTimeoutMs,
	type LeaveReason,
	type Whispered,
} from '../protocol/frame.js';
import type {NickBearer} from '../protocol/nick.js';
import {publicId} from '../protocol/public-id.js';
import type {RoomLog} from '../room/log.js';
import type {Member} from '../room/results.js';
import {hostOf, type Origin} from '../socket/origin.js';
import type {PeerUid} from '../socket/peer-uid.js';
import type {WireTap} from '../watch/wire-tap.js';
import type {Comer} from './admission.js';
import type {Dialect} from './dialect.js';
import {FirstBytes, type Heard} from './first-bytes.js';
import {FramedDialect} from './framed-dialect.js';
import {Intake, type IntakeOwner} from './intake.js';
import {Outlet, type OutletOwner, type Past} from './outlet.js';
import {PlainDialect} from './plain-dialect.js';
import {refusals} from './foreign-refusals.js';
import type {Sessions} from './sessions.js';

// Who says bye sends FIN with it; one that forgets it is not waited for longer.
const finBehindByeMs = 250;

// What was on its way when we said bye is read, or closing would send an RST;
// whatever goes on longer is not.
const maxDroppedBytes = 256 * 1024;

const lateHello = () =>
	new SockchatError(
		'ERR_HANDSHAKE_TIMEOUT',
		`No hello came within ${helloTimeoutMs / 1000} s of the connection. Send it first.`,
	);

// An error without a listener would end the process; 'close' comes with it.
const heardAtClose = () => undefined;

// A peer of whom nothing else is known.
const stranger: Comer = {};

export class PeerSession implements OutletOwner, IntakeOwner {
	readonly origin: Origin;
	readonly duplex: Duplex;
	/** The same, unless the peer is the host's own screen, in this process. */
	readonly socket: Socket | undefined;
	readonly sessions: Sessions;
	readonly comer: Comer;
	/** Asked for once, when it matters; undefined until then. */
	uid: PeerUid | undefined;
	readonly intake: Intake;
	/** Monotonic milliseconds of the last chunk. */
	lastHeardAt: number;
	bytesIn = 0;
	member: Member | undefined;
	/** Undefined until a ping of ours was answered. */
	rttMs: number | undefined;
	#state: Session;
	#dialect: Dialect | undefined;
	/** Until it is known who is there, and that it is no web page. */
	#firstBytes: FirstBytes | undefined;
	#cancelFin: (() => void) | undefined;
	readonly #outlet: Outlet;
	/** Why we end it; where it has not ended, the peer does. */
	#endReason: LeaveReason | undefined;
	/** Where in the log the last word is due. */
	#finishCursor: number | undefined;
	/** Read behind our bye. */
	#droppedBytes = 0;

	constructor(
		duplex: Duplex,
		origin: Origin,
		sessions: Sessions,
		comer: Comer = stranger,
	) {
		this.comer = comer;
		this.uid = comer.uid;
		this.duplex = duplex;
		this.socket = duplex instanceof Socket ? duplex : undefined;
		this.origin = origin;
		this.sessions = sessions;
		this.lastHeardAt = this.#now;
		this.#state = {phase: 'accepted', since: this.lastHeardAt};
		this.intake = new Intake(
			this,
			sessions.clock,
			this.socket && sessions.budget,
		);
		this.#outlet = new Outlet(this);
		this.#firstBytes = new FirstBytes(sessions.clock, heard => {
			this.#hear(heard);
		});
		duplex.on('data', (chunk: Buffer) => {
			this.bytesIn += chunk.length;
			this.#tap?.note('in', this.peer, chunk);
			this.lastHeardAt = this.#now;
			this.intake.hear(chunk.length);
			this.#read(chunk);
		});
		duplex.on('end', () => {
			this.#readEnd();
		});
		duplex.on('error', heardAtClose);
		duplex.on('close', () => {
			this.#leave(duplex.errored ? 'reset' : 'closed');
		});
	}

	/** As events and tables name it. */
	get peer(): string {
		return this.origin.name;
	}

	get state(): Session {
		return this.#state;
	}

	get log(): RoomLog {
		return this.sessions.room.log;
	}

	get past(): Past | undefined {
		return this.sessions.past;
	}

	/** What goes through memory is on no wire. */
	get #tap(): WireTap | undefined {
		return this.socket && this.sessions.tap;
	}

	noteOut(bytes: Buffer | string): void {
		this.#tap?.note('out', this.peer, bytes);
	}

	onUnread(isTooMuch: boolean): void {
		if (isTooMuch) {
			this.intake.hold('unread');
		} else {
			this.intake.release('unread');
		}
	}

	/** Before its hello an error would be taken for the end. */
	tellSlowed(error: SockchatError): boolean {
		const isOpen = this.#state.phase === 'open';
		if (isOpen) {
			this.#dialect!.tellError(error);
		}

		return isOpen;
	}

	/** Bytes that the kernel took; 0 for a duplex in memory. */
	get bytesOut(): number {
		return this.socket
			? this.socket.bytesWritten - this.socket.writableLength
			: 0;
	}

	/** How it speaks; undefined before that is known. */
	get dialectName(): 'framed' | 'plain' | undefined {
		return this.#dialect?.name;
	}

	/** Why it may not be a member, whatever it says. */
	refusal(client?: string): SockchatError | undefined {
		if (!this.socket) {
			return undefined;
		}

		const {rules, room} = this.sessions;
		if (rules.areNone) {
			return this.comer.refusal;
		}

		const id = client === undefined ? undefined : publicId(client);
		return (
			this.comer.refusal ??
			rules.refusal({
				host: hostOf(this.origin),
				uid: this.uid,
				id,
				isMember: id !== undefined && room.isMember(id),
			})
		);
	}

	/** Only the host's own screen is in this process already. */
	get bearer(): NickBearer {
		return this.socket ? 'member' : 'host';
	}

	/** As the host is, it knows it. */
	get isAskedForToken(): boolean {
		return this.sessions.token !== undefined && this.socket !== undefined;
	}

	/** Bytes that wait in Node for the kernel to take them. */
	get queuedBytes(): number {
		return this.duplex.writableLength;
	}

	/** Entries of the log that were not handed to it yet. */
	get lagEntries(): number {
		return this.member ? this.#outlet.lagEntries : 0;
	}

	get #now(): number {
		return this.sessions.now;
	}

	dispatch(event: SessionEvent): void {
		const [state, ...effects] = transitionSession(this.#state, event);
		this.#state = state;
		for (const effect of effects) {
			this.#perform(effect);
		}
	}

	/** @param at Monotonic milliseconds. */
	tick(at: number): void {
		const {sessions} = this;
		const {heartbeatMs} = sessions.room;
		const {isHeld} = this.intake;
		if (isHeld) {
			this.lastHeardAt = Math.max(this.lastHeardAt, at - heartbeatMs);
		}

		this.#dialect?.tick(at, isHeld);
		const {lastHeardAt} = this;
		this.dispatch({type: 'tick', at, lastHeardAt, heartbeatMs});
	}

	end(reason: LeaveReason): void {
		this.dispatch({type: 'end', at: this.#now, reason});
	}

	/** RST: what was on its way to the peer, or from it, is gone. */
	reset(): void {
		this.#endReason = 'reset';
		this.socket?.resetAndDestroy();
	}

	/**
	 * Becomes a member.
	 *
	 * @param seq Of its next entry; without one it gets what was said since it
	 * connected.
	 */
	join(member: Member, seq?: number): void {
		this.member = member;
		if (seq !== undefined) {
			this.#outlet.moveTo(seq);
		}

		this.sessions.onJoined(this);
	}

	/** The same client came back on another connection: its place is there. */
	replace(): void {
		this.member = undefined;
		this.end('replaced');
	}

	/** Tells this peer alone, behind what it was handed of the log so far. */
	write(line: string): void {
		this.#outlet.write(line);
	}

	/** Tells a framed member something that is not in the log. */
	tell(line: string): void {
		if (this.#state.phase === 'open' && this.#state.dialect === 'framed') {
			this.write(line);
		}
	}

	/** @param n Of the message that is not kept, if it is about one. */
	refuse(error: SockchatError, n?: number): void {
		this.#dialect?.tellError(error, n);
	}

	whisper(frame: Whispered): void {
		this.#dialect?.tellWhisper(frame);
	}

	/** Hands on what the log has for this peer, if it can take it now. */
	pump(): void {
		const dialect = this.#dialect;
		if (!dialect || this.duplex.writableEnded) {
			return;
		}

		const {shownEnd} = this.log;
		const wanted = this.#finishCursor ?? (this.member ? shownEnd : 0);
		const end = Math.min(wanted, shownEnd);
		const isAllHanded = this.#outlet.handOn(end, dialect);
		if (isAllHanded && this.#finishCursor === end) {
			this.#finishCursor = undefined;
			dialect.farewell(this.#endReason!);
			this.#sendFin(dialect);
		}
	}

	/** What was not shown yet was taken back. */
	rollBack(): void {
		this.#outlet.rollBack();
		if (this.#finishCursor !== undefined) {
			const {end} = this.log;
			this.#finishCursor = Math.min(this.#finishCursor, end);
		}

		this.pump();
	}

	/**
	 * Who leaves is to close first, as who closes first is in TIME-WAIT: the FIN
	 * that comes with its bye is answered, not forestalled.
	 */
	#sendFin({name}: Dialect): void {
		const isFinDue = this.#endReason === 'quit' && name === 'framed';
		if (!isFinDue || this.duplex.readableEnded) {
			this.duplex.end();
			return;
		}

		this.#cancelFin = this.sessions.clock.setTimer(() => {
			this.duplex.end();
		}, finBehindByeMs);
		this.duplex.once('end', () => {
			this.duplex.end();
		});
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
				this.#drop(chunk);
				break;
			}

			default: {
				assertNever(this.#state);
			}
		}
	}

	/**
	 * Unread bytes would turn our FIN into an RST, so they are read; but a peer
	 * that writes on and on is left to its deadline.
	 */
	#drop(chunk: Buffer): void {
		this.#droppedBytes += chunk.length;
		// A server that shuts down has no others to spare it for.
		if (
			this.#droppedBytes > maxDroppedBytes &&
			this.#endReason !== 'shutdown'
		) {
			this.intake.hold('ended');
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
				// Who was taken for a listener stays a plain peer.
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
					// What might still have become a hello.
					this.#firstBytes?.end();
				}

				break;
			}

			case 'turn-away': {
				this.#turnAway(effect.protocol);
				break;
			}

			case 'ping': {
				this.#dialect!.ping();
				break;
			}

			case 'report-late-hello': {
				this.sessions.refused++;
				this.#dialect!.tellError(lateHello());
				this.#finishUp('protocol');
				break;
			}

			case 'finish': {
				this.#finishUp(effect.reason);
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
		const {room} = this.sessions;
		const dialect = new PlainDialect(this);
		this.#dialect = dialect;
		dialect.join(isListener ? undefined : room.log.head + 1);
	}

	#turnAway(protocol: ForeignProtocol): void {
		const {clock, emit} = this.sessions;
		emit({type: 'foreign', at: clock.wallMs(), peer: this.peer, protocol});
		this.#endReason = 'protocol';
		this.duplex.end(refusals[protocol]);
		this.#leaveRoom('protocol');
	}

	/** Leaves the room; what the log held until now still goes out, then FIN. */
	#finishUp(reason: LeaveReason): void {
		this.#endReason = reason;
		this.#finishCursor = this.member ? this.log.end : this.#outlet.cursor;
		this.#leaveRoom(reason);
		if (this.#dialect) {
			this.pump();
		} else {
			this.duplex.end();
		}
	}

	#leaveRoom(reason: LeaveReason): void {
		const {member, sessions} = this;
		if (member) {
			this.member = undefined;
			sessions.onLeft(member, reason);
		}
	}

	/** @param seen What the socket showed, where we did not end it. */
	#leave(seen: LeaveReason): void {
		if (this.#state.phase === 'closed') {
			return;
		}

		const reason = this.#endReason ?? seen;
		this.#firstBytes?.stop();
		this.#cancelFin?.();
		this.intake.stop();
		this.#dialect?.stop();
		this.dispatch({type: 'gone', at: this.#now, reason});
		this.#leaveRoom(reason);
		this.sessions.onGone(this, reason);
	}
}
