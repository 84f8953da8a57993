/** Servers that aren't ours: they do exactly what a test says. */
import {createServer, type AddressInfo, type Socket} from 'node:net';
import {requireLoopback} from '../../source/socket/address.js';
import type {Owner} from './environment.js';
import {WirePeer, type FrameOf} from './wire-peer.js';

/**
 * A listening socket that does exactly what the test says.
 *
 * @param place A port, or the path of a Unix domain socket.
 */
export const listenBare = async (
	owner: Owner,
	onSocket: (socket: Socket) => void,
	place: number | string = 0,
) => {
	const sockets = new Set<Socket>();
	const server = createServer({allowHalfOpen: true, noDelay: true}, socket => {
		sockets.add(socket);
		socket.on('error', () => undefined);
		socket.on('close', () => {
			sockets.delete(socket);
		});
		onSocket(socket);
	});
	await new Promise<void>((resolve, reject) => {
		server.once('error', reject);
		server.listen(
			typeof place === 'string'
				? {path: place}
				: {host: '127.0.0.1', port: place},
			resolve,
		);
	});
	const close = async () =>
		new Promise<void>(resolve => {
			server.close(() => {
				resolve();
			});
			for (const socket of sockets) {
				socket.destroy();
			}
		});
	owner.after(close);
	const address = requireLoopback(
		typeof place === 'string'
			? {kind: 'unix', path: place}
			: {
					kind: 'tcp',
					host: '127.0.0.1',
					port: (server.address() as AddressInfo).port,
				},
	);
	return {address, close};
};

/** A server that follows the test's script; each connection is a peer. */
export const openScripted = async (
	owner: Owner,
	onPeer: (peer: WirePeer, count: number) => void,
	place: number | string = 0,
) => {
	let count = 0;
	return listenBare(
		owner,
		socket => {
			onPeer(new WirePeer(socket), ++count);
		},
		place,
	);
};

/** The welcome of an empty room. */
export const welcomeFrame = (
	changes: Partial<FrameOf<'welcome'>> = {},
): FrameOf<'welcome'> => ({
	type: 'welcome',
	v: 1,
	session: 'session',
	room: 'room',
	log: 'log',
	nick: 'otter',
	head: 0,
	stored: 0,
	members: {count: 1, names: ['otter']},
	limits: {frameBytes: 65_536, textBytes: 16_384},
	heartbeatMs: 2000,
	...changes,
});

/** An entry: a message by somebody else, unless the changes say otherwise. */
export const messageFrame = (
	seq: number,
	changes: Partial<FrameOf<'message'>> = {},
): FrameOf<'message'> => ({
	type: 'message',
	seq,
	at: 0,
	from: 'heron',
	id: '0123456789abcdef',
	n: seq,
	text: `entry ${seq}`,
	...changes,
});
