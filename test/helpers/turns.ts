/** Rests that are counted in turns of the event loop, not in time. */
import {Buffer} from 'node:buffer';
import type {Readable} from 'node:stream';
import {setImmediate as nextTurn} from 'node:timers/promises';

export const afterTurns = (count: number, proceed: () => void): void => {
	if (count === 0) {
		proceed();
	} else {
		setImmediate(afterTurns, count - 1, proceed);
	}
};

/**
 * All that a stream has until its end, with rests of so many turns between reads.
 *
 * @param received Takes the chunks as they come.
 */
export const readSlowly = async (
	stream: Readable,
	turns: readonly number[],
	received: Buffer[] = [],
): Promise<Buffer> => {
	stream.on('data', (chunk: Buffer) => {
		received.push(chunk);
		stream.pause();
		afterTurns(turns[received.length % turns.length]!, () => {
			stream.resume();
		});
	});
	await new Promise<void>(resolve => {
		stream.once('end', resolve);
	});
	return Buffer.concat(received);
};

/** Waits for a condition that something may be in the way of: so many turns at most. */
export const withinTurns = async (
	count: number,
	isMet: () => boolean,
): Promise<void> => {
	for (let turn = 0; turn < count && !isMet(); turn++) {
		await nextTurn();
	}
};
