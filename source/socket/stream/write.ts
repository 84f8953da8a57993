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

type Refusing = Writable & {
	/** Whether it takes no more, though it is still read; then it emits `refused`. */
	readonly isRefusing?: boolean;
};

/**
 * Settles with whether the kernel took what is written, and at once if the other
 * side takes no more. Whoever answers reads on only then, and so sees the end.
 *
 * @param write Is not called if nothing is taken any more.
 */
export const whetherTaken = async (
	stream: Refusing,
	write: (done: (isTaken: boolean) => void) => void,
): Promise<boolean> =>
	new Promise(resolve => {
		if (stream.isRefusing === undefined) {
			write(resolve);
			return;
		}

		if (stream.isRefusing) {
			resolve(false);
			return;
		}

		const refuse = () => {
			resolve(false);
		};

		stream.once('refused', refuse);
		write(isTaken => {
			stream.off('refused', refuse);
			resolve(isTaken);
		});
	});
