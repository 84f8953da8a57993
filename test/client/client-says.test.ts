import {mkdtempSync, rmSync} from 'node:fs';
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {openClient} from '../helpers/client.js';
import {openServer} from '../helpers/room.js';
import {openScripted, welcomeFrame} from '../helpers/scripted.js';
import {joinWire, type WirePeer} from '../helpers/wire-peer.js';

test('client: a message is queued, then sent, then echoed', async t => {
	const peers: WirePeer[] = [];
	const {address} = await openScripted(t, peer => {
		peers.push(peer);
	});
	const otter = openClient(t, address, 'otter');
	await otter.untilPhase('handshaking');
	otter.client.say('one');
	assert.deepEqual(
		otter.of('queued').map(({n, text, to}) => [n, text, to]),
		[[1, 'one', undefined]],
	);
	assert.equal(otter.of('sent').length, 0);
	peers[0]!.send(welcomeFrame());
	await otter.untilEvent('sent', ({n}) => n === 1);
	assert.equal(otter.client.unstored, 1, 'sent is not stored');
});

test('client: a nick asked for during the handshake comes before what was said', async t => {
	const peers: WirePeer[] = [];
	const {address} = await openScripted(t, peer => {
		peers.push(peer);
	});
	const otter = openClient(t, address, 'otter');
	await otter.untilPhase('handshaking');
	otter.client.rename('heron');
	otter.client.say('as heron');
	const peer = peers[0]!;
	await peer.untilText('"type":"hello"');
	peer.send(welcomeFrame());
	await peer.untilText('"text":"as heron"}\n');
	assert.match(
		peer.text,
		/"nick":"otter".*\n\{"type":"nick","nick":"heron"\}\n\{"type":"say",/s,
	);
});

test('client: refuses what no server accepts, without sending it', async t => {
	const server = await openServer(t);
	const otter = openClient(t, server.address, 'otter');
	await otter.untilPhase('open');
	otter.client.say('');
	otter.client.say('x'.repeat(16_385));
	otter.client.say('fine');
	await otter.untilStored();
	assert.deepEqual(
		otter.of('failed').map(({n, error}) => [n, error.code]),
		[
			[1, 'ERR_TEXT_EMPTY'],
			[2, 'ERR_TEXT_TOO_LONG'],
		],
	);
	assert.deepEqual(
		otter.of('sent').map(({n}) => n),
		[3],
	);
});

test('client: a nick that is longer than a frame ends no connection', async t => {
	const server = await openServer(t);
	const otter = openClient(t, server.address, 'otter');
	await otter.untilPhase('open');
	otter.client.rename('x'.repeat(100_000));
	otter.client.say('still here');
	await otter.untilStored();
	assert.deepEqual(
		otter
			.frames()
			.flatMap(frame => (frame.type === 'error' ? [frame.code] : [])),
		['ERR_NICK_INVALID'],
	);
	assert.deepEqual(otter.phases(), ['connecting', 'handshaking', 'open']);
});

test('client: a whisper is done when it is delivered or refused', async t => {
	const server = await openServer(t);
	const heron = await joinWire(t, server.address, 'heron');
	const otter = openClient(t, server.address, 'otter');
	otter.client.whisper('heron', 'psst');
	otter.client.whisper('nobody', 'psst');
	await otter.untilStored();
	const heard = await heron.untilFrame('whispered');
	assert.deepEqual([heard.from, heard.text], ['otter', 'psst']);
	assert.deepEqual(
		otter.of('failed').map(({n, error}) => [n, error.code]),
		[[2, 'ERR_NO_SUCH_MEMBER']],
	);
	assert.deepEqual(
		otter.of('queued').map(({to}) => to),
		['heron', 'nobody'],
	);
});

test('client: recognizes its own whisper during a change of nick', async t => {
	const server = await openServer(t);
	const heron = await joinWire(t, server.address, 'heron');
	const otter = openClient(t, server.address, 'otter');
	await otter.untilPhase('open');
	otter.client.rename('robin');
	otter.client.whisper('heron', 'psst');
	await otter.untilStored();
	assert.equal((await heron.untilFrame('whispered')).from, 'robin');

	// Another member's whisper with the same n is not a receipt.
	otter.client.say('aloud');
	await otter.untilStored();
	heron.send({type: 'whisper', n: 3, to: 'robin', text: 'yes?'});
	await otter.until('an answer', () =>
		otter.frames().some(frame => 'text' in frame && frame.text === 'yes?'),
	);
	otter.client.whisper('heron', 'no');
	await otter.untilStored();
	assert.equal(otter.of('failed').length, 0);
});

test('client: takes the nick that the welcome gives it', async t => {
	const {address} = await openScripted(t, peer => {
		peer.send(welcomeFrame({nick: 'wren'}));
	});
	const otter = openClient(t, address, 'otter');
	await otter.untilPhase('open');
	assert.equal(otter.client.nick, 'wren');
});

test('client: follows its own nick, and can change it before the welcome', async t => {
	const server = await openServer(t);
	const heron = await joinWire(t, server.address, 'heron');
	const otter = openClient(t, server.address, 'otter');
	otter.client.rename('wren');
	await otter.untilPhase('open');
	assert.equal(otter.client.nick, 'wren');
	otter.client.rename('robin');
	await otter.until('the new nick', () => otter.client.nick === 'robin');
	otter.client.rename('heron');
	await otter.until('an error', () =>
		otter.frames().some(frame => frame.type === 'error'),
	);
	assert.equal(otter.client.nick, 'robin');
	heron.send({type: 'nick', nick: 'egret'});
	await otter.until('the other nick', () =>
		otter.client.members.names.includes('egret'),
	);
	assert.deepEqual(otter.client.members, {
		count: 2,
		names: ['egret', 'robin'],
	});
});

test('client: knows who is here as members come and go', async t => {
	const server = await openServer(t);
	const otter = openClient(t, server.address, 'otter');
	await otter.untilPhase('open');
	const heron = await joinWire(t, server.address, 'heron');
	await otter.until('heron', () => otter.client.members.count === 2);
	heron.reset();
	await otter.until('nobody else', () => otter.client.members.count === 1);
	assert.deepEqual(otter.client.members.names, ['otter']);
});

test('client: works the same over a Unix domain socket', async t => {
	const folder = mkdtempSync('/tmp/sockchat-test-');
	t.after(() => {
		rmSync(folder, {recursive: true});
	});
	const address = {kind: 'unix', path: `${folder}/room`} as const;
	const server = await openServer(t, {address});
	const otter = openClient(t, address, 'otter');
	const heron = await joinWire(t, address, 'heron');
	otter.client.say('good evening');
	await heron.untilSaid('good evening');
	assert.deepEqual(
		server.of('accepted').map(({peer}) => peer),
		['unix:1', 'unix:2'],
	);
	assert.equal(heron.welcome.room, address.path);
});

test('client: what the room keeps is known until the connection breaks, not once it leaves', async t => {
	const peers: WirePeer[] = [];
	const {address} = await openScripted(t, peer => {
		peers.push(peer);
		peer.send(welcomeFrame({log: 'log'}));
	});
	const otter = openClient(t, address, 'otter');
	await otter.untilPhase('open');
	const {client} = otter;
	client.say('one');
	client.say('two');
	const keep = (peer: WirePeer) => {
		for (const id of [client.id, 'somebody']) {
			const said = {at: 0, from: 'otter', id, text: 'one'};
			peer.send({type: 'pending', n: id === client.id ? 1 : 2, ...said});
		}
	};

	keep(peers[0]!);
	await otter.until('it', () => client.kept === 1);
	assert.equal(client.unstored, 2);
	// A server that died may have kept it in memory alone.
	peers[0]!.reset();
	await otter.untilPhase('open', 2);
	assert.equal(client.kept, 0);
	keep(peers[1]!);
	await otter.until('it', () => client.kept === 1);
	client.leave();
	await client.closed;
	assert.deepEqual([client.kept, client.unstored], [1, 2]);
});
