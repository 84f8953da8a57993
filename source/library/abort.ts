/**
 * Calls back once a signal aborts.
 *
 * @returns Stops listening to it.
 */
export const onAbort = (
	signal: AbortSignal | undefined,
	callback: (reason: unknown) => void,
): (() => void) => {
	const listener = () => {
		callback(signal?.reason);
	};

	if (signal?.aborted) {
		listener();
	} else {
		signal?.addEventListener('abort', listener, {once: true});
	}

	return () => {
		signal?.removeEventListener('abort', listener);
	};
};
