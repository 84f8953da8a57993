/**
 * Whether an address is free to listen on, found by listening there for a
 * moment. Nobody is connected to: a server would see a peer come and go.
 */
import {existsSync} from 'node:fs';
import {createServer} from 'node:net';
import {SockchatError} from '../errors.js';
import {isAbstract, type LoopbackAddress} from './address.js';
import {listen} from './listen.js';
import {holdersOf, type Holder} from './port-holder.js';
import {notASocket} from './socket-file.js';

export type Taken = {readonly holder: Holder | undefined};

/** @returns An error if nobody could listen there. */
export const probeAddress = async (
	address: LoopbackAddress,
): Promise<'free' | Taken | SockchatError> => {
	if (address.kind === 'unix' && !isAbstract(address.path)) {
		// Listening would replace the socket file that a dead server left.
		const other = notASocket(address.path);
		if (other) {
			return other;
		}

		if (existsSync(address.path)) {
			return {holder: undefined};
		}
	}

	const server = createServer();
	try {
		await listen(server, address, 1);
		return 'free';
	} catch (error) {
		if (!(error instanceof SockchatError)) {
			throw error;
		}

		return error.code === 'ERR_PORT_TAKEN' || error.code === 'ERR_SOCKET_TAKEN'
			? {holder: (await holdersOf(address))[0]}
			: error;
	} finally {
		await new Promise(resolve => {
			server.close(resolve);
		});
	}
};
