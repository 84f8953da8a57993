/**
 * The kernel's table of TCP sockets: /proc/net/tcp and tcp6 (proc_pid_net(5)).
 *
 * The kernel returns 4 KiB per read, about 27 rows, and rows are parsed as they
 * arrive: parsing 10,000 connections in one go would block the chat. The table
 * is not a snapshot: a change during the read may or may not be in it.
 */
import {Buffer} from 'node:buffer';
import {close, open, read} from 'node:fs';
import {endianness} from 'node:os';
import {promisify} from 'node:util';
import type {
	KernelPair,
	KernelSocket,
	KernelTimer,
	TcpState,
} from '../tcp/tcp.js';

/**
 * A socket with its inode, which is '0' once no process holds it, and before
 * accept() returned it.
 */
export type TcpRow = {
	readonly socket: KernelSocket;
	readonly inode: string;
	/** Whether the FIN that it received is still in the receive queue. */
	readonly isEndUnread?: true;
};

/** IPv4, and IPv6 with IPv4-mapped addresses. */
export type TableFile = 'tcp' | 'tcp6';

export const tableFiles: readonly TableFile[] = ['tcp', 'tcp6'];

export type TcpTable = {
	/** Where the sockets were found. */
	readonly files: readonly TableFile[];
	/** Both ends of a connection; addresses as formatted for display. */
	readonly pair: (local: string, remote: string) => KernelPair;
	/** The socket that listens on exactly this address; wildcards don't match. */
	readonly listening: (local: string) => KernelSocket | undefined;
	/** Of a socket in it: its inode, '0' if no process holds it. */
	readonly inodeOf: (socket: KernelSocket) => string | undefined;
	/** Whether any socket has bytes that aren't acknowledged. */
	readonly hasSendQueue: boolean;
};

/** The enum of the kernel's tcp_states.h, by hexadecimal value. */
const states: Readonly<Partial<Record<string, TcpState>>> = {
	'01': 'ESTABLISHED',
	'02': 'SYN-SENT',
	'03': 'SYN-RECEIVED',
	'04': 'FIN-WAIT-1',
	'05': 'FIN-WAIT-2',
	'06': 'TIME-WAIT',
	'07': 'CLOSED',
	'08': 'CLOSE-WAIT',
	'09': 'LAST-ACK',
	'0A': 'LISTEN',
	'0B': 'CLOSING',
	// TCP_NEW_SYN_RECV: the same for a connection that is not accepted yet.
	'0C': 'SYN-RECEIVED',
};

/**
 * SYN and FIN take one sequence number each (RFC 9293, 3.4). The kernel counts
 * them as bytes, but no program writes or reads them.
 */
const hasUnackedControl: ReadonlySet<TcpState> = new Set([
	'SYN-SENT',
	'SYN-RECEIVED',
	'FIN-WAIT-1',
	'CLOSING',
	'LAST-ACK',
]);
const hasFin: ReadonlySet<TcpState> = new Set([
	'CLOSE-WAIT',
	'CLOSING',
	'LAST-ACK',
]);

const timers: Readonly<Partial<Record<string, KernelTimer['name']>>> = {
	'01': 'retransmit',
	'02': 'keepalive',
	'03': 'time-wait',
	'04': 'persist',
};

/** Of USER_HZ, in which the kernel counts for programs. */
const tickMs = 10;

const timerOf = (
	code: string,
	ticks: string,
	isOrphan: boolean,
): KernelTimer | undefined => {
	const name = timers[code];
	return (
		name && {
			// Once no process holds the socket, either one waits for a FIN.
			name:
				isOrphan && (name === 'keepalive' || name === 'time-wait')
					? 'fin-wait-2'
					: name,
			inMs: Number.parseInt(ticks, 16) * tickMs,
		}
	);
};

const bytesIn = (queue: number, hasControl: boolean): number =>
	hasControl ? Math.max(0, queue - 1) : queue;

