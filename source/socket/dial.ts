/** connect(), and its failures in words; for rooms and raw mode. */
import {createConnection} from 'node:net';
import {dirname, resolve} from 'node:path';
import {getSystemErrorMap} from 'node:util';
import {clause, SockchatError} from '../errors.js';
import {
	formatAddress,
	isAbstract,
	kernelPath,
	requireStream,
	shellWordsFor,
	type Address,
	type LoopbackAddress,
} from './address.js';
import {SocketLink, type OuterLink} from './link.js';
import {otherLoopback} from './other-loopback.js';
import {isLossOfTaken} from './stream/checked-sending.js';
import {isFolder, notASocket} from './socket-file.js';

const resetCodes = new Set(['ECONNRESET', 'EPIPE']);

const codeOf = (cause: Error): string =>
	(cause as NodeJS.ErrnoException).code ?? '';

/** Whether the other side reset an open connection, or nobody reads it. */
export const isReset = (cause: Error): boolean => resetCodes.has(codeOf(cause));

/** Whether RST says so: EPIPE comes after a FIN that may not have been read. */
export const isRst = (cause: Error | undefined): boolean =>
	cause !== undefined && codeOf(cause) === 'ECONNRESET';

/** What the other side did, if this end got ECONNRESET or EPIPE. */
const resetWords = (
	transport: OuterLink['transport'],
	cause: Error,
): string => {
	if (transport !== 'unix') {
		return 'was reset by the other side (RST)';
	}

	// There are no segments: it says that what was sent will not be read.
	return codeOf(cause) === 'ECONNRESET'
		? 'was closed by the other side before it had read everything'
		: 'was closed by the other side';
};

/**
 * Describes how an open connection broke, for those who know the calls.
 *
 * @param which `to` or `from`, and the other side.
 */
export const connectionLost = (
	which: string,
	cause: Error,
	transport: OuterLink['transport'] = 'tcp',
): SockchatError => {
	const code = codeOf(cause);
	if (isReset(cause)) {
		const unknown = isLossOfTaken(cause)
			? ' How much of what was sent last arrived is unknown.'
			: '';
		return new SockchatError(
			'ERR_RESET',
			`${code}: the connection ${which} ${resetWords(transport, cause)}.${unknown}`,
			{cause},
		);
	}

	if (code === 'ECANCELED') {
		return new SockchatError(
			'ERR_LOST',
			`The connection ${which} was closed before the kernel took all of the last write.`,
			{cause},
		);
	}

	// Node's own message has the name of the call and the code.
	const {errno = 0} = cause as NodeJS.ErrnoException;
	const [name, words] = getSystemErrorMap().get(errno) ?? [];
	return new SockchatError(
		'ERR_LOST',
		name === undefined
			? `The connection ${which} failed: ${clause(cause.message)}.`
			: `${name}: the connection ${which} failed: ${words!}.`,
		{cause},
	);
};

const nobodyListens = (address: Address, cause: Error): string => {
	const why =
		codeOf(cause) === 'ECONNREFUSED'
			? 'the connection was refused'
			: 'there is no such socket';
	return `Nobody listens on ${formatAddress(address)}: ${why}`;
};

/** Describes why a connection, or an attempt at one, failed. */
export const connectionFailed = (
	address: Address,
	localPort: number | undefined,
	cause: Error,
): SockchatError => {
	const place = formatAddress(address);
	const code = codeOf(cause);
	switch (code) {
		case 'ECONNREFUSED':
		case 'ENOENT':
		case 'ENOTDIR': {
			const what = `${nobodyListens(address, cause)}. Start a room there with`;
			return new SockchatError(
				'ERR_REFUSED',
				`${what}: sockchat serve ${shellWordsFor(address)}`,
				{cause, api: `${what} startServer().`},
			);
		}

		case 'EADDRINUSE':
		case 'EADDRNOTAVAIL': {
			if (localPort === undefined) {
				return new SockchatError(
					'ERR_ADDRESS_UNAVAILABLE',
					`Can't connect to ${place}: no local address is free.`,
					{cause},
				);
			}

			// bind() let it: then it is connect() that found the pair taken.
			const {syscall} = cause as NodeJS.ErrnoException;
			const why =
				syscall === 'connect'
					? `Can't connect from the local port ${localPort} to ${place}: that connection exists already.`
					: `Can't bind the local port ${localPort}: it is in use.`;
			const what = `${why} Choose another`;
			return new SockchatError(
				'ERR_ADDRESS_UNAVAILABLE',
				`${what} --local-port.`,
				{cause, api: `${what} localPort.`},
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
				`The connection to ${place} ${resetWords(address.kind, cause)}.`,
				{cause},
			);
		}

		default: {
			return connectionLost(`to ${place}`, cause);
		}
	}
};

/**
 * As `connectionFailed`, for bytes: a reset names its errno, and where nobody
 * listens no room is meant.
 */
export const rawConnectionFailed = (
	address: Address,
	localPort: number | undefined,
	cause: Error,
): SockchatError => {
	if (isReset(cause)) {
		return connectionLost(`to ${formatAddress(address)}`, cause, address.kind);
	}

	const failed = connectionFailed(address, localPort, cause);
	if (failed.code !== 'ERR_REFUSED') {
		return failed;
	}

	const what = nobodyListens(address, cause);
	const other = otherLoopback(address);
	return other === undefined
		? new SockchatError(
				'ERR_REFUSED',
				`${what}. Start the service, or take its place with: sockchat serve --raw ${shellWordsFor(address)}`,
				{cause, api: `${what}. Start the service, or serveRaw().`},
			)
		: new SockchatError(
				'ERR_REFUSED',
				`${what}. Somebody listens on ${other}.`,
				{cause},
			);
};

/**
 * Fails if a path is a typo: no socket can be there, or something else is.
 *
 * @throws {SockchatError} `ERR_SOCKET_PATH`.
 */
export const requirePlace = (address: Address): void => {
	if (address.kind !== 'unix' || isAbstract(address.path)) {
		return;
	}

	const folder = dirname(resolve(address.path));
	if (!isFolder(folder)) {
		throw new SockchatError(
			'ERR_SOCKET_PATH',
			`Nobody listens on ${address.path}: there is no folder ${folder}.`,
		);
	}

	const other = notASocket(address.path);
	if (other) {
		throw other;
	}
};

// A paused socket buffers one read; the rest stays in the kernel.
const socketOptions = {allowHalfOpen: true, readableHighWaterMark: 1};

/**
 * Calls connect(); the outcome is the stream's 'connect' or 'error'.
 *
 * @param wanted Checked again, as a type can be cast.
 * @param localPort A port to bind first; undefined lets the kernel choose.
 * @throws {SockchatError} Before any call, see `requireStream`.
 */
export const dial = (
	wanted: LoopbackAddress,
	localPort?: number,
): SocketLink => {
	const address = requireStream(wanted);
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
			: createConnection({
					path: kernelPath(address.path),
					...socketOptions,
				});
	return new SocketLink(address.kind, socket, localPort);
};
