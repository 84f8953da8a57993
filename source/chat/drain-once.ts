/** The first call drains, the next closes at once. */
export const drainOnce = (server: {
	readonly drain: () => Promise<void>;
	readonly destroy: () => void;
}): (() => void) => {
	let isDraining = false;
	return () => {
		if (isDraining) {
			server.destroy();
		} else {
			isDraining = true;
			void server.drain();
		}
	};
};
