/** A stream with limits of its own: what it never takes, and what it drops. */
import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test, type TestContext} from 'node:test';
import {jetstreamManager, type StreamConfig} from '@nats-io/jetstream';
import {connect} from '@nats-io/transport-node';
import {streamOf, subjectsOf} from '../../source/relay/subjects.js';
import {openClient, type TestClient} from '../helpers/client.js';
import {makeScratch, openRelayed, startNats} from '../helpers/nats.js';
import {until} from '../helpers/until.js';

const name = streamOf('lab');

const startLimited = async (t: TestContext, limits: Partial<StreamConfig>) => {
	const nats = await startNats(t);
	const nc = await connect({servers: `127.0.0.1:${nats.port}`});
	t.after(async () => nc.close());
	const jsm = await jetstreamManager(nc);
	const {log} = subjectsOf('lab');
	await jsm.streams.add({name, subjects: [log], ...limits});
	return {nats, jsm};
};

const failuresOf = (client: TestClient): string[] =>
	client.events.flatMap(event =>
		event.type === 'failed' ? [event.error.message] : [],
	);

const tooLong =
	/^The relay's stream sockchat-lab takes at most 600 bytes in one message \(max_msg_size\), and this has \d+: it isn't sent\. Say it in parts, or have max_msg_size raised\.$/;

test("relay: what is longer than the stream's max_msg_size is refused in a sentence", async t => {
	const {nats} = await startLimited(t, {max_msg_size: 600});
	const one = await openRelayed(t, nats.url);
	const two = await openRelayed(t, nats.url);
	const otter = openClient(t, one.address, 'otter');
	const heron = openClient(t, two.address, 'heron');
	await heron.untilPhase('open');
	await otter.untilPhase('open');
	otter.client.say('x'.repeat(1500));
	otter.client.say('after');
	await heron.until('the other', () => heron.said().length === 1);
	assert.deepEqual(heron.said(), ['after']);
	await otter.until('the refusal', () => failuresOf(otter).length === 1);
	assert.match(failuresOf(otter)[0]!, tooLong);
	assert.deepEqual(
		one.relayEvents().flatMap(({error}) => error ?? []),
		[],
	);
});

test('relay: a limit that is set while a server runs is obeyed, and nothing stays wrong', async t => {
	const {nats, jsm} = await startLimited(t, {});
	const one = await openRelayed(t, nats.url);
	const otter = openClient(t, one.address, 'otter');
	await otter.untilPhase('open');
	otter.client.say('before');
	await otter.untilStored();
	await jsm.streams.update(name, {max_msg_size: 600});
	otter.client.say('x'.repeat(1500));
	await otter.until('the refusal', () => failuresOf(otter).length === 1);
	assert.match(failuresOf(otter)[0]!, tooLong);
	otter.client.say('y'.repeat(1500));
	otter.client.say('after');
	await otter.until('the other', () => otter.said().includes('after'));
	await otter.until('the refusal', () => failuresOf(otter).length === 2);
	assert.match(failuresOf(otter)[1]!, tooLong);
	assert.deepEqual(
		one.relayEvents().flatMap(({error}) => error ?? []),
		[],
	);
});

test('relay: a trouble is over once nothing waits', async t => {
	const {nats, jsm} = await startLimited(t, {max_msgs: 2, discard: 'new'});
	const one = await openRelayed(t, nats.url);
	const otter = openClient(t, one.address, 'otter');
	await otter.untilPhase('open');
	otter.client.say('first');
	await otter.untilStored();
	otter.client.say('x'.repeat(1500));
	const last = () => one.relayEvents().at(-1)!;
	await until(() => last().error, {what: 'the trouble'});
	assert.match(last().error!.message, /^The stream sockchat-lab is full/);
	await jsm.streams.update(name, {max_msg_size: 600});
	await otter.until('the refusal', () => failuresOf(otter).length === 1);
	assert.match(failuresOf(otter)[0]!, tooLong);
	await until(() => last().outbox === 0 && !last().error, {
		what: 'no trouble',
		seen: () => JSON.stringify(last()),
	});
});

test('relay: what the engine took and dropped by its limits is not said to be refused', async t => {
	const {nats} = await startLimited(t, {max_msgs: 10});
	const one = await openRelayed(t, nats.url);
	const otter = openClient(t, one.address, 'otter');
	await otter.untilJoined();
	for (let count = 0; count < 400; count++) {
		otter.client.say(`${count}`);
	}

	await otter.until(
		'all to be settled',
		() => otter.said().length + failuresOf(otter).length === 400,
	);
	const dropped = failuresOf(otter);
	assert.ok(dropped.length > 0);
	assert.deepEqual(
		[...new Set(dropped)],
		[
			"The relay's stream took this and has dropped it by its limits, before it was read here. To lose no more, have its operator raise them (max_msgs, max_bytes, max_age).",
		],
	);
	await until(() => one.relayEvents().at(-1)?.outbox === 0, {
		what: 'nothing to wait',
	});
});

test('relay: a host reads what is dropped because its sender has left', async t => {
	const folder = makeScratch(t);
	const config = join(folder, 'nats.conf');
	writeFileSync(
		config,
		`max_payload: 4096\njetstream {store_dir: "${folder}"}\n`,
	);
	const nats = await startNats(t, {args: ['-c', config]});
	const one = await openRelayed(t, nats.url);
	const otter = openClient(t, one.address, 'otter');
	await otter.untilPhase('open');
	const wren = openClient(t, one.address, 'wren');
	await wren.untilPhase('open');
	await nats.kill();
	await one.untilPhase('away');
	otter.client.say('x'.repeat(5000));
	await otter.until('it, pending', () =>
		otter.frames().some(({type}) => type === 'pending'),
	);
	await wren.until('it, pending', () =>
		wren.frames().some(({type}) => type === 'pending'),
	);
	otter.client.leave();
	otter.client.leave();
	await otter.client.closed;
	await nats.start();
	const news = () =>
		one
			.relayEvents()
			.flatMap(({phase, isNews, error}) =>
				phase === 'open' && isNews && error ? [error.message] : [],
			);
	await until(() => news().length > 0, {what: 'the news'});
	await wren.until('that it is not going out', () =>
		wren.frames().some(({type}) => type === 'dropped'),
	);
	const [dropped] = wren
		.frames()
		.flatMap(frame => (frame.type === 'dropped' ? [frame] : []));
	assert.equal(dropped!.text, 'x'.repeat(5000));
	assert.equal(dropped!.code, 'ERR_TEXT_TOO_LONG');
	assert.match(dropped!.message, /takes at most 4096 bytes/);
	const late = openClient(t, one.address, 'fio');
	await late.untilPhase('open');
	late.client.say('after');
	await wren.until('it', () => wren.said().includes('after'));
	assert.ok(late.frames().every(({type}) => type !== 'pending'));
	assert.match(
		news()[0]!,
		/^What otter said before it left is dropped: the relay's NATS server takes at most 4096 bytes in one message \(max_payload\), and this has \d+\.$/,
	);
	await until(
		() => {
			const last = one.relayEvents().at(-1)!;
			return last.outbox === 0 && !last.error;
		},
		{what: 'no trouble'},
	);
});
