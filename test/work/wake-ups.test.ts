/**
 * What wakes an idle client and server, counted by a clock that the test drives, and how
 * much of the kernel's table is read at rest.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import type {Clock} from '../../source/socket/clock.js';
import type {KernelSocket} from '../../source/tcp/tcp.js';
import {createTcpTable, type TableFile} from '../../source/socket/tcp-table.js';
import {SocketWatch} from '../../source/watch/socket-watch.js';
import {openClient} from '../helpers/client.js';
import {FakeClock} from '../helpers/clock.js';
import {kernelSocket} from '../helpers/models.js';
import {anyPort, openHub} from '../helpers/room.js';
import {openScripted, welcomeFrame} from '../helpers/scripted.js';
import {until} from '../helpers/until.js';
import {joinWire, type WirePeer} from '../helpers/wire-peer.js';

const heartbeatMs = 2000;

/** A clock that counts the timers that fired. */
const countingClock = () => {
	const fake = new FakeClock();
	let fired = 0;
	const clock: Clock = {
		...fake,
		setTimer: (callback, delayMs) =>
			fake.setTimer(() => {
				fired++;
				callback();
			}, delayMs),
	};
	return {fake, clock, fired: () => fired};
};

test('work: an idle client has one timer a heartbeat, and reports its traffic with the round trip', async t => {
	const {fake, clock, fired} = countingClock();
	const peers: WirePeer[] = [];
	const {address} = await openScripted(t, peer => {
		peers.push(peer);
		peer.send(welcomeFrame({heartbeatMs}));
	});
	const otter = openClient(t, address, 'otter', {clock, random: () => 0.5});
	await otter.untilPhase('open');
	const [peer] = peers as [WirePeer];
	let beats = 0;
	const beat = async () => {
		beats++;
		await peer.until('a ping', () => peer.text.includes(`"id":${beats}}`));
		peer.send({type: 'pong', id: beats});
		await until(() => otter.of('rtt').length === beats, {
			what: `round trip ${beats}`,
		});
	};

	// The first ping follows the welcome.
	await beat();
	fake.advance(heartbeatMs);
	await beat();
	const before = {fired: fired(), traffic: otter.of('traffic').length};
	for (let count = 0; count < 30; count++) {
		fake.advance(heartbeatMs);
		await beat();
	}

	assert.equal(fired() - before.fired, 30);
	const samples = otter.of('traffic').slice(before.traffic);
	assert.equal(samples.length, 30);
});

test('work: a server whose members are heard looks for deadlines once a second', async t => {
	const {fake, clock, fired} = countingClock();
	const {address} = await openHub(t, {clock});
	const otter = await joinWire(t, address, 'otter');
	fake.advance(1000);
	const before = fired();
	for (let id = 1; id <= 60; id++) {
		otter.send({type: 'ping', id});
		await otter.untilFrame('pong', pong => pong.id === id);
		fake.advance(1000);
	}

	const times = fired() - before;
	assert.ok(times >= 59 && times <= 61, `${times} timers in a minute`);
});

test('work: at rest only the file of the kernel with our sockets is read, and after a change both', async t => {
	const clock = new FakeClock();
	const reads: Array<readonly TableFile[]> = [];
	let sockets: readonly KernelSocket[] = [kernelSocket({state: 'LISTEN'})];
	const watch = new SocketWatch(
		clock,
		() => undefined,
		anyPort,
		async files => {
			reads.push(files);
			return createTcpTable(sockets, sockets.length > 0 ? ['tcp'] : []);
		},
	);
	t.after(() => {
		watch.stop();
	});
	watch.restWhileQuiet();
	watch.sample(() => undefined);
	const pass = async (seconds: number) => {
		const before = reads.length;
		for (let second = 0; second < seconds; second++) {
			clock.advance(1000);
			await new Promise(resolve => {
				setImmediate(resolve);
			});
		}

		return reads.slice(before);
	};

	await pass(10);
	const atRest = await pass(100);
	assert.ok(atRest.length > 1);
	assert.deepEqual(new Set(atRest.flat()), new Set(['tcp']));
	const before = reads.length;
	watch.called('listen()');
	assert.deepEqual(reads[before], ['tcp', 'tcp6']);
	// Nothing was found: it may come in either file.
	sockets = [];
	await pass(10);
	assert.deepEqual((await pass(100)).at(-1), ['tcp', 'tcp6']);
});
