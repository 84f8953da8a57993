/** Which log a stream is. */
import assert from 'node:assert/strict';
import {join} from 'node:path';
import {test} from 'node:test';
import {jetstreamManager, type JetStreamManager} from '@nats-io/jetstream';
import {connect} from '@nats-io/transport-node';
import {ensureStream, logIdOf} from '../../source/relay/stream.js';
import {streamOf, subjectsOf} from '../../source/relay/subjects.js';
import {openClient} from '../helpers/client.js';
import {makeScratch, openRelayed, startNats} from '../helpers/nats.js';

const name = streamOf('lab');

test('stream: is the same log after its limits were changed and its engine restarted', async t => {
	const nats = await startNats(t);
	const path = join(makeScratch(t), 'lab.jsonl');
	const server = await openRelayed(t, nats.url, {path});
	const otter = openClient(t, server.address, 'otter');
	otter.client.say('before');
	await otter.untilStored();
	const logId = server.relay.log!.id;
	const restart = async () => {
		await nats.kill();
		await server.untilPhase('away');
		await nats.start();
		await server.untilPhase('open');
	};

	// nats-server 2.9.10 writes the time of its own start when a stream changes.
	await restart();
	const nc = await connect({servers: `127.0.0.1:${nats.port}`});
	const jsm = await jetstreamManager(nc);
	const {created} = await jsm.streams.info(name);
	await jsm.streams.update(name, {max_msgs: 2000});
	await nc.close();
	await restart();
	const session = await connect({servers: `127.0.0.1:${nats.port}`});
	const info = await (await jetstreamManager(session)).streams.info(name);
	await session.close();
	t.diagnostic(`created ${created}, then ${info.created}`);
	assert.equal(server.relay.log!.id, logId);
	otter.client.say('after');
	await otter.untilStored();
	await server.end();
	const again = await openRelayed(t, nats.url, {path});
	assert.equal(again.relay.log!.id, logId);
});

test('stream: one that others made keeps its identity once its description says it', async t => {
	const nats = await startNats(t);
	const path = join(makeScratch(t), 'lab.jsonl');
	const edit = async (
		change: (jsm: JetStreamManager) => Promise<unknown>,
	): Promise<void> => {
		const nc = await connect({servers: `127.0.0.1:${nats.port}`});
		await change(await jetstreamManager(nc));
		await nc.close();
	};

	const {log} = subjectsOf('lab');
	await edit(async jsm => jsm.streams.add({name, subjects: [log]}));
	const server = await openRelayed(t, nats.url, {path});
	const otter = openClient(t, server.address, 'otter');
	otter.client.say('before');
	await otter.untilStored();
	const logId = server.relay.log!.id;
	const description = `sockchat log is ${logId}`;
	await edit(async jsm => jsm.streams.update(name, {description}));
	for (const limit of [2000, 3000]) {
		// The edit of a running engine, then what it makes of it.
		await nats.kill();
		await server.untilPhase('away');
		await nats.start();
		await edit(async jsm => jsm.streams.update(name, {max_msgs: limit}));
	}

	otter.client.say('after');
	await otter.untilStored();
	assert.equal(server.relay.log!.id, logId);
	await server.end();
	const again = await openRelayed(t, nats.url, {path});
	assert.equal(again.relay.log!.id, logId);
});

test('stream: is another log if it is made anew, whoever made it', async t => {
	const nats = await startNats(t);
	const nc = await connect({servers: `127.0.0.1:${nats.port}`});
	t.after(async () => nc.close());
	const jsm = await jetstreamManager(nc);
	const wish = {room: 'lab', replicas: 1};
	// Two servers of a new room may come at once.
	const infos = await Promise.all([
		ensureStream(jsm, wish),
		ensureStream(jsm, wish),
	]);
	const [first, ...others] = infos.map(info => logIdOf(info));
	assert.deepEqual(others, [first]);
	const {subjects} = infos[0].config;
	await jsm.streams.delete(name);
	const second = logIdOf(await ensureStream(jsm, wish));
	await jsm.streams.delete(name);
	for (const description of [undefined, 'sockchat log', 'of the lab']) {
		await jsm.streams.add({name, subjects, description});
		const byHand = await ensureStream(jsm, wish);
		assert.equal(byHand.config.description, description);
		assert.equal(new Set([first, second, logIdOf(byHand)]).size, 3);
		assert.notEqual(logIdOf({...byHand, created: 'then'}), logIdOf(byHand));
		await jsm.streams.delete(name);
	}
});
