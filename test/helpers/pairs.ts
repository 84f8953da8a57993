/** Rows of a proxy's connections, with defaults for what a test doesn't care about. */
import type {
	DirectionRow,
	PairRow,
	PairsEvent,
	SideRow,
} from '../../source/event/proxy-event.js';
import {createModel, type Model} from '../../source/store/model.js';
import {noFaults} from '../../source/proxy/faults.js';
import type {TcpState} from '../../source/tcp/tcp.js';
import {kernelSocket, now} from './models.js';

export const directionRow = (
	changes: Partial<DirectionRow> = {},
): DirectionRow => ({bytes: 0, heldBytes: 0, faults: noFaults, ...changes});

/** One of its two connections: our state, and that of the other end. */
export const sideRow = (
	local: string,
	remote: string,
	[ours, theirs]: readonly [TcpState, TcpState] = [
		'ESTABLISHED',
		'ESTABLISHED',
	],
): SideRow => ({
	link: 'tcp',
	local,
	remote,
	kernel: {
		local: kernelSocket({local, remote, state: ours}),
		remote: kernelSocket({local: remote, remote: local, state: theirs}),
	},
});

export const pairRow = (changes: Partial<PairRow> = {}): PairRow => ({
	peer: '127.0.0.1:40000',
	since: now - 5000,
	isOpen: true,
	client: sideRow('127.0.0.1:9000', '127.0.0.1:40000'),
	target: sideRow('127.0.0.1:50000', '127.0.0.1:6379'),
	out: directionRow(),
	in: directionRow(),
	...changes,
});

export const pairsEvent = (
	rows: readonly PairRow[],
	changes: Partial<PairsEvent> = {},
): PairsEvent => ({
	type: 'pairs',
	at: 0,
	rows,
	listening: kernelSocket({state: 'LISTEN'}),
	bytes: {out: 0, in: 0},
	faults: {out: noFaults, in: noFaults},
	...changes,
});

export const proxyModel = (): Model =>
	createModel({
		mode: 'raw',
		where: '127.0.0.1:9000',
		target: '127.0.0.1:6379',
	});
