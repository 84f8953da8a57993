/**
 * What is known of the connection, as short texts: each of one layer, and none
 * of them a guess. Pure.
 *
 * Three layers have three sources: sockchat's own phases, Node's counts, the
 * kernel's table. What the kernel told stands behind ●, what only follows from
 * the calls behind ○.
 */
import type {Connection} from '../connection/lifecycle.js';
import type {Listening} from '../connection/serving.js';
import type {KernelSocket, TcpState} from '../connection/tcp.js';
import {assertNever} from '../errors.js';
import {display, toDisplay, type DisplayText} from '../protocol/display.js';
import type {Model} from '../store/model.js';
import {formatBytes} from './format.js';
import {colors, symbols} from './theme.js';

export type PhaseFact = {
	readonly name: string;
	readonly color: string;
	readonly since: number;
};

const connectionPhase = (connection: Connection, now: number): PhaseFact => {
	const {phase, since} = connection;
	switch (phase) {
		case 'connecting':
		case 'handshaking': {
			const {attempt} = connection;
			const name = attempt > 1 ? `${phase}, attempt ${attempt}` : phase;
			return {name, color: colors.warn, since};
		}

		case 'open': {
			return {name: phase, color: colors.good, since};
		}

		case 'silent': {
			const seconds = Math.floor((now - connection.lastHeardAt) / 1000);
			const name = `silent, heard ${seconds} s ago`;
			return {name, color: colors.warn, since};
		}

		case 'waiting': {
			const seconds = Math.max(0, Math.ceil((connection.retryAt - now) / 1000));
			return {name: `retry in ${seconds} s`, color: colors.bad, since};
		}

		case 'draining': {
			return {name: phase, color: colors.warn, since};
		}

		case 'closed': {
			return {name: phase, color: colors.bad, since};
		}

		default: {
			return assertNever(connection);
		}
	}
};

const listeningPhase = ({phase, since}: Listening): PhaseFact => ({
	name: phase,
	color: phase === 'listening' ? colors.good : colors.warn,
	since,
});

/** sockchat's own state. @param now Monotonic milliseconds. */
export const phaseFact = (
	{listening, connection}: Model,
	now: number,
): PhaseFact | undefined => {
	if (listening) {
		return listeningPhase(listening.state);
	}

	return connection && connectionPhase(connection, now);
};

export type TcpFact = {
	readonly state: TcpState;
	readonly isRead: boolean;
};

/** The TCP state of our end: the kernel's word, else what follows. */
export const tcpFact = ({socket, listening}: Model): TcpFact | undefined => {
	const read = listening
		? socket.peers?.listening?.state
		: socket.kernel?.pair?.local?.state;
	if (read) {
		return {state: read, isRead: true};
	}

	const step = socket.steps.findLast(
		step =>
			step.kind === 'state' && step.end === 'local' && step.peer === undefined,
	);
	return step?.kind === 'state'
		? {state: step.state, isRead: step.evidence === 'read'}
		: undefined;
};

export const tcpText = ({state, isRead}: TcpFact): DisplayText =>
	display`${isRead ? symbols.solid : symbols.hollow} ${state}`;

/** 127.0.0.1:53122 → :5001, the host only once where both are the same. */
export const routeText = ({local, remote, where}: Model): DisplayText => {
	if (local === undefined || remote === undefined) {
		return toDisplay(where);
	}

	const port = /:\d+$/.exec(remote)?.[0] ?? '';
	const host = remote.slice(0, -port.length);
	const isSameHost = port !== '' && local.startsWith(`${host}:`);
	return display`${local} ${symbols.outward} ${isSameHost ? port : remote}`;
};

export const peersText = ({listening, socket}: Model): string | undefined => {
	if (!listening) {
		return undefined;
	}

	const {peers, accepted, turnedAway} = listening;
	const queue = socket.peers?.listening?.receiveQueueBytes ?? 0;
	return [
		`${peers} connected`,
		`${accepted} accepted`,
		...(turnedAway > 0 ? [`${turnedAway} turned away`] : []),
		...(queue > 0 ? [`${queue} wait for accept()`] : []),
	].join(' · ');
};

const own = ({socket}: Model): KernelSocket | undefined =>
	socket.kernel?.pair?.local;

const other = ({socket}: Model): KernelSocket | undefined =>
	socket.kernel?.pair?.remote;

const bytesOr = (bytes: number | undefined): string =>
	bytes === undefined ? 'unknown' : formatBytes(bytes);

/** A count of bytes somewhere on their way, and who says so. */
export type LayerFact = {
	readonly text: string;
	readonly source: 'Node' | 'kernel' | 'room';
};

/** Bytes on their way from here to the other program, layer by layer. */
export const layerFacts = (model: Model): readonly LayerFact[] => {
	const {traffic, pending, listening, mode, socket} = model;
	if (listening) {
		return [];
	}

	const unreadHere = own(model)?.receiveQueueBytes ?? 0;
	const isReadable = socket.kernel?.pair !== undefined;
	const kernelFacts = isReadable
		? [
				`unacked ${bytesOr(own(model)?.sendQueueBytes)}`,
				`unread there ${bytesOr(other(model)?.receiveQueueBytes)}`,
				...(unreadHere > 0 ? [`unread here ${bytesOr(unreadHere)}`] : []),
			]
		: socket.kernel
			? ['not available here']
			: [];
	return [
		{text: `queue ${formatBytes(traffic.queuedBytes)}`, source: 'Node'},
		...kernelFacts.map(text => ({text, source: 'kernel'}) as const),
		...(mode === 'room' && pending.length > 0
			? [{text: `not stored ${pending.length}`, source: 'room'} as const]
			: []),
	];
};
