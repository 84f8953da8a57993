/**
 * Waits, after our FIN, or before TLS sends its own end, until the other side's
 * kernel has all that was sent before it (Linux).
 *
 * If both sides have ended, a socket can be closed at once, and what waits in
 * the send queue for a slow reader is sent later, or never: a RST that throws it
 * away meets nobody who could say so. Nor is it enough to have sent FIN while
 * the other side goes on talking: closing answers what it says with RST. So the
 * socket stays open until its queue is empty. Then nothing more can be sent, and
 * a write says why: EPIPE, or the error that RST left.
 */
import {Buffer} from 'node:buffer';
import {writeSync} from 'node:fs';
import type {Socket} from 'node:net';
import {clearTimeout, setTimeout} from 'node:timers';
import type {TcpState} from '../../tcp/tcp.js';
import {systemClock} from '../clock.js';
import {readTcpTable, type TcpTable} from '../tcp-table.js';

/** A socket that sends no more of its owner's bytes. */
export type Ended = {
	readonly socket: Socket;
	/** Whether its FIN is still to be sent; `done` then says no error. */
	readonly isOpen?: boolean | undefined;
	readonly local: string;
	readonly remote: string;
	/**
	 * Called, unless the socket is destroyed before.
	 *
	 * @param error How the connection broke before all had arrived.
	 */
	readonly done: (error?: Error) => void;
};

type Waiting = Ended & {
	readonly since: number;
	/** A table that changes while being read may miss an existing row. */
	isMissing: boolean;
};

/**
 * A receive buffer of the smallest size there is (SO_RCVBUF 1) takes 1,151
 * bytes: so much never waits for a reader.
 */
export const maxNeverWaiting = 1024;

const shortestPauseMs = 10;
const longestPauseMs = 500;

/** Of a later connection between the same addresses: we have sent FIN. */
const openStates = new Set<TcpState>(['SYN-RECEIVED', 'ESTABLISHED']);

/** Fails in any case, as FIN was sent. */
const breakOf = (socket: Socket): Error | undefined => {
	// Node has no public way to ask for SO_ERROR.
	const handle = Reflect.get(socket, '_handle') as
		{readonly fd?: number} | null | undefined;
	const {fd = -1} = handle ?? {};
	if (fd < 0) {
		return undefined;
	}

	try {
		writeSync(fd, Buffer.alloc(1));
		return undefined;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === 'EPIPE'
			? undefined
			: (error as Error);
	}
};

/** Of all sockets together, as the kernel's table has to be read as a whole. */
export class Arrivals {
	readonly #waiting = new Set<Waiting>();
	#timer: NodeJS.Timeout | undefined;
	#isReading = false;
	/** Readings take at most half of the time. */
	#restUntil = 0;

	wait(ended: Ended): void {
		const since = systemClock.monotonicMs();
		this.#waiting.add({...ended, since, isMissing: false});
		if (!this.#isReading) {
			this.#schedule(0);
		}
	}

	#schedule(pauseMs: number): void {
		clearTimeout(this.#timer);
		const restMs = this.#restUntil - systemClock.monotonicMs();
		this.#timer = setTimeout(
			() => {
				void this.#look();
			},
			Math.max(pauseMs, restMs),
		);
	}

	async #look(): Promise<void> {
		const begunAt = systemClock.monotonicMs();
		const looked = [...this.#waiting];
		this.#isReading = true;
		const table = await readTcpTable(
			new Set(looked.map(({local}) => portOf(local))),
			undefined,
			[...new Set(looked.map(({local}) => fileOf(local)))],
		);
		this.#isReading = false;
		const now = systemClock.monotonicMs();
		this.#restUntil = now + (now - begunAt);
		for (const one of looked) {
			this.#settle(one, table);
		}

		const left = [...this.#waiting];
		if (left.length > 0) {
			const isUnsure = left.some(({isMissing}) => isMissing);
			const youngestMs = now - Math.max(...left.map(({since}) => since));
			this.#schedule(
				isUnsure
					? 0
					: Math.min(longestPauseMs, Math.max(shortestPauseMs, youngestMs / 4)),
			);
		}
	}

	#settle(one: Waiting, table: TcpTable | undefined): void {
		const {socket, isOpen = false, local, remote, done, isMissing} = one;
		if (socket.destroyed) {
			this.#waiting.delete(one);
			return;
		}

		const row = table?.pair(local, remote).local;
		// One of ours that has sent FIN is in no such state.
		const isLater = !isOpen && row !== undefined && openStates.has(row.state);
		const isOurs = row && !isLater;
		if (isOurs && row.sendQueueBytes > 0) {
			one.isMissing = false;
			return;
		}

		if (table && !row && !isMissing) {
			one.isMissing = true;
			return;
		}

		this.#waiting.delete(one);
		const isKnown = isOpen || isOurs === true;
		done(isKnown ? undefined : breakOf(socket));
	}
}

const portOf = (address: string): number =>
	Number(address.slice(address.lastIndexOf(':') + 1));

const fileOf = (address: string) => (address.startsWith('[') ? 'tcp6' : 'tcp');
