/** Turns of the event loop, to wait for what has come but isn't read yet. */
import {setImmediate} from 'node:timers';

/** By then what waited in the kernel for whoever reads was read. */
export const twoTurns = async (): Promise<void> =>
	new Promise(resolve => {
		setImmediate(() => {
			setImmediate(resolve);
		});
	});
