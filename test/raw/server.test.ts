import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {createSocket, type Socket} from 'node:dgram';
import {once} from 'node:events';
import {mkdtempSync, rmSync} from 'node:fs';
import {createConnection} from 'node:net';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {test} from 'node:test';
import {requireLoopback} from '../../source/socket/address.js';
import {UdpListener} from '../../source/socket/link/udp-listener.js';
import {FakeClock} from '../helpers/clock.js';
import {hostile, openRawServer, untilBytes} from '../helpers/raw.js';
import {portOf} from '../helpers/room.js';
import {until} from '../helpers/until.js';
import {openPlain, type WirePeer} from '../helpers/wire-peer.js';

test('raw server: exact bytes, both ways', async t => {
	const server = await openRawServer(t);
	const peer = await openPlain(t, server.address);
	peer.write(hostile);
	await server.untilBytes(hostile);
	assert.equal(server.of('chunk')[0]?.peer, peer.name);
	assert.equal(server.write(hostile), 1);
	await untilBytes(peer, hostile);
	assert.deepEqual(server.bytes('out', peer.name), hostile);
	// It sends nothing of its own, before or after.
	peer.end();
	await peer.untilFin();
	assert.deepEqual(peer.bytes, hostile);
	const ended = await server.untilEvent('ended');
	assert.deepEqual(
		[ended.peer, ended.reason, ended.bytesIn, ended.bytesOut],
		[peer.name, 'closed', hostile.length, hostile.length],
	);
});

test('raw server: does not sniff, and has no deadlines', async t => {
	const clock = new FakeClock();
	const server = await openRawServer(t, {clock});
	const said = [
		'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
		'\u0016\u0003\u0001',
		'SSH-2.0-x\r\n',
		'{"type":"hello"}\n',
		'quit\n',
	];
	for (const text of said) {
		const peer = await openPlain(t, server.address);
		peer.write(text);

		await server.untilBytes(Buffer.from(text), peer.name);
	}

	const mute = await openPlain(t, server.address);
	await server.untilEvent('accepted', ({peer}) => peer === mute.name);
	clock.advance(86_400_000);
	assert.equal(server.write(Buffer.from('still here')), said.length + 1);
	await untilBytes(mute, Buffer.from('still here'));
	assert.equal(server.of('ended').length, 0);
});

test('raw server: writes to every peer, and reports who sent what', async t => {
	const server = await openRawServer(t);
	const peers = await Promise.all(
		Array.from({length: 5}, async () => openPlain(t, server.address)),
	);
	await server.untilEvent('accepted', () => server.of('accepted').length === 5);
	for (const [index, peer] of peers.entries()) {
		peer.write(`from ${index}`);
	}

	for (const [index, peer] of peers.entries()) {
		await server.untilBytes(Buffer.from(`from ${index}`), peer.name);
	}

	peers[0]!.end();
	await server.untilEvent('ended');
	assert.equal(server.write(Buffer.from('to all')), 4);
	for (const peer of peers.slice(1)) {
		await untilBytes(peer, Buffer.from('to all'));
	}

	assert.equal(peers[0]!.bytes.length, 0);
});

test('raw server: distinguishes an RST from a FIN, and keeps serving', async t => {
	const server = await openRawServer(t);
	const reset = await openPlain(t, server.address);
	const other = await openPlain(t, server.address);
	reset.write('last');
	await server.untilBytes(Buffer.from('last'), reset.name);
	reset.reset();
	const ended = await server.untilEvent('ended');
	assert.deepEqual([ended.peer, ended.reason], [reset.name, 'reset']);
	other.write('on');
	await server.untilBytes(Buffer.from('on'), other.name);
});

test('raw server: writes nothing to a peer after our FIN', async t => {
	const server = await openRawServer(t);
	const peer = await openPlain(t, server.address);
	await server.untilEvent('accepted');
	peer.socket.pause();
	// More than the kernel takes, so the connection outlives the FIN.
	const much = Buffer.alloc(16 * 1024 * 1024, 'x');
	server.write(much);
	peer.write('bye');
	peer.end();
	await server.untilBytes(Buffer.from('bye'));
	await until(() => server.write(Buffer.from('too late')) === 0, {
		what: 'its FIN to be seen',
	});
	const told = server.bytes('out').length;
	peer.socket.resume();
	await peer.untilFin();
	assert.equal(peer.bytes.length, told, 'what was told as sent was sent');
	const ended = await server.untilEvent('ended');
	assert.deepEqual([ended.reason, ended.bytesOut], ['closed', told]);
});

test('raw server: a file goes to whoever has sent FIN before it was read', async t => {
	const server = await openRawServer(t, {isPipe: true, isInputFinite: true});
	const first = await openPlain(t, server.address);
	const second = await openPlain(t, server.address);
	await server.untilEvent('accepted', ({peer}) => peer === second.name);
	first.end();
	second.end();
	// Its FIN is answered at once, as the file is for the first.
	await server.untilEvent('ended', ({peer}) => peer === second.name);
	server.write(Buffer.from('a file'));
	server.finish(true);
	await untilBytes(first, Buffer.from('a file'));
	await server.untilEvent('ended', ({peer}) => peer === first.name);
	assert.equal(second.bytes.length, 0);
});

