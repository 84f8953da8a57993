/**
 * The calls that processes made on sockets, by `strace`: with arguments, results
 * and the times between which the kernel was at work on them.
 */
import {mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {requireExecutable, type Owner} from '../environment.js';
import {startProcess} from '../process.js';

/** A socket from socket() or accept() to close(). */
export type TracedSocket = {
	/**
	 * Its own address and the other end's; undefined while it has none. Of a Unix
	 * domain socket, the path, and `unnamed` for the end without one.
	 */
	local: string | undefined;
	remote: string | undefined;
	/** Whether accept() returned it. */
	readonly isAccepted: boolean;
	/** When its process ended; undefined while it runs. */
	exitedAt?: number;
};

export type TracedCall = {
	/** Such as recvfrom. */
	readonly systemName: string;
	/** In the names of the sockets API: a read() is a recv(). */
	readonly name:
		| 'socket'
		| 'setsockopt'
		| 'bind'
		| 'listen'
		| 'accept'
		| 'connect'
		| 'recv'
		| 'send'
		| 'shutdown'
		| 'close'
		/** What was left open, the kernel closed. */
		| 'exit';
	/** As a step names them: an address, a backlog, an option and its value. */
	readonly argument: string;
	/** Of recv() and send(): the bytes asked for. */
	readonly asked: number | undefined;
	/** Undefined while the process is still in it, and if it failed. */
	readonly result: number | undefined;
	readonly errno: string | undefined;
	/** Milliseconds since the epoch: when it was called, and when it returned. */
	readonly from: number;
	readonly to: number;
	readonly socket: TracedSocket;
	/** Of accept(): what it returned. */
	readonly accepted: TracedSocket | undefined;
};

const names: Readonly<Record<string, TracedCall['name']>> = {
	socket: 'socket',
	setsockopt: 'setsockopt',
	bind: 'bind',
	listen: 'listen',
	accept: 'accept',
	accept4: 'accept',
	connect: 'connect',
	read: 'recv',
	readv: 'recv',
	recvfrom: 'recv',
	recvmsg: 'recv',
	write: 'send',
	writev: 'send',
	sendto: 'send',
	sendmsg: 'send',
	shutdown: 'shutdown',
	close: 'close',
};

const line =
	/^(?<at>\d+\.\d+) (?<name>\w+)\((?<words>.*?)(?:\) += (?<returned>.*))?$/;

type Kind = 'tcp' | 'unix';

const descriptors = {
	tcp: /^(?<fd>\d+)<TCP(?:v6)?:\[(?<place>.*?)\]>(?:,|$)/,
	unix: /^(?<fd>\d+)<UNIX(?:-STREAM)?:\[(?<place>.*?)\]>(?:,|$)/,
} as const;

const placesOf = {
	/** 127.0.0.1:5001->127.0.0.1:40000, or less; an inode is no place. */
	tcp: (text: string): readonly string[] =>
		text.split('->').filter(each => each.includes(':')),
	/** Such as 77->78,"/tmp/pair.sock": two inodes, and a path if it has one. */
	unix(text: string): readonly string[] {
		const path = /"(.*)"/.exec(text)?.[1];
		const isConnected = text.includes('->');
		return path === undefined
			? isConnected
				? ['unnamed']
				: []
			: isConnected
				? [path, 'unnamed']
				: [path];
	},
} as const;

const addressIn = (text: string): string => {
	const path = /sun_path="(.+?)"/.exec(text)?.[1];
	if (path !== undefined) {
		return path;
	}

	const port = /port=htons\((\d+)\)/.exec(text)?.[1] ?? '';
	const host = /inet_addr\("(.+?)"\)/.exec(text)?.[1];
	const host6 = /inet_pton\(AF_INET6, "(.+?)"/.exec(text)?.[1];
	return `${host ?? `[${host6}]`}:${port}`;
};

/** SO_REUSEADDR, 1 of `SOL_SOCKET, SO_REUSEADDR, [1], 4`. */
const optionIn = (text: string): string => {
	const found =
		/\w+, (?<option>\w+), (?:\[(?<value>\d+)\]|\{l_onoff=1, l_linger=(?<linger>\d+)\})/.exec(
			text,
		);
	const {option = '', value, linger} = found?.groups ?? {};
	return `${option}, ${value ?? linger}`;
};

const argumentOf = (name: TracedCall['name'], text: string): string => {
	switch (name) {
		case 'bind':
		case 'connect': {
			return addressIn(text);
		}

		case 'setsockopt': {
			return optionIn(text);
		}

		case 'listen':
		case 'shutdown': {
			return text.trim();
		}

		default: {
			return '';
		}
	}
};

/** What a read or a write was given: its last number but for flags. */
const askedIn = (systemName: string, text: string): number | undefined => {
	const word =
		systemName === 'recvfrom' || systemName === 'sendto'
			? /^ ?(?:""|NULL|0x\w+)?(?:\.\.\.)?, (\d+)/.exec(text)?.[1]
			: /, (\d+)$/.exec(text)?.[1];
	return word === undefined ? undefined : Number(word);
};

/** @param text What strace wrote of one thread (-ff -ttt -T -yy -s 0). */
export const parseTrace = (
	text: string,
	kind: Kind = 'tcp',
): readonly TracedCall[] => {
	const descriptor = descriptors[kind];
	const placesIn = placesOf[kind];
	const sockets = new Map<string, TracedSocket>();
	/** Those that were closed, too. */
	const all: TracedSocket[] = [];
	const calls: TracedCall[] = [];
	const open = (
		fd: string,
		places: readonly string[],
		isAccepted: boolean,
	): TracedSocket => {
		const [local, remote] = places;
		const socket: TracedSocket = {local, remote, isAccepted};
		sockets.set(fd, socket);
		all.push(socket);
		return socket;
	};

	/** When the line before was begun. */
	let lastAt = 0;
	for (const written of text.split('\n')) {
		const [, exitedAt] = /^(\d+\.\d+) \+\+\+ /.exec(written) ?? [];
		if (exitedAt !== undefined) {
			const at = Number(exitedAt) * 1000;
			for (const socket of all) {
				socket.exitedAt = at;
			}

			for (const socket of sockets.values()) {
				calls.push({
					systemName: 'exit',
					name: 'exit',
					argument: '',
					asked: undefined,
					result: undefined,
					errno: undefined,
					// The kernel closes them before it is reported.
					from: lastAt,
					to: at,
					socket,
					accepted: undefined,
				});
			}

			sockets.clear();
			continue;
		}

		const {groups} = line.exec(written) ?? {};
		const systemName = groups?.['name'] ?? '';
		const name = names[systemName];
		lastAt = groups ? Number(groups['at']) * 1000 : lastAt;
		if (!groups || !name) {
			continue;
		}

		const {at = '', words = '', returned: rest = '?'} = groups;
		const [result = ''] = rest.split(' ', 1);
		const from = Number(at) * 1000;
		const took = / <(\d+\.\d+)>$/.exec(rest)?.[1];
		const isDone = result !== '?' && took !== undefined;
		const returned = isDone ? Number(/^-?\d+/.exec(result)?.[0]) : undefined;
		const errno = /^-1 (E\w+)/.exec(rest)?.[1];
		const returnedFd = descriptor.exec(result);
		const common = {
			systemName,
			name,
			result: errno === undefined ? returned : undefined,
			errno,
			from,
			// As strace writes them, both are cut to a microsecond.
			to: isDone ? from + Number(took) * 1000 + 0.002 : Infinity,
		};
		if (name === 'socket') {
			if (returnedFd) {
				const {fd = ''} = returnedFd.groups ?? {};
				const socket = open(fd, [], false);
				calls.push({
					...common,
					argument: '',
					asked: undefined,
					socket,
					accepted: undefined,
				});
			}

			continue;
		}

		const of = descriptor.exec(words);
		if (!of) {
			continue;
		}

		const {fd = '', place = ''} = of.groups ?? {};
		const places = placesIn(place);
		const socket = sockets.get(fd) ?? open(fd, places, false);
		socket.local = places[0] ?? socket.local;
		socket.remote = places[1] ?? socket.remote;
		const given = words.slice(of[0].length);
		let accepted: TracedSocket | undefined;
		if (name === 'accept' && returnedFd) {
			const {fd: fresh = '', place: both = ''} = returnedFd.groups ?? {};
			accepted = open(fresh, placesIn(both), true);
		}

		const argument = argumentOf(name, given);
		if (name === 'connect') {
			socket.remote ??= argument;
		}

		calls.push({
			...common,
			argument,
			asked:
				name === 'recv' || name === 'send'
					? askedIn(systemName, given)
					: undefined,
			socket,
			accepted,
		});
		if (name === 'close') {
			sockets.delete(fd);
		}
	}

	return calls;
};

const calledOn = 'network,read,write,readv,writev,close,exit_group';

/** Words before a command that has its calls traced. */
export const openTrace = (owner: Owner) => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-strace-'));
	owner.after(async () => {
		rmSync(folder, {recursive: true, force: true});
	});
	const strace = requireExecutable('strace', 'strace');
	const written = [
		'-ttt',
		'-T',
		'-yy',
		'-s',
		'0',
		'-e',
		'signal=none',
		'-e',
		`trace=%${calledOn}`,
		'-o',
		join(folder, 'calls'),
	];
	let attached: ReturnType<typeof startProcess> | undefined;
	const endedAt = new Map<string, number>();
	/** As written; strace says nothing of the end of one killed while stopped. */
	const readTrace = (name: string): string => {
		const text = readFileSync(join(folder, name), 'utf8');
		const at = endedAt.get(name);
		return at === undefined || text.includes('+++')
			? text
			: `${text}\n${(at / 1000).toFixed(6)} +++ ended +++`;
	};

	const callsOf = (files: readonly string[], kind: Kind) =>
		files
			.flatMap(name => parseTrace(readTrace(name), kind))
			.toSorted((a, b) => a.from - b.from);
	return {
		/** A command that was traced from its start has ended, as its parent knows. */
		ended(pid: number): void {
			endedAt.set(`calls.${pid}`, Date.now());
		},
		/** Its tracer is no parent: signals and the exit are the command's own. */
		before: [strace, '-D', '-ff', '--seccomp-bpf', ...written],
		/** Traces one thread that runs already. */
		async attach(pid: number): Promise<void> {
			attached = startProcess(owner, strace, [...written, '-p', `${pid}`]);
			await attached.waitForOutput(/attached/, {stream: 'stderr'});
		},
		/** It runs on, untraced. */
		async detach(): Promise<void> {
			attached?.signal('SIGTERM');
			await attached?.exit;
		},
		/** All calls so far, in the order in which they began. */
		calls: (kind: Kind = 'tcp'): readonly TracedCall[] =>
			callsOf(readdirSync(folder), kind),
		/** Those of the thread that ran already, alone. */
		attachedCalls: (): readonly TracedCall[] => callsOf(['calls'], 'tcp'),
	};
};

export type Trace = ReturnType<typeof openTrace>;
