/**
 * Watches sockets for a front end that shows them: the calls and segments as
 * steps, the kernel's states, the chunks on the wire. Who shows nothing makes
 * none of this, and pays nothing.
 */
import type {Socket} from 'node:net';
import type {Duplex} from 'node:stream';
import {StepLog} from '../connection/step-log.js';
import type {Call, Step} from '../connection/tcp.js';
import type {SocketEvent, WireEvent} from '../store/event.js';
import {endpointsOf, type Endpoints} from './address.js';
import type {Clock} from './clock.js';
import {KernelWatch} from './kernel-watch.js';
import {watchSteps, type StepWatch} from './socket-steps.js';
import type {TcpTable} from './tcp-table.js';
import {WireTap} from './wire-tap.js';

type Emit = (event: SocketEvent | WireEvent) => void;

type Followed = {
	readonly peer: string | undefined;
	readonly log: StepLog;
	readonly steps: StepWatch;
	/** Kept, as a socket that is gone forgets them. */
	local: string | undefined;
	remote: string | undefined;
};

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
	readonly #followed = new Map<Socket, Followed>();
	#sampler: Sampler = () => undefined;

	/** @param isTcp A Unix domain socket has no states to follow. */
	constructor(clock: Clock, emit: Emit, isTcp: boolean) {
		this.#isTcp = isTcp;
		this.#clock = clock;
		this.#emit = emit;
		this.tap = new WireTap(clock, emit);
		this.#kernel = new KernelWatch({
			clock,
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
			return {
				type: 'kernel',
				at,
				pair:
					table && local !== undefined && remote !== undefined
						? table.pair(local, remote)
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

		this.tap.begin(peer);
		if (!this.#isTcp) {
			return;
		}

		const clock = this.#clock;
		const log = new StepLog(peer);
		const onStep = (step: Step) => {
			this.#show(log.told(step, clock.monotonicMs()));
			this.#kernel.hurry();
		};

		const steps = watchSteps(socket, {side, peer, clock, onStep});
		this.#followed.set(socket, {peer, log, steps, ...endpointsOf(socket)});
	}

	/** Notes a call, before it is made, that no event of a socket tells. */
	called(call: Call, socket?: Duplex): void {
		const followed = socket && this.#followed.get(socket as Socket);
		if (followed) {
			followed.steps.called(call);
		} else if (!socket) {
			const at = this.#clock.wallMs();
			this.#show([{kind: 'call', at, call, peer: undefined}]);
			this.#kernel.hurry();
		}
	}

	stop(): void {
		this.#kernel.stop();
	}

	#show(steps: readonly Step[]): void {
		for (const step of steps) {
			this.#emit({type: 'step', at: step.at, step});
		}
	}

	#observe(table: TcpTable | undefined, begunAt: number): void {
		const at = this.#clock.wallMs();
		for (const [socket, followed] of this.#followed) {
			const {local, remote} = endpointsOf(socket);
			followed.local ??= local;
			followed.remote ??= remote;
			if (table && followed.local && followed.remote) {
				const pair = table.pair(followed.local, followed.remote);
				this.#show(followed.log.observe(pair, at, begunAt));
			}

			if (followed.log.isOver) {
				this.#followed.delete(socket);
			}
		}

		const sample = this.#sampler(table, at);
		if (sample) {
			this.#emit(sample);
		}
	}
}
