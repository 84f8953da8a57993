import assert from 'node:assert/strict';
import {test} from 'node:test';
import {openClient, type TestClient} from '../helpers/client.js';
import {FakeClock} from '../helpers/clock.js';
import {openServer, openSessions} from '../helpers/room.js';
import {messageFrame, openScripted, welcomeFrame} from '../helpers/scripted.js';
import {joinWire, type WirePeer} from '../helpers/wire-peer.js';

const causes = (otter: TestClient) =>
	otter
		.of('connection')
		.flatMap(({connection}) =>
			connection.phase === 'waiting' ? [connection.cause.code] : [],
		);

const seqs = (otter: TestClient) =>
	otter.frames().flatMap(frame => ('seq' in frame ? [frame.seq] : []));

type Hello = {since?: number; log?: string; nick: string; client: string};

/** The lines that a client sent to a scripted server. */
const linesOf = (peer: WirePeer) =>
	peer.text
		.split('\n')
		.slice(0, -1)
		.map(line => JSON.parse(line) as Record<string, unknown>);

test('reconnect: comes back to a server on the same port, and says the unsaid once', async t => {
	const clock = new FakeClock();
	const before = await openServer(t);
	const {address} = before;
	const otter = openClient(t, address, 'otter', {clock, random: () => 0.5});
	await otter.untilPhase('open');
	otter.client.say('before');
	await otter.untilStored();
	await before.drain();
	await otter.untilPhase('waiting');
	assert.deepEqual(causes(otter), ['ERR_SHUTDOWN']);

	otter.client.say('while it was away');
	clock.advance(125);
	await otter.untilPhase('waiting', 2);
	otter.client.say('a second');
	assert.deepEqual(causes(otter), ['ERR_SHUTDOWN', 'ERR_REFUSED']);
	assert.equal(otter.of('sent').length, 1);

	const after = await openServer(t, {address});
	const heron = await joinWire(t, address, 'heron');
	clock.advance(250);
	await otter.untilPhase('open', 2);
	otter.client.say('back');
	await otter.untilStored();
	await heron.untilSaid('back');
	assert.deepEqual(heron.said, ['while it was away', 'a second', 'back']);
	assert.deepEqual(otter.said(), [
		'before',
		'while it was away',
		'a second',
		'back',
	]);
	assert.equal(after.room.memberCount, 2);
});

