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
		max_msgs: 5,
		discard: 'new',
	});
	const one = await openRelayed(t, nats.url, {relayClock: fastClock});
	const last = () => one.relayEvents().at(-1)!;
	const otter = openClient(t, one.address, 'otter');
	await otter.untilPhase('open');
	const fio = openClient(t, one.address, 'fio');
	await fio.untilPhase('open');
	for (const text of ['a', 'b', 'c', 'd']) {
		fio.client.say(text);
	}

	await until(() => last().error, {what: 'the trouble'});
	fio.client.leave();
	fio.client.leave();
	await fio.client.closed;
	const leftAt = fastClock.monotonicMs();
	await until(() => fastClock.monotonicMs() - leftAt > 4 * expiryMs, {
		what: 'a sweep of those whom no server names',
	});
	await jsm.streams.update(name, {max_msgs: 1000});
	await until(() => last().outbox === 0 && !last().error, {
		what: 'nothing to wait',
		seen: () => JSON.stringify(last()),
	});
	await otter.until('the leave', () =>
		otter.frames().some(({type}) => type === 'left'),
	);
	otter.client.say('after');
	await otter.until('it', () => otter.said().includes('after'));
	assert.deepEqual(
		otter
			.frames()
			.flatMap(frame =>
				frame.type === 'left' ? [[frame.nick, frame.reason]] : [],
			),
		[['fio', 'quit']],
	);
});
