/**
 * Opens a room for a front end: as its host, as a member, or as either. A
 * member doesn't load the server.
 */
import {systemClock} from '../socket/clock.js';
import {requirePlace} from '../socket/dial.js';
import {SocketWatch} from '../watch/socket-watch.js';
import {beginCapture} from './capture.js';
import {openMember} from './member.js';
import type {Emit, RoomChat, RoomOptions} from './room-chat.js';
import {withNotice} from './service-notice.js';
import {readToken} from './token-file.js';

/**
 * Opens the room; from then on its activity comes as events.
 *
 * @throws {SockchatError} If the token can't be used, listening fails, or, for
 * `join`, neither connecting nor listening works, or for `connect` a socket's
 * folder is missing. Another failed `connect` settles `closed`.
 */
export const openRoom = async (
	given: RoomOptions,
	onEvent: Emit,
): Promise<RoomChat> => {
	const told = withNotice(onEvent, given.notify);
	const options = {
		...given,
		token: await readToken(given.tokenFile),
		// It starts what ends, and what it passed a socket to.
		isManaged:
			given.notify !== undefined ||
			('descriptor' in given && given.descriptor !== undefined),
	};
	const watch = options.isWatched
		? new SocketWatch(systemClock, told, options.address)
		: undefined;
	if (options.isRestful) {
		watch?.restWhileQuiet();
		// A screen's ladder may be opened at any time.
		watch?.tap.keepCalls();
	}

	try {
		const emit = await beginCapture(options, watch, told);
		switch (options.command) {
			case 'join': {
				const {joinOrOpen} = await import('./join.js');
				return await joinOrOpen(options, emit, watch);
			}

			case 'serve': {
				const {openHost} = await import('./host.js');
				return await openHost(options, emit, watch);
			}

			case 'connect': {
				// The server that is waited for may create the folder first.
				if (!options.isWaiting) {
					requirePlace(options.address);
				}

				return openMember(options, emit, watch);
			}
		}
	} catch (error) {
		watch?.stop();
		throw error;
	}
};
