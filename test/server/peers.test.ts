/** A server's table of peers, and how one of them is found. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {done, refused} from '../../source/tcp/socket-action.js';
import {startHost} from '../../source/chat/host.js';
import type {SocketEvent} from '../../source/event/event.js';
import {nickOf} from '../helpers/client.js';
import {FakeClock} from '../helpers/clock.js';
import {openRawServer} from '../helpers/raw.js';
import {anyPort, openServer} from '../helpers/room.js';
import {until} from '../helpers/until.js';
import {openWatch} from '../helpers/watch.js';
import {joinWire, openPlain, openWire} from '../helpers/wire-peer.js';

type PeersEvent = Extract<SocketEvent, {type: 'peers'}>;

test('peers: the table has a row for each peer', async t => {
	const watched = openWatch(t);
	const server = await openServer(t, {watch: watched.watch});
	const otter = await joinWire(t, server.address, 'otter');
	const guest = await openPlain(t, server.address);
	guest.write('hello\n');
	await otter.untilSaid('hello');
	const silent = await openWire(t, server.address);
	await server.control({type: 'pause'}, guest.name);
	const {rows, listening} = await watched.untilEvent(
		'peers',
		event =>
			event.rows.length === 3 &&
			event.rows.every(({kernel}) => kernel?.remote !== undefined) &&
			event.rows[1]!.isPaused,
	);
	const brief = rows.map(
		({peer, nick, dialect, phase, isPaused, queuedBytes, lagEntries}) => ({
			peer,
			nick,
			dialect,
			phase,
			isPaused,
			queuedBytes,
			lagEntries,
		}),
	);
	const common = {isPaused: false, queuedBytes: 0, lagEntries: 0};
	assert.deepEqual(brief, [
		{
			...common,
			peer: otter.name,
			nick: 'otter',
			dialect: 'framed',
			phase: 'open',
		},
		{
			...common,
			peer: guest.name,
			nick: `guest-${guest.socket.localPort}`,
			dialect: 'plain',
			phase: 'open',
			isPaused: true,
		},
		{
			...common,
			peer: silent.name,
			nick: undefined,
			dialect: undefined,
			phase: 'accepted',
		},
	]);
	assert.equal(rows[1]!.bytesIn, 6);
	assert.equal(rows[0]!.bytesIn, otter.socket.bytesWritten);
	assert.equal(rows[0]!.bytesOut, otter.bytes.length);
	assert.equal(listening?.state, 'LISTEN');
});

test('peers: the rtt is the middle one of the last five, as in the pane', async t => {
	const watched = openWatch(t);
	const clock = new FakeClock();
	const server = await openServer(t, {clock, watch: watched.watch});
	const otter = await joinWire(t, server.address, 'otter');
	otter.isAnsweringPings = false;
	let id = 0;
	const answerAfter = async (quietMs: number, ms: number) => {
		clock.advance(quietMs);
		id++;
		await otter.untilFrame('ping', ping => ping.id === id);
		clock.advance(ms);
		otter.send({type: 'pong', id});
		otter.send({type: 'ping', id});
		await otter.untilFrame('pong', pong => pong.id === id);
	};

	// The first two pings come a heartbeat apart.
	await answerAfter(2000, 1000);
	await answerAfter(1000, 0);
	for (const ms of [1000, 0, 0, 1000]) {
		await answerAfter(2500, ms);
	}

	// One may have been read before the last answer.
	const before = watched.of('peers').length;
	await until(() => watched.of('peers').length > before + 1, {
		what: 'the table after the last answer',
	});
	const {rows} = watched.of('peers').at(-1)!;
	assert.ok(rows[0]!.rttMs! < 1000, `${rows[0]!.rttMs} ms`);
});

test('peers: a raw server has a table too', async t => {
	const watched = openWatch(t);
	const server = await openRawServer(t, {watch: watched.watch});
	const peer = await openPlain(t, server.address);
	peer.write('abc');
	await server.untilBytes(Buffer.from('abc'));
	const {rows} = await watched.untilEvent('peers', event =>
		event.rows.some(({bytesIn}) => bytesIn === 3),
	);
	const [{nick, dialect, phase, lagEntries}] = rows as [PeersEvent['rows'][0]];
	assert.deepEqual(
		{peer: rows[0]!.peer, nick, dialect, phase, lagEntries},
		{
			peer: peer.name,
			nick: undefined,
			dialect: 'raw',
			phase: 'open',
			lagEntries: 0,
		},
	);
});

const pause = {type: 'pause'} as const;
const paused = (whose: string) =>
	`${whose} socket is no longer read: new data waits in the kernel, then at the other end. /resume reads on.`;

test('peers: a peer is named by nick or address, or not at all if there is only one', async t => {
	const server = await openServer(t);
	assert.deepEqual(
		await server.control(pause, undefined),
		refused('Nobody is connected.'),
	);
	assert.deepEqual(
		await server.control(pause, 'otter'),
		refused('Nobody is connected.'),
	);
	const otter = await joinWire(t, server.address, 'Otter');
	assert.deepEqual(
		await server.control(pause, undefined),
		done(paused("Otter's")),
	);
	assert.deepEqual(
		await server.control(pause, 'otter'),
		done(paused("Otter's")),
	);
	assert.deepEqual(
		await server.control(pause, otter.name),
		done(paused("Otter's")),
	);
	const silent = await openWire(t, server.address);
	await server.untilEvent('accepted', ({peer}) => peer === silent.name);
	assert.deepEqual(
		await server.control(pause, undefined),
		refused(
			'Whose socket? There are 2 peers; name one of them, by nick or address: /peers lists them.',
		),
	);
	assert.deepEqual(
		await server.control(pause, 'heron'),
		refused('No peer is called "heron"; /peers lists them.'),
	);
	assert.deepEqual(
		await server.control(pause, silent.name),
		done(paused(`${silent.name}'s`)),
		'who has no nick yet is named by its address',
	);
});

test('peers: a raw server names its peers by their addresses', async t => {
	const server = await openRawServer(t);
	const one = await openPlain(t, server.address);
	await server.untilEvent('accepted');
	assert.deepEqual(
		await server.control(pause, undefined),
		done(paused(`${one.name}'s`)),
	);
	const two = await openPlain(t, server.address);
	await server.untilEvent('accepted', ({peer}) => peer === two.name);
	assert.deepEqual(
		await server.control(pause, undefined),
		refused(
			'Whose socket? There are 2 peers; name one by its address: /peers lists them.',
		),
	);
	assert.deepEqual(
		await server.control(pause, two.name),
		done(paused(`${two.name}'s`)),
	);
	assert.deepEqual(
		await server.control(pause, 'otter'),
		refused('No peer is called "otter"; /peers lists them.'),
	);
});

test('peers: the host has no socket, so the table has no row for it', async t => {
	const watched = openWatch(t);
	const {server, client} = await startHost({
		address: anyPort,
		nick: nickOf('otter'),
		isNickFlexible: false,
		onEvent: () => undefined,
		watch: watched.watch,
	});
	t.after(async () => {
		client.leave();
		await server.drain();
	});
	const peer = await joinWire(t, server.address, 'heron');
	assert.deepEqual(
		await server.control({type: 'reset'}, 'otter'),
		refused('The host has no socket of its own; name a peer.'),
	);
	assert.deepEqual(
		await server.control(pause, undefined),
		done(paused("heron's")),
	);
	const {rows} = await watched.untilEvent(
		'peers',
		event => event.rows.length > 0,
	);
	assert.deepEqual(
		rows.map(row => row.peer),
		[peer.name],
	);
});
