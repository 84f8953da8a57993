/**
 * The listening socket that systemd passes to a service: sd_listen_fds(3).
 *
 * Node can't ask for a descriptor's address before it listens there, and
 * listen() on an unbound socket would bind it to every address of the machine.
 * So the kernel's tables are read first, by the socket's inode (proc_pid_net(5)).
 */
import {lstatSync} from 'node:fs';
import {readFile, readlink} from 'node:fs/promises';
import {SockchatError} from '../errors.js';
import {
	isAbstract,
	parseSocketPath,
	parseTcpAddress,
	type LoopbackAddress,
} from './address.js';
import {readTcpRows} from './tcp-table.js';

export type Inherited = {
	readonly descriptor: number;
	readonly address: LoopbackAddress;
	/** How many were passed; only one is used. */
	readonly passed: number;
};

/** SD_LISTEN_FDS_START */
const firstDescriptor = 3;

const variables = [
	'LISTEN_PID',
	'LISTEN_FDS',
	'LISTEN_FDNAMES',
	'LISTEN_PIDFDID',
] as const;

const badCount = (seen: string) =>
	new SockchatError(
		'ERR_ADDRESS_UNAVAILABLE',
		`LISTEN_FDS is "${seen}", not a number of descriptors; start sockchat from a socket unit, or unset it.`,
	);

const notListening = (descriptor: number) =>
	new SockchatError(
		'ERR_ADDRESS_UNAVAILABLE',
		`Descriptor ${descriptor} (LISTEN_FDS) is not a listening stream socket that /proc/net shows; a socket unit for sockchat needs ListenStream= and Accept=no.`,
	);

const notOfThisMachine = (descriptor: number, place: string) =>
	new SockchatError(
		'ERR_NOT_LOOPBACK',
		`Descriptor ${descriptor} (LISTEN_FDS) listens on ${place}, and sockchat stays on this machine: give a loopback address, such as ListenStream=127.0.0.1:5001.`,
	);

const withoutFile = (descriptor: number, path: string) =>
	new SockchatError(
		'ERR_SOCKET_PATH',
		`Descriptor ${descriptor} (LISTEN_FDS) listens on "${path}", which is not the absolute path of a socket; give one, such as ListenStream=/run/sockchat.sock.`,
	);

// __SO_ACCEPTCON: it listens; SOCK_STREAM is 1.
const listeningFlag = 0x1_00_00;
const unixRow =
	/^[\da-f]+: [\da-f]+ [\da-f]+ ([\da-f]+) 0001 [\da-f]+ +(\d+)(?: (.*))?$/gim;

/** @returns Its path, '' without one; undefined if it isn't in the table. */
const unixPathOf = (table: string, inode: string): string | undefined => {
	for (const [, flags, seen, path = ''] of table.matchAll(unixRow)) {
		const isListening = (Number.parseInt(flags!, 16) & listeningFlag) !== 0;
		if (seen === inode && isListening) {
			return path;
		}
	}

	return undefined;
};

const isSocketFile = (path: string): boolean =>
	path.startsWith('/') &&
	lstatSync(path, {throwIfNoEntry: false})?.isSocket() === true;

const readOrNothing = async (read: Promise<string>): Promise<string> => {
	try {
		return await read;
	} catch {
		return '';
	}
};

/**
 * Where a descriptor listens.
 *
 * @returns An error unless it is a stream socket that listens on a loopback
 * address or at a path.
 */
export const addressOfDescriptor = async (
	descriptor: number,
): Promise<LoopbackAddress | SockchatError> => {
	const link = await readOrNothing(readlink(`/proc/self/fd/${descriptor}`));
	const inode = /^socket:\[(\d+)\]$/.exec(link)?.[1];
	if (inode === undefined) {
		return notListening(descriptor);
	}

	const rows = await readTcpRows();
	const local = rows?.find(
		row => row.inode === inode && row.socket.state === 'LISTEN',
	)?.socket.local;
	if (local !== undefined) {
		const [, host, port] = /^(.*):(\d+)$/.exec(local)!;
		const address = parseTcpAddress(host!, Number(port));
		return address instanceof SockchatError
			? notOfThisMachine(descriptor, local)
			: address;
	}

	const table = await readOrNothing(readFile('/proc/net/unix', 'utf8'));
	const path = unixPathOf(table, inode);
	if (path === undefined) {
		return notListening(descriptor);
	}

	return isAbstract(path) || isSocketFile(path)
		? parseSocketPath(path)
		: withoutFile(descriptor, path);
};

/**
 * Takes the sockets that were passed to this process, and removes the variables
 * that say so: a child process must not take them for its own.
 *
 * @param env Changed.
 * @returns The first socket that a server can use, or the error of the first
 * one; undefined if none was passed.
 */
export const takeInherited = async (
	env: Record<string, string | undefined>,
	pid: number,
): Promise<Inherited | SockchatError | undefined> => {
	const {LISTEN_PID: owner, LISTEN_FDS: count = '0'} = env;
	for (const name of variables) {
		// eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- an environment
		delete env[name];
	}

	if (owner !== String(pid) || count === '0') {
		return undefined;
	}

	if (!/^[1-9]\d{0,3}$/.test(count)) {
		return badCount(count);
	}

	const passed = Number(count);
	let first: SockchatError | undefined;
	for (let index = 0; index < passed; index++) {
		const descriptor = firstDescriptor + index;
		// eslint-disable-next-line no-await-in-loop -- the first that fits ends the search
		const address = await addressOfDescriptor(descriptor);
		if (!(address instanceof SockchatError)) {
			return {descriptor, address, passed};
		}

		first ??= address;
	}

	return first;
};
