/**
 * What the sockets of both connections do, as steps: a watch for the clients'
 * side, and one for that of the target.
 */
import type {Buffer} from 'node:buffer';
import type {SocketEvent, WireEvent} from '../event/event.js';
import type {ProxyDirection, ProxySide} from '../event/proxy-event.js';
import type {LoopbackAddress} from '../socket/address.js';
import {systemClock} from '../socket/clock.js';
import type {OuterLink} from '../socket/link.js';
import type {LinkWish} from '../socket/link/transport.js';
import {SocketWatch} from '../watch/socket-watch.js';
import {lingerZero, type Call} from '../tcp/tcp.js';

type End = {
	readonly address: LoopbackAddress;
	readonly link: LinkWish | undefined;
};

type Links = Readonly<Record<ProxySide, OuterLink>>;

/** Who says what goes in a direction, and who hears it. */
export const senders = {out: 'client', in: 'target'} as const;
export const receivers = {out: 'target', in: 'client'} as const;

export class Watches {
	readonly #of: Readonly<Record<ProxySide, SocketWatch>>;

	constructor(
		ends: Readonly<Record<ProxySide, End>>,
		onEvent: (side: ProxySide, event: SocketEvent | WireEvent) => void,
	) {
		const watch = (side: ProxySide): SocketWatch => {
			const {address, link} = ends[side];
			const made = new SocketWatch(
				systemClock,
				event => {
					onEvent(side, event);
				},
				address,
			);
			// With TLS or a WebSocket, what is sent is not what send() gets.
			made.tap.hasCalls = !link?.tls && !link?.ws;
			made.restWhileQuiet();
			return made;
		};

		this.#of = {client: watch('client'), target: watch('target')};
	}

	/** What was called to listen. */
	listened(calls: readonly Call[]): void {
		for (const call of calls) {
			this.#of.client.called(call);
		}
	}

	/** In the turn of accept(). */
	accepted(link: OuterLink, peer: string): void {
		this.#of.client.follow(link, 'server', peer);
	}

	/** In the turn that dials. */
	dialled(link: OuterLink, peer: string): void {
		this.#of.target.follow(link, 'client', peer);
	}

	read(direction: ProxyDirection, peer: string, bytes: Buffer): void {
		this.#of[senders[direction]].tap.note('in', peer, bytes);
	}

	written(direction: ProxyDirection, peer: string, bytes: Buffer): void {
		this.#of[receivers[direction]].tap.note('out', peer, bytes);
	}

	/** Call it before the call itself. */
	reset({client, target}: Links): void {
		this.#of.client.called(lingerZero, client);
		this.#of.target.called(lingerZero, target);
	}

	paused(direction: ProxyDirection, links: Links, isPaused: boolean): void {
		const side = senders[direction];
		this.#of[side].called(isPaused ? 'pause()' : 'resume()', links[side]);
	}

	stop(): void {
		this.#of.client.stop();
		this.#of.target.stop();
	}
}
