/** That a lock keeps out a member that comes back: said once. Pure. */
import type {Connection} from '../connection/connection.js';

/** @param before Whether it was kept out by the last attempt that tells. */
export const reduceLockedOut = (
	before: boolean,
	connection: Connection,
): boolean => {
	switch (connection.phase) {
		case 'waiting': {
			return before || connection.cause.code === 'ERR_ROOM_LOCKED';
		}

		case 'connecting':
		case 'handshaking': {
			return before;
		}

		case 'open':
		case 'silent':
		case 'draining':
		case 'closed': {
			return false;
		}
	}
};

export const lockedOutText =
	'The host has locked this room, so you are not let back in. Trying again.';
