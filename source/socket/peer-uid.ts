/**
 * Whose process is at the other end of a loopback connection, as the kernel
 * has it in /proc/net/tcp (Linux).
 *
 * A socket that its process has closed belongs to nobody, and the kernel then
 * says uid 0: such a row is no answer, or whoever sends and closes at once
 * would pass for root.
 */
import type {Socket} from 'node:net';
import {Rounds} from '../rounds.js';
import {endpointsOf} from './address.js';
import {readTcpRows} from './tcp-table.js';

type Asked = {
	readonly local: string;
	readonly remote: string;
	readonly port: number;
	readonly resolve: (uid: number | undefined) => void;
};

/** @returns The rows of the kernel's table; undefined where it can't be read. */
export type ReadRows = typeof readTcpRows;

/** Many who ask at a time are answered by one reading. */
export class PeerUids {
	readonly #readRows: ReadRows;
	#waiting: Asked[] = [];
	readonly #rounds = new Rounds(async () => this.#read());

	constructor(readRows: ReadRows = readTcpRows) {
		this.#readRows = readRows;
	}

	/** @returns The peer's uid; undefined where that can't be told. */
	async of(socket: Socket): Promise<number | undefined> {
		const {local, remote} = endpointsOf(socket);
		const port = socket.remotePort;
		return local === undefined || remote === undefined || port === undefined
			? undefined
			: new Promise(resolve => {
					this.#waiting.push({local, remote, port, resolve});
					void this.#rounds.request();
				});
	}

	async #read(): Promise<void> {
		// Who asks from now on waits for the next: this one may have passed it.
		const asked = this.#waiting;
		this.#waiting = [];
		const uids = await this.#uidsAt(new Set(asked.map(({port}) => port)));
		for (const {local, remote, resolve} of asked) {
			resolve(uids.get(`${remote} ${local}`));
		}
	}

	/** The uid of each socket at some ports, by its two ends. */
	async #uidsAt(ports: ReadonlySet<number>): Promise<Map<string, number>> {
		try {
			const rows = (await this.#readRows(ports)) ?? [];
			return new Map(
				rows
					.filter(({inode}) => inode !== '0')
					.map(({socket}) => [`${socket.local} ${socket.remote}`, socket.uid]),
			);
		} catch {
			// Who asked is answered all the same, or would be waited for for ever.
			return new Map();
		}
	}
}
