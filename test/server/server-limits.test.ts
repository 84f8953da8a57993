/** Limits on one peer: how much it sends, and how slowly. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {readTcpTable} from '../../source/socket/tcp-table.js';
import {openServer, openHub, portOf} from '../helpers/room.js';
import {FakeClock} from '../helpers/clock.js';
import {openWatch} from '../helpers/watch.js';
import {
	helloFrame,
	joinWire,
	openPlain,
	openWire,
} from '../helpers/wire-peer.js';

test('limits: a peer that says too much is slowed down, and nothing is dropped', async t => {
	const rate = 200;
	const server = await openServer(t, {rate});
	const heron = await joinWire(t, server.address, 'heron');
	const flooder = await joinWire(t, server.address, 'flooder');
	const plain = await openPlain(t, server.address);
	plain.write('here\n');
	await heron.untilSaid('here');
	const start = performance.now();
	// More than one read of the kernel.
	const count = 500;
	const tail = 'x'.repeat(1000);
	for (let n = 1; n <= count; n++) {
		flooder.say(n, `flood ${n} ${tail}`);
	}

	plain.write('drop\n'.repeat(250));
	// A member that does not flood is read as before.
	await heron.untilSaid(`flood 1 ${tail}`);
	heron.say(1, 'and me');
	const {at} = await heron.untilSaid('and me');
	const last = await heron.untilSaid(`flood ${count} ${tail}`);
	assert.ok(at < last.at);
	assert.deepEqual(
		heron.said.filter(text => text.startsWith('flood')),
		Array.from({length: count}, (_, index) => `flood ${index + 1} ${tail}`),
	);
	await heron.until(
		'all that the plain one said',
		() => heron.said.filter(text => text === 'drop').length === 250,
	);
	// A second's worth at once, and one read of the socket early.
	flooder.say(count + 1, 'late');
	await heron.untilSaid('late');
	assert.ok(performance.now() - start > ((count - rate) / rate) * 1000 - 50);
});

test('limits: of many changes of nick in one chunk five are made and the others refused', async t => {
	const clock = new FakeClock();
	const server = await openServer(t, {clock});
	const otter = await joinWire(t, server.address, 'otter');
	const heron = await joinWire(t, server.address, 'heron');
	const plain = await openPlain(t, server.address);
	// Its first line waits for the second: it might be of an HTTP request.
	plain.write('here\n\n');
	await otter.untilSaid('here');
	const names = Array.from({length: 500}, (_, index) => `heron-${index}`);
	heron.send(...names.map(nick => ({type: 'nick', nick})));
	plain.write(names.map(nick => `/nick plain-${nick}\n`).join(''));
	await heron.until('495 refusals', () => heron.of('error').length === 495);
	for (const {code, message} of heron.of('error')) {
		assert.equal(code, 'ERR_NICK_RATE');
		assert.equal(
			message,
			'You are still heron-4: only 5 nick changes in a row are allowed. Try again in 10 s.',
		);
	}

	await plain.until(
		'495 refusals',
		() => plain.text.split('You are still plain-heron-4:').length === 496,
	);
	heron.say(1, 'done');
	await otter.untilSaid('done');
	const made = names.slice(0, 5);
	const expected = [...made, ...made.map(nick => `plain-${nick}`)];
	assert.deepEqual(
		otter
			.of('renamed')
			.map(({to}) => to)
			.toSorted(),
		expected,
	);
	// A refused change can be tried again; an invalid nick doesn't count.
	clock.wallOffsetMs += 10_000;
	heron.send({type: 'nick', nick: 'two words'}, {type: 'nick', nick: 'wren'});
	await otter.untilFrame('renamed', ({to}) => to === 'wren');
});

test('limits: off lifts the limit', async t => {
	const server = await openServer(t, {rate: 'off'});
	const heron = await joinWire(t, server.address, 'heron');
	const start = performance.now();
	for (let n = 1; n <= 5000; n++) {
		heron.say(n, 'flood');
	}

	await heron.until('all', () => heron.said.length === 5000);
	assert.ok(performance.now() - start < 3000);
	for (let count = 0; count < 50; count++) {
		heron.send({type: 'nick', nick: `heron-${count}`});
	}

	await heron.untilFrame('renamed', ({to}) => to === 'heron-49');
});

test('limits: a frame that does not end within 30 s ends its connection', async t => {
	const clock = new FakeClock();
	const room = await openHub(t, {clock});
	const heron = await joinWire(t, room.address, 'heron');
	// A byte now and then, like slowloris: a sign of life.
	heron.write('{"type":"say","n":1,"text":"');
	for (let second = 0; second < 29; second++) {
		await room.untilRead(heron);
		clock.advance(1000);
		heron.write('x');
	}

	await room.untilRead(heron);
	assert.deepEqual(heron.of('error'), []);
	clock.advance(1250);
	await heron.untilFin();
	assert.equal(heron.of('error')[0]?.code, 'ERR_FRAME_TIMEOUT');
	assert.equal(heron.of('bye')[0]?.reason, 'protocol');
});

test('limits: connections above the rate wait, and are read in the end', async t => {
	const clock = new FakeClock();
	const server = await openServer(t, {clock, connectRate: 1});
	const peers = [];
	for (const nick of ['otter', 'heron', 'wren', 'robin']) {
		const peer = await openWire(t, server.address);
		peer.send(helloFrame(nick));
		peers.push(peer);
	}

	const [otter, heron, wren, robin] = peers;
	await otter!.untilFrame('welcome');
	await heron!.untilFrame('welcome');
	assert.equal(server.of('accepted').length, 2, 'the others are not heard');
	clock.advance(1000);
	await wren!.untilFrame('welcome');
	assert.equal(server.of('accepted').length, 3);
	clock.advance(1000);
	await robin!.untilFrame('welcome');
});

test('limits: a connection that waits has its accept() when it was made, and no recv()', async t => {
	const clock = new FakeClock();
	const {watch, steps} = openWatch(t, {clock});
	watch.tap.hasCalls = true;
	const {address} = await openServer(t, {clock, connectRate: 1, watch});
	const otter = await joinWire(t, address, 'otter');
	const heron = await joinWire(t, address, 'heron');
	const wren = await openWire(t, address);
	const hello = helloFrame('wren');
	wren.send(hello);
	const {localPort} = wren.socket;
	const callsOfWren = () =>
		steps().flatMap(step =>
			step.kind === 'call' && step.peer?.endsWith(`:${localPort}`)
				? [{call: step.call, at: step.at}]
				: [],
		);
	// One turn later all that had come would have been read.
	heron.say(1, 'after it');
	await otter.untilSaid('after it');
	const at = clock.wallMs();
	await wren.until('its accept()', () =>
		callsOfWren().some(({call}) => call === 'accept()'),
	);
	const table = await readTcpTable(new Set([portOf(address)]));
	const {local} = table!.pair(
		`127.0.0.1:${portOf(address)}`,
		`127.0.0.1:${localPort}`,
	);
	const bytes = JSON.stringify(hello).length + 1;
	assert.equal(local?.receiveQueueBytes, bytes, 'nobody has read it');
	clock.advance(1000);
	await wren.untilFrame('welcome');
	const calls = callsOfWren();
	const timeOf = (name: string) =>
		calls.find(({call}) => call.startsWith(name))?.at;
	assert.equal(timeOf('accept('), at);
	assert.equal(timeOf('recv('), at + 1000);
});

test('limits: a drain ends peers that are waiting to be read too', async t => {
	const clock = new FakeClock();
	const server = await openServer(t, {clock, connectRate: 1});
	const otter = await joinWire(t, server.address, 'otter');
	const heron = await joinWire(t, server.address, 'heron');
	const waiting = await openWire(t, server.address);
	await waiting.until('the accept', () => waiting.socket.readyState === 'open');
	const drained = server.drain();
	otter.end();
	heron.end();
	waiting.end();
	await drained;
	await waiting.untilClosed();
});
