import type {Writable} from 'node:stream';

const cancelled = () =>
	new Error('The connection was closed before the kernel took all of it.');

/**
 * Writes to a link.
 *
 * Up to Node 22 a write that waits for the kernel counts as done once destroy()
 * has cancelled it. Here it has failed, as in Node 24.
 *
 * @param done Called without an error only if the kernel took all of it.
 */
export const writeTo = (
	stream: Writable,
	bytes: Uint8Array,
	done: (error: Error | null | undefined) => void,
): void => {
	stream.write(bytes, error => {
		done(error ?? (isTaken || !stream.destroyed ? undefined : cancelled()));
	});
	// Then it was taken within the call; only its callback comes later.
	const isTaken = stream.writableLength === 0;
};