test('reconnect: waits twice as long after each failure, up to 10 s', async t => {
	const clock = new FakeClock();
	const server = await openServer(t);
	const otter = openClient(t, server.address, 'otter', {
		clock,
		random: () => 1,
	});
	await otter.untilPhase('open');
	await server.drain();
	const waits: number[] = [];
	for (let attempt = 1; attempt <= 8; attempt++) {
		// eslint-disable-next-line no-await-in-loop
		await otter.untilPhase('waiting', attempt);
		const {connection} = otter.client;
		assert.ok(connection.phase === 'waiting');
		waits.push(connection.retryAt - connection.since);
		clock.advance(waits.at(-1)!);
	}

	assert.deepEqual(waits, [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
});

test('reconnect: starts anew with its waits after 10 s of health', async t => {
	const clock = new FakeClock();
	const {address, sockets} = await openSessions(t);
	const otter = openClient(t, address, 'otter', {clock, random: () => 1});
	const attempts = [];
	for (const healthyMs of [1000, 1000, 10_000]) {
		// eslint-disable-next-line no-await-in-loop
		await otter.untilPhase('open', attempts.length + 1);
		// Heard now and then, so that it stays open.
		for (let passed = 0; passed < healthyMs; passed += 1000) {
			clock.advance(1000);
			otter.client.say('still here');
			// eslint-disable-next-line no-await-in-loop
			await otter.untilStored();
		}

		sockets.at(-1)!.resetAndDestroy();
		// eslint-disable-next-line no-await-in-loop
		await otter.untilPhase('waiting', attempts.length + 1);
		const {connection} = otter.client;
		assert.ok(connection.phase === 'waiting');
		attempts.push(connection.attempt);
		clock.advance(10_000);
	}

	assert.deepEqual(attempts, [1, 2, 1]);
	assert.deepEqual(causes(otter), ['ERR_RESET', 'ERR_RESET', 'ERR_RESET']);
});

test('reconnect: gets exactly what it missed', async t => {
	const clock = new FakeClock();
	const server = await openServer(t);
	const heron = await joinWire(t, server.address, 'heron');
	const otter = openClient(t, server.address, 'otter', {
		clock,
		random: () => 1,
	});
	await otter.untilPhase('open');
	heron.say(1, 'seen');
	await otter.until('the first', () => otter.said().includes('seen'));

	otter.dialled[0]!.destroy();
	await otter.untilPhase('waiting');
	await heron.untilFrame('left');
	for (let n = 2; n <= 300; n++) {
		heron.say(n, `missed ${n}`);
	}

	await heron.untilSaid('missed 300');
	clock.advance(250);
	await otter.until('the rest', () => otter.said().includes('missed 300'));
	assert.deepEqual(
		seqs(otter),
		Array.from({length: 304}, (_, index) => index + 1),
	);
	assert.equal(
		otter.frames().some(({type}) => type === 'gap'),
		false,
	);
});

test('reconnect: without a retry the first loss is the end', async t => {
	const server = await openServer(t);
	const otter = openClient(t, server.address, 'otter', {isRetrying: false});
	await otter.untilPhase('open');
	await server.drain();
	const cause = await otter.client.closed;
	assert.equal(cause?.code, 'ERR_SHUTDOWN');
	assert.equal(otter.dialled.length, 1);
});

test('reconnect: who was replaced does not come back', async t => {
	const {address} = await openScripted(t, peer => {
		peer.send(welcomeFrame(), {type: 'bye', reason: 'replaced'});
		peer.end();
	});
	const otter = openClient(t, address, 'otter');
	const cause = await otter.client.closed;
	assert.equal(cause?.code, 'ERR_REPLACED');
	assert.equal(otter.dialled.length, 1);
});

test('reconnect: takes another nick if its own is gone by then', async t => {
	const clock = new FakeClock();
	const server = await openServer(t);
	const otter = openClient(t, server.address, 'otter', {
		clock,
		random: () => 1,
	});
	await otter.untilPhase('open');
	const heron = await joinWire(t, server.address, 'heron');
	otter.dialled[0]!.destroy();
	await heron.untilFrame('left');
	await joinWire(t, server.address, 'otter');
	clock.advance(250);
	await otter.untilPhase('open', 2);
	assert.equal(otter.client.nick, 'otter-2');
});

/** A server that counts connections and answers each hello by a script. */
const openByTurns = async (
	t: Parameters<typeof openScripted>[0],
	onHello: (peer: WirePeer, count: number, hello: Hello) => void,
) => {
	const peers: WirePeer[] = [];
	const {address} = await openScripted(t, (peer, count) => {
		peer.isFramed = false;
		peers.push(peer);
		peer.duplex.once('data', () => {
			onHello(peer, count, linesOf(peer)[0] as unknown as Hello);
		});
	});
	return {address, peers};
};

test('reconnect: sends again, with the same n, what was not echoed', async t => {
	const {address, peers} = await openByTurns(t, (peer, count) => {
		// The first is cut off before it stored anything, the second had stored
		// one of the two.
		peer.send(welcomeFrame({stored: count === 1 ? 0 : 1, head: 0}));
	});
	const otter = openClient(t, address, 'otter');
	await otter.untilPhase('open');
	otter.client.say('one');
	otter.client.say('two');
	await peers[0]!.until('both', () => linesOf(peers[0]!).length === 3);
	peers[0]!.reset();
	await otter.untilPhase('open', 2);
	await peers[1]!.until('the second', () => linesOf(peers[1]!).length === 2);
	assert.deepEqual(linesOf(peers[1]!)[1], {type: 'say', n: 2, text: 'two'});
	const [first, second] = peers.map(
		peer => linesOf(peer)[0] as unknown as Hello,
	);
	assert.equal(first?.client, second?.client);
	// There is nothing to replay, so what the server holds has lost its echo.
	assert.deepEqual(
		otter.of('stored').map(({n}) => n),
		[1],
	);
	assert.equal(otter.client.unstored, 1);
});

test('reconnect: what is stored waits for its echo in the replay', async t => {
	const {address, peers} = await openByTurns(t, (peer, count) => {
		peer.send(welcomeFrame({stored: count - 1, head: count === 1 ? 0 : 2}));
	});
	const otter = openClient(t, address, 'otter');
	await otter.untilPhase('open');
	otter.client.say('one');
	await peers[0]!.until('it', () => linesOf(peers[0]!).length === 2);
	peers[0]!.reset();
	await otter.untilPhase('open', 2);
	peers[1]!.send(
		messageFrame(1, {id: otter.client.id, n: 1, text: 'one'}),
		messageFrame(2),
	);
	await otter.until('the replay', () => seqs(otter).length === 2);
	assert.equal(otter.client.unstored, 0);
	assert.deepEqual(otter.of('stored'), [], 'the echo is the receipt');
	assert.equal(linesOf(peers[1]!).length, 1, 'nothing was sent again');
});

test('reconnect: what is stored, with its echo in a gap, is stored', async t => {
	const {address, peers} = await openByTurns(t, (peer, count) => {
		peer.send(welcomeFrame({stored: count - 1, head: count === 1 ? 0 : 9}));
	});
	const otter = openClient(t, address, 'otter');
	await otter.untilPhase('open');
	otter.client.say('one');
	await peers[0]!.until('it', () => linesOf(peers[0]!).length === 2);
	peers[0]!.reset();
	await otter.untilPhase('open', 2);
	peers[1]!.send({type: 'gap', from: 1, to: 8}, messageFrame(9));
	await otter.untilStored();
	assert.deepEqual(
		otter.of('stored').map(({n}) => n),
		[1],
	);
});

test('reconnect: asks by since and log, and begins anew in another log', async t => {
	const hellos: Hello[] = [];
	const {address, peers} = await openByTurns(t, (peer, count, hello) => {
		hellos.push(hello);
		peer.send(
			welcomeFrame({log: count === 3 ? 'new' : 'old', head: 5}),
			...(count === 1 ? [4, 5] : count === 2 ? [6] : [1, 2]).map(seq =>
				messageFrame(seq),
			),
		);
	});
	const otter = openClient(t, address, 'otter');
	await otter.until('5', () => seqs(otter).includes(5));
	peers[0]!.reset();
	await otter.until('6', () => seqs(otter).includes(6));
	peers[1]!.reset();
	await otter.until('2', () => seqs(otter).includes(2));
	assert.deepEqual(seqs(otter), [4, 5, 6, 1, 2]);
	assert.deepEqual(
		hellos.map(({since, log}) => ({since, log})),
		[
			{since: undefined, log: undefined},
			{since: 5, log: 'old'},
			{since: 6, log: 'old'},
		],
	);
	assert.equal(
		otter.frames().some(({type}) => type === 'gap'),
		false,
	);
});

test('reconnect: a log that has become shorter begins anew as well', async t => {
	const {address, peers} = await openByTurns(t, (peer, count) => {
		peer.send(
			welcomeFrame({head: count === 1 ? 5 : 2}),
			...(count === 1 ? [5] : [1, 2]).map(seq => messageFrame(seq)),
		);
	});
	const otter = openClient(t, address, 'otter');
	await otter.until('5', () => seqs(otter).includes(5));
	peers[0]!.reset();
	await otter.until('2', () => seqs(otter).includes(2));
	assert.deepEqual(seqs(otter), [5, 1, 2]);
});

test('reconnect: no hole is silent, and nothing comes twice', async t => {
	const {address, peers} = await openByTurns(t, peer => {
		peer.send(
			welcomeFrame({head: 3}),
			...[2, 3, 3, 2, 7].map(seq => messageFrame(seq)),
		);
	});
	const otter = openClient(t, address, 'otter');
	await otter.until('7', () => seqs(otter).includes(7));
	const seen = otter
		.frames()
		.map(frame =>
			frame.type === 'gap'
				? `gap ${frame.from}-${frame.to}`
				: 'seq' in frame && frame.seq,
		);
	assert.deepEqual(seen, [false, 2, 3, 'gap 4-6', 7]);
	assert.equal(peers.length, 1);
});
