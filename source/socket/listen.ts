/** bind() and listen(), and their failures in words; for rooms and raw mode. */
import {lstatSync, rmSync} from 'node:fs';
import {createConnection, createServer, type Server} from 'node:net';
import process from 'node:process';
import {SockchatError} from '../errors.js';
import type {Place} from '../event/event.js';
import {
	formatAddress,
	isAbstract,
	kernelPath,
	requireLoopback,
	requireStream,
	shellWordsFor,
	type Address,
	type LoopbackAddress,
	type StreamAddress,
} from './address.js';
import {addressOfDescriptor} from './inherited.js';
import {holderOfPort, type Holder} from './port-holder.js';
import {notASocket} from './socket-file.js';
import {secureFolder} from './socket-folder.js';

type Taken = {
	readonly cause: unknown;
	/** Whether bytes are meant, not a room. */
	readonly isRaw: boolean;
};

/** How to get to whoever has the address. */
const wayIn = (address: Address, isRaw: boolean): string =>
	`sockchat connect ${isRaw ? '--raw ' : ''}${shellWordsFor(address)}`;

const portTaken = (
	address: Address,
	holder: Holder | undefined,
	{cause, isRaw}: Taken,
) => {
	const by = holder ? ` by ${holder.name} (process ${holder.pid})` : '';
	const what = `${formatAddress(address)} is taken${by}. Choose another port`;
	return new SockchatError(
		'ERR_PORT_TAKEN',
		isRaw
			? `${what}, or talk to what is there: ${wayIn(address, isRaw)}`
			: `${what} with --port, or join what is there: ${wayIn(address, isRaw)}`,
		{
			cause,
			api: isRaw
				? `${what}, or 0 for one that is free, or talk to what is there with connectRaw().`
				: `${what}, or 0 for one that is free, or join what is there with connect().`,
		},
	);
};

const pathForbidden = (path: string, cause: unknown) =>
	new SockchatError(
		'ERR_SOCKET_PATH',
		`Can't create "${path}": its folder doesn't exist, or you may not write there.`,
		{cause},
	);

const pathTaken = (path: string, {cause, isRaw}: Taken) => {
	const what = `"${path}" already exists. If a server listens there, ${isRaw ? 'talk to' : 'join'} it with`;
	return new SockchatError(
		'ERR_SOCKET_TAKEN',
		`${what}: ${wayIn({kind: 'unix', path}, isRaw)}`,
		{cause, api: `${what} ${isRaw ? 'connectRaw' : 'connect'}().`},
	);
};

const codeOf = (error: unknown): string | undefined =>
	(error as NodeJS.ErrnoException).code;

const listenFailed = async (
	address: Address,
	taken: Taken,
): Promise<SockchatError> => {
	const place = formatAddress(address);
	const {cause} = taken;
	switch (codeOf(cause)) {
		case 'EADDRINUSE': {
			return address.kind === 'unix'
				? (notASocket(address.path) ?? pathTaken(address.path, taken))
				: portTaken(
						address,
						await holderOfPort(address.host, address.port),
						taken,
					);
		}

		case 'EACCES': {
			if (address.kind === 'unix') {
				return pathForbidden(address.path, cause);
			}

			return new SockchatError(
				'ERR_PORT_FORBIDDEN',
				`You may not listen on ${place}; on most systems ports below 1024 need root. Choose another.`,
				{cause},
			);
		}

		default: {
			return new SockchatError(
				'ERR_ADDRESS_UNAVAILABLE',
				`Can't listen on ${place}: ${(cause as Error).message}.`,
				{cause},
			);
		}
	}
};

const tryListen = async (
	server: Server,
	address: StreamAddress,
	backlog: number,
): Promise<void> =>
	new Promise((resolve, reject) => {
		server.once('error', reject);
		const onListening = () => {
			server.off('error', reject);
			resolve();
		};

		if (address.kind === 'tcp') {
			const {host, port} = address;
			server.listen({host, port, backlog, exclusive: true}, onListening);
			return;
		}

		// Anyone who may write to the socket's file may connect, so only its owner
		// may. The path is bound before listen() returns, so no other file is
		// created under this mask.
		const umask = process.umask(0o177);
		try {
			server.listen({path: kernelPath(address.path), backlog}, onListening);
		} finally {
			process.umask(umask);
		}
	});

const isRefused = async (path: string): Promise<boolean> =>
	new Promise(resolve => {
		const probe = createConnection({path});
		probe.once('connect', () => {
			probe.destroy();
			resolve(false);
		});
		probe.once('error', error => {
			resolve(codeOf(error) === 'ECONNREFUSED');
		});
	});

/** An abstract name ends with the process that bound it. */
const hasFile = (
	address: Address,
): address is Extract<Address, {kind: 'unix'}> =>
	address.kind === 'unix' && !isAbstract(address.path);

