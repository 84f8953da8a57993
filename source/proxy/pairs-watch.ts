/**
 * All connections of a proxy as rows, for a screen: at each read of the kernel's
 * table, which is read soon after something happened, and seldom while nothing
 * does. A closed pair stays until the kernel has forgotten its four ends.
 */
import type {
	Faults,
	PairRow,
	PairsEvent,
	ProxyDirection,
	SideRow,
} from '../event/proxy-event.js';
import {formatAddress, type LoopbackAddress} from '../socket/address.js';
import {systemClock} from '../socket/clock.js';
import type {OuterLink} from '../socket/link.js';
import {
	createTcpTable,
	readTcpTable,
	type TcpTable,
} from '../socket/tcp-table.js';
import type {KernelPair} from '../tcp/tcp.js';
import {TcpTablePoller} from '../watch/tcp-table-poller.js';
import type {Direction} from './direction.js';
import {FourEnds} from './four-ends.js';
import type {Pair} from './pair.js';

/** How many closed pairs are kept: each TIME-WAIT lasts for a minute. */
const keptClosed = 20;

/** How often rows are made where there is no table to read. */
const withoutTableMs = 1000;

type Followed = {
	readonly ends: FourEnds;
	readonly since: number;
	isOpen: boolean;
};

export type PairsWatchOptions = {
	/** Where it listens by now. */
	readonly listen: () => LoopbackAddress;
	readonly target: LoopbackAddress;
	/** Of connections that come later. */
	readonly faults: () => Readonly<Record<ProxyDirection, Faults>>;
	readonly onEvent: (event: PairsEvent) => void;
};

const linkOf = ({kind, transport}: OuterLink): string =>
	kind === transport || transport === 'tcp' ? kind : `${kind} ${transport}`;

const isForgotten = (pair: KernelPair | undefined): boolean =>
	pair?.local === undefined && pair?.remote === undefined;

/** Whether nothing will happen to it that isn't seen here. */
const isSettled = ({client, target, out, in: inward, isOpen}: PairRow) =>
	isOpen &&
	!out.faults.isPaused &&
	!inward.faults.isPaused &&
	[client, target].every(
		({kernel}) =>
			kernel === undefined ||
			[kernel.local, kernel.remote].every(
				end =>
					end?.state === 'ESTABLISHED' &&
					end.sendQueueBytes === 0 &&
					end.receiveQueueBytes === 0,
			),
	);

const directionRow = ({bytes, heldBytes, faults}: Direction) => ({
	bytes,
	heldBytes,
	faults,
});

export class PairsWatch {
	readonly #options: PairsWatchOptions;
	readonly #poller: TcpTablePoller;
	/** In the order in which they came. */
	readonly #followed = new Map<Pair, Followed>();
	#cancelNext: (() => void) | undefined;
	/** Of connections that have ended. */
	readonly #endedBytes = {out: 0, in: 0};

	constructor(options: PairsWatchOptions) {
		this.#options = options;
		this.#poller = new TcpTablePoller({
			clock: systemClock,
			read: async () => this.#read(),
			onTable: table => {
				this.#report(table);
			},
		});
		this.#poller.restWhileQuiet();
	}

	start(): void {
		this.#poller.start();
	}

	stop(): void {
		this.#cancelNext?.();
		this.#poller.stop();
	}

	follow(pair: Pair): void {
		for (const [former, {isOpen}] of this.#followed) {
			// Its port is in use again.
			if (!isOpen && former.name === pair.name) {
				this.#followed.delete(former);
			}
		}

		this.#followed.set(pair, {
			ends: new FourEnds(pair, this.#options.target),
			since: systemClock.monotonicMs(),
			isOpen: true,
		});
		this.changed();
	}

	/** Both of its connections are closed. */
	closed(pair: Pair): void {
		const followed = this.#followed.get(pair);
		if (followed) {
			followed.isOpen = false;
			this.#endedBytes.out += pair.directions.out.bytes;
			this.#endedBytes.in += pair.directions.in.bytes;
		}

		const closed = [...this.#followed].filter(([, {isOpen}]) => !isOpen);
		for (const [oldest] of closed.slice(0, -keptClosed)) {
			this.#followed.delete(oldest);
		}

		this.changed();
	}

	/** A connection, or what is done to one, has changed. */
	changed(): void {
		this.#poller.pollSoon();
	}

	/** Bytes pass. */
	flowing(): void {
		this.#poller.hurry();
	}

	async #read(): Promise<TcpTable | undefined> {
		const tcp = [this.#options.listen(), this.#options.target].flatMap(
			address => (address.kind === 'tcp' ? [address.port] : []),
		);
		// Where no end is of TCP, there is nothing to read.
		return tcp.length === 0 ? createTcpTable([]) : readTcpTable(new Set(tcp));
	}

	#report(table: TcpTable | undefined): void {
		const rows: PairRow[] = [];
		for (const [pair, followed] of this.#followed) {
			const row = this.#rowOf(pair, followed, table);
			if (
				!row.isOpen &&
				isForgotten(row.client.kernel) &&
				isForgotten(row.target.kernel)
			) {
				this.#followed.delete(pair);
			} else {
				rows.push(row);
			}
		}

		if (rows.some(row => !isSettled(row))) {
			this.#poller.hurry();
		}

		this.#options.onEvent({
			type: 'pairs',
			at: systemClock.wallMs(),
			rows,
			listening: table?.listening(formatAddress(this.#options.listen())),
			bytes: {out: this.#bytes('out'), in: this.#bytes('in')},
			faults: this.#options.faults(),
		});
		this.#cancelNext?.();
		this.#cancelNext = table
			? undefined
			: systemClock.setTimer(() => {
					this.#report(undefined);
				}, withoutTableMs);
	}

	#bytes(direction: ProxyDirection): number {
		let sum = this.#endedBytes[direction];
		for (const [{directions}, {isOpen}] of this.#followed) {
			sum += isOpen ? directions[direction].bytes : 0;
		}

		return sum;
	}

	#rowOf(
		pair: Pair,
		{ends, since, isOpen}: Followed,
		table: TcpTable | undefined,
	): PairRow {
		const kernels = table && ends.in(table);
		const side = (name: 'client' | 'target'): SideRow => ({
			link: linkOf(pair[name]),
			...ends.addresses(name),
			kernel: kernels?.[name],
		});
		return {
			peer: pair.name,
			since,
			isOpen,
			client: side('client'),
			target: side('target'),
			out: directionRow(pair.directions.out),
			in: directionRow(pair.directions.in),
		};
	}
}
