/**
 * Which user owns the other end of a loopback connection, according to
 * /proc/net/tcp (Linux).
 *
 * Two kinds of rows must not be trusted. A socket that its process has closed
 * has no owner, and the kernel then reports uid 0, so a peer that sends and
 * closes at once would pass as root. And after an RST another process may get
 * the same port at once, so a row counts only if our end is still connected
 * after the table was read.
 */
import type {Socket} from 'node:net';
import {Rounds} from '../rounds.js';
import {isConnected, type TcpOrigin} from './origin.js';
import {readTcpRows, type TcpRow} from './tcp-table.js';

/** 'unknown' if the kernel was asked and couldn't tell. */
export type PeerUid = number | 'unknown';

type Asked = {
	readonly socket: Socket;
	readonly origin: TcpOrigin;
	readonly resolve: (uid: PeerUid) => void;
};

/** @returns The rows of the kernel's table; undefined if it can't be read. */
export type ReadRows = typeof readTcpRows;

// A socket in SYN-SENT that reuses the port while our end is closing is not
// our peer.
const isHeld = ({inode, socket}: TcpRow): boolean =>
	inode !== '0' && socket.state !== 'SYN-SENT';

/** One read of the table answers all requests waiting at the time. */
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
		// A request from now on waits for the next read: this one may be past it.
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

	/** The uid of each socket on these ports, by its two ends. */
	async #uidsAt(ports: ReadonlySet<number>): Promise<Map<string, number>> {
		try {
			const rows = (await this.#readRows(ports)) ?? [];
			return new Map(
				rows
					.filter(row => isHeld(row))
					.map(({socket}) => [`${socket.local} ${socket.remote}`, socket.uid]),
			);
		} catch {
			// Each request must be answered, or its connection would wait forever.
			return new Map();
		}
	}
}
