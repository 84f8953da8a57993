/** The column `drops` of /proc/net/udp and udp6 (proc_pid_net(5)); Linux only. */
import {readFileSync} from 'node:fs';
import {readKernelAddress} from '../tcp-table.js';

/**
 * @param local Addresses as formatted for display.
 * @param remote Undefined for a socket that isn't connected.
 * @returns How many datagrams came that the socket's queue had no place for; 0
 * where the kernel doesn't say.
 */
export const kernelDrops = (local: string, remote?: string): number => {
	let table: string;
	try {
		table = readFileSync(
			`/proc/net/${local.startsWith('[') ? 'udp6' : 'udp'}`,
			'latin1',
		);
	} catch {
		return 0;
	}

	for (const line of table.split('\n').slice(1)) {
		const [, from = '', to = '', ...rest] = line.trim().split(/\s+/);
		if (
			readKernelAddress(from) === local &&
			(remote === undefined || readKernelAddress(to) === remote)
		) {
			return Number(rest.at(-1)) || 0;
		}
	}

	return 0;
};
