/** The end of a relay, whatever it was doing: it leaves nothing behind. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {openSession} from '../../source/relay/engine.js';
import type {Session} from '../../source/relay/session.js';
import {openRelayed, startNats} from '../helpers/nats.js';
import {until} from '../helpers/until.js';

test('relay: an end while it connects closes the connection that comes', async t => {
	const nats = await startNats(t);
	const opened: Session[] = [];
	let isHeld = false;
	let proceed: () => void = () => undefined;
	let isWaiting = false;
	const server = await openRelayed(t, nats.url, {
		async openSession(options) {
			if (isHeld) {
				isWaiting = true;
				await new Promise<void>(resolve => {
					proceed = resolve;
				});
			}

			const session = await openSession(options);
			opened.push(session);
			return session;
		},
	});
	isHeld = true;
	await nats.kill();
	await until(() => isWaiting, {what: 'another attempt'});
	await nats.start();
	await server.end();
	proceed();
	await until(() => opened.length === 2, {what: 'a second connection'});
	const ended = await opened[1]!.closed;
	assert.equal(ended.code, 'ERR_RELAY_AWAY');
});

test('relay: an engine that is stopped does not hold up the end', async t => {
	const nats = await startNats(t);
	const server = await openRelayed(t, nats.url);
	nats.signal('SIGSTOP');
	await server.end();
	assert.equal(server.relayEvents().at(-1)?.phase, 'open');
});
