/**
 * What the sockets of a chat leave in the kernel once the chat is over: one that
 * sent its FIN first waits a minute, and one whose bytes the other end doesn't
 * take goes on sending them. The process is gone by then, so it says so before.
 */
import type {ChatEvent} from '../event/event.js';
import {formatAddress} from '../socket/address.js';
import {readQueues} from '../socket/ss.js';
import {readTcpTable} from '../socket/tcp-table.js';
import type {KernelSocket} from '../tcp/tcp.js';
import {queuesByEnds, withSending} from '../watch/standing-queues.js';

/** A server may have had many; what ended long ago is gone anyway. */
const maxKnown = 10_000;

export class Remains {
	/** Both ends of each connection, ours first; the newest last. */
	readonly #known = new Map<string, readonly [local: string, remote: string]>();
	#listening: string | undefined;

	see(event: ChatEvent): void {
		if (event.type === 'connection') {
			this.#know(event.local, event.remote);
		} else if (event.type === 'accepted') {
			this.#know(this.#listening, event.peer);
		} else if (event.type === 'listening' && 'port' in event.place) {
			this.#listening = formatAddress({kind: 'tcp', ...event.place});
		}
	}

	/**
	 * Reads the kernel's table, once, if there was a connection over TCP, and asks
	 * `ss` why bytes wait. Call it once the sockets are closed.
	 *
	 * @returns Undefined if it can't be read.
	 */
	async read(): Promise<readonly KernelSocket[] | undefined> {
		const known = [...this.#known.values()];
		if (known.length === 0) {
			return [];
		}

		const ports = new Set(
			known.map(([local]) => Number(/\d+$/.exec(local)?.[0])),
		);
		const table = await readTcpTable(ports);
		const sockets = known.flatMap(
			([local, remote]) => table?.pair(local, remote).local ?? [],
		);
		const waiting = sockets.find(({sendQueueBytes}) => sendQueueBytes > 0);
		if (!table || !waiting) {
			return table && sockets;
		}

		// A server's sockets all have its port.
		const port = Number(/\d+$/.exec(waiting.local)?.[0]);
		const queues = queuesByEnds(await readQueues(port));
		return sockets.map(socket => withSending(socket, queues)!);
	}

	#know(local: string | undefined, remote: string | undefined): void {
		if (local === undefined || remote === undefined) {
			return;
		}

		const key = `${local} ${remote}`;
		this.#known.delete(key);
		this.#known.set(key, [local, remote]);
		if (this.#known.size > maxKnown) {
			const [oldest] = this.#known.keys();
			this.#known.delete(oldest!);
		}
	}
}
