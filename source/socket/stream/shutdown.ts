/**
 * Whether and when a stream's FIN was asked for.
 *
 * node:stream says 'finish' once `_final` is done, and a socket that waits until
 * all has arrived says it long after its shutdown(SHUT_WR).
 */
import type {Duplex} from 'node:stream';

const event = Symbol('shutdown');

/** By stream, what ends its wait. */
const waits = new WeakMap<Duplex, () => void>();

/** @param endWait Lets it say 'finish' at once; may be called later, too. */
export const noteShutdown = (stream: Duplex, endWait: () => void): void => {
	waits.set(stream, endWait);
	stream.emit(event);
};

export const hasShutDown = (stream: Duplex): boolean =>
	stream.writableFinished || waits.has(stream);

/** Calls it once, before those that were there already. */
export const onShutdown = (stream: Duplex, listener: () => void): void => {
	const settle = () => {
		stream.off(event, settle).off('finish', settle);
		listener();
	};

	stream.prependListener(event, settle).prependListener('finish', settle);
};

/** It waits for nothing more to arrive. */
export const endArrival = (stream: Duplex): void => {
	waits.get(stream)?.();
};
