import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {test} from 'node:test';
import {startHost} from '../../source/chat/host.js';
import {WireTap} from '../../source/watch/wire-tap.js';
import {
	maxChunkBytes,
	type SocketEvent,
	type WireEvent,
} from '../../source/event/event.js';
import {nickOf, openClient} from '../helpers/client.js';
import {FakeClock} from '../helpers/clock.js';
import {collectEvents} from '../helpers/events.js';
import {openRawClient, openRawServer} from '../helpers/raw.js';
import {anyPort, openServer} from '../helpers/room.js';
import {openScripted, welcomeFrame} from '../helpers/scripted.js';
import {until} from '../helpers/until.js';
import {openWatch} from '../helpers/watch.js';
import {joinWire, openPlain, type WirePeer} from '../helpers/wire-peer.js';

const openTap = () => {
	const {events, onEvent} = collectEvents<WireEvent>();
	const clock = new FakeClock();
	return {
		events,
		clock,
		tap: new WireTap(clock, event => {
			onEvent(event as WireEvent);
		}),
	};
};

test('wire tap: while off it reports nothing, but counts', () => {
	const {events, tap, clock} = openTap();
	tap.note('in', undefined, Buffer.from('12345'));
	tap.note('out', undefined, 'é');
	assert.deepEqual(events, []);
	tap.isOn = true;
	tap.note('in', undefined, Buffer.from('67'));
	tap.note('out', undefined, 'x');
	const at = clock.wallMs();
	const common = {type: 'wire', at, peer: undefined} as const;
	assert.deepEqual(events, [
		{
			...common,
			direction: 'in',
			offset: 5,
			bytes: Buffer.from('67'),
			length: 2,
		},
		{
			...common,
			direction: 'out',
			offset: 2,
			bytes: Buffer.from('x'),
			length: 1,
		},
	]);
});

test('wire tap: each direction of each peer has its own offsets', () => {
	const {events, tap} = openTap();
	tap.isOn = true;
	tap.note('in', 'a', 'one');
	tap.note('in', 'b', 'two');
	tap.note('out', 'a', 'three');
	tap.note('in', 'a', 'four');
	tap.forget('a');
	tap.note('in', 'a', 'five');
	tap.note('in', 'b', 'six');
	assert.deepEqual(
		events.map(({direction, peer, offset}) => [direction, peer, offset]),
		[
			['in', 'a', 0],
			['in', 'b', 0],
			['out', 'a', 0],
			['in', 'a', 3],
			['in', 'a', 0],
			['in', 'b', 3],
		],
	);
});

test('wire tap: keeps the first bytes of a very long chunk unchanged', () => {
	const {events, tap} = openTap();
	tap.isOn = true;
	const chunk = Buffer.alloc(maxChunkBytes + 5, 'x');
	tap.note('in', undefined, chunk);
	chunk.fill('y');
	const [{bytes, length}] = events as [WireEvent];
	assert.equal(length, maxChunkBytes + 5);
	assert.equal(bytes.length, maxChunkBytes);
	assert.ok(bytes.every(byte => byte === 0x78));
});

type Tapped = ReadonlyArray<WireEvent | SocketEvent>;

/** All bytes reported in one direction. */
const toldOf = (
	events: Tapped,
	direction: 'in' | 'out',
	peer?: string,
): string =>
	Buffer.concat(
		events.flatMap(event =>
			event.type === 'wire' &&
			event.direction === direction &&
			event.peer === peer
				? [event.bytes]
				: [],
		),
	).toString();

test('wire tap: reports exactly what a client read and wrote', async t => {
	const {watch, events, of} = openWatch(t);
	const peers: WirePeer[] = [];
	const {address} = await openScripted(t, peer => {
		peers.push(peer);
		peer.send(welcomeFrame());
	});
	watch.tap.isOn = true;
	const {client, untilPhase} = openClient(t, address, 'otter', {watch});
	await untilPhase('open');
	client.say('hello 漢字');
	const [peer] = peers as [WirePeer];
	await peer.untilText('漢字');
	assert.equal(toldOf(events, 'out'), peer.text);
	assert.equal(toldOf(events, 'in'), `${JSON.stringify(welcomeFrame())}\n`);
	watch.tap.isOn = false;
	const {length} = of('wire');
	client.say('unseen');
	await peer.untilText('unseen');
	assert.equal(of('wire').length, length);
});

