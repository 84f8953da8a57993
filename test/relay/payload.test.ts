/** An engine that takes only short messages: nothing fails without a word. */
import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test, type TestContext} from 'node:test';
import {openClient} from '../helpers/client.js';
import {makeScratch, openRelayed, startNats} from '../helpers/nats.js';
import {until} from '../helpers/until.js';

const maxPayload = 4096;

const startSmall = async (t: TestContext) => {
	const folder = makeScratch(t);
	const config = join(folder, 'nats.conf');
	writeFileSync(
		config,
		`max_payload: ${maxPayload}\njetstream {store_dir: "${folder}"}\n`,
	);
	return startNats(t, {args: ['-c', config]});
};

test('relay: a list of members that is too long for one message goes out in parts', async t => {
	const nats = await startSmall(t);
	const one = await openRelayed(t, nats.url, {machine: 'box1'});
	const two = await openRelayed(t, nats.url, {machine: 'box2'});
	const otter = openClient(t, two.address, 'otter');
	await otter.untilPhase('open');
	const nicks = Array.from(
		{length: 60},
		(_, index) => `größer-${index}-${'x'.repeat(14)}`,
	);
	for (const nick of nicks) {
		const client = openClient(t, one.address, nick);
		await client.untilPhase('open');
	}

	await until(() => otter.client.members.elsewhere?.[0]?.names.length === 60, {
		what: 'all of them',
		seen: () => JSON.stringify(otter.client.members),
	});
	assert.deepEqual(
		otter.client.members.elsewhere?.[0]?.names.toSorted(),
		nicks.toSorted(),
	);
	assert.deepEqual(
		one.relayEvents().flatMap(({error}) => error ?? []),
		[],
	);
});

test('relay: what is too long for the engine is refused in a sentence, and holds up nothing', async t => {
	const nats = await startSmall(t);
	const one = await openRelayed(t, nats.url);
	const two = await openRelayed(t, nats.url);
	const otter = openClient(t, one.address, 'otter');
	const heron = openClient(t, two.address, 'heron');
	await heron.untilPhase('open');
	await until(() => otter.client.members.names.includes('heron'), {
		what: 'heron',
	});
	const failures = () =>
		otter.events.flatMap(event =>
			event.type === 'failed' ? [event.error.message] : [],
		);
	otter.client.say('before');
	otter.client.say('x'.repeat(5000));
	otter.client.say('after');
	await heron.until('the others', () => heron.said().length === 2);
	assert.deepEqual(heron.said(), ['before', 'after']);
	await otter.until('the refusal', () => failures().length === 1);
	otter.client.whisper('heron', 'y'.repeat(5000));
	await otter.until('the other', () => failures().length === 2);
	for (const sentence of failures()) {
		assert.match(
			sentence,
			/^The relay's NATS server takes at most 4096 bytes in one message \(max_payload\), and this has \d+: it isn't sent. Say it in parts, or have max_payload raised.$/,
		);
	}

	assert.deepEqual(
		one.relayEvents().flatMap(({error}) => error ?? []),
		[],
	);
});
