/** Hosts of several servers: none puts another out of its own room. */
import assert from 'node:assert/strict';
import {test, type TestContext} from 'node:test';
import {createDoor} from '../../source/chat/host.js';
import {freshIdentity} from '../../source/client/identity.js';
import {openClient, type TestClient} from '../helpers/client.js';
import {openRelayed, startNats} from '../helpers/nats.js';
import {until} from '../helpers/until.js';

/** Two servers, each with its host. */
const openHosts = async (t: TestContext) => {
	const nats = await startNats(t);
	const one = await openRelayed(t, nats.url, {machine: 'box1'});
	const two = await openRelayed(t, nats.url, {machine: 'box2'});
	const otter = openClient(t, one.address, 'otter', createDoor(one, false));
	const identity = freshIdentity();
	const heron = openClient(t, two.address, 'heron', {
		...createDoor(two, false),
		identity,
	});
	const there = await until(() => one.room.elsewhereNamed('heron'), {
		what: 'heron on the other server',
	});
	await heron.until('otter', () => heron.client.members.names.length === 2);
	return {one, two, otter, heron, there, secret: identity.secret};
};

const refusalsOf = ({events}: TestClient): string[] =>
	events.flatMap(event =>
		event.type === 'failed' && event.error.code === 'ERR_MUTED'
			? [event.error.message]
			: [],
	);

/** What heron reads when it speaks, once it is muted. */
const refusedMuted = async (
	two: Awaited<ReturnType<typeof openRelayed>>,
	heron: TestClient,
) => {
	await until(
		async () => (await two.rule({type: 'bans'})).sentence === 'muted heron.',
		{what: 'the mute'},
	);
	heron.client.say('hush');
	await heron.until('the refusal', () => refusalsOf(heron).length === 1);
	return refusalsOf(heron)[0];
};

const stays = (nick: string): string =>
	`${nick} is the host of its own server, so it can't be kicked or banned. /mute ${nick} keeps it silent; to close its server, ask the owner of its machine.`;

test('relay: the host of another server is neither kicked nor banned', async t => {
	const {one, two, otter, heron, there} = await openHosts(t);
	for (const action of [
		{type: 'kick', who: 'heron'},
		{type: 'ban', who: 'heron'},
		{type: 'ban', who: `client:${there.id}`},
	] as const) {
		const answer = await one.rule(action);
		assert.deepEqual(answer, {type: 'refused', sentence: stays('heron')});
	}

	const own = await two.rule({type: 'ban', who: `client:${there.id}`});
	assert.equal(own.sentence, 'That is you, the host.');
	assert.equal(
		(await one.rule({type: 'bans'})).sentence,
		'Nobody is banned or muted, and the room is open.',
	);
	heron.client.say('still here');
	await otter.until('it', () => otter.said().includes('still here'));
	await heron.untilStored();
});

test('relay: a server keeps its own host, whatever another one asks', async t => {
	const {one, two, otter, heron, there} = await openHosts(t);
	const {id, nick, server} = there;
	const error = await one.relay.ask(server, {type: 'kick', id});
	assert.equal(error?.message, stays('heron'));
	one.relay.tell({type: 'ban', id, nick});
	one.relay.tell({type: 'lock'});
	await until(
		async () => {
			const {sentence} = await two.rule({type: 'bans'});
			return sentence === 'the room is locked.';
		},
		{what: 'the lock, and no ban'},
	);
	heron.client.say('still here');
	await otter.until('it', () => otter.said().includes('still here'));
	await heron.untilStored();
});

test('relay: a host stays, though its identity joins another server', async t => {
	const {one, heron, secret} = await openHosts(t);
	const copy = openClient(t, one.address, 'heron', {
		identity: freshIdentity(secret),
	});
	await copy.untilPhase('open');
	// A beat of the other server has named it by then.
	const wren = openClient(t, one.address, 'wren');
	await wren.untilPhase('open');
	await heron.until('wren', () => heron.client.members.names.includes('wren'));
	heron.client.say('still here');
	await heron.untilStored();
	assert.ok(heron.said().includes('still here'));
});

test('relay: the mute of a host of another server holds, and it reads so', async t => {
	const {one, two, otter, heron} = await openHosts(t);
	const {sentence, told} = await one.rule({type: 'mute', who: 'heron'});
	assert.equal(
		sentence,
		'heron is muted: it can listen, but not speak. /unmute undoes it.',
	);
	assert.equal(told, 'mutes heron');
	assert.equal(
		await refusedMuted(two, heron),
		"otter, the host of another server, has muted you: you can read, but you can't send. You are a host, too: /unmute heron undoes it.",
	);
	// It is a host, too, and may take that back.
	await two.rule({type: 'unmute', who: 'heron'});
	heron.client.say('and yet');
	await otter.until('it', () => otter.said().includes('and yet'));
});

test('relay: a muted host reads how to undo it, also of a server that names no host', async t => {
	const {one, two, heron, there} = await openHosts(t);
	const {id, nick} = there;
	one.relay.tell({type: 'mute', id, nick});
	assert.equal(
		await refusedMuted(two, heron),
		"The host of another server has muted you: you can read, but you can't send. You are a host, too: /unmute heron undoes it.",
	);
});
