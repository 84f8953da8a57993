/**
 * Lets the event loop read what has come, before what follows goes on. Of
 * `node:timers/promises` this would be one line, loaded at each start.
 */
export const turn = async (): Promise<void> =>
	new Promise(resolve => {
		setImmediate(resolve);
	});
