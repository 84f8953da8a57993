/** Where a program wants to listen, or to connect to. */
import {SockchatError} from '../errors.js';
import {defaultHost, defaultPort} from '../protocol/frame.js';
import {
	parsePort,
	portOutOfRange,
	requireLoopback,
	type Address,
	type LoopbackAddress,
} from '../socket/address.js';

/** Host and port, or the path of a Unix domain socket. */
export type PlaceOptions = {
	/** `127.0.0.1` by default; 127.x.x.x, `::1` or `localhost`. */
	readonly host?: string | undefined;
	/** 5001 by default; a server takes 0 for any port that is free. */
	readonly port?: number | undefined;
	/** A Unix domain socket, instead of host and port. */
	readonly path?: string | undefined;
	/** All of that in one, such as the `address` of a server. */
	readonly address?: Address | undefined;
};

const twoPlaces = () =>
	new SockchatError(
		'ERR_USAGE',
		'More than one place was given: give host and port, or path, or address.',
	);

const placeFrom = (
	host = defaultHost,
	port = defaultPort,
	path?: string,
): Address =>
	path === undefined ? {kind: 'tcp', host, port} : {kind: 'unix', path};

/**
 * Reads each option once: a getter could return something else the next time.
 *
 * @param leastPort 0 if any free port will do, else 1.
 * @throws {SockchatError} `ERR_NOT_LOOPBACK`, `ERR_PORT_RANGE`,
 * `ERR_SOCKET_PATH`, or `ERR_USAGE` for more than one place.
 */
export const readPlace = (
	{host, port, path, address: whole}: PlaceOptions,
	leastPort: 0 | 1,
): LoopbackAddress => {
	const isTcp = host !== undefined || port !== undefined;
	const given = [isTcp, path !== undefined, whole !== undefined];
	if (given.filter(Boolean).length > 1) {
		throw twoPlaces();
	}

	const address = requireLoopback(
		// eslint-disable-next-line @typescript-eslint/prefer-nullish-coalescing -- null is a mistake, not the default
		whole === undefined ? placeFrom(host, port, path) : whole,
	);
	if (address.kind === 'tcp' && address.port < leastPort) {
		throw portOutOfRange(String(address.port), leastPort);
	}

	return address;
};

/** @throws {SockchatError} `ERR_PORT_RANGE`. */
export const readLocalPort = (port: number | undefined): number | undefined => {
	if (port === undefined) {
		return undefined;
	}

	const parsed =
		typeof port === 'number'
			? parsePort(String(port), 1)
			: portOutOfRange(String(port), 1);
	if (typeof parsed !== 'number') {
		throw parsed;
	}

	return parsed;
};
