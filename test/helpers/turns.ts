/** Rests that are counted in turns of the event loop, not in time. */
import {Buffer} from 'node:buffer';
import type {Socket} from 'node:net';

export const afterTurns = (count: number, proceed: () => void): void => {
	if (count === 0) {
		proceed();
	} else {
		setImmediate(afterTurns, count - 1, proceed);
	}
};

/**
 * All that a socket says until its end, with rests of so many turns between reads.
 *
 * @param received Takes the chunks as they come.
 */
export const readSlowly = async (
	socket: Socket,
	turns: readonly number[],
	received: Buffer[] = [],
): Promise<Buffer> => {
	socket.on('data', chunk => {
		received.push(chunk);
		socket.pause();
		afterTurns(turns[received.length % turns.length]!, () => {
			socket.resume();
		});
	});
	await new Promise<void>(resolve => {
		socket.once('end', resolve);
	});
	return Buffer.concat(received);
};
