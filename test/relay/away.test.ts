/** Comings and new nicks while the engine is away: nobody is left without a word. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {namesLine} from '../../source/protocol/presence.js';
import {openClient, type TestClient} from '../helpers/client.js';
import {openFaultProxy} from '../helpers/fault-proxy.js';
import {openRelayed, startNats} from '../helpers/nats.js';
import {startNetcat} from '../helpers/peers.js';
import {loopback} from '../helpers/sockchat.js';
import {until} from '../helpers/until.js';

const lists = async (client: TestClient, list: string) =>
	until(() => namesLine(client.client.members) === list, {
		what: list,
		seen: () => namesLine(client.client.members),
	});

/** Of its own server: an engine that is away takes the others with it. */
const listsHere = async (client: TestClient, list: string) =>
	until(() => namesLine(client.client.members).split('; ', 1)[0] === list, {
		what: list,
		seen: () => namesLine(client.client.members),
	});

const sentencesOf = (client: TestClient): string[] =>
	client
		.frames()
		.flatMap(frame => (frame.type === 'error' ? [frame.message] : []));

const bansOf = async (server: Awaited<ReturnType<typeof openRelayed>>) => {
	const {sentence} = await server.rule({type: 'bans'});
	return sentence;
};

test('relay: who comes while the engine is away is listed here, as not yet shared', async t => {
	const nats = await startNats(t);
	const one = await openRelayed(t, nats.url, {machine: 'box1'});
	const two = await openRelayed(t, nats.url, {machine: 'box2'});
	const otter = openClient(t, one.address, 'otter');
	const heron = openClient(t, two.address, 'heron');
	await lists(otter, 'otter; on box2: heron');
	await lists(heron, 'heron; on box1: otter');
	await nats.kill();
	await one.untilPhase('away');
	await two.untilPhase('away');
	const wren = openClient(t, one.address, 'wren');
	await wren.untilPhase('open');
	for (const each of [otter, wren]) {
		await each.until(
			'wren, not yet shared',
			() => each.client.members.unshared?.includes('wren') === true,
		);
		await listsHere(each, 'otter wren (not yet shared)');
	}

	// One that comes later has it with its welcome.
	const crane = openClient(t, one.address, 'crane');
	await crane.untilPhase('open');
	assert.deepEqual(crane.client.members.unshared, ['wren']);
	assert.equal(one.address.kind, 'tcp');
	const nc = startNetcat(t, (one.address as {port: number}).port);
	nc.writeLine('/who');
	await nc.waitForOutput(/otter wren \(not yet shared\) crane/);
	nc.writeLine('/quit');
	// It leaves again: it is in no list, whether its join was shared or not.
	crane.client.leave();
	await crane.client.closed;
	await listsHere(otter, 'otter wren (not yet shared)');
	await nats.start();
	for (const each of [otter, wren]) {
		await lists(each, 'otter wren; on box2: heron');
	}

	await lists(heron, 'heron; on box1: otter wren');
	for (const each of [otter, heron]) {
		await each.until('the join', () =>
			each
				.frames()
				.some(frame => frame.type === 'joined' && frame.nick === 'wren'),
		);
	}
});

