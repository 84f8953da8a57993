/** Control of a peer's socket, over real sockets. */
import assert from 'node:assert/strict';
import {test, type TestContext} from 'node:test';
import {done, refused} from '../../source/tcp/socket-action.js';
import {readTcpTable} from '../../source/socket/tcp-table.js';
import {FakeClock} from '../helpers/clock.js';
import {timerBySs} from '../helpers/kernel.js';
import {openRawServer} from '../helpers/raw.js';
import {openServer} from '../helpers/room.js';
import {until} from '../helpers/until.js';
import {openWatch} from '../helpers/watch.js';
import {joinWire, openPlain} from '../helpers/wire-peer.js';

const openRoomOfTwo = async (t: TestContext) => {
	const clock = new FakeClock();
	const watched = openWatch(t);
	const server = await openServer(t, {clock, watch: watched.watch});
	return {
		clock,
		watched,
		server,
		otter: await joinWire(t, server.address, 'otter'),
		heron: await joinWire(t, server.address, 'heron'),
		/** Our calls for one peer in the timeline. */
		callsOf: (name: string) =>
			watched
				.of('step')
				.flatMap(({step}) =>
					step.kind === 'call' && step.peer === name && step.end !== 'remote'
						? [step.call]
						: [],
				),
	};
};

test('peers control: a reset peer sees RST, and the others see it leave', async t => {
	const {server, otter, heron, callsOf} = await openRoomOfTwo(t);
	assert.deepEqual(
		await server.control({type: 'reset'}, 'otter'),
		done("otter's socket has sent RST: data in transit is lost."),
	);
	await otter.untilClosed();
	assert.equal(otter.errorCode, 'ECONNRESET');
	assert.ok(!otter.hasFin);
	await heron.untilFrame('left', ({nick}) => nick === 'otter');
	await server.untilEvent('ended', ({peer}) => peer === otter.name);
	assert.deepEqual(callsOf(otter.name), [
		'accept()',
		'setsockopt(TCP_NODELAY, 1)',
		'setsockopt(SO_LINGER, 0)',
		'close()',
	]);
	assert.ok(!heron.isClosed);
});

test('peers control: a peer that the host resets is reported as reset, not closed', async t => {
	const {server, otter, heron} = await openRoomOfTwo(t);
	await server.control({type: 'reset'}, 'otter');
	const {reason} = await heron.untilFrame('left');
	assert.equal(reason, 'reset');
	assert.equal(
		(await server.untilEvent('ended', ({peer}) => peer === otter.name)).reason,
		'reset',
	);
	const raw = await openRawServer(t);
	await openPlain(t, raw.address);
	await raw.untilEvent('accepted');
	await raw.control({type: 'reset'}, undefined);
	assert.equal((await raw.untilEvent('ended')).reason, 'reset');
});

test('peers control: a closed peer gets its bye, and nobody reads it any more', async t => {
	const {server, otter, heron, callsOf} = await openRoomOfTwo(t);
	assert.deepEqual(
		await server.control({type: 'close'}, 'otter'),
		done(
			"otter's socket is closed: the kernel sends FIN after everything written so far, and answers what still comes with RST.",
		),
	);
	await otter.untilFin();
	assert.deepEqual(otter.of('bye'), [{type: 'bye', reason: 'closed'}]);
	const {reason} = await heron.untilFrame('left');
	assert.equal(reason, 'closed');
	const ended = await server.untilEvent(
		'ended',
		({peer}) => peer === otter.name,
	);
	assert.equal(ended.reason, 'closed', 'it does not wait for a FIN');
	await until(() => callsOf(otter.name).length > 2, {what: 'close()'});
	assert.deepEqual(callsOf(otter.name).slice(2), ['close()']);
	otter.end();
	await otter.untilClosed();
	assert.equal(otter.errorCode, undefined);
});

