/** connect(), and its failures in words; for rooms and raw mode. */
import {createConnection} from 'node:net';
import {SockchatError} from '../errors.js';
import {
	formatAddress,
	requireLoopback,
	type Address,
	type LoopbackAddress,
} from './address.js';
import {SocketLink} from './link.js';

/** Describes why a connection, or an attempt at one, failed. */
export const connectionFailed = (
	address: Address,
	localPort: number | undefined,
	cause: Error,
): SockchatError => {
	const place = formatAddress(address);
	switch ((cause as NodeJS.ErrnoException).code) {
		case 'ECONNREFUSED':
		case 'ENOENT': {
			const flag =
				address.kind === 'tcp'
					? `--port ${address.port}`
					: `--socket ${address.path}`;
			return new SockchatError(
				'ERR_REFUSED',
				`Nobody listens on ${place}: the connection was refused. Start a room there with: sockchat serve ${flag}`,
				{cause},
			);
		}

		case 'EADDRINUSE':
		case 'EADDRNOTAVAIL': {
			return new SockchatError(
				'ERR_ADDRESS_UNAVAILABLE',
				localPort === undefined
					? `Can't connect to ${place}: no local address is free.`
					: `Can't bind the local port ${localPort}: it is in use. Choose another --local-port.`,
				{cause},
			);
		}

		case 'EACCES': {
			return new SockchatError(
				'ERR_PORT_FORBIDDEN',
				`Can't connect to ${place}: permission denied.`,
				{cause},
			);
		}

		case 'ECONNRESET':
		case 'EPIPE': {
			return new SockchatError(
				'ERR_RESET',
				`The connection to ${place} was reset by the other side (RST).`,
				{cause},
			);
		}

		default: {
			return new SockchatError(
				'ERR_LOST',
				`The connection to ${place} failed: ${cause.message}.`,
				{cause},
			);
		}
	}
};

// A paused socket buffers one read; the rest stays in the kernel.
const socketOptions = {allowHalfOpen: true, readableHighWaterMark: 1};

/**
 * Calls connect(); the outcome is the stream's 'connect' or 'error'.
 *
 * @param wanted Checked again, as a type can be cast.
 * @param localPort A port to bind first; undefined lets the kernel choose.
 * @throws {SockchatError} Before any call, see `requireLoopback`.
 */
export const dial = (
	wanted: LoopbackAddress,
	localPort?: number,
): SocketLink => {
	const address = requireLoopback(wanted);
	const socket =
		address.kind === 'tcp'
			? createConnection({
					host: address.host,
					port: address.port,
					...socketOptions,
					noDelay: true,
					...(localPort === undefined
						? {}
						: {localPort, localAddress: address.host}),
				})
			: createConnection({path: address.path, ...socketOptions});
	return new SocketLink(address.kind, socket, localPort);
};
