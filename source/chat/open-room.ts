/** Opens a room for a front end: as its host, as a member, or as either. */
import {systemClock} from '../socket/clock.js';
import {SocketWatch} from '../watch/socket-watch.js';
import {openHost} from './host.js';
import {joinOrOpen} from './join.js';
import {openMember} from './member.js';
import type {Emit, RoomChat, RoomOptions} from './room-chat.js';
import {readToken} from './token-file.js';

/**
 * Opens the room; what happens in it from now on comes as events.
 *
 * @throws {SockchatError} Where the token is not fit, where listening fails, or,
 * for `join`, where neither connecting nor listening works. A failed `connect`
 * is told by `closed`.
 */
export const openRoom = async (
	given: RoomOptions,
	emit: Emit,
): Promise<RoomChat> => {
	const options = {...given, token: await readToken(given.tokenFile)};
	const watch = options.isWatched
		? new SocketWatch(systemClock, emit, options.address)
		: undefined;
	try {
		switch (options.command) {
			case 'join': {
				return await joinOrOpen(options, emit, watch);
			}

			case 'serve': {
				return await openHost(options, emit, watch);
			}

			case 'connect': {
				return openMember(options, emit, watch);
			}
		}
	} catch (error) {
		watch?.stop();
		throw error;
	}
};
