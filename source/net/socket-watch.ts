/**
 * Watches sockets for a front end that shows them: the calls and segments as
 * steps, the kernel's states, the chunks on the wire. Who shows nothing makes
 * none of this, and pays nothing.
 */
import type {Socket} from 'node:net';
import type {Duplex} from 'node:stream';
import {StepLog} from '../connection/step-log.js';
import type {Call, KernelPair, Step} from '../connection/tcp.js';
import type {SocketEvent, WireEvent} from '../store/event.js';
import {endpointsOf, type Endpoints} from './address.js';
import type {Clock} from './clock.js';
import {KernelWatch, type KernelWatchOptions} from './kernel-watch.js';
import {watchSteps, type StepWatch} from './socket-steps.js';
import {readTcpTable, type TcpTable} from './tcp-table.js';
import {WireTap} from './wire-tap.js';

type Emit = (event: SocketEvent | WireEvent) => void;

type Followed = {
	readonly side: 'client' | 'server';
	readonly socket: Socket;
	readonly log: StepLog;
	/** Kept, as a socket that is gone forgets them. */
	local: string | undefined;
	remote: string | undefined;
	/** Of a client: another connection has come after it. */
	isFormer: boolean;
};

/** Where there is no table to read, this often. */
const sampleEveryMs = 1000;

/** The kernel can be read, but there is no connection to look for in it. */
const nothingYet: KernelPair = {local: undefined, remote: undefined};

const addressesOf = (
	local: string | undefined,
	remote: string | undefined,
): string => `${local} ${remote}`;

/** What a server or a client adds of its own to each reading. */
export type Sampler = (
	table: TcpTable | undefined,
	at: number,
) => SocketEvent | undefined;

export class SocketWatch {
	readonly tap: WireTap;
	readonly #isTcp: boolean;
	readonly #clock: Clock;
	readonly #emit: Emit;
	readonly #kernel: KernelWatch;
	readonly #followed = new Map<Socket, Followed & {steps: StepWatch}>();
	#sampler: Sampler = () => undefined;
	#cancelSample: (() => void) | undefined;

	/**
	 * @param isTcp A Unix domain socket has no states to follow.
	 * @param read Reads another table than the kernel's.
	 */
	constructor(
		clock: Clock,
		emit: Emit,
		isTcp: boolean,
		read?: KernelWatchOptions['read'],
	) {
		this.#isTcp = isTcp;
		this.#clock = clock;
		this.#emit = emit;
		this.tap = new WireTap(clock, emit);
		this.#kernel = new KernelWatch({
			clock,
			read: read ?? (async () => readTcpTable(this.#ports())),
			onTable: (table, begunAt) => {
				this.#observe(table, begunAt);
			},
		});
		this.#kernel.start();
	}

	/** @param sampler Called at each reading of the kernel's table. */
	sample(sampler: Sampler): void {
		this.#sampler = sampler;
	}

	/** Tells the kernel's view of a client's own connection at each reading. */
	sampleClient(endpoints: () => Endpoints): void {
		this.sample((table, at) => {
			const {local, remote} = endpoints();
			const isConnected = local !== undefined && remote !== undefined;
			return {
				type: 'kernel',
				at,
				pair:
					table && this.#isTcp
						? isConnected
							? table.pair(local, remote)
							: nothingYet
						: undefined,
			};
		});
	}

	/** Follows a socket, once, from now until the kernel has forgotten it. */
	follow(
		socket: Socket,
		side: 'client' | 'server',
		peer: string | undefined,
	): void {
		if (this.#followed.has(socket)) {
			return;
		}

		this.tap.forget(peer);
		socket.once('close', () => {
			this.tap.forget(peer);
		});
		if (!this.#isTcp) {
			return;
		}

		if (peer === undefined) {
			for (const former of this.#followed.values()) {
				former.isFormer = true;
			}
		}

		const clock = this.#clock;
		const log = new StepLog(peer);
		const unknown = {local: undefined, remote: undefined};
		const followed: Followed = {
			socket,
			side,
			log,
			...unknown,
			isFormer: false,
		};
		const onStep = (step: Step) => {
			remember(followed);
			this.#show(log.told(step, clock.monotonicMs()), followed);
			this.#kernel.hurry();
		};

		const steps = watchSteps(socket, {side, peer, clock, onStep});
		this.#followed.set(socket, Object.assign(followed, {steps}));
	}

	/** Notes a call, before it is made, that no event of a socket tells. */
	called(call: Call, socket?: Duplex): void {
		const followed = socket && this.#followed.get(socket as Socket);
		if (followed) {
			followed.steps.called(call);
		} else if (!socket && this.#isTcp) {
			const at = this.#clock.wallMs();
			this.#show([{kind: 'call', at, call, peer: undefined}]);
			this.#kernel.hurry();
		}
	}

	stop(): void {
		this.#kernel.stop();
		this.#cancelSample?.();
	}

	/** Ports are used again: the rows are those of the last that had them. */
	#newestByAddresses(): ReadonlyMap<string, Socket> {
		const newest = new Map<string, Socket>();
		for (const [socket, followed] of this.#followed) {
			remember(followed);
			if (followed.local && followed.remote) {
				newest.set(addressesOf(followed.local, followed.remote), socket);
			}
		}

		return newest;
	}

	/** @param followed Tells a client's former connection from this one. */
	#show(steps: readonly Step[], followed?: Followed): void {
		const former = followed?.isFormer ? followed.local : undefined;
		for (const step of steps) {
			const {at} = step;
			const named = former === undefined ? step : {...step, peer: former};
			this.#emit({type: 'step', at, step: named});
		}
	}

	/** The server's port, once it is known: other rows are passed over. */
	#ports(): ReadonlySet<number> | undefined {
		for (const {side, local, remote} of this.#followed.values()) {
			const address = side === 'client' ? remote : local;
			const port = /:(?<port>\d+)$/.exec(address ?? '')?.groups?.['port'];
			if (port !== undefined) {
				return new Set([Number(port)]);
			}
		}

		return undefined;
	}

	#observe(table: TcpTable | undefined, begunAt: number): void {
		const at = this.#clock.wallMs();
		const newest = this.#newestByAddresses();
		for (const [socket, followed] of this.#followed) {
			const {local, remote, log} = followed;
			const isReplaced =
				(newest.get(addressesOf(local, remote)) ?? socket) !== socket;
			const isReadable = table && local && remote && !isReplaced;
			if (isReadable) {
				const pair = table.pair(local, remote);
				this.#show(log.observe(pair, at, begunAt), followed);
			}

			// Of what can't be read there is nothing to follow after its close.
			if (isReplaced || (isReadable ? log.isOver : socket.closed)) {
				this.#followed.delete(socket);
			}
		}

		const sample = this.#sampler(table, at);
		if (sample) {
			this.#emit(sample);
		}

		this.#cancelSample?.();
		this.#cancelSample = table ? undefined : this.#sampleLater();
	}

	/** A missing table is told once, but what Node knows goes on. */
	#sampleLater(): () => void {
		const {setTimer, monotonicMs} = this.#clock;
		return setTimer(() => {
			this.#observe(undefined, monotonicMs());
		}, sampleEveryMs);
	}
}

const remember = (followed: Followed): void => {
	const {local, remote} = endpointsOf(followed.socket);
	followed.local ??= local;
	followed.remote ??= remote;
};
