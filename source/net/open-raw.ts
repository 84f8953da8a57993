/** Opens raw bytes for a front end: as a server, or as a client. */
import type {Buffer} from 'node:buffer';
import type {SockchatError} from '../errors.js';
import type {ChatEvent} from '../store/event.js';
import {formatAddress, type Address} from './address.js';
import {drainOnce} from './open-room.js';
import {RawClient} from './raw-client.js';
import {startRawServer} from './raw-server.js';

export type RawOptions = {
	readonly command: 'serve' | 'connect';
	readonly address: Address;
	readonly backlog: number | undefined;
	readonly localPort: number | undefined;
};

export type RawChat = {
	readonly mode: 'raw';
	readonly role: 'serve' | 'connect';
	/** The server's address, as people write it. */
	readonly where: string;
	/**
	 * Sends exactly these bytes, a server to every peer.
	 *
	 * @returns Settles when more may be sent; of a server at once, so that a peer
	 * that doesn't read holds up nobody.
	 */
	readonly write: (bytes: Buffer) => Promise<void>;
	/** The input has ended: a client sends FIN and goes on reading. */
	readonly finish: () => void;
	/** Leaves in good order; called again, at once. */
	readonly leave: () => void;
	/** Settles when it is over: with the cause, or none if that was wanted. */
	readonly closed: Promise<SockchatError | undefined>;
};

/**
 * Opens the socket; what happens on it from now on comes as events.
 *
 * @throws {SockchatError} Where listening fails. A failed `connect` is told by
 * `closed`.
 */
export const openRaw = async (
	options: RawOptions,
	onEvent: (event: ChatEvent) => void,
): Promise<RawChat> => {
	if (options.command === 'connect') {
		const client = new RawClient({...options, onEvent});
		return {
			mode: 'raw',
			role: 'connect',
			where: formatAddress(options.address),
			write: async bytes => client.write(bytes),
			finish() {
				client.finish();
			},
			leave() {
				client.leave();
			},
			closed: client.closed,
		};
	}

	const server = await startRawServer({...options, onEvent});
	return {
		mode: 'raw',
		role: 'serve',
		where: formatAddress(server.address),
		async write(bytes) {
			server.write(bytes);
		},
		finish() {
			// Its peers may still have something to say.
		},
		leave: drainOnce(server),
		closed: server.closed.then(() => undefined),
	};
};