/** Matches a row; if ports are given, one of them must be at either end. */
const rowPattern = (ports: ReadonlySet<number> | undefined): RegExp => {
	const address = '([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})';
	const queues = '([0-9A-F]{8}):([0-9A-F]{8})';
	const wanted = [...(ports ?? [])]
		.map(port => port.toString(16).toUpperCase().padStart(4, '0'))
		.join('|');
	// Checked before the rest of the row: other rows are skipped four times as
	// fast.
	const filter = ports
		? `(?=\\S+:(?:${wanted}) |\\S+ \\S+:(?:${wanted}) )`
		: '';
	return new RegExp(
		`^ *\\d+: ${filter}${address} ${address} ([0-9A-F]{2}) ${queues} ([0-9A-F]{2}):([0-9A-F]+) \\S+ +(\\d+) +\\d+ (\\d+) `,
		'gm',
	);
};

/** ::ffff:0:0/96, IPv4-mapped (RFC 4291, 2.5.5.2). */
const mappedPrefix = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255];

/** Addresses are 32-bit words, each in the machine's byte order. */
const bytesOf = (hex: string): number[] =>
	(hex.match(/.{8}/g) ?? []).flatMap(word => {
		const bytes = (word.match(/../g) ?? []).map(byte =>
			Number.parseInt(byte, 16),
		);
		return endianness() === 'LE' ? bytes.toReversed() : bytes;
	});

const formatHost = (hex: string): string => {
	const bytes = bytesOf(hex);
	const isMapped =
		bytes.length > 4 &&
		mappedPrefix.every((byte, index) => byte === bytes[index]);
	if (bytes.length === 4 || isMapped) {
		// An IPv4 connection to a dual-stack socket is shown as IPv4.
		return bytes.slice(-4).join('.');
	}

	const groups = [0, 2, 4, 6, 8, 10, 12, 14].map(index =>
		(bytes[index]! * 256 + bytes[index + 1]!).toString(16),
	);
	// URL shortens an IPv6 address as RFC 5952 says.
	return new URL(`http://[${groups.join(':')}]`).hostname;
};

/** As a table writes an address, HOST:PORT in hexadecimal, → as it is displayed. */
export const readKernelAddress = (text: string): string => {
	const [host = '', port = ''] = text.split(':', 2);
	return `${formatHost(host)}:${Number.parseInt(port, 16)}`;
};

/** Caches hosts: a table repeats the same few. */
const createHostFormatter = () => {
	const known = new Map<string, string>();
	return (hex: string): string => {
		let host = known.get(hex);
		if (host === undefined) {
			host = formatHost(hex);
			known.set(hex, host);
		}

		return host;
	};
};

const createRowParser = (ports: ReadonlySet<number> | undefined) => {
	const pattern = rowPattern(ports);
	const format = createHostFormatter();
	return (text: string): TcpRow[] => {
		const rows: TcpRow[] = [];
		for (const match of text.matchAll(pattern)) {
			const state = states[match[5]!];
			if (state === undefined) {
				continue;
			}

			const inode = match[11]!;
			const receiveQueue = Number.parseInt(match[7]!, 16);
			const isOrphan = state === 'FIN-WAIT-2' && inode === '0';
			const timer = timerOf(match[8]!, match[9]!, isOrphan);
			const socket = {
				local: `${format(match[1]!)}:${Number.parseInt(match[2]!, 16)}`,
				remote: `${format(match[3]!)}:${Number.parseInt(match[4]!, 16)}`,
				state,
				sendQueueBytes: bytesIn(
					Number.parseInt(match[6]!, 16),
					hasUnackedControl.has(state),
				),
				receiveQueueBytes: bytesIn(receiveQueue, hasFin.has(state)),
				uid: Number(match[10]),
				...(timer && {timer}),
			};
			const isEndUnread = hasFin.has(state) && receiveQueue > 0;
			rows.push({socket, inode, ...(isEndUnread && {isEndUnread})});
		}

		return rows;
	};
};

/**
 * Parses the text of /proc/net/tcp or tcp6; malformed rows are skipped.
 *
 * @param ports Only rows with one of these ports at either end.
 */
export const parseTcpTable = (
	text: string,
	ports?: ReadonlySet<number>,
): readonly KernelSocket[] =>
	createRowParser(ports)(text).map(({socket}) => socket);

// Twice what the kernel returns at once.
const readBytes = 8 * 1024;

// Not those of node:fs/promises, which load readline and its history.
const openFile = promisify(open);
const readInto = promisify(read);
const closeFile = promisify(close);

