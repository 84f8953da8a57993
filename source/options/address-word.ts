/**
 * An ADDRESS on the command line → the flags that say the same.
 *
 * A path has a slash: `room` might be a mistyped command, `./room` can't be. A
 * name in Linux's abstract namespace begins with @.
 */
import {quoted, type SockchatError} from '../errors.js';
import {defaultPort} from '../protocol/frame.js';
import {ipVersionOf} from '../socket/address.js';
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

/** HOST PORT, as nc takes them, in one word; undefined if it isn't that. */
export const inOneWord = (host: string, port: string): string | undefined =>
	isBareHost(host) && /^\d+$/.test(port) ? joined(host, port) : undefined;

const notAnAddress = (word: string): SockchatError => {
	const advice = isBareHost(word)
		? `it needs a port, such as ${withPort(word)}.`
		: "give PORT, HOST:PORT, [::1]:PORT, a socket's path with a slash in it, or @NAME for an abstract socket.";
	return wrongUsage(`${quoted(word)} is not an address; ${advice}`);
};

/** Whether a word in a command's place is more likely an address. */
export const isLikeAddress = (word: string): boolean =>
	/[/:]|^\d|^@/.test(word) || isBareHost(word);

export const readAddressWord = (word: string): GivenFlags | SockchatError => {
	if (/^\w+:\/\//.test(word)) {
		return notAnAddress(word);
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
