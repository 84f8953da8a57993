/**
 * Why a send queue stands. The kernel's table counts what is in flight and what
 * was never sent as one; `ss` tells them apart. It is a process, so it is asked
 * only while there is a queue, and at most once a second.
 */
import type {QueueInfo} from '../tcp/tcp-info.js';
import type {KernelPair, KernelSocket} from '../tcp/tcp.js';
import {readQueues} from '../socket/ss.js';
import type {TcpTable} from '../socket/tcp-table.js';

/** So each reading of the table, one a second, has figures of the one before. */
const restMs = 900;

type Queues = ReadonlyMap<string, QueueInfo>;

export const queuesByEnds = (queues: readonly QueueInfo[]): Queues =>
	new Map(queues.map(queue => [`${queue.local} ${queue.remote}`, queue]));

export const withSending = (
	socket: KernelSocket | undefined,
	queues: Queues,
): KernelSocket | undefined => {
	const found = socket && queues.get(`${socket.local} ${socket.remote}`);
	if (!socket || !found) {
		return socket;
	}

	// Another queue has other figures. ss counts a FIN too.
	const fin = found.sendQueueBytes - socket.sendQueueBytes;
	if (fin !== 0 && fin !== 1) {
		return socket;
	}

	const {notSentBytes} = found.sending;
	const sending = {
		...found.sending,
		notSentBytes: Math.min(notSentBytes, socket.sendQueueBytes),
	};
	return {...socket, sending};
};

export class StandingQueues {
	readonly #read: typeof readQueues;
	#queues: Queues = new Map();
	#isReading = false;
	#restedAt = -Infinity;

	/** @param read Replaces asking ss. */
	constructor(read: typeof readQueues = readQueues) {
		this.#read = read;
	}

	/**
	 * Adds what is known, and asks for the next reading of the table.
	 *
	 * @param now Monotonic milliseconds.
	 */
	complete(table: TcpTable, port: number | undefined, now: number): TcpTable {
		if (!table.hasSendQueue) {
			this.#queues = new Map();
			return table;
		}

		if (port !== undefined && !this.#isReading && now >= this.#restedAt) {
			this.#restedAt = now + restMs;
			void this.#ask(port);
		}

		const queues = this.#queues;
		return {
			...table,
			pair(first, second): KernelPair {
				const {local, remote} = table.pair(first, second);
				return {
					local: withSending(local, queues),
					remote: withSending(remote, queues),
				};
			},
		};
	}

	async #ask(port: number): Promise<void> {
		this.#isReading = true;
		const queues = await this.#read(port);
		this.#isReading = false;
		this.#queues = queuesByEnds(queues);
	}
}