/** Reads one file and parses its rows as they arrive. */
const readFileRows = async (
	path: string,
	parse: (text: string) => TcpRow[],
): Promise<TcpRow[]> => {
	const file = await openFile(path, 'r');
	try {
		const buffer = Buffer.allocUnsafe(readBytes);
		const rows: TcpRow[] = [];
		let rest = '';
		for (;;) {
			// eslint-disable-next-line no-await-in-loop -- reads are sequential
			const {bytesRead} = await readInto(file, buffer, 0, readBytes, null);
			if (bytesRead === 0) {
				return rows;
			}

			const text = rest + buffer.toString('latin1', 0, bytesRead);
			const end = text.lastIndexOf('\n') + 1;
			rest = text.slice(end);
			rows.push(...parse(text.slice(0, end)));
		}
	} finally {
		await closeFile(file);
	}
};

const readOptionalRows: typeof readFileRows = async (path, parse) => {
	try {
		return await readFileRows(path, parse);
	} catch {
		// A kernel without IPv6.
		return [];
	}
};

type FileRows = readonly [file: TableFile, rows: readonly TcpRow[]];

const readFiles = async (
	files: readonly TableFile[],
	ports: ReadonlySet<number> | undefined,
	folder = '/proc/net',
): Promise<readonly FileRows[] | undefined> => {
	const parse = createRowParser(ports);
	try {
		return await Promise.all(
			files.map(async (file): Promise<FileRows> => {
				const readRows = file === 'tcp' ? readFileRows : readOptionalRows;
				return [file, await readRows(`${folder}/${file}`, parse)];
			}),
		);
	} catch {
		return undefined;
	}
};

/**
 * Reads both files.
 *
 * @returns Undefined if /proc can't be read.
 */
export const readTcpRows = async (
	ports?: ReadonlySet<number>,
	folder?: string,
): Promise<readonly TcpRow[] | undefined> => {
	const found = await readFiles(tableFiles, ports, folder);
	return found?.flatMap(([, rows]) => rows);
};

/**
 * @param files Where they were found.
 * @param inodes By both addresses, as far as known.
 */
export const createTcpTable = (
	sockets: Iterable<KernelSocket>,
	files: readonly TableFile[] = tableFiles,
	inodes: ReadonlyMap<string, string> = new Map(),
): TcpTable => {
	const byPair = new Map<string, KernelSocket>();
	const byListener = new Map<string, KernelSocket>();
	let hasSendQueue = false;
	for (const socket of sockets) {
		if (socket.state === 'LISTEN') {
			byListener.set(socket.local, socket);
		} else {
			byPair.set(`${socket.local} ${socket.remote}`, socket);
			hasSendQueue ||= socket.sendQueueBytes > 0;
		}
	}

	const plain = (address: string) =>
		address.replace(/^\[::ffff:([\d.]+)\]/, '$1');
	return {
		files,
		pair(first, second) {
			const [local, remote] = [plain(first), plain(second)];
			return {
				local: byPair.get(`${local} ${remote}`),
				remote: byPair.get(`${remote} ${local}`),
			};
		},
		listening: local => byListener.get(plain(local)),
		inodeOf: ({local, remote}) => inodes.get(`${local} ${remote}`),
		hasSendQueue,
	};
};

/**
 * Reads the kernel's table once.
 *
 * @param ports Only sockets with one of these ports at either end.
 * @param folder The folder with both files; default /proc/net.
 * @param files Which to read. For each, the kernel walks its hashes of all
 * sockets, those of the other file as well.
 * @returns Undefined if /proc can't be read.
 */
export const readTcpTable = async (
	ports?: ReadonlySet<number>,
	folder?: string,
	files: readonly TableFile[] = tableFiles,
): Promise<TcpTable | undefined> => {
	const found = await readFiles(files, ports, folder);
	const rows = found?.flatMap(([, each]) => each);
	return (
		rows &&
		createTcpTable(
			rows.map(({socket}) => socket),
			found!.filter(([, each]) => each.length > 0).map(([file]) => file),
			new Map(
				rows.map(({socket: {local, remote}, inode}) => [
					`${local} ${remote}`,
					inode,
				]),
			),
		)
	);
};
