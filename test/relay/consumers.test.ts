/** The consumers that servers read a stream by, and those that are left. */
import assert from 'node:assert/strict';
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import {jetstreamManager} from '@nats-io/jetstream';
import {connect} from '@nats-io/transport-node';
import {Pull} from '../../source/relay/pull.js';
import {streamOf, subjectsOf} from '../../source/relay/subjects.js';
import {openClient} from '../helpers/client.js';
import {makeScratch, openRelayed, startNats} from '../helpers/nats.js';
import {until} from '../helpers/until.js';

const name = streamOf('lab');

const openStream = async (
	t: Parameters<typeof startNats>[0],
	maxConsumers: number,
) => {
	const nats = await startNats(t);
	const nc = await connect({servers: `127.0.0.1:${nats.port}`});
	t.after(async () => nc.close());
	const jsm = await jetstreamManager(nc);
	const {log} = subjectsOf('lab');
	await jsm.streams.add({name, subjects: [log], max_consumers: maxConsumers});
	const add = async (consumer: string) =>
		jsm.consumers.add(name, {durable_name: consumer, ack_policy: 'none'});
	const consumers = async () => {
		const names: string[] = [];
		for await (const each of jsm.consumers.list(name)) {
			names.push(each.name);
		}

		return names;
	};

	return {nats, nc, jsm, add, consumers};
};

// One more, for its own, or none.
for (const maxConsumers of [6, 5]) {
	test(`relay: a server removes what its killed runs left, and nobody else’s, of at most ${maxConsumers}`, async t => {
		const {nats, nc, add, consumers} = await openStream(t, maxConsumers);
		const path = join(makeScratch(t), 'lab.jsonl');
		const before = await openRelayed(t, nats.url, {path});
		await before.end();
		assert.deepEqual(await consumers(), []);
		const [head = ''] = readFileSync(`${path}.outbox`, 'utf8').split('\n');
		const {server} = JSON.parse(head) as {server: string};
		const killed = [
			`sockchat-${server}-00000001`,
			`sockchat-${server}-00000002`,
		];
		const others = ['sockchat-0123456789abcdef-00000001', 'backup'];
		const copied = `sockchat-${server}-00000003`;
		for (const each of [...killed, ...others, copied]) {
			await add(each);
		}

		// A copied machine's reads on.
		const pull = new Pull({
			nc,
			stream: name,
			consumer: copied,
			onMessage: () => undefined,
			onEnd() {
				pull.fetch();
			},
			onFailed(error) {
				throw error;
			},
		});
		t.after(() => {
			pull.stop();
		});
		pull.fetch();
		await nc.flush();
		const after = await openRelayed(t, nats.url, {path});
		const wren = openClient(t, after.address, 'wren');
		wren.client.say('has its place once it is read');
		await wren.untilStored();
		const left = await until(
			async () => {
				const names = await consumers();
				return names.some(each => killed.includes(each)) ? undefined : names;
			},
			{what: 'those of the killed runs to be gone'},
		);
		const own = left.filter(each => ![...others, copied].includes(each));
		assert.equal(left.length, 4, left.join(' '));
		assert.equal(own.length, 1);
		assert.ok(own[0]!.startsWith(`sockchat-${server}-`));
	});
}

test('relay: reading waits for no list of what killed runs left', async t => {
	const {nats, nc} = await openStream(t, 5);
	const asked: string[] = [];
	nc.subscribe('$JS.API.CONSUMER.>', {
		callback(_, {subject}) {
			asked.push(...(/LIST|CREATE/.exec(subject) ?? []));
		},
	});
	await nc.flush();
	await openRelayed(t, nats.url);
	await until(() => asked.length === 2, {
		what: 'both requests',
		seen: () => asked.join(' '),
	});
	// A cluster may answer the list late, or not at all.
	assert.deepEqual(asked, ['CREATE', 'LIST']);
});

test('relay: says that it may have no consumer, and goes on once it may', async t => {
	const {nats, jsm, add} = await openStream(t, 1);
	await add('backup');
	const server = await openRelayed(t, nats.url);
	const otter = openClient(t, server.address, 'otter');
	otter.client.say('waits');
	const message = () => server.relayEvents().at(-1)?.error?.message ?? '';
	await until(() => message().includes('consumer'), {
		what: 'the reason',
		seen: message,
	});
	assert.equal(
		message(),
		`JetStream of the NATS server at ${nats.url} gives this server no consumer to read the room by (maximum consumers limit reached).`,
	);
	await jsm.consumers.delete(name, 'backup');
	await server.untilPhase('open');
	await otter.untilStored();
});

test('relay: the rights that docs/relay.md lists are enough, and fewer are said', async t => {
	const page = readFileSync('docs/relay.md', 'utf8');
	const [, block = ''] =
		/```\n(authorization \{\n {2}users[^`]+)```/.exec(page) ?? [];
	const folder = makeScratch(t);
	const operator = '{user: operator, password: operator}';
	const mute = `{user: mute, password: mute, permissions: {
		publish: ["sockchat.lab.>", "_INBOX.>", "$JS.API.INFO", "$JS.API.STREAM.INFO.>"]
		subscribe: ["sockchat.lab.>", "_INBOX.>"]}}`;
	const config = join(folder, 'nats.conf');
	writeFileSync(
		config,
		block.replace('users: [', `users: [\n${operator}\n${mute}\n`),
	);
	const nats = await startNats(t, {
		args: ['-c', config, '-js', '-sd', folder],
		env: {SOCKCHAT_PASSWORD: 'secret'},
	});
	const nc = await connect({
		servers: `127.0.0.1:${nats.port}`,
		user: 'operator',
		pass: 'operator',
	});
	t.after(async () => nc.close());
	const jsm = await jetstreamManager(nc);
	await jsm.streams.add({name, subjects: [subjectsOf('lab').log]});
	const readCredentials = async () => 'sockchat:secret';
	const one = await openRelayed(t, nats.url, {readCredentials});
	const two = await openRelayed(t, nats.url, {readCredentials});
	const otter = openClient(t, one.address, 'otter');
	const wren = openClient(t, two.address, 'wren');
	await Promise.all([otter.untilPhase('open'), wren.untilPhase('open')]);
	otter.client.say('across');
	await wren.until('it', () => wren.said().includes('across'));
	await otter.until('the other', () => one.relayEvents().at(-1)?.servers === 2);
	await one.end();
	const left: string[] = [];
	for await (const each of jsm.consumers.list(name)) {
		left.push(each.name);
	}

	assert.equal(left.length, 1, left.join(' '));
	const third = await openRelayed(t, nats.url, {
		readCredentials: async () => 'mute:mute',
	});
	const message = () => third.relayEvents().at(-1)?.error?.message ?? '';
	await until(() => message() !== '', {what: 'the reason'});
	assert.match(message(), /gives this server no consumer .* \(Permissions/);
});
