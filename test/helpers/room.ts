/**
 * Rooms, members and servers under test. Whatever is opened here is closed when
 * the test ends, and its events are collected.
 */
import type {Socket} from 'node:net';
import {requireLoopback, type Address} from '../../source/socket/address.js';
import {SocketLink} from '../../source/socket/link.js';
import {tcpOrigin, type TcpOrigin} from '../../source/socket/origin.js';
import {systemClock} from '../../source/socket/clock.js';
import {startServer, type ServerOptions} from '../../source/server/server.js';
import {Hub} from '../../source/server/hub.js';
import type {LogOptions} from '../../source/room/log.js';
import {Room} from '../../source/room/room.js';
import type {ShareOptions} from '../../source/room/shares.js';
import type {ServerEvent} from '../../source/event/event.js';
import type {Owner} from './environment.js';
import {collectEvents} from './events.js';
import {listenBare} from './scripted.js';
import type {WirePeer} from './wire-peer.js';

/** As the listener reports a socket that a bare one has accepted. */
export const originOf = (socket: Socket): TcpOrigin => {
	const origin = tcpOrigin(socket, '127.0.0.1', socket.localPort!);
	if (origin.kind !== 'tcp') {
		throw new Error(`It has no address any more: ${origin.name}.`);
	}

	return origin;
};

/** 127.0.0.1 with a port that the kernel chooses. */
export const anyPort = requireLoopback({
	kind: 'tcp',
	host: '127.0.0.1',
	port: 0,
});

export const portOf = (address: Address): number => {
	if (address.kind === 'unix') {
		throw new Error(`${address.path} has no port.`);
	}

	return address.port;
};

export type TestServer = Awaited<ReturnType<typeof openServer>>;

export const openServer = async (
	owner: Owner,
	options: Partial<Omit<ServerOptions, 'onEvent'>> = {},
) => {
	const collected = collectEvents<ServerEvent>();
	const {onEvent} = collected;
	const server = await startServer({address: anyPort, ...options, onEvent});
	owner.after(async () => {
		const drained = server.drain();
		server.destroy();
		await drained;
	});
	return {...server, ...collected};
};

/**
 * A room with access to its sessions and their sockets, on a bare listening socket;
 * its log may be small.
 */
export const openHub = async (
	owner: Owner,
	{
		clock = systemClock,
		share,
		...log
	}: LogOptions & {
		clock?: typeof systemClock;
		share?: ShareOptions;
	} = {},
) => {
	const {onEvent: emit, ...collected} = collectEvents<ServerEvent>();
	const room = new Room({logId: () => 'log', log, share});
	const roomName = () => 'bare';
	const hub = new Hub({room, roomName, clock, emit});
	const sockets: Socket[] = [];
	const listening = await listenBare(owner, socket => {
		sockets.push(socket);
		hub.add(new SocketLink('tcp', socket), originOf(socket));
	});
	hub.start();
	owner.after(async () => {
		hub.stop();
	});
	/** The server's end of a peer's connection. */
	const endOf = (peer: WirePeer) =>
		sockets.find(({remotePort}) => remotePort === peer.socket.localPort);
	return {
		...collected,
		room,
		hub,
		address: listening.address,
		/** The server's ends, in the order in which they were accepted. */
		sockets,
		endOf,
		/** Waits until the server has read all that the peer has written. */
		untilRead: async (peer: WirePeer) =>
			peer.until(
				'the server to read it',
				() => endOf(peer)?.bytesRead === peer.socket.bytesWritten,
			),
	};
};
