/** Who leaves while the stream takes nothing more. */
import assert from 'node:assert/strict';
import {join} from 'node:path';
import {test} from 'node:test';
import {jetstream, jetstreamManager} from '@nats-io/jetstream';
import {connect} from '@nats-io/transport-node';
import {freshIdentity} from '../../source/client/identity.js';
import {expiryMs} from '../../source/relay/presence.js';
import {streamOf, subjectsOf} from '../../source/relay/subjects.js';
import {openClient} from '../helpers/client.js';
import {fastClock} from '../helpers/clock.js';
import {openFaultProxy} from '../helpers/fault-proxy.js';
import {
	entriesOf,
	makeScratch,
	openRelayed,
	startNats,
} from '../helpers/nats.js';
import {loopback} from '../helpers/sockchat.js';
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

test('relay: the leave of one whose server died does not take it away once it is back', async t => {
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
	const proxy = await openFaultProxy(t, loopback(nats.port));
	const {port} = proxy.address as {port: number};
	const folder = makeScratch(t);
	const paths = ['0', '1'].map(each => join(folder, `${each}.jsonl`));
	const open = async (path: string) =>
		openRelayed(t, nats.url, {relayClock: fastClock, path});
	const servers = await Promise.all(paths.map(async path => open(path)));
	const dying = await openRelayed(t, `nats://127.0.0.1:${port}`, {
		relayClock: fastClock,
	});
	const watching = servers.map(({address}, index) =>
		openClient(t, address, `otter${index}`),
	);
	const identity = freshIdentity();
	const gone = openClient(t, dying.address, 'heron', {identity});
	for (const client of watching) {
		await client.until('heron', () =>
			client
				.frames()
				.some(frame => frame.type === 'joined' && frame.nick === 'heron'),
		);
	}

	const outboxes = () =>
		servers.map(({relayEvents}) => relayEvents().at(-1)!.outbox);
	const untilOutboxes = async (what: string, sizes: readonly number[]) =>
		until(() => outboxes().join(' ') === sizes.join(' '), {
			what,
			seen: () => outboxes().join(' '),
		});
	const say = (text: string) => {
		for (const {client} of watching) {
			client.say(text);
		}
	};

	// What is on its way counts, too: only with nothing on its way the next are
	// those that wait.
	say('a');
	await Promise.all(
		watching.map(async client =>
			client.until('both', () => client.said().length === 2),
		),
	);
	await untilOutboxes('the last two that fit', [0, 0]);
	say('b');
	await untilOutboxes('a full stream', [1, 1]);
	const full = outboxes();
	proxy.manner.isStalled = true;
	for (const link of proxy.open()) {
		link.cut('reset');
	}

	gone.client.leave();
	gone.client.leave();
	// The one with the lower id has its leave.
	const survivor = await until(
		() => {
			const index = outboxes().findIndex((size, each) => size > full[each]!);
			return index === -1 ? undefined : {index};
		},
		{what: 'a leave that waits', seen: () => outboxes().join(' ')},
	);
	const path = paths[survivor.index]!;
	const otherPath = paths[1 - survivor.index]!;
	const other = servers[1 - survivor.index]!;
	const back = openClient(t, other.address, 'heron', {identity});
	await back.untilPhase('open');
	await until(
		() => outboxes()[1 - survivor.index]! > full[1 - survivor.index]!,
		{
			what: 'a join that waits',
		},
	);
	await servers[survivor.index]!.end();
	await jsm.streams.update(name, {max_msgs: 1000});
	const comings = (of: string) =>
		entriesOf(of)
			.split('\n')
			.map(line => JSON.parse(line) as {type: string; seq: number; id: string})
			.filter(({id}) => id === back.client.id);
	const types = (of: string) => comings(of).map(({type}) => type);
	await until(() => types(otherPath).length > 1, {what: 'the join'});
	assert.deepEqual(types(otherPath), ['joined', 'joined']);

	const survivorAgain = await open(path);
	await survivorAgain.untilPhase('open');
	await until(() => survivorAgain.relayEvents().at(-1)!.outbox === 0, {
		what: 'nothing to wait',
	});
	const [first] = comings(path);
	back.client.say('between');
	await back.until('it', () => back.said().includes('between'));
	assert.doesNotMatch(entriesOf(otherPath), /"id":"0{16}"/, 'it was withdrawn');
	// One that was sent before its server had read the join.
	await jetstream(nc).publish(
		log,
		`{"type":"left","at":1,"nick":"heron","id":"${back.client.id}","reason":"timeout"}`,
		{msgID: `gone:${first!.seq}`},
	);
	back.client.say('after');
	await until(
		() => [path, otherPath].every(each => entriesOf(each).includes('"after"')),
		{what: 'it in both histories'},
	);
	assert.equal(entriesOf(path), entriesOf(otherPath));
	assert.deepEqual(types(path), ['joined', 'joined', 'message', 'message']);
	const late = join(folder, 'late.jsonl');
	const third = await open(late);
	const wren = openClient(t, third.address, 'wren');
	for (const {client} of [wren, back]) {
		await until(() => client.members.names.includes('heron'), {
			what: 'heron',
			seen: () => JSON.stringify(client.members),
		});
	}

	assert.deepEqual(types(late), ['joined', 'joined', 'message', 'message']);
});

test('relay: who moves to another server while the stream is full is there in the end', async t => {
	const nats = await startNats(t);
	const nc = await connect({servers: `127.0.0.1:${nats.port}`});
	t.after(async () => nc.close());
	const jsm = await jetstreamManager(nc);
	await jsm.streams.add({
		name,
		subjects: [subjectsOf('lab').log],
		max_msgs: 3,
		discard: 'new',
	});
	const folder = makeScratch(t);
	const [from, to] = [join(folder, 'from.jsonl'), join(folder, 'to.jsonl')];
	const open = async (path: string) =>
		openRelayed(t, nats.url, {relayClock: fastClock, path});
	const one = await open(from);
	const two = await open(to);
	const otter = openClient(t, two.address, 'otter');
	await otter.untilPhase('open');
	const identity = freshIdentity();
	const before = openClient(t, one.address, 'heron', {identity});
	await before.untilPhase('open');
	before.client.say('a');
	await before.untilStored();
	before.client.leave();
	before.client.leave();
	await before.client.closed;
	const waiting = ({relayEvents}: typeof one) => relayEvents().at(-1)!.outbox;
	await until(() => waiting(one) === 1, {what: 'a leave that waits'});
	const after = openClient(t, two.address, 'heron', {identity});
	await after.untilPhase('open');
	await until(() => waiting(two) === 1, {what: 'a join that waits'});
	await one.end();
	await jsm.streams.update(name, {max_msgs: 1000});
	await until(() => waiting(two) === 0, {what: 'the join'});
	const oneAgain = await open(from);
	const types = (path: string) =>
		entriesOf(path)
			.split('\n')
			.map(line => JSON.parse(line) as {type: string; id: string})
			.filter(({id, type}) => id === after.client.id && type !== 'message')
			.map(({type}) => type);
	for (const path of [from, to]) {
		await until(() => types(path).length === 4, {
			what: 'a second join',
			seen: () => types(path).join(' '),
		});
		assert.deepEqual(types(path), ['joined', 'joined', 'left', 'joined']);
	}

	const wren = openClient(t, oneAgain.address, 'wren');
	for (const {client} of [otter, wren]) {
		await until(() => client.members.names.includes('heron'), {
			what: 'heron',
			seen: () => JSON.stringify(client.members),
		});
	}
});
