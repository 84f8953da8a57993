import type {Writable} from 'node:stream';

/** Of a write that waited for the kernel as the connection was closed. */
export const cancelled = (): Error =>
	Object.assign(new Error('The write was cancelled.'), {code: 'ECANCELED'});

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
