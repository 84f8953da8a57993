/**
 * The processes that hold sockets, and what they do: from /proc, as far as this
 * user may read it. Small files of the kernel are read synchronously: a read
 * takes some 10 µs, less than handing it to another thread.
 */
import {readdirSync, readFileSync, readlinkSync} from 'node:fs';
import {basename} from 'node:path';
import process from 'node:process';
import {setImmediate} from 'node:timers/promises';
import type {Holder} from './port-holder.js';
import {parseSyscall, type BlockedCall} from './syscalls.js';

export type SocketHolder = Holder & {
	readonly fd: number;
	/** Distinguishes it from a later process with its pid. */
	readonly startedAt: string;
	/** How many sockets it holds. */
	readonly sockets: number;
};

export type ProcessState = 'running' | 'stopped' | 'ended';

/** A call that blocks, with its thread and its socket. */
export type ThreadCall = BlockedCall & {
	readonly thread: string;
	readonly inode: string;
	/**
	 * How often the thread has begun to run: if that has changed, it may have
	 * returned, and called the same again. Undefined where the kernel doesn't
	 * count it.
	 */
	readonly runs?: string | undefined;
};

const attempt = <T>(read: () => T): T | undefined => {
	try {
		return read();
	} catch {
		// It has ended, or is another user's.
		return undefined;
	}
};

const readText = (path: string): string | undefined =>
	attempt(() => readFileSync(path, 'latin1'));

/** The state's letter and the start time: proc_pid_stat(5). */
const statOf = (pid: number) => {
	const text = readText(`/proc/${pid}/stat`);
	// The name before it may contain spaces and parentheses.
	const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
	return (
		fields && {
			state: fields[0]!,
			flags: Number(fields[6]),
			startedAt: fields[19]!,
		}
	);
};

export const processState = ({
	pid,
	startedAt,
}: Pick<SocketHolder, 'pid' | 'startedAt'>): ProcessState => {
	const stat = statOf(pid);
	// PF_EXITING: set before the kernel closes what it leaves behind.
	const isExiting = ((stat?.flags ?? 0) & 4) !== 0;
	if (stat?.startedAt !== startedAt || isExiting || /[XZ]/.test(stat.state)) {
		return 'ended';
	}

	return /t/i.test(stat.state) ? 'stopped' : 'running';
};

/** @returns Undefined if the descriptor isn't a socket, or can't be read. */
const inodeOf = (pid: number | string, fd: number | string) =>
	/^socket:\[(\d+)\]$/.exec(
		attempt(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? '',
	)?.[1];

/** The inodes of the sockets that a process holds, by descriptor. */
const socketsOf = (pid: number | string): Map<number, string> => {
	const found = new Map<number, string>();
	for (const fd of attempt(() => readdirSync(`/proc/${pid}/fd`)) ?? []) {
		const inode = inodeOf(pid, fd);
		if (inode !== undefined) {
			found.set(Number(fd), inode);
		}
	}

	return found;
};

/** Whether it still holds that socket. */
export const holdsInode = (
	{pid, fd}: Pick<SocketHolder, 'pid' | 'fd'>,
	inode: string,
): boolean => inodeOf(pid, fd) === inode;

/** Node calls its main thread so, and with it the process. */
const threadName = 'MainThread';

const nameOf = (pid: number): string => {
	const name = readText(`/proc/${pid}/comm`)?.trim() ?? 'unknown';
	const program = attempt(() => readlinkSync(`/proc/${pid}/exe`));
	return name === threadName && program !== undefined
		? basename(program)
		: name;
};

const holderIn = (
	pid: number,
	wanted: ReadonlySet<string>,
): Array<readonly [string, SocketHolder]> => {
	const sockets = socketsOf(pid);
	const held = [...sockets].filter(([, inode]) => wanted.has(inode));
	if (held.length === 0) {
		return [];
	}

	const name = nameOf(pid);
	const startedAt = statOf(pid)?.startedAt ?? '';
	return held.map(
		([fd, inode]) =>
			[inode, {pid, name, fd, startedAt, sockets: sockets.size}] as const,
	);
};

const allProcesses = (): readonly number[] =>
	(attempt(() => readdirSync('/proc')) ?? [])
		.filter(entry => /^\d+$/.test(entry))
		.map(Number);

/**
 * The processes that hold these sockets. Of several processes, as after fork(),
 * the first counts.
 *
 * @param known Processes to look at first: a server holds what it accepts.
 */
export const findHolders = (
	inodes: ReadonlySet<string>,
	known: Iterable<number> = [],
): ReadonlyMap<string, SocketHolder> => {
	const found = new Map<string, SocketHolder>();
	const look = (pid: number) => {
		for (const [inode, holder] of holderIn(pid, inodes)) {
			if (!found.has(inode)) {
				found.set(inode, holder);
			}
		}
	};

	for (const pid of known) {
		look(pid);
	}

	for (const pid of allProcesses()) {
		if (found.size === inodes.size) {
			break;
		}

		look(pid);
	}

	return found;
};

/**
 * The process that holds a socket, the newest first: a child that got it by
 * fork() uses it. The event loop goes on between two processes.
 */
export const findHolder = async (
	inode: string,
): Promise<SocketHolder | undefined> => {
	const wanted = new Set([inode]);
	const newestFirst = allProcesses().toSorted((one, other) => other - one);
	// This process may hold both ends.
	for (const pid of [process.pid, ...newestFirst]) {
		const [found] = holderIn(pid, wanted);
		if (found) {
			return found[1];
		}

		// eslint-disable-next-line no-await-in-loop -- so that others have a turn
		await setImmediate();
	}

	return undefined;
};

// A server with a thread a connection would be slow to read.
const maxThreads = 64;

/**
 * The calls on sockets in which the threads of a process block.
 *
 * Where ptrace(2) is restricted (Yama), only the name of the kernel's function
 * can be read: then accept() is known of a process with one socket.
 *
 * @param only Of its threads; default: all.
 */
export const blockedCalls = (
	{pid, fd, sockets}: SocketHolder,
	only?: readonly string[],
): readonly ThreadCall[] => {
	const folder = `/proc/${pid}/task`;
	const threads = only ?? attempt(() => readdirSync(folder)) ?? [];
	const blockedIn = (thread: string): BlockedCall | undefined => {
		const line = readText(`${folder}/${thread}/syscall`);
		if (line !== undefined) {
			return parseSyscall(line, process.arch);
		}

		const place = sockets === 1 && readText(`${folder}/${thread}/wchan`);
		return place === 'inet_csk_accept' ? {call: 'accept()', fd} : undefined;
	};

	return threads.slice(0, maxThreads).flatMap(thread => {
		const blocked = blockedIn(thread);
		const inode = blocked && inodeOf(pid, blocked.fd);
		if (inode === undefined) {
			return [];
		}

		// Its time on a processor, its time of waiting for one, and how often.
		const runs = readText(`${folder}/${thread}/schedstat`)
			?.trim()
			.split(' ', 3)[2];
		return [{...blocked!, thread, inode, runs}];
	});
};
