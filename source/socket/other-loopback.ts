/**
 * Who listens on the other loopback address, read from /proc (Linux): a service
 * that was told `localhost` may be on ::1 alone, or on 127.0.0.1 alone.
 */
import {readFileSync} from 'node:fs';
import {formatAddress, ipVersionOf, type Address} from './address.js';
import {parseTcpTable} from './tcp-table.js';

const readTable = (file: string): string => {
	try {
		return readFileSync(`/proc/net/${file}`, 'latin1');
	} catch {
		return '';
	}
};

/** @returns The address there, if somebody listens on it. */
export const otherLoopback = (address: Address): string | undefined => {
	if (address.kind !== 'tcp') {
		return undefined;
	}

	const {host, port} = address;
	const [file, other, wildcard] =
		ipVersionOf(host) === 4
			? ['tcp6', '::1', '::']
			: ['tcp', '127.0.0.1', '0.0.0.0'];
	const at = (place: string) => formatAddress({kind: 'tcp', host: place, port});
	const places = new Set([at(other), at(wildcard)]);
	return parseTcpTable(readTable(file), new Set([port])).some(
		({state, local}) => state === 'LISTEN' && places.has(local),
	)
		? at(other)
		: undefined;
};
