/** The addresses of a client and of its connection to the target. */
import {formatAddress, type LoopbackAddress} from '../socket/address.js';
import {
	connectingEndsOf,
	type Endpoints,
	type OuterLink,
} from '../socket/link.js';
import type {TcpTable} from '../socket/tcp-table.js';
import type {KernelPair} from '../tcp/tcp.js';

type Side = 'client' | 'target';

/** What the kernel says of both connections; `local` is our end. */
export type FourKernels = Readonly<Record<Side, KernelPair | undefined>>;

export class FourEnds {
	readonly #links: Readonly<Record<Side, OuterLink>>;
	readonly #dialled: string;
	readonly #known: Record<Side, Endpoints>;

	/** @param dialled Where the target is. */
	constructor(
		links: Readonly<Record<Side, OuterLink>>,
		dialled: LoopbackAddress,
	) {
		this.#links = links;
		this.#dialled = formatAddress(dialled);
		this.#known = {
			client: links.client.endpoints,
			target: links.target.endpoints,
		};
	}

	/** As long as they were known: a closed socket has lost its addresses. */
	addresses(side: Side): Endpoints {
		const {socket, isConnecting, endpoints} = this.#links[side];
		const ends =
			socket && isConnecting && socket.connecting
				? connectingEndsOf(socket, this.#dialled)
				: endpoints;
		if (ends.local !== undefined) {
			this.#known[side] = ends;
		}

		return this.#known[side];
	}

	in(table: TcpTable): FourKernels {
		return {
			client: this.#pairIn(table, 'client'),
			target: this.#pairIn(table, 'target'),
		};
	}

	#pairIn(table: TcpTable, side: Side): KernelPair | undefined {
		const {local, remote} = this.addresses(side);
		return local === undefined || remote === undefined
			? undefined
			: table.pair(local, remote);
	}
}