test('peers control: a paused peer with unread bytes is closed with RST', async t => {
	const {server, otter, heron} = await openRoomOfTwo(t);
	await server.control({type: 'pause'}, 'otter');
	otter.say(1, 'unread');
	const local = `127.0.0.1:${otter.socket.remotePort}`;
	await until(
		async () => {
			const table = await readTcpTable();
			return table?.pair(local, otter.name).local?.receiveQueueBytes;
		},
		{what: 'unread bytes'},
	);
	assert.match(
		(await server.control({type: 'close'}, 'otter')).sentence,
		/^otter's socket is closed: \d+ bytes were unread, so the kernel sends RST, and they are lost\.$/u,
	);
	await otter.untilClosed();
	assert.equal(otter.errorCode, 'ECONNRESET');
	assert.equal((await heron.untilFrame('left')).reason, 'closed');
});

test("peers control: a peer is still read after the server's FIN", async t => {
	const {server, otter, heron, watched} = await openRoomOfTwo(t);
	assert.deepEqual(
		await server.control({type: 'end'}, 'otter'),
		done(
			"otter's socket sends FIN after everything written so far. It sends nothing more, but still reads.",
		),
	);
	await otter.untilFin();
	otter.say(1, 'still here');
	await heron.untilSaid('still here');
	await watched.untilRead('FIN-WAIT-2', 'local', otter.name);
	assert.deepEqual(
		await server.control({type: 'end'}, 'otter'),
		refused("otter's socket has already sent FIN: it sends nothing more."),
	);
	otter.end();
	await otter.untilClosed();
	assert.equal(otter.errorCode, undefined);
});

test('peers control: half-closed stays half-closed, whatever the peer has yet to get', async t => {
	const {server, otter, heron, clock} = await openRoomOfTwo(t);
	await server.control({type: 'end'}, 'otter');
	await otter.untilFin();
	// A pong, an error and a ping are due; none can be sent any more.
	otter.send({type: 'ping', id: 1}, {type: 'nick', nick: 'heron'});
	otter.say(1, 'one');
	await heron.untilSaid('one');
	clock.advance(3000);
	otter.say(2, 'two');
	await heron.untilSaid('two');
	assert.equal(otter.errorCode, undefined);
});

test('peers control: keepalive and nodelay are set on the named peer', async t => {
	const {server, otter, heron} = await openRoomOfTwo(t);
	const local = `127.0.0.1:${otter.socket.remotePort}`;
	const timerOf = async (name: string) => timerBySs(local, name);
	assert.match(
		(await server.control({type: 'keepalive', isOn: true}, 'otter')).sentence,
		/^otter's socket has SO_KEEPALIVE on: /u,
	);
	assert.equal(await timerOf(otter.name), 'keepalive');
	assert.equal(await timerOf(heron.name), undefined);
	assert.match(
		(await server.control({type: 'nodelay', isOn: false}, heron.name)).sentence,
		/^heron's socket has TCP_NODELAY off: /u,
	);
	assert.match(
		(await server.control({type: 'tcp'}, 'heron')).sentence,
		new RegExp(`^${local} to ${heron.name}: rtt .* \\(ss\\)\\.$`, 'u'),
	);
});

test('peers control: a raw peer is controlled by its address', async t => {
	const watched = openWatch(t);
	const server = await openRawServer(t, {watch: watched.watch});
	const [one, two, three] = [
		await openPlain(t, server.address),
		await openPlain(t, server.address),
		await openPlain(t, server.address),
	];
	await server.untilEvent('accepted', ({peer}) => peer === three.name);
	await server.control({type: 'end'}, one.name);
	await one.untilFin();
	one.write('still heard');
	await server.untilBytes(Buffer.from('still heard'), one.name);
	await server.control({type: 'reset'}, two.name);
	await two.untilClosed();
	assert.equal(two.errorCode, 'ECONNRESET');
	await server.control({type: 'close'}, three.name);
	await three.untilFin();
	three.end();
	await three.untilClosed();
	assert.equal(three.errorCode, undefined);
	await watched.untilEvent('peers', ({rows}) => rows.length === 1);
	assert.deepEqual(
		watched
			.of('peers')
			.at(-1)
			?.rows.map(({peer}) => peer),
		[one.name],
	);
});