test('raw server: a file waits for the peer that it is for', async t => {
	const path = join(mkdtempSync(join(tmpdir(), 'sockchat-to-')), 'socket');
	t.after(() => {
		rmSync(dirname(path), {recursive: true});
	});
	const server = await openRawServer(t, {
		isPipe: true,
		isInputFinite: true,
		to: '2',
		address: requireLoopback({kind: 'unix', path}),
	});
	const peers = [];
	for (const name of ['unix:1', 'unix:2']) {
		peers.push(await openPlain(t, server.address));
		await server.untilEvent('accepted', ({peer}) => peer === name);
	}

	const [first, second] = peers as [WirePeer, WirePeer];
	second.end();
	first.end();
	await server.untilEvent('ended', ({peer}) => peer === 'unix:1');
	server.write(Buffer.from('a file'), '2');
	server.finish(true);
	await untilBytes(second, Buffer.from('a file'));
	assert.equal(first.bytes.length, 0);
});

test('raw server: drains with FIN, and disconnects after 3 s', async t => {
	const clock = new FakeClock();
	const server = await openRawServer(t, {clock});
	const polite = await openPlain(t, server.address);
	const stuck = await openPlain(t, server.address);
	await server.untilEvent('accepted', () => server.of('accepted').length === 2);
	server.write(Buffer.from('goodbye'));
	const drained = server.drain();
	await polite.untilFin();
	await stuck.untilFin();
	polite.end();
	await server.untilEvent('ended', ({peer}) => peer === polite.name);
	assert.equal(server.of('ended').length, 1);
	clock.advance(3000);
	await drained;
	assert.equal(server.of('ended').length, 2);
	assert.equal(polite.text, 'goodbye');
});

test('raw server: the slowest reader sets the pace', async t => {
	const server = await openRawServer(t);
	const slow = await openPlain(t, server.address);
	const quick = await openPlain(t, server.address);
	slow.duplex.pause();
	await server.untilEvent('accepted', ({peer}) => peer === slow.name);
	await server.untilEvent('accepted', ({peer}) => peer === quick.name);
	const bytes = Buffer.alloc(16 * 1024 * 1024, 'x');
	server.write(bytes);
	let isDrained = false;
	const drained = server.drained().then(() => {
		isDrained = true;
	});
	await quick.until('all of it', () => quick.bytes.length === bytes.length);
	assert.ok(!isDrained, 'one of the two has not read it');
	slow.duplex.resume();
	await drained;
	await slow.until('all of it', () => slow.bytes.length === bytes.length);

	// A peer that leaves in between blocks nobody.
	slow.duplex.pause();
	server.write(bytes);
	slow.reset();
	await server.drained();
});

test('raw server: that serves one peer closes a second one on a Unix domain socket', async t => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-raw-'));
	t.after(() => {
		rmSync(folder, {recursive: true});
	});
	const path = join(folder, 'socket');
	const server = await openRawServer(t, {
		address: requireLoopback({kind: 'unix', path}),
		isOnce: true,
	});
	const first = await openPlain(t, server.address);
	await server.untilEvent('accepted');
	const second = createConnection({path});
	second.resume();
	await once(second, 'close');
	first.write('still served');
	first.end();
	await server.untilBytes(Buffer.from('still served'));
	await server.closed;
});

test('raw server: that serves one peer reports no other as accepted', async t => {
	const server = await openRawServer(t, {isOnce: true});
	const first = await openPlain(t, server.address);
	await server.untilEvent('accepted');
	const second = createConnection(portOf(server.address), '127.0.0.1');
	second.on('error', () => undefined);
	await new Promise(resolve => {
		second.once('close', resolve);
	});
	first.write('still served');
	await server.untilBytes(Buffer.from('still served'));
	assert.deepEqual(
		server.of('accepted').map(({peer}) => peer),
		[first.name],
	);

	const datagrams = await openRawServer(t, {
		address: requireLoopback({kind: 'udp', host: '127.0.0.1', port: 0}),
		isOnce: true,
		createListener: options => new UdpListener(options),
	});
	const port = portOf(datagrams.address);
	const send = async (sender: Socket, text: string) =>
		new Promise(resolve => {
			sender.send(text, port, '127.0.0.1', resolve);
		});
	const [served, other] = [createSocket('udp4'), createSocket('udp4')];
	t.after(() => {
		served.close();
		other.close();
	});
	await send(served, 'one');
	await datagrams.untilEvent('accepted');
	await send(other, 'not served');
	await send(other, 'nor this');
	await send(served, 'two');
	await datagrams.untilBytes(Buffer.from('onetwo'));
	assert.deepEqual(
		datagrams.of('accepted').map(({peer}) => peer),
		[`127.0.0.1:${served.address().port}`],
	);
});
