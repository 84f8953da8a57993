/**
 * An ADDRESS on the command line → the flags that say the same.
 *
 * A path has a slash: `room` might be a mistyped command, `./room` can't be. A
 * name in Linux's abstract namespace begins with @.
 */
import {quoted, type SockchatError} from '../errors.js';
import {defaultPort} from '../protocol/frame.js';
import {ipVersionOf, shellWord} from '../socket/address.js';
import {wrongUsage, type GivenFlags} from './reader.js';

const isBareHost = (word: string): boolean =>
	word.toLowerCase() === 'localhost' ||
	ipVersionOf(word) === 4 ||
	ipVersionOf(/^\[(?<host>.*)\]$/.exec(word)?.groups?.['host'] ?? word) === 6;

const joined = (host: string, port: number | string): string =>
	`${ipVersionOf(host) === 6 ? `[${host}]` : host}:${port}`;

/** What was probably meant by a host without a port. */
const withPort = (host: string): string => {
	// It is IPv6 by itself; nobody means that.
	const port = /^::1:(?<port>\d+)$/.exec(host)?.groups?.['port'];
	return port === undefined ? joined(host, defaultPort) : `[::1]:${port}`;
};

const notAnAddress = (word: string): SockchatError => {
	const advice = isBareHost(word)
		? `it needs a port, such as ${withPort(word)}.`
		: "give PORT, HOST:PORT, [::1]:PORT, a socket's path with a slash in it, or @NAME for an abstract socket.";
	return wrongUsage(`${quoted(word)} is not an address; ${advice}`);
};

const defaultPorts: Readonly<Partial<Record<string, string>>> = {
	http: '80',
	ws: '80',
	https: '443',
	wss: '443',
};

const webSocketWords = (path: string, isTls: boolean): string =>
	`--raw ${isTls ? '--tls ' : ''}--ws ${shellWord(path)}`;

/** As wscat takes it; here each part has its own place. */
const notAUrl = (word: string): SockchatError => {
	const url = URL.canParse(word) ? new URL(word) : undefined;
	const scheme = url?.protocol.slice(0, -1) ?? '';
	const port = url?.port === '' ? defaultPorts[scheme] : url?.port;
	if (!url?.hostname || port === undefined) {
		return notAnAddress(word);
	}

	const link = /^wss?$/.test(scheme)
		? `${webSocketWords(url.pathname + url.search, scheme === 'wss')} `
		: '';
	return wrongUsage(
		`${quoted(word)} is a URL; give its parts: ${link}${url.hostname}:${port}.`,
	);
};

/** LISTEN and TARGET of `proxy` say what carries the bytes; here flags do. */
const notAPrefix = (prefix: string, rest: string): SockchatError => {
	const [, place = '', path = '/'] = /^([^/]*)(\/.*)?$/.exec(rest)!;
	const words: Readonly<Record<string, string>> = {
		tls: `--raw --tls ${rest}`,
		ws: `${webSocketWords(path, false)} ${place}`,
		udp: `--raw --udp ${rest}`,
		unix: shellWord(/[/@]/.test(rest) ? rest : `./${rest}`),
	};
	return wrongUsage(
		`${quoted(`${prefix}:${rest}`)} is how proxy names it; here, give ${words[prefix]!}.`,
	);
};

/** Whether a word in a command's place is more likely an address. */
export const isLikeAddress = (word: string): boolean =>
	/[/:]|^\d|^@/.test(word) || isBareHost(word);

/** `HOST PORT`, as nc and telnet have it; undefined if it is something else. */
export const readTwoWords = (
	host: string,
	port: string,
): SockchatError | undefined => {
	if (!/^\d{1,5}$/.test(port) || !/^[a-z\d:.-]*[.:a-z]/i.test(host)) {
		return undefined;
	}

	const address = joined(host, port);
	return /^(?:\[.*\]|[^:]+):\d+$/.test(address)
		? wrongUsage(`A host and its port are one word here: ${quoted(address)}.`)
		: undefined;
};

export const readAddressWord = (word: string): GivenFlags | SockchatError => {
	if (/^\w+:\/\//.test(word)) {
		return notAUrl(word);
	}

	const [, prefix, rest] = /^(tls|ws|udp|unix):(.+)$/.exec(word) ?? [];
	if (prefix !== undefined && rest !== undefined) {
		return notAPrefix(prefix, rest);
	}

	if (word.includes('/') || /^@./.test(word)) {
		return {socket: word};
	}

	// A range is for --probe; elsewhere it is refused as a port.
	if (/^\d+(?:-\d+)?$/.test(word)) {
		return {port: word};
	}

	const [, host, port] = /^(\[[^\]]*\]|[^:[\]]+):([^:]+)$/.exec(word) ?? [];
	return host === undefined || port === undefined
		? notAnAddress(word)
		: {host, port};
};
