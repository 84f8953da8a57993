/** A service of this process, and clients of whatever is in front of it. */
import {once} from 'node:events';
import {connect, createServer, type Socket} from 'node:net';
import type {Owner} from './environment.js';

/**
 * Ends nothing by itself.
 *
 * @param path Of a Unix domain socket, which has no port.
 */
export const openService = async (
	owner: Owner,
	onPeer: (peer: Socket) => void = () => undefined,
	path?: string,
) => {
	const peers: Socket[] = [];
	const server = createServer({allowHalfOpen: true}, peer => {
		peer.on('error', () => undefined);
		peers.push(peer);
		onPeer(peer);
	});
	server.listen(path ?? {host: '127.0.0.1', port: 0});
	await once(server, 'listening');
	owner.after(async () => {
		for (const peer of peers) {
			peer.destroy();
		}

		server.close();
	});
	const address = server.address()!;
	return {
		peers,
		port: typeof address === 'string' ? '' : String(address.port),
	};
};

/** A client that may be reset before it is connected. */
export const startDial = (
	owner: Owner,
	port: string,
	localPort?: number,
): Socket => {
	const socket = connect({
		host: '127.0.0.1',
		port: Number(port),
		...(localPort !== undefined && {localPort}),
		allowHalfOpen: true,
	});
	socket.on('error', () => undefined);
	owner.after(async () => {
		socket.destroy();
	});
	return socket;
};

export const dialService = async (
	owner: Owner,
	port: string,
): Promise<Socket> => {
	const socket = startDial(owner, port);
	await once(socket, 'connect');
	return socket;
};
