import assert from 'node:assert/strict';
import {randomUUID} from 'node:crypto';
import {test} from 'node:test';
import {publicId} from '../../source/protocol/public-id.js';
import {openServer} from '../helpers/room.js';
import {
	joinWire,
	openPlain,
	openWire,
	helloFrame,
} from '../helpers/wire-peer.js';

test('server: an agent is marked as one in the lists, also after a rename', async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	assert.equal(otter.welcome.members.agents, undefined);
	const codex = await joinWire(t, server.address, 'codex', {agent: true});
	const joined = await otter.untilFrame('joined', ({nick}) => nick === 'codex');
	assert.equal(joined.agent, true);
	codex.send({type: 'nick', nick: 'planner'});
	await otter.untilFrame('renamed');
	const heron = await joinWire(t, server.address, 'heron');
	assert.deepEqual(heron.welcome.members, {
		count: 3,
		names: ['otter', 'planner', 'heron'],
		agents: ['planner'],
	});

	const asking = await openWire(t, server.address);
	asking.send({...helloFrame('status'), status: true});
	const {members} = await asking.untilFrame('status');
	assert.deepEqual(members.agents, ['planner']);
});

test('server: the welcome has the limit of agents, unless it is off', async t => {
	const usual = await openServer(t);
	const limited = await openServer(t, {agentRate: 5});
	const open = await openServer(t, {agentRate: 'off'});
	const rates = [usual, limited, open].map(async ({address}) => {
		const {welcome} = await joinWire(t, address, 'codex', {agent: true});
		return welcome.limits.agentRate;
	});
	assert.deepEqual(await Promise.all(rates), [30, 5, undefined]);
});

test('server: an agent is refused more than its limit, and others are not', async t => {
	const server = await openServer(t, {agentRate: 3});
	const codex = await joinWire(t, server.address, 'codex', {agent: true});
	const otter = await joinWire(t, server.address, 'otter');
	codex.say(1, 'one');
	codex.send({type: 'whisper', n: 2, to: 'otter', text: 'two'});
	codex.say(3, 'three');
	// As after a reconnect: they were counted before.
	codex.say(1, 'one');
	codex.say(3, 'three');
	codex.say(4, 'four');
	codex.send({type: 'whisper', n: 5, to: 'otter', text: 'five'});
	await codex.untilFrame('error', ({n}) => n === 5);
	assert.deepEqual(
		codex.of('error').map(({code, n}) => [code, n]),
		[
			['ERR_AGENT_RATE', 4],
			['ERR_AGENT_RATE', 5],
		],
	);
	for (let n = 1; n <= 10; n++) {
		otter.say(n, 'again');
	}

	await codex.until('all of them', () => codex.said.length === 12);
	assert.deepEqual(otter.of('error'), []);
	assert.deepEqual(otter.said.slice(0, 2), ['one', 'three']);
});

test('server: an agent is refused the third equal text in a row', async t => {
	const server = await openServer(t);
	const codex = await joinWire(t, server.address, 'codex', {agent: true});
	for (const [index, text] of ['ok', 'ok', 'ok', 'well', 'ok'].entries()) {
		codex.say(index + 1, text);
	}

	await codex.until('the last', () => codex.of('message').at(-1)?.n === 5);
	assert.deepEqual(codex.said, ['ok', 'ok', 'well', 'ok']);
	assert.deepEqual(
		codex.of('error').map(({code, n}) => [code, n]),
		[['ERR_REPEATED', 3]],
	);
});

test('server: a member may ask who is here, with ids and whose they are', async t => {
	const server = await openServer(t);
	const client = randomUUID();
	const codex = await joinWire(t, server.address, 'codex', {
		agent: true,
		client,
	});
	const guest = await openPlain(t, server.address);
	guest.write('hello\nthere\n');
	await codex.untilSaid('there');
	codex.send({type: 'who', id: 7});
	const {id, count, members} = await codex.untilFrame('present');
	assert.deepEqual([id, count], [7, 2]);
	const [own, other] = members;
	assert.deepEqual(own, {
		nick: 'codex',
		id: publicId(client),
		agent: true,
		sameUser: true,
	});
	assert.match(other!.nick, /^guest-\d+$/);
	assert.equal(other!.sameUser, true);
	assert.equal(other!.agent, undefined);
});
