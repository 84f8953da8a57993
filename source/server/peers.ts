/** The table of a server's peers, and control of one peer's socket. */
import process from 'node:process';
import {refused, type Answer, type SocketAction} from '../tcp/socket-action.js';
import type {KernelPair} from '../tcp/tcp.js';
import {steadyRoundTrip} from '../connection/round-trips.js';
import type {SocketEvent} from '../event/event.js';
import type {PeerRow} from '../event/peer-row.js';
import {formatAddress} from '../socket/address.js';
import type {Listener} from '../socket/listener.js';
import {controlSocket, type SocketOwner} from '../socket/control.js';
import type {SocketWatch} from '../watch/socket-watch.js';
import type {TcpTable} from '../socket/tcp-table.js';
import type {Hub} from './hub.js';
import type {PeerConnection} from './peer-connection.js';

/** The kernel forgets the user of a socket that its process has closed. */
const otherUidOf = (kernel: KernelPair | undefined): number | undefined => {
	const end = kernel?.remote;
	const isHeld = end?.state === 'ESTABLISHED' || end?.state === 'CLOSE-WAIT';
	return isHeld && end.uid !== process.getuid?.() ? end.uid : undefined;
};

const rowOf = (
	connection: PeerConnection,
	table: TcpTable | undefined,
): PeerRow => {
	const {
		origin,
		name: peer,
		member,
		state,
		rtts,
		bytesIn,
		bytesOut,
	} = connection;
	const kernel =
		origin.kind === 'tcp' ? table?.pair(origin.local, origin.name) : undefined;
	return {
		otherUid: otherUidOf(kernel),
		peer,
		nick: member?.nick,
		dialect: connection.dialectName,
		phase: state.phase,
		since: state.since,
		rttMs: steadyRoundTrip(rtts),
		bytesIn,
		bytesOut,
		queuedBytes: connection.queuedBytes,
		lagEntries: connection.lagEntries,
		isPaused: connection.readLimiter.isPausedByHand,
		kernel,
	};
};

/** A sample of all peers, and of the listening socket. */
export const samplePeers = (
	hub: Hub,
	{address, backlog}: Pick<Listener, 'address' | 'backlog'>,
	table: TcpTable | undefined,
	at: number,
): SocketEvent => ({
	type: 'peers',
	at,
	rows: hub.peers().map(connection => rowOf(connection, table)),
	listening: table?.listening(formatAddress(address)),
	backlog,
	refused: hub.refused,
});

/**
 * Pauses, resets or closes a peer's socket, or changes its options.
 *
 * @param name A nick or an address; undefined if there is only one peer.
 */
export const controlPeer = async (
	hub: Hub,
	watch: SocketWatch | undefined,
	action: SocketAction,
	name: string | undefined,
): Promise<Answer> => {
	const peers = hub.peers();
	const connection =
		name === undefined && peers.length === 1
			? peers[0]
			: name === undefined
				? undefined
				: hub.find(name);
	if (!connection) {
		if (peers.length === 0) {
			return refused('Nobody is connected.');
		}

		return refused(
			name === undefined
				? `Whose socket? There are ${peers.length} peers; name one of them, by nick or address: /peers lists them.`
				: `No peer is called "${name}"; /peers lists them.`,
		);
	}

	const {link} = connection;
	const owner: SocketOwner = {
		link,
		onCall(call) {
			watch?.called(call, link);
		},
		setPaused(isPaused: boolean) {
			if (isPaused) {
				connection.readLimiter.pause('asked');
			} else {
				connection.readLimiter.resume('asked');
			}
		},
		reset() {
			connection.reset();
		},
		close(unreadBytes) {
			connection.close(() => {
				watch?.called('close()', link, {unreadBytes});
			});
		},
	};
	return controlSocket(
		owner,
		action,
		`${connection.member?.nick ?? connection.name}'s`,
	);
};
