import assert from 'node:assert/strict';
import {test} from 'node:test';
import {openClient, type TestClient} from '../helpers/client.js';
import {FakeClock} from '../helpers/clock.js';
import {openServer} from '../helpers/room.js';
import {openScripted, welcomeFrame} from '../helpers/scripted.js';
import {joinWire, type WirePeer} from '../helpers/wire-peer.js';

/** Closed as intended: no cause, no socket, no timer. */
const assertOver = async (otter: TestClient, clock: FakeClock) => {
	assert.equal(await otter.client.closed, undefined);
	assert.equal(otter.phases().at(-1), 'closed');
	for (const socket of otter.dialled) {
		assert.equal(socket.destroyed, true);
	}

	assert.deepEqual(clock.delays, []);
	const {length} = otter.events;
	clock.advance(60_000);
	assert.equal(otter.events.length, length, 'nothing happens any more');
};

test('client: leaves while it connects', async t => {
	const clock = new FakeClock();
	const server = await openServer(t);
	const otter = openClient(t, server.address, 'otter', {clock});
	assert.equal(otter.phase(), 'connecting');
	otter.client.leave();
	await assertOver(otter, clock);
	assert.deepEqual(otter.phases(), ['connecting', 'closed']);
});

test('client: leaves before the welcome', async t => {
	const clock = new FakeClock();
	const peers: WirePeer[] = [];
	const {address} = await openScripted(t, peer => {
		peers.push(peer);
		// From a later version: a sign of life, otherwise ignored.
		peer.send({type: 'advice'});
	});
	const otter = openClient(t, address, 'otter', {clock});
	await otter.until('the advice', () => clock.delays.includes(250));
	otter.client.leave();
	await peers[0]!.untilFin();
	assert.match(peers[0]!.text, /\{"type":"bye"\}\n$/);
	peers[0]!.end();
	await assertOver(otter, clock);
});

test('client: whoever leaves between hello and welcome has quit, for the others', async t => {
	const server = await openServer(t);
	const heron = await joinWire(t, server.address, 'heron');
	const {client} = openClient(t, server.address, 'otter', {
		onEvent(event) {
			if (
				event.type === 'connection' &&
				event.connection.phase === 'handshaking'
			) {
				// The hello is sent in this turn, and no welcome can come in it.
				queueMicrotask(() => {
					client.leave();
				});
			}
		},
	});
	const left = await heron.untilFrame('left');
	assert.equal(left.reason, 'quit');
	assert.equal(await client.closed, undefined);
});

test('client: leaves only after everything it said was sent', async t => {
	const clock = new FakeClock();
	const server = await openServer(t);
	const heron = await joinWire(t, server.address, 'heron');
	const otter = openClient(t, server.address, 'otter', {clock});
	await otter.untilPhase('open');
	for (let n = 1; n <= 100; n++) {
		otter.client.say(`line ${n}`);
	}

	otter.client.leave();
	await assertOver(otter, clock);
	const left = await heron.untilFrame('left');
	assert.equal(left.reason, 'quit');
	assert.equal(heron.said.length, 100);
	assert.equal(otter.said().length, 100);
	assert.equal(otter.client.unstored, 0, 'and with their receipts');
});

/** A server that sends its welcome and nothing more, not even a bye. */
const openMute = async (t: Parameters<typeof openScripted>[0]) => {
	const clock = new FakeClock();
	const peers: WirePeer[] = [];
	const {address, close} = await openScripted(t, peer => {
		peers.push(peer);
		peer.send(welcomeFrame());
	});
	const otter = openClient(t, address, 'otter', {clock, random: () => 0.5});
	await otter.untilPhase('open');
	return {clock, otter, peers, close};
};

test('client: leaves while the server is silent', async t => {
	const {clock, otter, peers} = await openMute(t);
	clock.advance(3000);
	assert.equal(otter.phase(), 'silent');
	otter.client.leave();
	assert.equal(otter.phase(), 'draining');
	await peers[0]!.untilFin();
	assert.match(peers[0]!.text, /\{"type":"bye"\}\n$/);
	peers[0]!.end();
	await assertOver(otter, clock);
});

test('client: leaves while it waits to reconnect', async t => {
	const {clock, otter, peers, close} = await openMute(t);
	await close();
	await otter.untilPhase('waiting');
	otter.client.leave();
	await assertOver(otter, clock);
	assert.equal(peers.length, 1);
});

test('client: waits 2 s for the FIN of a server that it leaves', async t => {
	const {clock, otter, peers} = await openMute(t);
	otter.client.leave();
	await peers[0]!.untilFin();
	clock.advance(1999);
	assert.equal(otter.phase(), 'draining');
	clock.advance(1);
	await assertOver(otter, clock);
});

test('client: a second leave closes at once, a third does nothing', async t => {
	const {clock, otter} = await openMute(t);
	otter.client.say('never answered');
	otter.client.leave();
	otter.client.leave();
	assert.equal(otter.phase(), 'closed');
	otter.client.leave();
	await assertOver(otter, clock);
});

test('client: a server that closes while it leaves is not a failure', async t => {
	const {clock, otter, peers} = await openMute(t);
	otter.client.leave();
	peers[0]!.reset();
	await assertOver(otter, clock);
});

test('client: may leave from inside an event listener', async t => {
	const clock = new FakeClock();
	const server = await openServer(t);
	const otter = openClient(t, server.address, 'otter', {
		clock,
		onEvent(event) {
			if (event.type === 'connection' && event.connection.phase === 'open') {
				otter.client.leave();
				assert.equal(event.connection.phase, 'open');
			}
		},
	});
	await assertOver(otter, clock);
	assert.deepEqual(otter.phases(), [
		'connecting',
		'handshaking',
		'open',
		'draining',
		'closed',
	]);
});
