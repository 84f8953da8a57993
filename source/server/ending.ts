/**
 * How the server ends a connection: the rest of the log, bye, then FIN.
 *
 * What the peer sends meanwhile is read and dropped, because unread bytes would
 * turn our FIN into an RST.
 */
import type {Duplex} from 'node:stream';
import type {LeaveReason} from '../protocol/frame.js';
import type {Clock} from '../socket/clock.js';

// A client sends FIN right after bye. If it doesn't, we wait no longer than this.
const finAfterByeMs = 250;

// More than was on its way when we said bye. A peer that sends on is no longer
// read.
const maxDroppedBytes = 256 * 1024;

export class Ending {
	readonly reason: LeaveReason;
	/** The offset in the log after which bye is due; undefined once it is sent. */
	byeOffset: number | undefined;
	#droppedBytes = 0;
	#cancelFin: (() => void) | undefined;

	constructor(reason: LeaveReason, byeOffset?: number) {
		this.reason = reason;
		this.byeOffset = byeOffset;
	}

	/** The log took back its newest entries. */
	rollBack(logEnd: number): void {
		if (this.byeOffset !== undefined) {
			this.byeOffset = Math.min(this.byeOffset, logEnd);
		}
	}

	/** @returns Whether the peer has sent too much to be read any further. */
	drop(bytes: number): boolean {
		this.#droppedBytes += bytes;
		// During a shutdown there are no other peers to protect.
		return this.#droppedBytes > maxDroppedBytes && this.reason !== 'shutdown';
	}

	/**
	 * The side that closes first is the one in TIME-WAIT. That should be the
	 * client that leaves, so its FIN is answered instead of sent first.
	 */
	sendFin(duplex: Duplex, clock: Clock, isFramed: boolean): void {
		const isFinComing =
			this.reason === 'quit' && isFramed && !duplex.readableEnded;
		if (!isFinComing) {
			duplex.end();
			return;
		}

		const end = () => {
			duplex.end();
		};

		this.#cancelFin = clock.setTimer(end, finAfterByeMs);
		duplex.once('end', end);
	}

	/** Leaves no timer. */
	stop(): void {
		this.#cancelFin?.();
	}
}
