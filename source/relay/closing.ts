/** Ends a connection to an engine, which may have stopped reading. */
import type {NatsConnection} from '@nats-io/transport-node';
import {trace} from '../trace.js';

// An engine that has stopped reading must not hold up an end.
const patienceMs = 500;

/** Settles once the work is done, has failed, or takes too long. */
export const soon = async (work: () => Promise<void>): Promise<void> =>
	new Promise(resolve => {
		const timer = setTimeout(resolve, patienceMs);
		work()
			.catch((error: unknown) => {
				trace('relay: %o', error);
			})
			.finally(() => {
				clearTimeout(timer);
				resolve();
			});
	});

/** What the library has of its socket, as it has no other way to drop it. */
type Inside = {
	readonly protocol?: {
		readonly transport?: {readonly socket?: {destroy?: () => void}};
	};
};

export const closeSoon = async (nc: NatsConnection): Promise<void> => {
	const {protocol} = nc as unknown as Inside;
	const socket = protocol?.transport?.socket;
	await soon(async () => nc.close());
	socket?.destroy?.();
};
