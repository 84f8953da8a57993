/**
 * Lets the event loop read from sockets before the caller continues. With
 * `node:timers/promises` it would be one line, but each start would load that.
 */
export const turn = async (): Promise<void> =>
	new Promise(resolve => {
		setImmediate(resolve);
	});
