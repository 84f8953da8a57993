/**
 * Where a peer's connection comes from, read as it is accepted and kept.
 *
 * Ask node:net later and there may be no answer: an RST takes the address away
 * (nodejs/node#23858), even before the 'connection' listener is called. Such a
 * peer is 'unknown', which is not the same as having no address.
 */
import type {Socket} from 'node:net';
import {hostAndPort} from './address.js';

export type TcpOrigin = {
	readonly kind: 'tcp';
	readonly name: string;
	readonly host: string;
	readonly port: number;
	/** Our end, as the kernel's table writes it. */
	readonly local: string;
	readonly localPort: number;
};

/** `name` stands for the peer in events and tables. */
export type Origin =
	| TcpOrigin
	| {readonly kind: 'unix'; readonly name: string}
	/** Reset before it was accepted. */
	| {readonly kind: 'unknown'; readonly name: string}
	/** A duplex of this process: the host's own screen. */
	| {readonly kind: 'memory'; readonly name: string};

export const unknownOrigin: Origin = {kind: 'unknown', name: 'unknown'};

/** @param host Where the socket was accepted; a literal address. */
export const tcpOrigin = (
	{remoteAddress, remotePort}: Socket,
	host: string,
	localPort: number,
): Origin =>
	remoteAddress === undefined || remotePort === undefined
		? unknownOrigin
		: {
				kind: 'tcp',
				name: hostAndPort(remoteAddress, remotePort),
				host: remoteAddress,
				port: remotePort,
				local: hostAndPort(host, localPort),
				localPort,
			};

/** As a ban by address sees it; undefined where there are no addresses. */
export const hostOf = (origin: Origin): string | undefined => {
	switch (origin.kind) {
		case 'tcp': {
			return origin.host;
		}

		case 'unknown': {
			return 'unknown';
		}

		default: {
			return undefined;
		}
	}
};

type Handle = {readonly getpeername?: (out: object) => number};

/**
 * Whether the kernel still has both ends of a TCP connection. node:net keeps
 * the address that it got once, so only its handle gives the answer of now.
 */
export const isConnected = (socket: Socket): boolean => {
	const handle = Reflect.get(socket, '_handle') as Handle | null | undefined;
	return handle?.getpeername?.({}) === 0;
};
