/**
 * `sockchat proxy`: listens, and connects each client to a target. Both are of
 * this machine, as all addresses here are.
 */
import {setTimeout} from 'node:timers';
import {refused, done, type Answer} from '../tcp/socket-action.js';
import type {SockchatError} from '../errors.js';
import type {
	Faults,
	PairsEvent,
	ProxyDirection,
	ProxyEvent,
} from '../event/proxy-event.js';
import type {Recorder} from '../recording/recorder.js';
import type {LoopbackAddress} from '../socket/address.js';
import {Arrivals} from '../socket/stream/arrivals.js';
import {systemClock} from '../socket/clock.js';
import {roomForPeers} from '../socket/descriptors.js';
import type {OuterLink} from '../socket/link.js';
import type {Dialler, ListenerMaker} from '../socket/link/transport.js';
import type {AnyListener} from '../socket/listener.js';
import {serverDrainTimeoutMs} from '../connection/listening.js';
import {EndsWatch} from './ends-watch.js';
import {changeWords, noFaults} from './faults.js';
import {defaultMaxConnections, proxyFull, requireNoLoop} from './loop.js';
import {Pair} from './pair.js';
import {PairsWatch} from './pairs-watch.js';
import type {Watches} from './watches.js';

export type ProxyOptions = {
	readonly listen: LoopbackAddress;
	readonly target: LoopbackAddress;
	readonly createListener: ListenerMaker;
	readonly dialler: Dialler;
	/** Of both directions, at first. */
	readonly faults: Partial<Faults>;
	readonly isOnce: boolean;
	/** Open at once; 1024 by default. */
	readonly maxConnections?: number | undefined;
	/** Whether chunks are reported. */
	readonly isWatched: boolean;
	/** Whether the states of all ends are. */
	readonly hasEnds: boolean;
	/** Set if a screen shows all connections. */
	readonly onPairs?: ((event: PairsEvent) => void) | undefined;
	/** Set if the calls on all sockets are shown. */
	readonly watches?: Watches | undefined;
	readonly recorder: Recorder | undefined;
	readonly onEvent: (event: ProxyEvent) => void;
	readonly onFailure: (error: SockchatError, peer: string) => void;
};

/** What a command is for: all connections, or one; both directions, or one. */
export type Scope = {
	readonly direction: ProxyDirection | undefined;
	/** A client's address. */
	readonly peer: string | undefined;
};

// A client's socket and the target's.
const filesOfPair = 2;

const connections = (count: number): string =>
	`${count} ${count === 1 ? 'connection' : 'connections'}`;

/** A client is meant by a part of its name; an answer has all of it. */
const namesOf = (pairs: readonly Pair[]): string =>
	pairs.map(({name}) => name).join(', ');

const directionsOf = ({direction}: Scope): readonly ProxyDirection[] =>
	direction ? [direction] : ['out', 'in'];

type Places = {readonly count: number; readonly isByFlag: boolean};

/** @throws {SockchatError} See `roomForPeers()`. */
const placesFor = (wanted: number): Places => {
	const {peers = Infinity} = roomForPeers() ?? {};
	const byFiles = Math.floor(peers / filesOfPair);
	return {count: Math.min(wanted, byFiles), isByFlag: wanted <= byFiles};
};

export class Proxy {
	readonly #options: ProxyOptions;
	readonly #listener: AnyListener;
	readonly #pairs = new Map<OuterLink, Pair>();
	readonly #arrivals = new Arrivals();
	readonly #ends: EndsWatch | undefined;
	readonly #rows: PairsWatch | undefined;
	/** Of connections that come later. */
	#faults: Record<ProxyDirection, Faults>;
	#hasServed = false;
	/** One was turned away since the last one ended. */
	#isFull = false;
	#settle: () => void = () => undefined;

