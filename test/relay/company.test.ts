/** Members on several servers: one list, whispers, and what a host does. */
import assert from 'node:assert/strict';
import {copyFileSync, linkSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import {namesLine} from '../../source/protocol/presence.js';
import {openClient, type TestClient} from '../helpers/client.js';
import {fastClock} from '../helpers/clock.js';
import type {Owner} from '../helpers/environment.js';
import {openFaultProxy} from '../helpers/fault-proxy.js';
import {
	entriesOf,
	makeScratch,
	openRelayed,
	startNats,
} from '../helpers/nats.js';
import {startNetcat} from '../helpers/peers.js';
import {loopback} from '../helpers/sockchat.js';
import {until} from '../helpers/until.js';

const sees = async (client: TestClient, ...names: readonly string[]) =>
	client.until(
		`the list ${names.join(' ')}`,
		() =>
			client.client.members.names.toSorted().join(' ') ===
			names.toSorted().join(' '),
	);

/** What `nc` is answered. */
const askWho = async (owner: Owner, {port}: {port: number}) => {
	const nc = startNetcat(owner, port);
	nc.writeLine('/who');
	await nc.waitForOutput(/\d here: .*\n/);
	return nc.stdout();
};

const errorsOf = (client: TestClient): string[] =>
	client.events.flatMap(event =>
		event.type === 'failed'
			? [event.error.code]
			: event.type === 'frame' && event.frame.type === 'error'
				? [event.frame.code]
				: [],
	);

test('relay: a whisper reaches another server, and its receipt comes back', async t => {
	const nats = await startNats(t);
	const one = await openRelayed(t, nats.url);
	const two = await openRelayed(t, nats.url);
	const otter = openClient(t, one.address, 'otter');
	const heron = openClient(t, two.address, 'heron');
	const wren = openClient(t, two.address, 'wren');
	await sees(otter, 'heron', 'otter', 'wren');
	otter.client.whisper('heron', 'hush');
	const whispers = (client: TestClient) =>
		client
			.frames()
			.flatMap(frame => (frame.type === 'whispered' ? [frame.text] : []));
	await heron.until('the whisper', () => whispers(heron).includes('hush'));
	await otter.untilStored();
	assert.deepEqual(whispers(otter), ['hush']);
	assert.deepEqual(whispers(wren), []);
	assert.ok(!heron.said().includes('hush'));
	otter.client.whisper('nobody', 'anybody?');
	await otter.until('the refusal', () =>
		errorsOf(otter).includes('ERR_NO_SUCH_MEMBER'),
	);
	await nats.kill();
	await one.untilPhase('away');
	otter.client.whisper('heron', 'and now?');
	await otter.until('the refusal', () =>
		errorsOf(otter).includes('ERR_RELAY_AWAY'),
	);
});

test('relay: there is one list, with the machine of members of other servers', async t => {
	const nats = await startNats(t);
	const one = await openRelayed(t, nats.url, {machine: 'box1'});
	const two = await openRelayed(t, nats.url, {machine: 'box2\u001B[2J'});
	const otter = openClient(t, one.address, 'otter');
	const heron = openClient(t, two.address, 'heron');
	await heron.untilPhase('open');
	const codex = openClient(t, two.address, 'codex', {isAgent: true});
	const marked = (client: TestClient) => namesLine(client.client.members);
	const seen = async (client: TestClient, list: string) =>
		until(() => marked(client) === list, {
			what: list,
			seen: () => marked(client),
		});
	await seen(otter, 'otter; on box2\u001B[2J: heron codex (agent)');
	for (const client of [heron, codex]) {
		await seen(client, 'heron codex (agent); on box1: otter');
	}

	// Each who asks gets all of them, with ids.
	const presentFor = async ({client, ...asking}: TestClient) => {
		const id = client.requests.callRoll();
		const answer = () =>
			asking
				.frames()
				.find(frame => frame.type === 'present' && frame.id === id);
		const frame = await until(answer, {what: 'the roll'});
		assert.equal(frame.type, 'present');
		return frame;
	};

	const ids = [otter, heron, codex].map(({client}) => client.id);
	for (const [asking, machine] of [
		[otter, 'box2\u001B[2J'],
		[heron, 'box1'],
	] as const) {
		const {count, members} = await presentFor(asking);
		assert.equal(count, 3);
		assert.deepEqual(members.map(({id}) => id).toSorted(), ids.toSorted());
		assert.equal(members.find(({nick}) => nick === 'codex')?.agent, true);
		assert.deepEqual(
			new Set(members.map(member => member.machine)),
			new Set([undefined, machine]),
		);
	}

	// One who comes later has the machines with its welcome.
	const wren = openClient(t, one.address, 'wren');
	await wren.untilPhase('open');
	assert.equal(
		marked(wren),
		'otter wren; on box2\u001B[2J: heron codex (agent)',
	);
	assert.equal(one.address.kind, 'tcp');
	const shown = await askWho(t, one.address);
	assert.match(
		shown,
		/5 here: otter wren guest-\d+; on box2␛\[2J: heron codex \(agent\)\n/,
	);
});

test('relay: a nick is taken on all servers', async t => {
	const nats = await startNats(t);
	const one = await openRelayed(t, nats.url);
	const two = await openRelayed(t, nats.url);
	const heron = openClient(t, one.address, 'heron');
	await heron.untilPhase('open');
	const wren = openClient(t, two.address, 'wren');
	await sees(wren, 'heron', 'wren');
	const other = openClient(t, two.address, 'HERON', {isNickFlexible: true});
	await other.untilPhase('open');
	assert.equal(other.client.nick, 'HERON-2');
});

test('relay: of two who took a nick while apart, the first keeps it', async t => {
	const nats = await startNats(t);
	const one = await openRelayed(t, nats.url);
	const two = await openRelayed(t, nats.url);
	await nats.kill();
	await one.untilPhase('away');
	await two.untilPhase('away');
	const first = openClient(t, two.address, 'heron');
	await first.untilPhase('open');
	const second = openClient(t, one.address, 'heron');
	await second.untilPhase('open');
	await nats.start();
	await second.until('another nick', () => second.client.nick === 'heron-2');
	assert.equal(first.client.nick, 'heron');
	assert.ok(errorsOf(second).includes('ERR_NICK_TAKEN'));
	assert.deepEqual(
		second
			.frames()
			.flatMap(frame => (frame.type === 'error' ? [frame.message] : [])),
		[
			'You are heron-2 now: on another server, somebody took "heron", or a nick that looks like it, before you. /nick takes another.',
		],
	);
	for (const client of [first, second]) {
		await sees(client, 'heron', 'heron-2');
		await client.until('the rename', () =>
			client
				.frames()
				.some(frame => frame.type === 'renamed' && frame.to === 'heron-2'),
		);
	}
});

test("relay: a host's kick, mute and ban reach members of other servers", async t => {
	const nats = await startNats(t);
	const one = await openRelayed(t, nats.url);
	const two = await openRelayed(t, nats.url, {machine: 'box2'});
	const otter = openClient(t, one.address, 'otter');
	const heron = openClient(t, two.address, 'heron');
	const wren = openClient(t, two.address, 'wren');
	await sees(otter, 'heron', 'otter', 'wren');
	const {sentence} = await one.rule({type: 'kick', who: 'heron'});
	assert.equal(sentence, 'heron was disconnected on box2 and may come back.');
	assert.equal((await heron.client.closed)?.code, 'ERR_KICKED');
	await one.rule({type: 'mute', who: 'wren'});
	// It goes by the engine; what wren says until then is heard.
	await wren.until('silence', () => {
		wren.client.say('is this heard?');
		return errorsOf(wren).includes('ERR_MUTED');
	});
	const banned = await one.rule({type: 'ban', who: 'wren'});
	assert.equal(
		banned.sentence,
		`client:${wren.client.id} (wren) is banned on all servers of the room; box2 disconnects it. /unban undoes it.`,
	);
	assert.equal((await wren.client.closed)?.code, 'ERR_BANNED');
	// A server that comes later knows of it, once the others have heard it.
	await one.rule({type: 'lock'});
	const three = await openRelayed(t, nats.url);
	await until(
		async () => {
			const crane = openClient(t, three.address, 'crane', {isRetrying: false});
			await crane.until('an end', () =>
				['open', 'closed'].includes(crane.phase()),
			);
			crane.client.leave();
			const cause = await crane.client.closed;
			return cause?.code === 'ERR_ROOM_LOCKED';
		},
		{what: 'the lock to hold there'},
	);
});

test('relay: the members of a server that is gone leave, and come back with it', async t => {
	const nats = await startNats(t);
	const proxy = await openFaultProxy(t, loopback(nats.port));
	const {port} = proxy.address as {port: number};
	const relayClock = fastClock;
	const one = await openRelayed(t, nats.url, {relayClock});
	const two = await openRelayed(t, `nats://127.0.0.1:${port}`, {relayClock});
	const otter = openClient(t, one.address, 'otter');
	const heron = openClient(t, two.address, 'heron');
	await sees(otter, 'heron', 'otter');
	await sees(heron, 'heron', 'otter');
	// The list comes by another way: what isn't in the log has no leave.
	await otter.until('the join', () =>
		otter
			.frames()
			.some(frame => frame.type === 'joined' && frame.nick === 'heron'),
	);
	proxy.manner.isStalled = true;
	for (const link of proxy.open()) {
		link.cut('reset');
	}

	const left = () =>
		otter
			.frames()
			.filter(frame => frame.type === 'left' && frame.nick === 'heron').length;
	await otter.until('the leave', () => left() === 1);
	await sees(otter, 'otter');
	// Whoever is on the other side of the cut is not known to be there.
	await sees(heron, 'heron');
	heron.client.say('while apart');
	proxy.manner.isStalled = false;
	for (const link of proxy.open()) {
		link.cut('reset');
	}

	await sees(otter, 'heron', 'otter');
	await sees(heron, 'heron', 'otter');
	await otter.until('what it said', () => otter.said().includes('while apart'));
	await otter.until('its return', () =>
		otter
			.frames()
			.some(
				(frame, index, frames) =>
					frame.type === 'joined' &&
					frame.nick === 'heron' &&
					frames.slice(0, index).some(({type}) => type === 'left'),
			),
	);
	assert.equal(left(), 1);
});

test('relay: two servers of one identity, as of a copied machine, are told, and read all', async t => {
	const nats = await startNats(t);
	const folder = makeScratch(t);
	const [a, b] = [join(folder, 'a.jsonl'), join(folder, 'b.jsonl')];
	const first = await openRelayed(t, nats.url, {path: a});
	await first.end();
	copyFileSync(a, b);
	// A copy of a machine's disk has the same inodes.
	linkSync(`${a}.outbox`, `${b}.outbox`);
	const one = await openRelayed(t, nats.url, {path: a, machine: 'old'});
	const two = await openRelayed(t, nats.url, {path: b, machine: 'new'});
	for (const [{relayEvents}, path, other] of [
		[one, a, 'new'],
		[two, b, 'old'],
	] as const) {
		const told = () =>
			relayEvents().flatMap(({error}) =>
				error?.code === 'ERR_RELAY' ? [error.message] : [],
			);
		await until(() => told().length > 0, {
			what: 'a word of the other',
			seen: () => JSON.stringify(relayEvents()),
		});
		assert.deepEqual(told(), [
			`Another server of this room, on ${other}, has the identity of this one, so they don't hear each other: ${path}.outbox was copied. End one of them once its outbox is empty, delete its .outbox file, and start it again.`,
		]);
	}

	const otter = openClient(t, one.address, 'otter');
	await otter.untilPhase('open');
	const count = 200;
	for (let line = 1; line <= count; line++) {
		otter.client.say(`line ${line}`);
	}

	const countIn = (path: string) => entriesOf(path).split('"line ').length - 1;
	await until(() => countIn(a) === count && countIn(b) === count, {
		what: 'all lines in both histories',
		seen: () => `${countIn(a)}, ${countIn(b)}`,
	});
	for (const {relayEvents} of [one, two]) {
		const phases = relayEvents().map(({phase}) => phase);
		assert.ok(!phases.includes('away'), phases.join(' '));
	}
});

test('relay: a server with a copied state folder is another server', async t => {
	const nats = await startNats(t);
	const folder = makeScratch(t);
	const [a, b] = [join(folder, 'a.jsonl'), join(folder, 'b.jsonl')];
	const first = await openRelayed(t, nats.url, {path: a});
	await first.end();
	copyFileSync(a, b);
	copyFileSync(`${a}.outbox`, `${b}.outbox`);
	const one = await openRelayed(t, nats.url, {path: a, machine: 'old'});
	const two = await openRelayed(t, nats.url, {path: b, machine: 'new'});
	const otter = openClient(t, one.address, 'otter');
	const heron = openClient(t, two.address, 'heron');
	for (const {client} of [otter, heron]) {
		await until(() => client.members.names.length === 2, {
			what: 'both names',
			seen: () => JSON.stringify(client.members),
		});
	}
});