test('relay: a new nick is refused while the engine is away, in a sentence', async t => {
	const nats = await startNats(t);
	const one = await openRelayed(t, nats.url);
	const otter = openClient(t, one.address, 'otter');
	await otter.untilPhase('open');
	await nats.kill();
	await one.untilPhase('away');
	otter.client.rename('wren');
	await otter.until('an answer', () => sentencesOf(otter).length > 0);
	assert.deepEqual(sentencesOf(otter), [
		"You are still otter: the room's relay is away, and a nick has to be free on all its machines. Try again once it is back.",
	]);
	assert.equal(otter.client.nick, 'otter');
	otter.client.say('who am I?');
	await otter.until('it, pending', () =>
		otter
			.frames()
			.some(frame => frame.type === 'pending' && frame.from === 'otter'),
	);
	const nc = startNetcat(t, (one.address as {port: number}).port);
	nc.writeLine('/nick crane');
	await nc.waitForOutput(/You are still guest-\d+: the room's relay is away/);
	await nats.start();
	await one.untilPhase('open');
	await otter.untilStored();
	otter.client.rename('wren');
	await otter.until('the nick', () => otter.client.nick === 'wren');
});

test('relay: whom nobody here knows is said to be out of reach while the engine is away', async t => {
	const nats = await startNats(t);
	const one = await openRelayed(t, nats.url);
	const otter = openClient(t, one.address, 'otter');
	await otter.untilPhase('open');
	const failures = () =>
		otter.events.flatMap(event =>
			event.type === 'failed' ? [event.error.message] : [],
		);
	const rule = async () => one.rule({type: 'kick', who: 'heron'});
	otter.client.whisper('heron', 'hush');
	await otter.until('the refusal', () => failures().length === 1);
	const unknown = 'Nobody here is called "heron". /who lists the names.';
	assert.deepEqual(failures(), [unknown]);
	assert.equal((await rule()).sentence, unknown);
	await nats.kill();
	await one.untilPhase('away');
	otter.client.whisper('heron', 'hush');
	await otter.until('the refusal', () => failures().length === 2);
	const away =
		'Nobody on this machine is called "heron", and others can\'t be reached until the room\'s relay is back.';
	assert.equal(failures()[1], away);
	assert.equal((await rule()).sentence, away);
});

test('relay: what a host does in a short outage reaches the others after it', async t => {
	const nats = await startNats(t);
	const proxy = await openFaultProxy(t, loopback(nats.port));
	const {port} = proxy.address as {port: number};
	const one = await openRelayed(t, `nats://127.0.0.1:${port}`);
	const two = await openRelayed(t, nats.url);
	const heron = openClient(t, two.address, 'heron');
	await until(() => one.room.elsewhereNamed('heron') !== undefined, {
		what: 'heron',
	});
	for (const link of proxy.open()) {
		link.cut('reset');
	}

	await one.untilPhase('away');
	// The others are still known: the outage is shorter than their beats last.
	await one.rule({type: 'mute', who: 'heron'});
	await one.untilPhase('open');
	await heron.until('silence', () => {
		heron.client.say('is this heard?');
		return heron.events.some(
			event => event.type === 'failed' && event.error.code === 'ERR_MUTED',
		);
	});
});

test('relay: what hosts do and undo in an outage holds everywhere after it', async t => {
	const nats = await startNats(t);
	const one = await openRelayed(t, nats.url);
	const two = await openRelayed(t, nats.url);
	const servers = [one, two];
	const wren = openClient(t, one.address, 'wren');
	await wren.untilPhase('open');
	await one.rule({type: 'lock'});
	await one.rule({type: 'mute', who: 'wren'});
	await until(
		async () => (await bansOf(two)).includes('wren; the room is locked'),
		{
			what: 'the mute and the lock on both',
		},
	);
	await nats.kill();
	await Promise.all(servers.map(async each => each.untilPhase('away')));
	const here =
		'The relay is away: this holds on this server only, until the relay is back and the others hear of it.';
	const sentences = [];
	for (const action of [
		{type: 'unmute', who: 'wren'},
		{type: 'unlock'},
	] as const) {
		const {sentence} = await one.rule(action);
		sentences.push(sentence);
	}

	const banned = await one.rule({type: 'ban', who: 'wren'});
	assert.deepEqual(sentences, [
		`wren may speak again. ${here}`,
		`The room is open. ${here}`,
	]);
	assert.equal(
		banned.sentence,
		`client:${wren.client.id} (wren) is banned; members disconnected here: 1. /unban undoes it. ${here}`,
	);
	const address = await one.rule({type: 'ban', who: '127.0.0.9'});
	assert.match(address.sentence, /\/unban undoes it\.$/);
	await nats.start();
	const ban = `banned client:${wren.client.id} (wren)`;
	await until(
		async () =>
			(await bansOf(two)) === `${ban}.` &&
			(await bansOf(one)) === `${ban}; banned 127.0.0.9.`,
		{
			what: 'the ban alone, on both',
			seen: () => JSON.stringify(two.relayEvents().at(-1)),
		},
	);
});

test('relay: of an engine that is silent it is said how long, and no more', async t => {
	const nats = await startNats(t);
	const one = await openRelayed(t, nats.url);
	const otter = openClient(t, one.address, 'otter');
	await otter.untilJoined();
	await nats.pause();
	otter.client.say('anybody?');
	const trouble = () =>
		one.relayEvents().flatMap(({error}) => (error ? [error.message] : []));
	await until(() => trouble().length > 0, {what: 'the trouble'});
	// Whichever is noticed first: a publish, or a missed heartbeat.
	const at = `the NATS server at ${nats.url} has`;
	assert.match(
		trouble()[0]!,
		new RegExp(
			`^(?:JetStream of ${at} not answered for 2\\.5 s\\. What is said waits here|T${at.slice(1)} stopped answering)\\.$`,
		),
	);
	nats.signal('SIGCONT');
	await otter.untilStored();
});

test('relay: a new nick that an engine leaves without an answer is explained', async t => {
	const nats = await startNats(t);
	const one = await openRelayed(t, nats.url);
	const otter = openClient(t, one.address, 'otter');
	await otter.untilJoined();
	await nats.pause();
	otter.client.rename('wren');
	await otter.until('a word', () => sentencesOf(otter).length > 0);
	assert.deepEqual(sentencesOf(otter), [
		"The room's relay doesn't answer: that you are wren now is shown to all once it does.",
	]);
	otter.client.rename('crane');
	await otter.until('an answer', () => sentencesOf(otter).length > 1);
	assert.match(sentencesOf(otter)[1]!, /^You are still wren: /);
	nats.signal('SIGCONT');
	await otter.until('the nick', () => otter.client.nick === 'wren');
});
