/** Where a server stores its log, and how it opens it. */
import {existsSync} from 'node:fs';
import {SockchatError} from '../errors.js';
import {openHistory, type History} from '../history/history.js';
import type {GivenLog} from '../history/recover.js';
import type {FsyncMode} from '../history/syncing.js';
import type {ServerEvent} from '../event/event.js';
import type {LoopbackAddress} from '../socket/address.js';
import type {Clock} from '../socket/clock.js';
import {assertFree} from '../socket/listen.js';

export type HistoryPlace = {
	readonly path: string;
	/** Nobody named it, so that its folder is made if it is missing. */
	readonly isDefault?: boolean | undefined;
	/** Whether each group of entries is synced, or the file once a second. */
	readonly fsync: FsyncMode;
};

/** Reports a failure of the history; undefined once it is over. */
export type TellHealth = (error: Error | undefined) => void;

/** Two places notice that a failure is over; the host gets one event. */
export const healthTeller = (
	clock: Clock,
	onEvent: (event: ServerEvent) => void,
): TellHealth => {
	let isFailing = false;
	return error => {
		const at = clock.wallMs();
		if (error) {
			onEvent({type: 'history', at, state: 'failing', error});
		} else if (isFailing) {
			onEvent({type: 'history', at, state: 'mended'});
		}

		isFailing = error !== undefined;
	};
};

export type HistoryOptions = {
	readonly place: HistoryPlace;
	readonly address: LoopbackAddress;
	/**
	 * Whether the address is tried before a history is begun. That takes a moment
	 * of listening, and resets whoever connects in that moment.
	 */
	readonly isTried: boolean;
	readonly clock: Clock;
	readonly onTrouble: TellHealth;
	/** Set if the log's order is made elsewhere. */
	readonly log?: GivenLog | undefined;
};

/** Somebody listens at our address, and somebody has our history. */
const isOpenElsewhere = (
	history: unknown,
	listening: unknown,
): listening is SockchatError =>
	history instanceof SockchatError &&
	history.code === 'ERR_HISTORY_TAKEN' &&
	listening instanceof SockchatError &&
	(listening.code === 'ERR_PORT_TAKEN' ||
		listening.code === 'ERR_SOCKET_TAKEN');

const sameRoom = (cause: SockchatError) => {
	const why =
		'It is this room: if its host left, a member has opened it again. To serve it yourself, let its members leave first.';
	return new SockchatError(cause.code, `${cause.message}. ${why}`, {
		cause,
		api: `${cause.inApiWords().message} ${why}`,
	});
};

/**
 * Opens the history for a server at an address.
 *
 * @throws {SockchatError} What `openHistory` throws; but if the address is taken
 * too, what `listen` throws, because that explains more.
 */
export const openHistoryFor = async ({
	place,
	address,
	isTried,
	clock,
	onTrouble,
	log,
}: HistoryOptions): Promise<History> => {
	const isNew = !existsSync(place.path);
	if (isNew && isTried) {
		// A server that can't listen leaves no files.
		await assertFree(address);
	}

	try {
		return await openHistory({...place, clock, onTrouble, log});
	} catch (error) {
		if (!isNew && isTried) {
			try {
				await assertFree(address);
			} catch (error_) {
				throw isOpenElsewhere(error, error_) ? sameRoom(error_) : error_;
			}
		}

		throw error;
	}
};
