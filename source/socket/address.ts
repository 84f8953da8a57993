/**
 * Where to listen or to connect: a loopback host and port, or a Unix domain
 * socket's path. A path that begins with `@` is a name in Linux's abstract
 * namespace, without a file (unix(7)).
 *
 * A literal address is used as is, and `localhost` means 127.0.0.1: a resolver
 * might return ::1, where the same port may belong to another program.
 */
import {Buffer} from 'node:buffer';
import {isIP, isIPv4, isIPv6} from 'node:net';
import {resolve} from 'node:path';
import process from 'node:process';
import {assertNever, quoted, SockchatError} from '../errors.js';
import {defaultHost, defaultPort} from '../protocol/frame.js';

export type Address =
	| {readonly kind: 'tcp'; readonly host: string; readonly port: number}
	/** A UDP socket's; its ports are others than those of TCP. */
	| {readonly kind: 'udp'; readonly host: string; readonly port: number}
	| {readonly kind: 'unix'; readonly path: string};

declare const isChecked: unique symbol;

/** An address of this machine, made only by the parsers below. */
export type LoopbackAddress = Address & {readonly [isChecked]: true};

const checked = (address: Address): LoopbackAddress =>
	address as LoopbackAddress;

const maxPort = 65_535;

// A longer one is no host (RFC 1035, 2.3.4), and would fill the screen.
const maxNameBytes = 255;

// sun_path of sockaddr_un, its NUL not counted.
const maxPathBytes = () => (process.platform === 'linux' ? 107 : 103);

/**
 * A host as the last word of an ssh command to copy: never a flag of ssh, nor
 * something that a shell would run.
 */
