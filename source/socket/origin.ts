/**
 * Where a peer's connection comes from, read once at accept and kept.
 *
 * Later node:net may have no answer: after an RST the address is gone
 * (nodejs/node#23858), even before the 'connection' listener is called. Such a
 * peer is 'unknown', which is different from having no address.
 */
import type {Socket} from 'node:net';
import {hostAndPort} from './address.js';

export type TcpOrigin = {
	readonly kind: 'tcp';
	readonly name: string;
	readonly host: string;
	readonly port: number;
	/** Our end, as in the kernel's table. */
	readonly local: string;
	readonly localPort: number;
};

/** `name` is the peer's name in events and tables. */
export type Origin =
	| TcpOrigin
	| {readonly kind: 'unix' | 'udp'; readonly name: string}
	/** Reset before it was accepted. */
	| {readonly kind: 'unknown'; readonly name: string}
	/** A stream inside this process: the host's own screen. */
	| {readonly kind: 'memory'; readonly name: string};

const unknownOrigin: Origin = {kind: 'unknown', name: 'unknown'};

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

/** What a ban by address compares; undefined for peers without addresses. */
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
 * Whether the kernel still has both ends of a TCP connection. node:net caches
 * addresses, so only its handle tells the current state.
 */
export const isConnected = (socket: Socket): boolean => {
	const handle = Reflect.get(socket, '_handle') as Handle | null | undefined;
	return handle?.getpeername?.({}) === 0;
};
