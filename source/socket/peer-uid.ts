/**
 * Whose process is at the other end of a loopback connection, as the kernel
 * has it in /proc/net/tcp (Linux).
 *
 * Two kinds of rows are no answer. A socket that its process has closed
 * belongs to nobody, and the kernel then says uid 0: whoever sends and closes
 * at once would pass for root. And after an RST another process may get the
 * same port at once: its row answers for us only if our end has been connected
 * all along, which is asked after the reading.
 */
import type {Socket} from 'node:net';
import {Rounds} from '../rounds.js';
import {isConnected, type TcpOrigin} from './origin.js';
import {readTcpRows, type TcpRow} from './tcp-table.js';

/** 'unknown' where the kernel was asked and can't tell. */
export type PeerUid = number | 'unknown';

type Asked = {
	readonly socket: Socket;
	readonly origin: TcpOrigin;
	readonly resolve: (uid: PeerUid) => void;
};

/** @returns The rows of the kernel's table; undefined where it can't be read. */
export type ReadRows = typeof readTcpRows;

// One that connects from the same port while our end waits to be closed is not
// the peer yet.
const isHeld = ({inode, socket}: TcpRow): boolean =>
	inode !== '0' && socket.state !== 'SYN-SENT';

/** Many who ask at a time are answered by one reading. */
export class PeerUids {
	readonly #readRows: ReadRows;
	readonly #rounds = new Rounds(async () => this.#read());
	#waiting: Asked[] = [];

	constructor(readRows: ReadRows = readTcpRows) {
		this.#readRows = readRows;
	}

	/** @param socket Our end. */
	async of(socket: Socket, origin: TcpOrigin): Promise<PeerUid> {
		return new Promise(resolve => {
			this.#waiting.push({socket, origin, resolve});
			void this.#rounds.request();
		});
	}

	async #read(): Promise<void> {
		// Who asks from now on waits for the next: this one may have passed it.
		const asked = this.#waiting;
		this.#waiting = [];
		const uids = await this.#uidsAt(
			new Set(asked.map(({origin}) => origin.port)),
		);
		for (const {socket, origin, resolve} of asked) {
			const uid = uids.get(`${origin.name} ${origin.local}`);
			resolve(uid !== undefined && isConnected(socket) ? uid : 'unknown');
		}
	}

	/** The uid of each socket at some ports, by its two ends. */
	async #uidsAt(ports: ReadonlySet<number>): Promise<Map<string, number>> {
		try {
			const rows = (await this.#readRows(ports)) ?? [];
			return new Map(
				rows
					.filter(row => isHeld(row))
					.map(({socket}) => [`${socket.local} ${socket.remote}`, socket.uid]),
			);
		} catch {
			// Who asked is answered all the same, or would be waited for for ever.
			return new Map();
		}
	}
}
