/** A socket that is followed, and what was known of it before it was gone. */
import type {Socket} from 'node:net';
import {StepLog} from '../tcp/step-log.js';
import type {KernelPair, Step} from '../tcp/tcp.js';
import {connectingEndsOf, endpointsOf, type Endpoints} from '../socket/link.js';
import type {TcpTable} from '../socket/tcp-table.js';

export class FollowedSocket {
	readonly log: StepLog;
	/** Of a client: another connection has come after it. */
	isFormer = false;
	readonly #socket: Socket;
	readonly #side: 'client' | 'server';
	readonly #dialled: string | undefined;
	/** Kept, as a socket that is gone forgets them. */
	#local: string | undefined;
	#remote: string | undefined;

	/**
	 * @param peer The server's peer; undefined on a client.
	 * @param dialled Where a client connects to, if that is known.
	 */
	constructor(
		socket: Socket,
		side: 'client' | 'server',
		peer: string | undefined,
		dialled?: string,
	) {
		this.#socket = socket;
		this.#side = side;
		this.#dialled = dialled;
		this.log = new StepLog(peer);
	}

	/** Looks at its addresses while it has them. */
	remember(): void {
		const {local, remote} = endpointsOf(this.#socket);
		this.#local ??= local;
		this.#remote ??= remote;
	}

	/**
	 * Its ends while connect() is under way: the kernel has chosen the local port
	 * with the SYN. Ask in a later turn than that of connect(), which node:net
	 * calls behind the one that asked for it.
	 */
	get connecting(): Endpoints | undefined {
		return this.#socket.connecting
			? connectingEndsOf(this.#socket, this.#dialled)
			: undefined;
	}

	/** Both ends, once they are known. */
	get addresses(): string | undefined {
		return this.#local === undefined || this.#remote === undefined
			? undefined
			: `${this.#local} ${this.#remote}`;
	}

	/** The server's, once it is known. */
	get port(): number | undefined {
		const address = this.#side === 'client' ? this.#remote : this.#local;
		const port = /:(?<port>\d+)$/.exec(address ?? '')?.groups?.['port'];
		return port === undefined ? undefined : Number(port);
	}

	/** Its two rows; undefined where they can't be looked for. */
	pairIn(table: TcpTable | undefined): KernelPair | undefined {
		const {local = this.#local, remote = this.#remote} = this.connecting ?? {};
		return table && local !== undefined && remote !== undefined
			? table.pair(local, remote)
			: undefined;
	}

	/** A step as it is told: of a former connection, by its own address. */
	named(step: Step): Step {
		return this.isFormer && this.#local !== undefined
			? {...step, peer: this.#local}
			: step;
	}
}
