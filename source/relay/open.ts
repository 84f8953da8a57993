/** Opens a room's relay. The one way in, loaded by `--relay` alone. */
import {randomBytes} from 'node:crypto';
import {SockchatError} from '../errors.js';
import {prepareFolder} from '../history/files.js';
import {isStreamLog, logIdOf} from '../history/log-id.js';
import type {RoomRelay} from '../room/relay.js';
import {credentialsIn} from './credentials.js';
import {openSession} from './engine.js';
import {Relay, type RelayOptions} from './relay.js';

export type OpenRelayOptions = Omit<
	RelayOptions,
	'credentials' | 'isKnown' | 'begunIn' | 'run'
> & {
	/** As a file or a variable has them; read for each connection. */
	readonly readCredentials?: (() => Promise<string | undefined>) | undefined;
};

/** At the start there is another way than to wait. */
const withWayOut = (cause: SockchatError) =>
	new SockchatError(
		cause.code,
		`${cause.message} To open the room without it for now: --relay-optional`,
		{cause},
	);

/**
 * Opens a relay: connects, and finds the room's stream.
 *
 * @throws {SockchatError} `ERR_RELAY` or `ERR_RELAY_AWAY`, unless it is optional.
 */
export const openRelay = async ({
	readCredentials = async () => undefined,
	historyPath,
	openSession: openWith = openSession,
	...given
}: OpenRelayOptions): Promise<RoomRelay> => {
	// What can't be used at the start ends it, also if the relay is optional.
	const credentials = credentialsIn(await readCredentials());
	let isRead = true;
	const open: typeof openSession = async session => {
		const fresh = isRead ? credentials : credentialsIn(await readCredentials());
		isRead = false;
		return openWith({...session, credentials: fresh});
	};

	const log = historyPath && (await logIdOf(historyPath));
	const begunIn =
		log !== undefined && isStreamLog(log) ? historyPath : undefined;
	const options = {
		...given,
		historyPath,
		credentials,
		openSession: open,
		begunIn,
		run: randomBytes(4).toString('hex'),
	};
	if (historyPath !== undefined) {
		prepareFolder(`${historyPath}.outbox`, true);
	}

	try {
		return new Relay(options, await open(options));
	} catch (error) {
		if (options.isOptional && error instanceof SockchatError) {
			return new Relay(options, undefined);
		}

		throw error instanceof SockchatError ? withWayOut(error) : error;
	}
};
