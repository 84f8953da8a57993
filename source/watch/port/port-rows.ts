/**
 * The kernel's table is no picture of one moment: of two rows of a connection,
 * one may be older than the other. What that would make false is put right here,
 * before anything is derived from the rows. Pure.
 */
import type {TcpRow} from '../../socket/tcp-table.js';
import {
	finReceivedStates,
	openStates,
	sentFinStates,
} from '../../tcp/followed-end.js';

/**
 * While addresses in TIME-WAIT are used again the table may have the old
 * connection at one end and the new one at the other. An end that is still open
 * has no other end in TIME-WAIT.
 */
export const withoutEarlier = (rows: readonly TcpRow[]): readonly TcpRow[] => {
	const open = new Set(
		rows
			.filter(({socket: {state}}) => openStates.has(state))
			.map(({socket: {local, remote}}) => `${remote} ${local}`),
	);
	return rows.filter(
		({socket: {local, remote, state}}) =>
			state !== 'TIME-WAIT' || !open.has(`${local} ${remote}`),
	);
};

/** The sockets that sent a FIN, by their own row or by that of the other end. */
export const endingInodes = (rows: readonly TcpRow[]): ReadonlySet<string> => {
	const senders = new Set(
		rows.flatMap(({socket: {state, local, remote}}) => [
			...(sentFinStates.has(state) ? [`${local} ${remote}`] : []),
			...(finReceivedStates.has(state) ? [`${remote} ${local}`] : []),
		]),
	);
	return new Set(
		rows
			.filter(({socket: {local, remote}}) => senders.has(`${local} ${remote}`))
			.map(({inode}) => inode),
	);
};
