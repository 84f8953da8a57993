/** `connectRaw()`: exact bytes to whatever listens on this machine. */
import {once} from 'node:events';
import {SockchatError} from '../errors.js';
import {formatAddress, type Address} from '../socket/address.js';
import {dial, rawConnectionFailed, requirePlace} from '../socket/dial.js';
import {onAbort} from './abort.js';
import {readPlace, readLocalPort, type PlaceOptions} from './place.js';
import {Connection, type RawConnection} from './raw-connection.js';
import {withApiWords} from './words.js';

export type RawConnectOptions = PlaceOptions & {
	/** A port to bind first; by default the kernel chooses. */
	readonly localPort?: number | undefined;
	/**
	 * Its abort ends the attempt, and the connection at once; what is waited for
	 * rejects with the signal's reason.
	 */
	readonly signal?: AbortSignal | undefined;
};

const nobodyListens = (address: Address, cause: Error) =>
	new SockchatError(
		'ERR_REFUSED',
		`Nobody listens on ${formatAddress(address)}: the connection was refused. Listen there first, as with serveRaw().`,
		{cause},
	);

/**
 * Connects, and sends nothing of its own.
 *
 * @returns Settles when the connection is established; for a deadline, pass
 * `AbortSignal.timeout(ms)`.
 * @throws {SockchatError} Before any socket is opened `ERR_NOT_LOOPBACK`,
 * `ERR_PORT_RANGE` or `ERR_SOCKET_PATH`; then `ERR_REFUSED` or what else made it
 * fail. After an abort, the signal's reason.
 */
export const connectRaw = async (
	options: RawConnectOptions,
): Promise<RawConnection> =>
	withApiWords(async () => {
		const {signal} = options;
		signal?.throwIfAborted();
		const address = readPlace(options, 1);
		const localPort = readLocalPort(options.localPort);
		requirePlace(address);
		const describe = (cause: Error) => {
			const error = rawConnectionFailed(address, localPort, cause);
			return error.code === 'ERR_REFUSED'
				? nobodyListens(address, cause)
				: error.inApiWords();
		};

		const link = dial(address, localPort);
		const {stream} = link;
		const stopWaiting = onAbort(signal, reason => {
			stream.destroy(reason as Error);
		});
		try {
			await once(stream, 'connect');
		} catch (error) {
			signal?.throwIfAborted();
			throw describe(error as Error);
		} finally {
			stopWaiting();
		}

		const connection = new Connection(link, undefined, describe);
		const stop = onAbort(signal, reason => {
			connection.abort(reason);
		});
		void connection.closed.then(stop);
		return connection;
	});
