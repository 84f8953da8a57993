/**
 * The end of a connection that nobody listens to any more: FIN, and the wait
 * until all that was sent has arrived.
 *
 * What comes meanwhile is read by somebody, and dropped: if it is not read, the
 * close becomes RST, which throws away what waits in our kernel; and a side that
 * waits for us to read may not read us.
 */
import {clearTimeout, setTimeout} from 'node:timers';
import {bytesOf, SockchatError} from '../errors.js';
import type {Link} from '../socket/link.js';

/** Settles when all has arrived, the connection has closed, or time is up. */
export const endUnheard = async (
	{stream}: Link,
	patienceMs: number,
): Promise<void> =>
	new Promise(resolve => {
		const timer =
			patienceMs === Infinity ? undefined : setTimeout(resolve, patienceMs);
		stream.resume();
		// Called with an error if it is destroyed before.
		stream.end(() => {
			clearTimeout(timer);
			resolve();
		});
	});

/** We closed it while the other side was not reading. */
export const notReached = (bytes: number) =>
	new SockchatError(
		'ERR_NOT_SENT',
		`The other side was not reading, so ${bytesOf(bytes)} of what was sent waited in the kernel as the connection was closed, and may not arrive.`,
	);
