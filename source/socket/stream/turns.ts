/** Turns of the event loop, to wait for what has come but isn't read yet. */
import {setImmediate} from 'node:timers';

/** By then what waited in the kernel for whoever reads was read. */
export const twoTurns = async (): Promise<void> =>
	new Promise(resolve => {
		setImmediate(() => {
			setImmediate(resolve);
		});
	});

/**
 * libuv reads up to 32 datagrams in a turn, and the queue of Linux has room for
 * 256 by default; whoever goes on sending doesn't keep us.
 */
const queueTurns = 32;

/**
 * Settles once what has come to a socket of datagrams is read, which closing it
 * would drop.
 *
 * @param received Counts them, or their bytes.
 */
export const queueRead = async (received: () => number): Promise<void> => {
	for (let turn = 0; turn < queueTurns; turn++) {
		const before = received();
		// eslint-disable-next-line no-await-in-loop -- one turn after the other
		await twoTurns();
		if (received() === before) {
			return;
		}
	}
};