	constructor(options: ProxyOptions) {
		this.#options = options;
		const faults = {...noFaults, ...options.faults};
		this.#faults = {out: faults, in: faults};
		const {listen, target, hasEnds, onEvent, maxConnections} = options;
		const places = placesFor(maxConnections ?? defaultMaxConnections);
		this.#ends = hasEnds ? new EndsWatch(listen, target, onEvent) : undefined;
		this.#rows =
			options.onPairs &&
			new PairsWatch({
				listen: () => this.#listener.address,
				target,
				faults: () => this.#faults,
				onEvent: options.onPairs,
			});
		this.#listener = options.createListener({
			address: listen,
			clock: systemClock,
			onEvent(event) {
				// That it listens no more is how --once goes on.
				const isOwn =
					options.isOnce &&
					event.type === 'listening' &&
					event.state.phase !== 'listening';
				if (event.type !== 'history' && event.type !== 'foreign' && !isOwn) {
					onEvent(event);
				}
			},
			onLink: (link, {name}) => {
				this.#accept(link, name);
			},
			surplus: {
				maxPeers: places.count,
				onRefused: peer => {
					this.#refused(peer, places);
				},
			},
			onSocket: (link, {name}) => {
				if (!options.isOnce || !this.#hasServed) {
					options.watches?.accepted(link, name);
				}
			},
			onDrain: () => {
				if (!options.isOnce) {
					this.#endAll();
				}
			},
			onCutOff: () => {
				if (!options.isOnce) {
					this.destroy();
				}
			},
		});
	}

	/** Where it listens; a port of 0 is replaced by the real one. */
	get address(): LoopbackAddress {
		return this.#listener.address;
	}

	/** The clients that are connected. */
	get clients(): readonly string[] {
		return [...this.#pairs.values()].map(({name}) => name);
	}

	/** Settles once every connection has ended and the port is free. */
	async closed(): Promise<void> {
		await this.#listener.closed;
		if (this.#pairs.size > 0) {
			await new Promise<void>(resolve => {
				this.#settle = resolve;
			});
		}

		this.#rows?.stop();
		this.#options.watches?.stop();
		await this.#ends?.stop();
	}

	/** @throws {SockchatError} See `listen()` and `requireNoLoop()`. */
	async listen(): Promise<void> {
		await this.#listener.listen();
		try {
			requireNoLoop(this.#listener.address, this.#options.target);
		} catch (error) {
			void this.#listener.drain();
			throw error;
		}

		this.#options.watches?.listened(this.#listener.calls);
		this.#rows?.start();
	}

	/** Accepts no more, and ends all connections. */
	leave(): void {
		this.#endAll();
		// The listener waits for clients alone; a target may be open still.
		setTimeout(() => {
			this.destroy();
		}, serverDrainTimeoutMs).unref();
		void this.#listener.drain();
	}

	destroy(): void {
		for (const pair of this.#pairs.values()) {
			pair.destroy();
		}
	}

	/** Changes what is done, from now on; without a peer, for later ones too. */
	setFaults(change: Partial<Faults>, scope: Scope): Answer {
		const pairs = this.#meant(scope);
		if (pairs.length === 0 && scope.peer !== undefined) {
			return this.#unknown(scope.peer);
		}

		for (const direction of directionsOf(scope)) {
			if (scope.peer === undefined) {
				this.#faults = {
					...this.#faults,
					[direction]: {...this.#faults[direction], ...change},
				};
			}

			for (const pair of pairs) {
				const {faults} = pair.directions[direction];
				pair.setFaults(direction, {...faults, ...change});
			}
		}

		this.#rows?.changed();
		return done(`${changeWords(change)} for ${this.#words(scope, pairs)}.`);
	}

	/** Ends connections, or a direction of them. */
	cut(scope: Scope): Answer {
		return this.#end(scope, 'cut', pair => {
			if (scope.direction) {
				pair.directions[scope.direction].cut();
			} else {
				pair.cut();
			}
		});
	}

	/** Sends RST to both sides. */
	reset(scope: Scope): Answer {
		return this.#end(scope, 'reset', pair => {
			pair.reset();
		});
	}

	#end(scope: Scope, what: string, end: (pair: Pair) => void): Answer {
		const pairs = this.#meant(scope);
		if (pairs.length === 0) {
			return scope.peer === undefined
				? refused('There is no connection.')
				: this.#unknown(scope.peer);
		}

		for (const pair of pairs) {
			end(pair);
		}

		const {direction, peer} = scope;
		const count = connections(pairs.length);
		if (direction) {
			// Both connections of a pair are still there.
			const whose = peer === undefined ? count : namesOf(pairs);
			return done(`Direction ${direction} is ${what} for ${whose}.`);
		}

		return done(`${count} ${pairs.length === 1 ? 'is' : 'are'} ${what}.`);
	}

	#words({direction, peer}: Scope, pairs: readonly Pair[]): string {
		const which = direction ?? 'both directions';
		return peer === undefined
			? `${which}, of ${connections(pairs.length)} and those that come`
			: `${which} of ${namesOf(pairs)}`;
	}

	#unknown(peer: string): Answer {
		const known = this.clients;
		return refused(
			`No connection is from "${peer}"; ${known.length === 0 ? 'there is no connection' : `there are ${known.join(', ')}`}.`,
		);
	}

	#meant({peer}: Scope): readonly Pair[] {
		return [...this.#pairs.values()].filter(
			({name}) =>
				peer === undefined || name === peer || name.endsWith(`:${peer}`),
		);
	}

	#endAll(): void {
		for (const pair of this.#pairs.values()) {
			pair.finish();
		}
	}

	#refused(peer: string, {count, isByFlag}: Places): void {
		// In a circle they come by the hundred.
		if (!this.#isFull) {
			this.#isFull = true;
			this.#options.onFailure(proxyFull(count, isByFlag), peer);
		}
	}

	#accept(client: OuterLink, name: string): void {
		const {dialler, isOnce, isWatched, recorder, onEvent, onFailure} =
			this.#options;
		if (isOnce && this.#hasServed) {
			client.stream.on('error', () => undefined);
			client.stream.destroy();
			return;
		}

		this.#hasServed = true;
		const {watches} = this.#options;
		watches?.accepted(client, name);
		const target = dialler.dial();
		watches?.dialled(target, name);
		const pair = new Pair({
			arrivals: this.#arrivals,
			name,
			client,
			target,
			watches,
			describe: dialler.describe,
			clock: systemClock,
			faults: this.#faults,
			isWatched,
			record: recorder?.relay(name),
			onEvent: event => {
				this.#note(event);
				onEvent(event);
			},
			onFailure(error) {
				onFailure(error, name);
			},
			onClosed: () => {
				this.#pairs.delete(client);
				this.#isFull = false;
				this.#ends?.forget(pair);
				this.#rows?.closed(pair);
				if (this.#pairs.size === 0) {
					this.#settle();
				}
			},
		});
		this.#pairs.set(client, pair);
		this.#ends?.follow(pair);
		this.#rows?.follow(pair);
		if (isOnce) {
			void this.#listener.drain();
		}
	}

	#note({type}: ProxyEvent): void {
		if (type === 'chunk') {
			this.#rows?.flowing();
		} else {
			this.#rows?.changed();
		}
	}
}
