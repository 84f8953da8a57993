/** A server's peers for whoever watches them: their table, and taking one in hand. */
import process from 'node:process';
import type {SocketAction} from '../tcp/socket-action.js';
import type {KernelPair} from '../tcp/tcp.js';
import type {SocketEvent} from '../event/event.js';
import type {PeerRow} from '../event/peer-row.js';
import {formatAddress} from '../socket/address.js';
import type {Listener} from '../socket/listener.js';
import {controlSocket, type SocketOwner} from '../socket/control.js';
import type {SocketWatch} from '../watch/socket-watch.js';
import type {TcpTable} from '../socket/tcp-table.js';
import type {Sessions} from './sessions.js';
import type {PeerSession} from './peer-session.js';

/** Of a socket that its process has closed, the kernel knows no user. */
const otherUidOf = (kernel: KernelPair | undefined): number | undefined => {
	const end = kernel?.remote;
	const isHeld = end?.state === 'ESTABLISHED' || end?.state === 'CLOSE-WAIT';
	return isHeld && end.uid !== process.getuid?.() ? end.uid : undefined;
};

const rowOf = (session: PeerSession, table: TcpTable | undefined): PeerRow => {
	const {origin, peer, member, state, rttMs, bytesIn, bytesOut} = session;
	const kernel =
		origin.kind === 'tcp' ? table?.pair(origin.local, origin.name) : undefined;
	return {
		otherUid: otherUidOf(kernel),
		peer,
		nick: member?.nick,
		dialect: session.dialectName,
		phase: state.phase,
		since: state.since,
		rttMs,
		bytesIn,
		bytesOut,
		queuedBytes: session.queuedBytes,
		lagEntries: session.lagEntries,
		isPaused: session.intake.isPaused,
		kernel,
	};
};

/** One reading of all peers, and of the listening socket. */
export const samplePeers = (
	sessions: Sessions,
	{address, backlog}: Pick<Listener, 'address' | 'backlog'>,
	table: TcpTable | undefined,
	at: number,
): SocketEvent => ({
	type: 'peers',
	at,
	rows: sessions.peers().map(session => rowOf(session, table)),
	listening: table?.listening(formatAddress(address)),
	backlog,
	refused: sessions.refused,
});

/**
 * Does to a peer's socket what a person asks for.
 *
 * @param name A nick or an address; undefined where there is only one peer.
 * @returns A sentence on what was done, or why not.
 */
export const controlPeer = async (
	sessions: Sessions,
	watch: SocketWatch | undefined,
	action: SocketAction,
	name: string | undefined,
): Promise<string> => {
	const peers = sessions.peers();
	const session =
		name === undefined && peers.length === 1
			? peers[0]
			: name === undefined
				? undefined
				: sessions.find(name);
	if (!session) {
		if (peers.length === 0) {
			return 'Nobody is connected.';
		}

		return name === undefined
			? `Whose socket? There are ${peers.length} peers; name one of them, by nick or address: /peers lists them.`
			: `No peer is called "${name}"; /peers lists them.`;
	}

	const {duplex} = session;
	const owner: SocketOwner = {
		duplex,
		onCall(call) {
			watch?.called(call, duplex);
		},
		setPaused(isPaused: boolean) {
			if (isPaused) {
				session.intake.hold('asked');
			} else {
				session.intake.release('asked');
			}
		},
		reset() {
			session.reset();
		},
		close() {
			session.end('closed');
		},
	};
	return controlSocket(
		owner,
		action,
		`${session.member?.nick ?? session.peer}'s`,
	);
};
