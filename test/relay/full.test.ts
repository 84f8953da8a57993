/** Who leaves while the stream takes nothing more. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {jetstreamManager} from '@nats-io/jetstream';
import {connect} from '@nats-io/transport-node';
import {expiryMs} from '../../source/relay/presence.js';
import {streamOf, subjectsOf} from '../../source/relay/subjects.js';
import {openClient} from '../helpers/client.js';
import {fastClock} from '../helpers/clock.js';
import {openRelayed, startNats} from '../helpers/nats.js';
import {until} from '../helpers/until.js';

const name = streamOf('lab');

test('relay: a leave that waits while the stream is full is logged once, as it was', async t => {
	const nats = await startNats(t);
	const nc = await connect({servers: `127.0.0.1:${nats.port}`});
	t.after(async () => nc.close());
	const jsm = await jetstreamManager(nc);
	const {log} = subjectsOf('lab');
	await jsm.streams.add({
		name,
		subjects: [log],
		max_msgs: 7,
		discard: 'new',
	});
	const one = await openRelayed(t, nats.url, {relayClock: fastClock});
	const last = () => one.relayEvents().at(-1)!;
	const two = await openRelayed(t, nats.url, {relayClock: fastClock});
	const otter = openClient(t, one.address, 'otter');
	await otter.untilPhase('open');
	const wren = openClient(t, two.address, 'wren');
	await wren.untilPhase('open');
	const fio = openClient(t, one.address, 'fio');
	await fio.untilPhase('open');
	for (const text of ['a', 'b', 'c', 'd', 'e']) {
		fio.client.say(text);
	}

	await until(() => last().error, {what: 'the trouble'});
	wren.client.leave();
	wren.client.leave();
	fio.client.leave();
	fio.client.leave();
	await Promise.all([fio.client.closed, wren.client.closed]);
	const leftAt = fastClock.monotonicMs();
	await until(() => fastClock.monotonicMs() - leftAt > 4 * expiryMs, {
		what: 'a sweep of those whom no server names',
	});
	await jsm.streams.update(name, {max_msgs: 1000});
	await until(() => last().outbox === 0 && !last().error, {
		what: 'nothing to wait',
		seen: () => JSON.stringify(last()),
	});
	// One of the servers sweeps for both.
	await otter.until('the leaves', () =>
		['fio', 'wren'].every(nick =>
			otter
				.frames()
				.some(frame => frame.type === 'left' && frame.nick === nick),
		),
	);
	await until(() => two.relayEvents().at(-1)!.outbox === 0, {
		what: 'nothing to wait on the other server',
	});
	otter.client.say('after');
	await otter.until('it', () => otter.said().includes('after'));
	assert.deepEqual(
		otter
			.frames()
			.flatMap(frame =>
				frame.type === 'left' ? [`${frame.nick} ${frame.reason}`] : [],
			)
			.toSorted(),
		['fio quit', 'wren quit'],
	);
});
