/** A watch over sockets, and its events. */
import type {Step} from '../../source/tcp/tcp.js';
import type {Address} from '../../source/socket/address.js';
import {systemClock, type Clock} from '../../source/socket/clock.js';
import {SocketWatch} from '../../source/watch/socket-watch.js';
import type {TcpTable} from '../../source/socket/tcp-table.js';
import type {SocketEvent, WireEvent} from '../../source/event/event.js';
import {appendStep} from '../../source/store/steps.js';
import type {Owner} from './environment.js';
import {collectEvents} from './events.js';
import {lastState} from './kernel.js';
import {anyPort} from './room.js';
import {draw} from './steps.js';
import {until} from './until.js';

export type WatchOptions = {
	readonly clock?: Clock;
	/** Where the server of the watched sockets listens. */
	readonly server?: Address;
	readonly read?: () => Promise<TcpTable | undefined>;
};

export const openWatch = (
	owner: Owner,
	{clock = systemClock, server = anyPort, read}: WatchOptions = {},
) => {
	const collected = collectEvents<SocketEvent | WireEvent>();
	const watch = new SocketWatch(clock, collected.onEvent, server, read);
	owner.after(async () => {
		watch.stop();
	});
	const steps = () => {
		let all: readonly Step[] = [];
		for (const {step} of collected.of('step')) {
			all = appendStep(all, step, 1000);
		}

		return all;
	};

	return {
		...collected,
		watch,
		steps,
		/** Waits until an end of the connection was read in a state. */
		untilRead: async (state: string, end: 'local' | 'remote', peer?: string) =>
			until(() => lastState(steps(), end, peer) === `read ${state}`, {
				what: `${end} ${state} of ${peer ?? 'the client'}`,
				seen: () => draw(steps()).join(', '),
			}),
	};
};
