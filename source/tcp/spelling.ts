/**
 * A call as it is written in Python and in C, beside its name in the sockets
 * API. Pure.
 *
 * Both name the socket of socket() and that of accept() differently (s and
 * conn, fd and conn), as the difference is what learners miss. Where an
 * argument isn't known, Python has `...`, which it can parse.
 */
import {nameOfCall, type Call, type CallName} from './tcp.js';

export const spellings = ['sockets', 'python', 'c'] as const;

export type Spelling = (typeof spellings)[number];

/** As a reader knows it. */
export const spellingNames: Readonly<Record<Spelling, string>> = {
	sockets: 'sockets API',
	python: 'Python',
	c: 'C',
};

export const nextSpelling = (spelling: Spelling): Spelling =>
	spellings[(spellings.indexOf(spelling) + 1) % spellings.length]!;

type Written = Readonly<Record<Exclude<Spelling, 'sockets'>, string>>;

/** Python's pair of a host and a port. */
const pairOf = (address: string): string => {
	const found = /^\[?(?<host>[\d.:a-f]+?)\]?:(?<port>\d+)$/.exec(address);
	const {host, port} = found?.groups ?? {};
	return host === undefined ? '...' : `('${host}', ${port!})`;
};

/** An option and its level; most are a whole number. */
const optionOf = (socket: string, option: string, value: string): Written => {
	const [, family] = /^(TCP|IPV6)_/.exec(option) ?? [];
	const level = family === undefined ? 'SOL_SOCKET' : `IPPROTO_${family}`;
	return option === 'SO_LINGER'
		? {
				python: `${socket}.setsockopt(socket.${level}, socket.SO_LINGER, struct.pack('ii', 1, ${value}))`,
				c: `setsockopt(${socket}, ${level}, SO_LINGER, &(struct linger){1, ${value}}, sizeof(struct linger))`,
			}
		: {
				python: `${socket}.setsockopt(socket.${level}, socket.${option}, ${value})`,
				c: `setsockopt(${socket}, ${level}, ${option}, &(int){${value}}, sizeof(int))`,
			};
};

type Arguments = {
	/** Between the brackets; empty if unknown. */
	readonly given: string;
	/** Python's and C's name of the socket. */
	readonly py: string;
	readonly fd: string;
};

/** Python's flags are members of its module. */
const pythonFlags = (given: string): string =>
	given.replaceAll('MSG_', 'socket.MSG_');

const sizeOf = (given: string): string => (given === '' ? 'size' : given);

const writers: Readonly<Record<CallName, (call: Arguments) => Written>> = {
	socket: () => ({
		python: 's = socket.socket()',
		c: 'fd = socket(AF_INET, SOCK_STREAM, 0)',
	}),
	setsockopt({given, py, fd}) {
		const [option = '', value = ''] = given.split(', ', 2);
		return {
			python: optionOf(py, option, value).python,
			c: optionOf(fd, option, value).c,
		};
	},
	bind: ({given}) => ({
		python: `s.bind(${pairOf(given)})`,
		c: 'bind(fd, &addr, sizeof addr)',
	}),
	listen: ({given}) => ({
		python: `s.listen(${given})`,
		c: `listen(fd, ${given || 'backlog'})`,
	}),
	accept: () => ({
		python: 'conn, addr = s.accept()',
		c: 'conn = accept(fd, NULL, NULL)',
	}),
	connect: ({given}) => ({
		python: `s.connect(${pairOf(given)})`,
		c: 'connect(fd, &addr, sizeof addr)',
	}),
	recv({given, py, fd}) {
		const [size = '', flags = '0'] = given.split(', ', 2);
		return {
			python: `${py}.recv(${pythonFlags(given) || '...'})`,
			c: `recv(${fd}, buf, ${sizeOf(size)}, ${flags})`,
		};
	},
	send({given, py, fd}) {
		const [size = '', flags] = given.split(', ', 2);
		return {
			python: `${py}.send(data${flags === undefined ? '' : `, ${pythonFlags(flags)}`})`,
			c: `send(${fd}, buf, ${sizeOf(size)}, ${flags ?? '0'})`,
		};
	},
	read: ({given, py, fd}) => ({
		python: `os.read(${py}.fileno(), ${given || '...'})`,
		c: `read(${fd}, buf, ${sizeOf(given)})`,
	}),
	write: ({given, py, fd}) => ({
		python: `os.write(${py}.fileno(), data)`,
		c: `write(${fd}, buf, ${sizeOf(given)})`,
	}),
	recvmsg: ({py, fd}) => ({
		python: `${py}.recvmsg(...)`,
		c: `recvmsg(${fd}, &msg, 0)`,
	}),
	sendmsg: ({py, fd}) => ({
		python: `${py}.sendmsg(...)`,
		c: `sendmsg(${fd}, &msg, 0)`,
	}),
	shutdown: ({py, fd}) => ({
		python: `${py}.shutdown(socket.SHUT_WR)`,
		c: `shutdown(${fd}, SHUT_WR)`,
	}),
	close: ({py, fd}) => ({python: `${py}.close()`, c: `close(${fd})`}),
	// No calls: that recv() is not called, until it is again.
	pause: ({py}) => ({
		python: `# no ${py}.recv() for now`,
		c: '/* no recv() for now */',
	}),
	resume: ({py}) => ({python: `# ${py}.recv() again`, c: '/* recv() again */'}),
};

/** @param isAccepted Whether it is about a socket that accept() returned. */
export const spelledCall = (
	call: Call,
	spelling: Spelling,
	isAccepted: boolean,
): string => {
	if (spelling === 'sockets') {
		return call;
	}

	const name = nameOfCall(call);
	const given = call.slice(name.length + 1, -1);
	const [py, fd] = isAccepted ? ['conn', 'conn'] : ['s', 'fd'];
	return writers[name]({given, py, fd})[spelling];
};

/** Python's exceptions; others are an OSError. */
const exceptions: Readonly<Record<string, string>> = {
	ECONNREFUSED: 'ConnectionRefusedError',
	ECONNRESET: 'ConnectionResetError',
	EPIPE: 'BrokenPipeError',
	ETIMEDOUT: 'TimeoutError',
	EACCES: 'PermissionError',
	EPERM: 'PermissionError',
};

/** How a failed call is seen: ` = EPIPE`, ` raises BrokenPipeError`, ` = -1 EPIPE`. */
export const spelledFailure = (errno: string, spelling: Spelling): string => {
	switch (spelling) {
		case 'sockets': {
			return ` = ${errno}`;
		}

		case 'python': {
			const exception = exceptions[errno];
			return ` raises ${exception ?? `OSError ${errno}`}`;
		}

		case 'c': {
			return ` = -1 ${errno}`;
		}
	}
};

/** One call of each name, in the order of a conversation; for the docs. */
export const spellingTable: ReadonlyArray<
	readonly [call: Call, isAccepted: boolean]
> = [
	['socket()', false],
	['setsockopt(SO_REUSEADDR, 1)', false],
	['bind(127.0.0.1:5001)', false],
	['listen(1)', false],
	['accept()', false],
	['connect(127.0.0.1:5001)', false],
	['recv(1024)', true],
	['send(6)', true],
	['read(1024)', true],
	['write(6)', true],
	['recvmsg()', true],
	['sendmsg()', true],
	['pause()', true],
	['resume()', true],
	['shutdown(SHUT_WR)', true],
	['setsockopt(SO_LINGER, 0)', true],
	['close()', true],
];
