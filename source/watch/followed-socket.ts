/** A socket that is being followed, with its addresses kept after it closes. */
import type {Socket} from 'node:net';
import type {Duplex} from 'node:stream';
import {Acknowledged} from '../tcp/acknowledged.js';
import {SegmentCounts} from '../tcp/segment-counts.js';
import {StepLog} from '../tcp/step-log.js';
import type {KernelPair, Step} from '../tcp/tcp.js';
import {connectingEndsOf, endpointsOf, type Endpoints} from '../socket/link.js';
import type {TcpTable} from '../socket/tcp-table.js';
import {OtherCalls} from './other-calls.js';
import {UnseenReset} from './unseen-reset.js';

type Known = {
	readonly dialled?: string | undefined;
	readonly notBefore?: number | undefined;
	readonly otherNotBefore?: number | undefined;
};

export class FollowedSocket {
	readonly log: StepLog;
	readonly counts: SegmentCounts;
	readonly acknowledged: Acknowledged;
	readonly other: OtherCalls;
	readonly reset = new UnseenReset();
	/** On a client: whether a newer connection has replaced it. */
	isFormer = false;
	/** Whether nobody wants to know of it any more: its client is now the host. */
	isLeft = false;
	/** Whether somebody has stopped reading it, and watches what that does. */
	isPaused = false;
	/** What it carries; itself, if nothing else. */
	stream: Duplex;
	readonly #socket: Socket;
	/** The server's peer; undefined on a client. */
	readonly peer: string | undefined;
	/** When the connection was not open yet, in milliseconds since the epoch. */
	readonly notBefore: number;
	readonly #side: 'client' | 'server';
	readonly #dialled: string | undefined;
	/** Kept here, as a closed socket forgets them. */
	#local: string | undefined;
	#remote: string | undefined;
	#attempt: string | undefined;
	/** How many bytes the kernel had when the reading began, at least. */
	#takenBytes = 0;
	#unreadBytes = 0;

	/**
	 * @param peer The server's peer; undefined on a client.
	 * @param known The address a client connects to, if known; when the connection
	 * was not open yet, and when the other end had not begun it, in milliseconds
	 * since the epoch.
	 */
	constructor(
		socket: Socket,
		side: 'client' | 'server',
		peer: string | undefined,
		{dialled, notBefore = 0, otherNotBefore = notBefore}: Known = {},
	) {
		this.#socket = socket;
		this.stream = socket;
		this.peer = peer;
		this.notBefore = notBefore;
		this.#side = side;
		this.#dialled = dialled;
		this.log = new StepLog(peer, notBefore);
		this.other = new OtherCalls({
			side,
			peer,
			notBefore: otherNotBefore,
			endpoints: () => ({local: this.#local, remote: this.#remote}),
		});
		this.counts = new SegmentCounts(notBefore);
		this.acknowledged = new Acknowledged(notBefore);
	}

	/** Stores its addresses while it still has them. */
	remember(): void {
		const {local, remote} = endpointsOf(this.#socket);
		this.#local ??= local;
		this.#remote ??= remote;
	}

	/**
	 * Both ends while connect() is in progress: the kernel chooses the local port
	 * when it sends the SYN. Read it in a later turn than the one that dials, as
	 * node:net calls connect() only after that.
	 */
	get connecting(): Endpoints | undefined {
		return this.#socket.connecting
			? connectingEndsOf(this.#socket, this.#dialled)
			: undefined;
	}

	/**
	 * Stores both ends of an attempt, as a refused socket never has them. Call it
	 * once connect() was called.
	 */
	rememberAttempt(): void {
		const {local, remote} = this.connecting ?? {};
		if (local !== undefined && remote !== undefined) {
			this.#attempt = `${local} ${remote}`;
		}
	}

	/** Both ends, even of an attempt that was refused. */
	get attempted(): string | undefined {
		return this.addresses ?? this.#attempt;
	}

	/** Both ends, once known. */
	get addresses(): string | undefined {
		return this.#local === undefined || this.#remote === undefined
			? undefined
			: `${this.#local} ${this.#remote}`;
	}

	/** The server's port, once known. */
	get port(): number | undefined {
		const address = this.#side === 'client' ? this.#remote : this.#local;
		const port = /:(?<port>\d+)$/.exec(address ?? '')?.groups?.['port'];
		return port === undefined ? undefined : Number(port);
	}

	/** Its two rows; undefined without a table or addresses. */
	pairIn(table: TcpTable | undefined): KernelPair | undefined {
		const {local = this.#local, remote = this.#remote} = this.connecting ?? {};
		return table && local !== undefined && remote !== undefined
			? table.pair(local, remote)
			: undefined;
	}

	/**
	 * Call it when a reading of the table begins.
	 *
	 * @param bytes How many were to be sent by now.
	 */
	noteTaken(bytes: number): void {
		const {bytesWritten, destroyed, writableLength} = this.#socket;
		if (destroyed) {
			return;
		}

		const isPlain = this.stream === this.#socket;
		const isHeld = writableLength > 0 || this.stream.writableLength > 0;
		if (isPlain) {
			this.#takenBytes = Math.min(bytes, bytesWritten - writableLength);
		} else if (!isHeld) {
			this.#takenBytes = bytes;
		}
	}

	/** Whether more bytes wait than at the last reading: nobody reads them. */
	hasMoreUnread(pair: KernelPair | undefined): boolean {
		const before = this.#unreadBytes;
		this.#unreadBytes = pair?.local?.receiveQueueBytes ?? 0;
		return this.#unreadBytes > before;
	}

	/** What the other end has acknowledged, as that reading shows. */
	acknowledgedIn({local}: KernelPair, at: number): readonly Step[] {
		const queued = local?.sendQueueBytes;
		// Of what is encrypted, not even how many bytes are queued is known.
		const isPlain = this.stream === this.#socket;
		if (queued === undefined || (queued > 0 && !isPlain)) {
			return [];
		}

		return this.acknowledged.take(this.#takenBytes - queued, at, this.peer);
	}

	/** The step as reported: a former connection is named by its address. */
	named(step: Step): Step {
		return this.isFormer && this.#local !== undefined
			? {...step, peer: this.#local}
			: step;
	}
}
