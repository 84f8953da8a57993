/** Closes a connection with RST (SO_LINGER 0 and close(2)). */
import type {Socket} from 'node:net';
import {setImmediate} from 'node:timers';
import {endArrival, hasShutDown, onShutdown} from './shutdown.js';

const resetNow = (socket: Socket): void => {
	// Node waits for 'finish'.
	socket.resetAndDestroy();
	endArrival(socket);
};

/**
 * Sends RST, and destroys the socket; TCP only.
 *
 * While a shutdown() is under way libuv refuses to reset (EINVAL), and Node then
 * never closes the descriptor, and never exits. The RST follows it in the next
 * turn.
 */
export const resetSocket = (socket: Socket): void => {
	const isEnding =
		socket.writableEnded && !hasShutDown(socket) && !socket.destroyed;
	if (socket.connecting && !socket.destroyed) {
		// It may be ended meanwhile.
		socket.once('connect', () => {
			setImmediate(() => {
				resetSocket(socket);
			});
		});
	} else if (isEnding && socket.writableLength === 0) {
		onShutdown(socket, () => {
			resetNow(socket);
		});
	} else {
		resetNow(socket);
	}
};
