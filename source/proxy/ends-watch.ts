/** The TCP states of the four ends of each pair, from the kernel's table. */
import {setInterval, clearInterval} from 'node:timers';
import type {EndStates, ProxyEvent} from '../event/proxy-event.js';
import type {LoopbackAddress} from '../socket/address.js';
import {Rounds} from '../rounds.js';
import {systemClock} from '../socket/clock.js';
import {readTcpTable} from '../socket/tcp-table.js';
import type {KernelPair} from '../tcp/tcp.js';
import {FourEnds} from './four-ends.js';
import type {Pair} from './pair.js';

// Often enough to see a FIN-WAIT-2, and one read for all connections.
const everyMs = 100;

type Known = {readonly ends: FourEnds; said: string};

const statesOf = (pair: KernelPair | undefined): EndStates | undefined =>
	pair && {local: pair.local?.state, remote: pair.remote?.state};

export class EndsWatch {
	readonly #listen: LoopbackAddress;
	readonly #target: LoopbackAddress;
	readonly #onEvent: (event: ProxyEvent) => void;
	readonly #readTable: typeof readTcpTable;
	readonly #followed = new Map<Pair, Known>();
	#timer: NodeJS.Timeout | undefined;
	// One at a time: of two at once the older might come last.
	readonly #rounds = new Rounds(async () => this.#look());
	readonly #closed = new Set<Pair>();

	/** @param readTable Replaces reading the kernel's table. */
	constructor(
		listen: LoopbackAddress,
		target: LoopbackAddress,
		onEvent: (event: ProxyEvent) => void,
		readTable: typeof readTcpTable = readTcpTable,
	) {
		this.#listen = listen;
		this.#target = target;
		this.#onEvent = onEvent;
		this.#readTable = readTable;
	}

	follow(pair: Pair): void {
		this.#followed.set(pair, {
			ends: new FourEnds(pair, this.#target),
			said: '',
		});
		this.#timer ??= setInterval(() => {
			void this.#rounds.request();
		}, everyMs);
		this.#timer.unref();
		void this.#rounds.request();
	}

	/** Its last states are said once more. */
	forget(pair: Pair): void {
		this.#closed.add(pair);
	}

	/** Says the last states. */
	async stop(): Promise<void> {
		clearInterval(this.#timer);
		await this.#rounds.request();
	}

	async #look(): Promise<void> {
		const closed = new Set(this.#closed);
		await this.#read();
		for (const pair of closed) {
			this.#closed.delete(pair);
			this.#followed.delete(pair);
		}
	}

	async #read(): Promise<void> {
		if (this.#followed.size === 0) {
			return;
		}

		const addresses = [this.#listen, this.#target];
		const ports = addresses.flatMap(address =>
			address.kind === 'tcp' && address.port > 0 ? [address.port] : [],
		);
		const table = await this.#readTable(
			ports.length === addresses.length ? new Set(ports) : undefined,
		);
		if (!table) {
			return;
		}

		for (const [{name: peer}, known] of this.#followed) {
			const kernels = known.ends.in(table);
			const client = statesOf(kernels.client);
			const target = statesOf(kernels.target);
			const said = JSON.stringify([client, target]);
			if (said === known.said) {
				continue;
			}

			known.said = said;
			const at = systemClock.wallMs();
			this.#onEvent({type: 'ends', at, peer, client, target});
		}
	}
}
