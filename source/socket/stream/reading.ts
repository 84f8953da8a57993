/** Whether Node reads a socket from the kernel, for whoever holds that back. */
import type {Socket} from 'node:net';

/** Node's internal handle, which reads from the kernel. */
type Handle = {
	reading: boolean;
	readonly readStart: () => void;
	readonly readStop: () => void;
};

/**
 * Stops or starts reading at once. A paused stream has already requested one
 * more read, and node:net has no public way to cancel that.
 */
export const setReading = (socket: Socket, isReading: boolean): void => {
	const handle = Reflect.get(socket, '_handle') as Handle | undefined;
	if (handle?.readStop && handle.reading !== isReading) {
		handle.reading = isReading;
		if (isReading) {
			handle.readStart();
		} else {
			handle.readStop();
		}
	}
};

/** Whether Node may read at any time. */
export const isReading = (socket: Socket): boolean =>
	(Reflect.get(socket, '_handle') as Handle | undefined)?.reading !== false;
