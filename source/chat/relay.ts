/** The relay of a room that is opened; what it needs is loaded only then. */
import {hostname} from 'node:os';
import process from 'node:process';
import type {ServerEvent} from '../event/event.js';
import type {RoomRelay} from '../room/relay.js';
import type {HistoryPlace} from '../server/history-place.js';
import type {Clock} from '../socket/clock.js';
import {readSecretFile} from './token-file.js';

export type RelayWish = {
	/** `nats://HOST:PORT` or `tls://HOST:PORT`, or several with commas between. */
	readonly url: string;
	readonly isOptional: boolean;
	/** Of a stream that is created. */
	readonly replicas: number;
	readonly credentialsFile?: string | undefined;
};

export type RelayPlace = {
	/** The room's name. */
	readonly room: string;
	readonly history: HistoryPlace | undefined;
	readonly clock: Clock;
	readonly onEvent: (event: ServerEvent) => void;
};

/**
 * The variable goes out of the environment, so no child process inherits it. A
 * file is read again for each connection: credentials are renewed there.
 */
const credentialsReader = (
	path: string | undefined,
	environment: NodeJS.ProcessEnv,
): (() => Promise<string | undefined>) => {
	const variable = environment['SOCKCHAT_RELAY_CREDENTIALS'];
	delete environment['SOCKCHAT_RELAY_CREDENTIALS'];
	return async () =>
		path === undefined
			? variable
			: readSecretFile(path, 'the credentials of a relay');
};

/** How a room is linked, and with which credentials. */
export type RelayLink = Omit<RelayWish, 'credentialsFile'> & {
	/** Asked before each connection: they may be renewed. */
	readonly readCredentials: () => Promise<string | undefined>;
};

/**
 * @throws {SockchatError} `ERR_RELAY`, `ERR_RELAY_AWAY`, or what reading the
 * credentials throws.
 */
export const linkRoom = async (
	link: RelayLink,
	{room, history, clock, onEvent}: RelayPlace,
): Promise<RoomRelay> => {
	const {openRelay} = await import('../relay/open.js');
	return openRelay({
		...link,
		room,
		machine: hostname(),
		historyPath: history?.path,
		fsync: history?.fsync ?? 'interval',
		clock,
		onEvent,
	});
};

/**
 * @throws {SockchatError} `ERR_RELAY`, `ERR_RELAY_AWAY`, or `ERR_TOKEN_FILE` of
 * the credentials.
 */
export const openRelayFor = async (
	{credentialsFile, ...wish}: RelayWish,
	place: RelayPlace,
	environment: NodeJS.ProcessEnv = process.env,
): Promise<RoomRelay> =>
	linkRoom(
		{
			...wish,
			readCredentials: credentialsReader(credentialsFile, environment),
		},
		place,
	);
