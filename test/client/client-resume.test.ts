import assert from 'node:assert/strict';
import {randomUUID} from 'node:crypto';
import {test} from 'node:test';
import {freshIdentity} from '../../source/client/identity.js';
import {publicId} from '../../source/protocol/public-id.js';
import {openClient, type TestClient} from '../helpers/client.js';
import {openServer} from '../helpers/room.js';
import {messageFrame, openScripted, welcomeFrame} from '../helpers/scripted.js';
import type {WirePeer} from '../helpers/wire-peer.js';

const seqs = (otter: TestClient) =>
	otter.frames().flatMap(frame => ('seq' in frame ? [frame.seq] : []));

type Hello = {since?: number; log?: string; nick: string; client: string};

/** The lines that a client sent to a scripted server. */
const linesOf = (peer: WirePeer) =>
	peer.text
		.split('\n')
		.slice(0, -1)
		.map(line => JSON.parse(line) as Record<string, unknown>);

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

/** The lines that say something. */
const saidBy = (peer: WirePeer) =>
	linesOf(peer).filter(({type}) => type === 'say' || type === 'whisper');

test('resume: resends messages without an echo, with the same n', async t => {
	const {address, peers} = await openByTurns(t, (peer, count) => {
		// The first connection breaks before anything is stored; by the second, one
		// of the two messages is.
		peer.send(welcomeFrame({stored: count === 1 ? 0 : 1, head: 0}));
	});
	const otter = openClient(t, address, 'otter');
	await otter.untilPhase('open');
	otter.client.say('one');
	otter.client.say('two');
	await peers[0]!.until('both', () => saidBy(peers[0]!).length === 2);
	peers[0]!.reset();
	await otter.untilPhase('open', 2);
	await peers[1]!.until('the second', () => saidBy(peers[1]!).length > 0);
	assert.deepEqual(saidBy(peers[1]!), [{type: 'say', n: 2, text: 'two'}]);
	const [first, second] = peers.map(
		peer => linesOf(peer)[0] as unknown as Hello,
	);
	assert.equal(first?.client, second?.client);
	// The server has handled the first; without an echo or gap it was refused.
	assert.deepEqual(
		otter.of('failed').map(({n, error}) => [n, error.code]),
		[[1, 'ERR_NOT_STORED']],
	);
	assert.deepEqual(otter.of('stored'), []);
	assert.equal(otter.client.unstored, 1);
});

test('resume: a stored message waits for its echo in the replay', async t => {
	const {address, peers} = await openByTurns(t, (peer, count) => {
		peer.send(welcomeFrame({stored: count - 1, head: count === 1 ? 0 : 2}));
	});
	const otter = openClient(t, address, 'otter');
	await otter.untilPhase('open');
	otter.client.say('one');
	await peers[0]!.until('it', () => saidBy(peers[0]!).length === 1);
	peers[0]!.reset();
	await otter.untilPhase('open', 2);
	peers[1]!.send(
		messageFrame(1, {id: otter.client.id, n: 1, text: 'one'}),
		messageFrame(2),
	);
	await otter.until('the replay', () => seqs(otter).length === 2);
	assert.equal(otter.client.unstored, 0);
	assert.deepEqual(otter.of('stored'), [], 'the echo is the receipt');
	assert.deepEqual(saidBy(peers[1]!), [], 'nothing was sent again');
});

test('resume: a stored message whose echo is in a gap counts as stored', async t => {
	const {address, peers} = await openByTurns(t, (peer, count) => {
		peer.send(
			welcomeFrame({stored: count - 1, head: count === 1 ? 1 : 9}),
			...(count === 1 ? [messageFrame(1)] : []),
		);
	});
	const otter = openClient(t, address, 'otter');
	await otter.until('the first', () => seqs(otter).includes(1));
	otter.client.say('one');
	await peers[0]!.until('it', () => saidBy(peers[0]!).length === 1);
	peers[0]!.reset();
	await otter.untilPhase('open', 2);
	peers[1]!.send({type: 'gap', from: 2, to: 8}, messageFrame(9));
	await otter.untilStored();
	assert.equal(
		otter.frames().filter(({type}) => type === 'gap').length,
		1,
		'told by the server, and not once more',
	);
	assert.deepEqual(
		otter.of('stored').map(({n}) => n),
		[1],
	);
});

