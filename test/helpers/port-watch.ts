/** A watch on a port of this machine, on real sockets. */
import assert from 'node:assert/strict';
import type {PortEvent} from '../../source/event/port-event.js';
import {requireLoopback} from '../../source/socket/address.js';
import {systemClock} from '../../source/socket/clock.js';
import {PortWatch} from '../../source/watch/port/port-watch.js';
import type {Owner} from './environment.js';
import {findPort} from './ports.js';
import {until} from './until.js';

/** Settles after the first reading of a free port; stopped with the test. */
export const watchFreePort = async (
	owner: Owner,
	host: '127.0.0.1' | '::1' = '127.0.0.1',
) => {
	const port = await findPort();
	const events: PortEvent[] = [];
	let isBegun = false;
	const address = requireLoopback({kind: 'tcp', host, port: Number(port)});
	assert.equal(address.kind, 'tcp');
	const watch = new PortWatch({
		address,
		clock: systemClock,
		async onEvents(all) {
			isBegun = true;
			events.push(...all);
		},
	});
	const running = watch.run();
	owner.after(async () => {
		watch.stop();
		await running;
	});
	await until(() => isBegun, {what: 'the first reading'});
	return {
		port,
		events,
		/** All events so far, for failure messages. */
		seen: () => events.map(event => JSON.stringify(event)).join('\n'),
	};
};
