/**
 * What a process leaves in the kernel when it ends, in words: sockets that no
 * process holds any more, but that are not over. Pure.
 */
import {formatBytes} from '../tcp/format-bytes.js';
import type {KernelSocket} from '../tcp/tcp.js';

const portOf = (address: string): string => /:\d+$/.exec(address)?.[0] ?? '';

/** What waits in the send queues; of a part it may not be known why. */
const waitingWords = (sockets: readonly KernelSocket[]): string => {
	let notSent = 0;
	let unacknowledged = 0;
	let unknown = 0;
	for (const {sendQueueBytes, sending} of sockets) {
		if (sending) {
			notSent += sending.notSentBytes;
			unacknowledged += sendQueueBytes - sending.notSentBytes;
		} else {
			unknown += sendQueueBytes;
		}
	}

	const parts = [
		[notSent, 'not sent'],
		[unacknowledged, 'unacknowledged'],
		[unknown, 'not sent or not acknowledged'],
	] as const;
	return parts
		.filter(([bytes]) => bytes > 0)
		.map(([bytes, what]) => `, ${formatBytes(bytes)} ${what}`)
		.join('');
};

/** Sockets of one state on one port. */
const groupWords = (sockets: readonly KernelSocket[]): string => {
	const {state, local} = sockets[0]!;
	const count = sockets.length === 1 ? '' : `${sockets.length} × `;
	// The others stay for as long as the other end lets them wait.
	const leftMs = sockets.map(({timer}) =>
		timer?.name === 'time-wait' || timer?.name === 'fin-wait-2'
			? timer.inMs
			: 0,
	);
	const longestMs = Math.max(...leftMs);
	const upTo = sockets.length === 1 ? '' : 'up to ';
	const left =
		longestMs === 0 ? '' : ` for ${upTo}${Math.ceil(longestMs / 1000)} s`;
	return `${count}${state}${left} on ${portOf(local)}${waitingWords(sockets)}`;
};

/** @returns Undefined if nothing is left. */
export const remainsWords = (
	sockets: readonly KernelSocket[],
): string | undefined => {
	const groups = new Map<string, KernelSocket[]>();
	for (const socket of sockets) {
		const key = `${socket.state} ${socket.local}`;
		const group = groups.get(key) ?? [];
		groups.set(key, group);
		group.push(socket);
	}

	const words = [...groups.values()].map(group => groupWords(group));
	return words.length === 0 ? undefined : `Left behind: ${words.join('; ')}.`;
};