test('resume: a whisper whose answer is lost is reported as unknown', async t => {
	const {address, peers} = await openByTurns(t, (peer, count) => {
		peer.send(welcomeFrame({stored: count - 1, head: count === 1 ? 0 : 9}));
	});
	const otter = openClient(t, address, 'otter');
	await otter.untilPhase('open');
	otter.client.whisper('heron', 'psst');
	await peers[0]!.until('it', () => saidBy(peers[0]!).length === 1);
	peers[0]!.reset();
	await otter.untilPhase('open', 2);
	peers[1]!.send({type: 'gap', from: 1, to: 8}, messageFrame(9));
	await otter.untilStored();
	assert.deepEqual(
		otter.of('failed').map(({n, error}) => [n, error.code]),
		[[1, 'ERR_NOT_STORED']],
	);
	assert.deepEqual(otter.of('stored'), []);
});

test('resume: asks by since and log, and starts over in another log', async t => {
	const hellos: Hello[] = [];
	const {address, peers} = await openByTurns(t, (peer, count, hello) => {
		hellos.push(hello);
		peer.send(
			welcomeFrame(count === 3 ? {log: 'new', head: 9} : {log: 'old', head: 5}),
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
	// No gap can be computed, but there may be one, so a notice says it.
	const notices = otter.of('notice').map(({text}) => text);
	assert.equal(notices.length, 1);
	assert.match(notices[0]!, /another log.*may be missing/);
});

test('resume: starts over in a log that has become shorter, too', async t => {
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

test('resume: reports every gap, and shows nothing twice', async t => {
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

test('resume: a new process of a client goes on above what the room has stored of it', async t => {
	const {address, peers} = await openByTurns(t, peer => {
		peer.send(welcomeFrame({stored: 7, head: 0}));
	});
	const used: number[] = [];
	let isReleased = false;
	const otter = openClient(t, address, 'otter', {
		identity: {
			...freshIdentity(),
			// As in a state folder that was restored: too low.
			lastN: 5,
			use(n) {
				used.push(n);
			},
			release() {
				isReleased = true;
			},
		},
	});
	for (const text of ['six', 'seven', 'eight']) {
		otter.client.say(text);
	}

	await otter.untilPhase('open');
	otter.client.say('nine');
	const [peer] = peers;
	await peer!.until('both', () => saidBy(peer!).length === 2);
	assert.deepEqual(
		saidBy(peer!).map(({n, text}) => [n, text]),
		[
			[8, 'eight'],
			[9, 'nine'],
		],
	);
	// To the room they would be repeats, which it drops without a word.
	assert.deepEqual(
		otter.of('failed').map(({n, error}) => [n, error.code]),
		[
			[6, 'ERR_NOT_STORED'],
			[7, 'ERR_NOT_STORED'],
		],
	);
	assert.match(
		otter.of('failed')[0]!.error.message,
		/^It was numbered 6, but the room has messages of yours up to 7/,
	);
	assert.deepEqual(used, [6, 7, 8, 9]);
	assert.ok(!isReleased);
	otter.client.leave();
	otter.client.leave();
	await otter.client.closed;
	assert.ok(isReleased);
});

test('resume: an old line of its own does not pass for a new one', async t => {
	const secret = '9b2f5d2e-6c4e-4b7f-9d6a-0f3f2f6f1c11';
	const {address, peers} = await openByTurns(t, peer => {
		peer.send(welcomeFrame({stored: 1, head: 1}));
		peer.send(messageFrame(1, {id: publicId(secret), n: 1, text: 'old'}));
	});
	const otter = openClient(t, address, 'otter', {
		identity: {...freshIdentity(secret), lastN: 1},
	});
	otter.client.say('new');
	await otter.untilPhase('open');
	await otter.until('the old line', () => otter.said().length === 1);
	await peers[0]!.until('it', () => saidBy(peers[0]!).length === 1);
	assert.equal(otter.client.unstored, 1);
	assert.equal(otter.client.id, publicId(secret));
});

test('resume: the nick is the welcome’s, whatever this client was called before', async t => {
	const server = await openServer(t);
	const secret = randomUUID();
	const asBob = () =>
		openClient(t, server.address, 'bob', {identity: freshIdentity(secret)});
	const before = asBob();
	await before.untilPhase('open');
	before.client.rename('robert');
	await before.until('the nick', () => before.client.nick === 'robert');
	before.client.leave();
	await before.client.closed;

	const bob = asBob();
	await bob.until('its replay', () =>
		bob.frames().some(frame => frame.type === 'joined'),
	);
	const past = bob.frames().filter(frame => frame.type === 'renamed');
	assert.equal(past.length, 1);
	assert.equal(bob.client.nick, 'bob');
	bob.dialled.at(-1)!.destroy();
	await bob.untilPhase('open', 2);
	assert.equal(bob.client.nick, 'bob');
	assert.deepEqual(bob.client.members.names, ['bob']);
	// One that comes after the head counts.
	bob.client.rename('rob');
	await bob.until('the nick', () => bob.client.nick === 'rob');
});
