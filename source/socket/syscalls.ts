/**
 * The call on a socket in which a thread blocks, from a line of
 * /proc/PID/task/TID/syscall (proc_pid_syscall(5)). Pure.
 *
 * Arguments that are pointers, as the address of connect(), lead into memory
 * that can't be read: such calls have none. glibc makes recv() and send() of
 * recvfrom() and sendto() without an address.
 */
import type {Call} from '../tcp/tcp.js';

export type BlockedCall = {readonly call: Call; readonly fd: number};

type SystemCall =
	| 'read'
	| 'write'
	| 'accept'
	| 'connect'
	| 'recvfrom'
	| 'sendto'
	| 'recvmsg'
	| 'sendmsg';

/** By the names of process.arch; syscalls(2). */
const numbers: Readonly<
	Partial<Record<string, Readonly<Record<number, SystemCall>>>>
> = {
	x64: {
		0: 'read',
		1: 'write',
		42: 'connect',
		43: 'accept',
		44: 'sendto',
		45: 'recvfrom',
		46: 'sendmsg',
		47: 'recvmsg',
		// The one with flags: Python and Node call accept4().
		288: 'accept',
	},
	arm64: {
		63: 'read',
		64: 'write',
		202: 'accept',
		203: 'connect',
		206: 'sendto',
		207: 'recvfrom',
		211: 'sendmsg',
		212: 'recvmsg',
		242: 'accept',
	},
};

/** Those of recv() and send() that C and Python have a name for, by their bit. */
const flagNames: ReadonlyArray<readonly [bit: number, name: string]> = [
	[0x1, 'MSG_OOB'],
	[0x2, 'MSG_PEEK'],
	[0x4, 'MSG_DONTROUTE'],
	[0x8, 'MSG_CTRUNC'],
	[0x20, 'MSG_TRUNC'],
	[0x40, 'MSG_DONTWAIT'],
	[0x80, 'MSG_EOR'],
	[0x1_00, 'MSG_WAITALL'],
	[0x8_00, 'MSG_CONFIRM'],
	[0x20_00, 'MSG_ERRQUEUE'],
	[0x40_00, 'MSG_NOSIGNAL'],
	[0x80_00, 'MSG_MORE'],
	[0x20_00_00_00, 'MSG_FASTOPEN'],
	[0x40_00_00_00, 'MSG_CMSG_CLOEXEC'],
];

/** As they are combined in C and in Python; a bit without a name as a number. */
const namedFlags = (flags: number): string => {
	const named = flagNames.filter(([bit]) => (flags & bit) !== 0);
	const rest = named.reduce((left, [bit]) => left & ~bit, flags) >>> 0;
	return [
		...named.map(([, name]) => name),
		...(rest === 0 ? [] : [`0x${rest.toString(16)}`]),
	].join(' | ');
};

/** As in C, without the descriptor and the buffer. */
const written = (name: SystemCall, size: number, flags: number): Call => {
	const withFlags = `${size}${flags === 0 ? '' : `, ${namedFlags(flags)}`}`;
	switch (name) {
		case 'recvfrom': {
			return `recv(${withFlags})`;
		}

		case 'sendto': {
			return `send(${withFlags})`;
		}

		case 'read':
		case 'write': {
			return `${name}(${size})`;
		}

		default: {
			return `${name}()`;
		}
	}
};

/**
 * @param line `running` if the thread doesn't block; else the number of the
 * call and its arguments.
 * @param arch As process.arch.
 * @returns Undefined if it is not in one of these calls.
 */
export const parseSyscall = (
	line: string,
	arch: string,
): BlockedCall | undefined => {
	const [number = '', ...given] = line.trim().split(' ');
	const name = /^\d+$/.test(number)
		? numbers[arch]?.[Number(number)]
		: undefined;
	if (name === undefined || given.length < 4) {
		return undefined;
	}

	const [fd, , size, flags] = given.map(Number);
	return {call: written(name, size!, flags!), fd: fd!};
};
