/** The TCP states of the four ends of each pair, from the kernel's table. */
import {setInterval, clearInterval} from 'node:timers';
import type {EndStates, ProxyEvent} from '../event/proxy-event.js';
import type {LoopbackAddress} from '../socket/address.js';
import {systemClock} from '../socket/clock.js';
import type {Endpoints, OuterLink} from '../socket/link.js';
import {readTcpTable, type TcpTable} from '../socket/tcp-table.js';

// Often enough to see a FIN-WAIT-2, and one read for all connections.
const everyMs = 100;

type Followed = {
	readonly name: string;
	readonly client: OuterLink;
	readonly target: OuterLink;
};

type Known = {client: Endpoints; target: Endpoints; said: string};

const statesOf = (
	{local, remote}: Endpoints,
	table: TcpTable,
): EndStates | undefined => {
	if (local === undefined || remote === undefined) {
		return undefined;
	}

	const pair = table.pair(local, remote);
	return {local: pair.local?.state, remote: pair.remote?.state};
};

export class EndsWatch {
	readonly #addresses: readonly LoopbackAddress[];
	readonly #onEvent: (event: ProxyEvent) => void;
	readonly #followed = new Map<Followed, Known>();
	#timer: NodeJS.Timeout | undefined;
	#reading: Promise<void> | undefined;
	readonly #closed = new Set<Followed>();

	constructor(
		addresses: readonly LoopbackAddress[],
		onEvent: (event: ProxyEvent) => void,
	) {
		this.#addresses = addresses;
		this.#onEvent = onEvent;
	}

	follow(pair: Followed): void {
		const {client, target} = pair;
		this.#followed.set(pair, {
			client: client.endpoints,
			target: target.endpoints,
			said: '',
		});
		this.#timer ??= setInterval(() => {
			void this.#look();
		}, everyMs);
		this.#timer.unref();
		void this.#look();
	}

	/** Its last states are said once more. */
	forget(pair: Followed): void {
		this.#closed.add(pair);
	}

	/** Says the last states. */
	async stop(): Promise<void> {
		clearInterval(this.#timer);
		await this.#reading;
		await this.#look();
	}

	async #look(): Promise<void> {
		const closed = new Set(this.#closed);
		this.#reading = this.#read();
		await this.#reading;
		for (const pair of closed) {
			this.#closed.delete(pair);
			this.#followed.delete(pair);
		}
	}

	async #read(): Promise<void> {
		if (this.#followed.size === 0) {
			return;
		}

		const ports = this.#addresses.flatMap(address =>
			address.kind === 'tcp' && address.port > 0 ? [address.port] : [],
		);
		const table = await readTcpTable(
			ports.length === this.#addresses.length ? new Set(ports) : undefined,
		);
		if (!table) {
			return;
		}

		for (const [pair, known] of this.#followed) {
			// A closed socket has lost its addresses.
			const ends = {
				client: pair.client.endpoints,
				target: pair.target.endpoints,
			};
			known.client =
				ends.client.local === undefined ? known.client : ends.client;
			known.target =
				ends.target.local === undefined ? known.target : ends.target;
			const client = statesOf(known.client, table);
			const target = statesOf(known.target, table);
			const said = JSON.stringify([client, target]);
			if (said === known.said) {
				continue;
			}

			known.said = said;
			this.#onEvent({
				type: 'ends',
				at: systemClock.wallMs(),
				peer: pair.name,
				client,
				target,
			});
		}
	}
}