test('wire tap: reports exactly what each peer of a server sent and received', async t => {
	const {watch, events, of} = openWatch(t);
	const server = await openServer(t, {watch});
	watch.tap.isOn = true;
	const otter = await joinWire(t, server.address, 'otter');
	const guest = await openPlain(t, server.address);
	guest.write('hi\nthere\n');
	await otter.untilSaid('there');
	otter.say(1, 'hello');
	await otter.untilSaid('hello');
	await guest.untilText('otter: hello\n');
	const sent = toldOf(events, 'in', otter.name);
	assert.match(sent, /^\{"type":"hello".*\n\{"type":"say","n":1,.*\n$/u);
	assert.equal(sent.length, otter.socket.bytesWritten);
	assert.equal(toldOf(events, 'out', otter.name), otter.text);
	assert.equal(toldOf(events, 'in', guest.name), 'hi\nthere\n');
	assert.equal(toldOf(events, 'out', guest.name), guest.text);
	const whole = of('wire').filter(({peer}) => peer === guest.name);
	assert.deepEqual(
		whole.map(({direction, bytes}) => [
			direction,
			Buffer.from(bytes).toString(),
		]),
		[
			['in', 'hi\nthere\n'],
			['out', 'otter: hello\n'],
		],
		'two lines that came in one read are one chunk',
	);
});

test('wire tap: raw mode reports exact bytes at both ends', async t => {
	const [near, far] = [openWatch(t), openWatch(t)];
	near.watch.tap.isOn = true;
	far.watch.tap.isOn = true;
	const server = await openRawServer(t, {watch: far.watch});
	const client = openRawClient(t, server.address, {watch: near.watch});
	await client.untilPhase('open');
	const bytes = Buffer.from([0, 255, 10, 13, 195]);
	await client.client.write(bytes);
	await server.untilBytes(bytes);
	server.write(Buffer.from('back'));
	await client.untilBytes(Buffer.from('back'));
	const wire = (events: Tapped) =>
		events.flatMap(event =>
			event.type === 'wire'
				? [[event.direction, Buffer.from(event.bytes).toString('hex')]]
				: [],
		);
	const back = Buffer.from('back').toString('hex');
	assert.deepEqual(wire(near.events), [
		['out', '00ff0a0dc3'],
		['in', back],
	]);
	assert.deepEqual(wire(far.events), [
		['in', '00ff0a0dc3'],
		['out', back],
	]);
});

test('wire tap: the host’s own screen uses no wire', async t => {
	const {watch, of} = openWatch(t);
	watch.tap.isOn = true;
	const {server, client} = await startHost({
		address: anyPort,
		nick: nickOf('otter'),
		isNickFlexible: false,
		onEvent: () => undefined,
		watch,
	});
	t.after(async () => {
		client.leave();
		await server.drain();
	});
	client.say('hello');
	await until(() => client.unstored === 0, {what: 'it to be stored'});
	assert.equal(of('wire').length, 0);
});

test('wire tap: a heartbeat is no traffic, anything else is', () => {
	let traffic = 0;
	const tap = new WireTap(
		new FakeClock(),
		() => undefined,
		() => {
			traffic++;
		},
	);
	tap.note('out', undefined, '{"type":"ping","id":123456789}\n');
	tap.note('in', undefined, Buffer.from('{"type":"pong","id":4}\n'));
	assert.equal(traffic, 0);
	const pong = '{"type":"pong","id":4}\n';
	tap.note('in', undefined, Buffer.from(`${pong}${pong}`));
	tap.note('in', undefined, Buffer.from('hi\n'));
	tap.note('out', 'peer', '{"type":"message","n":1}\n');
	assert.equal(traffic, 3);
});
