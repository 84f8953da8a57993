/**
 * `sockchat` without a command: joins the room at an address, or opens it if
 * there is none. Of several that open it at once one listens, the rest join.
 */
import {connectTimedOut, connectTimeoutMs} from '../connection/lifecycle.js';
import {SockchatError} from '../errors.js';
import {systemClock} from '../socket/clock.js';
import {connectionFailed, dial} from '../socket/dial.js';
import type {SocketLink} from '../socket/link.js';
import type {SocketWatch} from '../watch/socket-watch.js';
import {openHeir} from './heir.js';
import {openHost} from './host.js';
import type {
	Emit,
	HostOnlyOptions,
	OpenOptions,
	RoomChat,
} from './room-chat.js';

// Losing the race for a free port a few times is bad luck; more is a fault.
const maxRaces = 5;

// The process that has the room's history is about to listen; reading the
// history may take a second.
const openingMs = 50;
const maxOpenings = 40;
const allLeft = {races: maxRaces, openings: maxOpenings};

const tryConnect = async (
	{
		address,
		clock = systemClock,
		connectTimeoutMs: patienceMs = connectTimeoutMs,
	}: OpenOptions,
	watch: SocketWatch | undefined,
): Promise<SocketLink | SockchatError> =>
	new Promise(resolve => {
		const link = dial(address);
		const {stream} = link;
		watch?.follow(link, 'client', undefined);
		const cancelDeadline = clock.setTimer(() => {
			stream.destroy();
			resolve(connectTimedOut(patienceMs));
		}, patienceMs);
		stream.once('connect', () => {
			cancelDeadline();
			stream.removeAllListeners('error');
			resolve(link);
		});
		stream.once('error', cause => {
			cancelDeadline();
			resolve(connectionFailed(address, undefined, cause));
		});
	});

const isTaken = (error: unknown): boolean =>
	error instanceof SockchatError &&
	(error.code === 'ERR_PORT_TAKEN' || error.code === 'ERR_SOCKET_TAKEN');

const isOpening = (error: unknown): boolean =>
	error instanceof SockchatError && error.code === 'ERR_HISTORY_TAKEN';

/** Joins the room, or opens it if there is none; the loser of a race joins. */
export const joinOrOpen = async (
	options: OpenOptions & HostOnlyOptions,
	emit: Emit,
	watch: SocketWatch | undefined,
	left = allLeft,
): Promise<RoomChat> => {
	const connected = await tryConnect(options, watch);
	if (!(connected instanceof SockchatError)) {
		return openHeir(options, emit, watch, connected);
	}

	if (connected.code !== 'ERR_REFUSED') {
		throw connected;
	}

	try {
		// So several that open it at once don't reset each other.
		return await openHost({...options, isFree: true}, emit, watch);
	} catch (error) {
		const {races, openings} = left;
		if (races > 0 && isTaken(error)) {
			return joinOrOpen(options, emit, watch, {...left, races: races - 1});
		}

		if (openings > 0 && isOpening(error)) {
			const {clock = systemClock} = options;
			await new Promise<void>(resolve => {
				clock.setTimer(resolve, openingMs);
			});
			const next = {...left, openings: openings - 1};
			return joinOrOpen(options, emit, watch, next);
		}

		throw error;
	}
};