const statOf = (path: string) =>
	lstatSync(path, {bigint: true, throwIfNoEntry: false});

/**
 * Removes a socket file if nobody answers there: a dead server left it.
 *
 * @returns Whether the path is now free.
 */
const removeStale = async (path: string): Promise<boolean> => {
	const stat = statOf(path);
	if (stat && !(stat.isSocket() && (await isRefused(path)))) {
		return false;
	}

	// Another server may have taken the path in the meantime.
	const now = statOf(path);
	if (now && (now.ino !== stat?.ino || now.ctimeNs !== stat.ctimeNs)) {
		return false;
	}

	rmSync(path, {force: true});
	return true;
};

/**
 * Listens on a socket that was passed to this process. Where it listens is read
 * from the kernel, whatever the caller thinks. Closing the server closes our
 * descriptor: the socket and its file belong to the process that made them.
 *
 * @param backlog Replaces the backlog that it was passed with.
 * @throws {SockchatError} `ERR_NOT_LOOPBACK`, `ERR_SOCKET_PATH` or
 * `ERR_ADDRESS_UNAVAILABLE`.
 */
export const listenOnDescriptor = async (
	server: Server,
	descriptor: number,
	backlog: number,
): Promise<LoopbackAddress> => {
	const address = await addressOfDescriptor(descriptor);
	if (address instanceof SockchatError) {
		throw address;
	}

	if (hasFile(address)) {
		secureFolder(address.path);
	}

	try {
		await new Promise<void>((resolve, reject) => {
			server.once('error', reject);
			server.listen({fd: descriptor, backlog}, () => {
				server.off('error', reject);
				resolve();
			});
		});
	} catch (error) {
		throw await listenFailed(address, {cause: error, isRaw: false});
	}

	return address;
};

/**
 * Binds and listens.
 *
 * @param wanted Checked again, as a type can be cast.
 * @param backlog How many connections may wait for accept(); the kernel caps it.
 * @param isRaw Whether bytes are meant, not a room: a failure advises so.
 * @returns The address; a port of 0 is replaced by the one the kernel chose.
 * @throws {SockchatError} `ERR_PORT_TAKEN`, `ERR_PORT_FORBIDDEN`,
 * `ERR_SOCKET_PATH`, `ERR_SOCKET_TAKEN` or `ERR_ADDRESS_UNAVAILABLE`; before any
 * call, see `requireStream`.
 */
export const listen = async (
	server: Server,
	wanted: LoopbackAddress,
	backlog: number,
	isRaw = false,
): Promise<LoopbackAddress> => {
	const address = requireStream(wanted);
	if (hasFile(address)) {
		secureFolder(address.path);
	}

	try {
		try {
			await tryListen(server, address, backlog);
		} catch (error) {
			const isFreed =
				hasFile(address) &&
				codeOf(error) === 'EADDRINUSE' &&
				(await removeStale(address.path));
			if (!isFreed) {
				throw error;
			}

			await tryListen(server, address, backlog);
		}
	} catch (error) {
		throw await listenFailed(address, {cause: error, isRaw});
	}

	const bound = server.address();
	return address.kind === 'tcp' && bound !== null && typeof bound === 'object'
		? {...address, port: bound.port}
		: address;
};

/** An address as JSON events give it, in the words of the flags. */
export const placeOf = (address: Address): Place =>
	address.kind === 'unix'
		? {path: address.path}
		: {host: address.host, port: address.port};

/**
 * Fails if nobody else could listen at an address now.
 *
 * @throws {SockchatError} See `listen()`.
 */
export const assertFree = async (address: LoopbackAddress): Promise<void> => {
	// A client that comes in this moment tries again.
	const probe = createServer(client => {
		client.destroy();
	});
	await listen(probe, address, 1);
	await new Promise(resolve => {
		probe.close(resolve);
	});
};

// Where kernels choose no client's port: Linux begins at 32,768, macOS at
// 49,152. One that came to have the port of a server that has gone would be
// shown as a connection of that.
const lowestFree = 10_000;
const highestFree = 32_000;

/**
 * Ports that nobody listened on a moment ago, all of them different.
 *
 * @throws {SockchatError} See `listen()`.
 */
export const freePorts = async (
	host: string,
	count: number,
): Promise<ReadonlySet<number>> => {
	const found = new Set<number>();
	/* eslint-disable no-await-in-loop -- one after the other */
	while (found.size < count) {
		const port =
			lowestFree + Math.floor(Math.random() * (highestFree - lowestFree));
		try {
			await assertFree(requireLoopback({kind: 'tcp', host, port}));
			found.add(port);
		} catch (error) {
			if (codeOf(error) !== 'ERR_PORT_TAKEN') {
				throw error;
			}
		}
	}
	/* eslint-enable no-await-in-loop */

	return found;
};