const sshWord = (host: string): string =>
	host.length <= maxNameBytes &&
	/^[\p{L}\p{N}[:][\p{L}\p{N}_.:[\]@%-]*$/u.test(host)
		? host
		: 'HOST';

/** What the host was given for: another machine is then reached another way. */
export type Purpose =
	| 'room'
	/** Bytes to what listens there, by TCP. */
	| 'service'
	| 'udp'
	/** Bytes from those who connect. */
	| 'listener'
	| 'watch';

// Ports below it are for root (ip(7)); one above is easier to remember by this.
const firstFreePort = 1024;
const freePortOffset = 8000;

const wayTo = (purpose: Purpose, host: string, port: number): string => {
	const there = port || defaultPort;
	switch (purpose) {
		// The number is in the proof of a room's token, so it stays.
		case 'room': {
			return `to reach a room on it, run: ssh -L ${there}:127.0.0.1:${there} ${sshWord(host)}`;
		}

		case 'service': {
			const here = there < firstFreePort ? there + freePortOffset : there;
			return `to reach a service on it at 127.0.0.1:${here}, run: ssh -L ${here}:127.0.0.1:${there} ${sshWord(host)}`;
		}

		case 'listener': {
			return `listen on 127.0.0.1, and to come in from another machine, run there: ssh -L ${there}:127.0.0.1:${there} HOST`;
		}

		case 'udp': {
			return 'ssh -L, the way to another, carries no UDP.';
		}

		case 'watch': {
			return 'run sockchat watch on that machine.';
		}

		default: {
			return assertNever(purpose);
		}
	}
};

/** 4 or 6; 0 if it is no IP address. */
export const ipVersionOf = (host: string): number => isIP(host);

const isLoopbackIpv4 = (host: string): boolean =>
	isIPv4(host) && host.startsWith('127.');

/** As browsers write a host; undefined if it isn't one. */
const hostOfUrl = (host: string): string | undefined => {
	const url = `http://${host}`;
	return URL.canParse(url) ? new URL(url).hostname : undefined;
};

/**
 * The usual form of an IPv4 address that was meant as loopback: 127.1 is short
 * for it in C, 127.0.0.256 is a slip. A lookup of them differs between programs.
 */
const usualForm = (host: string): string | undefined => {
	if (isIPv4(host) || !/^(?:0x)?\d[\da-fx.]*$/i.test(host)) {
		return undefined;
	}

	const form = hostOfUrl(host) ?? '127.0.0.1';
	return isLoopbackIpv4(form) ? form : undefined;
};

const notLoopback = (host: string, port: number, purpose: Purpose = 'room') => {
	const form = usualForm(host);
	const advice =
		form === undefined
			? `, and sockchat stays on this machine; ${wayTo(purpose, host, port)}`
			: ` in its usual form, four numbers from 0 to 255: give ${form}.`;
	return new SockchatError(
		'ERR_NOT_LOOPBACK',
		`${quoted(host)} is not a loopback address (127.0.0.0/8, ::1 or localhost)${advice}`,
	);
};

export const portOutOfRange = (seen: string, least: number) =>
	new SockchatError(
		'ERR_PORT_RANGE',
		`${quoted(seen)} is not a port: give a whole number from ${least} to ${maxPort}.`,
	);

const badSocketPath = (path: string, why: string) =>
	new SockchatError(
		'ERR_SOCKET_PATH',
		`${quoted(path)} can't be a socket's path: ${why}.`,
	);

/**
 * One address has many spellings, and 127.0.0.0/8 has a mapped one (RFC 4291,
 * 2.5.5.2): for the kernel the same place, by IPv4.
 */
const loopbackIpv6 = (address: string): string | undefined => {
	// A zone makes it no host of a URL.
	const host = hostOfUrl(`[${address}]`);
	if (host === '[::1]') {
		return '::1';
	}

	const mapped = /^\[::ffff:7f(?<second>[\da-f]{2}):(?<rest>[\da-f]+)\]$/.exec(
		host ?? '',
	)?.groups;
	if (!mapped) {
		return undefined;
	}

	const rest = Number.parseInt(mapped['rest']!, 16);
	const second = Number.parseInt(mapped['second']!, 16);
	return [127, second, rest >> 8, rest % 256].join('.');
};

const loopbackHost = (host: string): string | undefined => {
	const wanted = host.toLowerCase();
	if (wanted === 'localhost') {
		return '127.0.0.1';
	}

	const bare = wanted.replace(/^\[(.*)\]$/, '$1');
	if (isIPv6(bare)) {
		return loopbackIpv6(bare);
	}

	return isLoopbackIpv4(wanted) ? wanted : undefined;
};

/**
 * @param port As typed.
 * @param least 0 if any free port may be requested, else 1.
 */
export const parsePort = (
	port: string,
	least: 0 | 1,
): number | SockchatError => {
	const value = /^\d{1,5}$/.test(port) ? Number(port) : -1;
	return value >= least && value <= maxPort
		? value
		: portOutOfRange(port, least);
};

export const parseHostAndPort = (
	kind: 'tcp' | 'udp',
	host: string,
	port: number,
	purpose?: Purpose,
): LoopbackAddress | SockchatError => {
	const literal = loopbackHost(host);
	return literal === undefined
		? notLoopback(host, port, purpose)
		: checked({kind, host: literal, port});
};

export const parseTcpAddress = (
	host: string,
	port: number,
): LoopbackAddress | SockchatError => parseHostAndPort('tcp', host, port);

/**
 * Node 20 gives the kernel all of sun_path: a name with NULs up to its end, which
 * no other program means.
 */
const doesNodePad = (): boolean =>
	Number(process.versions.node.split('.', 1)[0]) < 22;

/** Whether a path is a name in Linux's abstract namespace. */
export const isAbstract = (path: string): boolean => path.startsWith('@');

/**
 * The path as node:net takes it: an abstract name begins with a NUL, and a path
 * that reads as a number, such as `0`, would be refused as neither path nor port.
 */
export const kernelPath = (path: string): string => {
	if (isAbstract(path)) {
		return `\0${path.slice(1)}`;
	}

	return Number.isNaN(Number(path)) ? path : `./${path}`;
};

/**
 * A Unix domain socket as files and other processes name it, wherever they run.
 */
export const absolutePath = (path: string): string =>
	isAbstract(path) ? path : resolve(path);

export const parseSocketPath = (
	path: string,
): LoopbackAddress | SockchatError => {
	if (path === '' || path.includes('\0')) {
		return badSocketPath(path, 'it is empty or contains a NUL');
	}

	if (isAbstract(path) && process.platform !== 'linux') {
		return badSocketPath(
			path,
			'abstract names exist on Linux only; for a file, write ./@…',
		);
	}

	if (isAbstract(path) && doesNodePad()) {
		return badSocketPath(
			path,
			`Node ${process.versions.node} fills it up with NULs, which makes it another name; abstract names need Node 22.6 or later`,
		);
	}

	if (path === '@') {
		return badSocketPath(path, 'a name follows the @ of an abstract socket');
	}

	// Node has named pipes there, which have no file whose mode keeps others out.
	if (process.platform === 'win32') {
		return badSocketPath(path, 'on Windows only ports can be used');
	}

	const limit = maxPathBytes();
	return Buffer.byteLength(path) > limit
		? badSocketPath(
				path,
				`it has ${Buffer.byteLength(path)} bytes, and the kernel takes ${limit}`,
			)
		: checked({kind: 'unix', path});
};

const notAnAddress = () =>
	new SockchatError(
		'ERR_NOT_LOOPBACK',
		"An address is {kind: 'tcp', host, port} with a loopback host (127.0.0.0/8, ::1 or localhost), or {kind: 'unix', path}.",
	);

const readAddress = (address: unknown): LoopbackAddress | SockchatError => {
	if (typeof address !== 'object' || address === null) {
		return notAnAddress();
	}

	// Read once: a getter could return something else the next time.
	const {kind, host, port, path} = address as Record<string, unknown>;
	if (kind === 'unix') {
		return typeof path === 'string'
			? parseSocketPath(path)
			: badSocketPath(String(path), 'it is not a string');
	}

	if ((kind !== 'tcp' && kind !== 'udp') || typeof host !== 'string') {
		return notAnAddress();
	}

	const isPort =
		typeof port === 'number' &&
		Number.isSafeInteger(port) &&
		port >= 0 &&
		port <= maxPort;
	return isPort
		? parseHostAndPort(kind, host, port)
		: loopbackHost(host) === undefined
			? notLoopback(host, defaultPort)
			: portOutOfRange(String(port), 0);
};

/**
 * Checks an address at run time, whatever its type says. Code that opens a
 * socket calls this right before and uses the result.
 *
 * @throws {SockchatError} `ERR_NOT_LOOPBACK`, `ERR_PORT_RANGE` or
 * `ERR_SOCKET_PATH`.
 */
export const requireLoopback = (address: Address): LoopbackAddress => {
	const read = readAddress(address);
	if (read instanceof SockchatError) {
		throw read;
	}

	return read;
};

/** Of what carries a stream of bytes: not UDP's. */
export type StreamAddress = Exclude<LoopbackAddress, {readonly kind: 'udp'}>;

/**
 * Checks it as `requireLoopback` does.
 *
 * @throws {SockchatError} Also for an address of UDP.
 */
export const requireStream = (wanted: Address): StreamAddress => {
	const address = requireLoopback(wanted);
	if (address.kind === 'udp') {
		throw notAnAddress();
	}

	return address;
};

export const hostAndPort = (host: string, port: number): string =>
	// join() makes one flat string; a template would keep its parts in memory,
	// for each of 10,000 peers.
	[host.includes(':') ? `[${host}]` : host, port].join(':');

/** Whether both name the same socket, however a path is written. */
export const isSameAddress = (one: Address, another: Address): boolean => {
	if (one.kind === 'unix' || another.kind === 'unix') {
		return (
			one.kind === 'unix' &&
			another.kind === 'unix' &&
			absolutePath(one.path) === absolutePath(another.path)
		);
	}

	return (
		one.kind === another.kind &&
		one.host === another.host &&
		one.port === another.port
	);
};

/** For display: 127.0.0.1:5001, [::1]:5001, or a path. */
export const formatAddress = (address: Address): string =>
	address.kind === 'unix'
		? address.path
		: hostAndPort(address.host, address.port);

/** The same wherever it is read: a path is absolute. */
export const lastingAddress = (address: Address): string =>
	address.kind === 'unix' ? absolutePath(address.path) : formatAddress(address);

/** A word as a shell takes it. */
export const shellWord = (word: string): string =>
	/^[\w./:@+-]+$/.test(word)
		? word
		: `'${word.replaceAll("'", String.raw`'\''`)}'`;

/** What follows `sockchat serve` or `sockchat connect` in a shell. */
export const shellWordsFor = (address: Address): string => {
	if (address.kind === 'unix') {
		return `--socket ${shellWord(address.path)}`;
	}

	return address.host === defaultHost
		? `--port ${address.port}`
		: shellWord(formatAddress(address));
};

/** Whether a text is an IPv4 or IPv6 address, of any network. */
export const isHostAddress = (text: string): boolean => isIP(text) !== 0;
