/** Closes a connection with RST (SO_LINGER 0 and close(2)). */
import type {Socket} from 'node:net';
import {setImmediate} from 'node:timers';

/**
 * Sends RST, and destroys the socket; TCP only.
 *
 * While a shutdown() is under way libuv refuses to reset (EINVAL), and Node then
 * never closes the descriptor, and never exits. The RST follows it in the next
 * turn.
 */
export const resetSocket = (socket: Socket): void => {
	const isEnding =
		socket.writableEnded && !socket.writableFinished && !socket.destroyed;
	if (socket.connecting && !socket.destroyed) {
		// It may be ended meanwhile.
		socket.once('connect', () => {
			setImmediate(() => {
				resetSocket(socket);
			});
		});
	} else if (isEnding && socket.writableLength === 0) {
		socket.once('finish', () => {
			socket.resetAndDestroy();
		});
	} else {
		socket.resetAndDestroy();
	}
};
