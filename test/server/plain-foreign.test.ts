import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {test} from 'node:test';
import {FakeClock} from '../helpers/clock.js';
import {requireExecutable} from '../helpers/environment.js';
import {startProcess} from '../helpers/process.js';
import {openServer, openHub, portOf, type TestServer} from '../helpers/room.js';
import {joinWire, openPlain, type WirePeer} from '../helpers/wire-peer.js';

const request =
	'POST / HTTP/1.1\r\nHost: 127.0.0.1:5001\r\nContent-Length: 5\r\n\r\nhello';

const assertTurnedAway = async (
	server: TestServer,
	peer: WirePeer,
	protocol: string,
) => {
	await peer.untilFin();
	const event = await server.untilEvent(
		'foreign',
		foreign => foreign.peer === peer.name,
	);
	assert.equal(event.protocol, protocol);
	peer.end();
	const ended = await server.untilEvent(
		'ended',
		gone => gone.peer === peer.name,
	);
	assert.equal(ended.reason, 'protocol');
};

test('foreign: an HTTP request is refused in HTTP, and nothing reaches the room', async t => {
	const server = await openServer(t);
	const requests = [
		request,
		'GET / HTTP/1.1\r\n\r\n',
		'OPTIONS * HTTP/1.1\r\n\r\n',
		'GET http://127.0.0.1/ HTTP/1.1\r\n\r\n',
		'PROPFIND /x HTTP/1.1\r\n\r\n',
		'CONNECT example.com:443 HTTP/1.1\r\n\r\n',
		'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
	];
	for (const bytes of requests) {
		const peer = await openPlain(t, server.address);
		peer.write(bytes);

		await assertTurnedAway(server, peer, 'HTTP');
		assert.match(peer.text, /^HTTP\/1\.1 400 Bad Request\r\n/);
		assert.match(peer.text, /\r\n\r\nThis is a sockchat room[^\n]+\n$/);
	}

	assert.equal(server.of('foreign').length, requests.length, 'one event each');
	assert.equal(server.room.log.head, 0);
});

test('foreign: an HTTP request is refused however it is split', async t => {
	// The clock stands still, so a split is never idle for 75 ms.
	const server = await openServer(t, {clock: new FakeClock()});
	await Promise.all(
		Array.from({length: request.length - 1}, async (_, index) => {
			const peer = await openPlain(t, server.address);
			peer.write(request.slice(0, index + 1));
			await server.untilEvent('accepted', ({peer: name}) => name === peer.name);
			peer.write(request.slice(index + 1));
			await assertTurnedAway(server, peer, 'HTTP');
		}),
	);
	assert.equal(server.room.log.head, 0, 'not even a joining');
});

test('foreign: a request sent byte by byte is refused too', async t => {
	const server = await openServer(t, {clock: new FakeClock()});
	const otter = await joinWire(t, server.address, 'otter');
	for (const bytes of [request, 'PROPFIND / HTTP/1.1\r\nHost: x\r\n\r\n']) {
		const peer = await openPlain(t, server.address);
		for (const byte of bytes) {
			peer.write(byte);
			otter.send({type: 'ping', id: 1});

			await otter.untilFrame('pong');
			otter.forget();
		}

		await assertTurnedAway(server, peer, 'HTTP');
	}

	assert.deepEqual(otter.said, []);
});

test('foreign: pauses shorter than 75 ms do not get a request in', async t => {
	const clock = new FakeClock();
	const room = await openHub(t, {clock});
	const peer = await openPlain(t, room.address);
	for (const piece of ['G', 'ET', ' ', '/ HTTP/1.1\r\n']) {
		peer.write(piece);

		await room.untilRead(peer);
		clock.advance(74);
	}

	await peer.untilFin();
	assert.equal(room.of('foreign')[0]?.protocol, 'HTTP');
	assert.equal(room.room.log.head, 0);
});

test('foreign: a Host header shows HTTP later too', async t => {
	// No deadline passes: it leaves the room as soon as it is recognised.
	const server = await openServer(t, {clock: new FakeClock()});
	const otter = await joinWire(t, server.address, 'otter');
	const peer = await openPlain(t, server.address);
	peer.write('what is this\n\n');
	await otter.untilSaid('what is this');
	peer.write('host: 127.0.0.1\nsecret=1\n');
	const left = await otter.untilFrame('left');
	assert.equal(left.reason, 'protocol');
	await assertTurnedAway(server, peer, 'HTTP');
	assert.deepEqual(otter.said, ['what is this']);
});

test('foreign: TLS and SSH are refused and named', async t => {
	const server = await openServer(t);
	const hello = Buffer.from('16030100c8010000c40303', 'hex');
	const tls = await openPlain(t, server.address);
	tls.write(hello);
	await assertTurnedAway(server, tls, 'TLS');
	assert.match(tls.text, /does not speak TLS/);

	const cut = await openPlain(t, server.address);
	cut.write(hello.subarray(0, 1));
	await server.untilEvent('accepted', ({peer}) => peer === cut.name);
	cut.write(hello.subarray(1));
	await assertTurnedAway(server, cut, 'TLS');

	const ssh = await openPlain(t, server.address);
	ssh.write('SSH-2.0-OpenSSH_9.6\r\n');
	await assertTurnedAway(server, ssh, 'SSH');
	assert.match(ssh.text, /not an SSH server/);
	assert.equal(server.room.log.head, 0);
});

test('foreign: text that begins like a request is text', async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	const peer = await openPlain(t, server.address);
	const lines = [
		'GET',
		'POST it on the wall',
		'get / of it',
		'the Host: who is it?',
		'SSH is up',
		'HTTP/1.1 is old',
	];
	peer.write(lines.map(line => `${line}\n`).join(''));
	await otter.untilSaid(lines.at(-1)!);
	assert.deepEqual(otter.said, lines);
	assert.equal(server.of('foreign').length, 0);
});

test('foreign: fetch gets an answer that it understands', async t => {
	const server = await openServer(t);
	const response = await fetch(`http://127.0.0.1:${portOf(server.address)}/`, {
		method: 'POST',
		body: '{"type":"hello"}',
	});
	assert.equal(response.status, 400);
	assert.match(await response.text(), /not a web server/);
	assert.equal(server.room.log.head, 0);
});

test('foreign: curl gets an answer that it understands', async t => {
	const server = await openServer(t);
	const curl = startProcess(t, requireExecutable('curl', 'curl'), [
		'-s',
		'-o-',
		'-w%{http_code}',
		`http://127.0.0.1:${portOf(server.address)}/`,
	]);
	const {code} = await curl.waitForExit();
	assert.equal(code, 0, curl.seen());
	assert.match(curl.stdout(), /not a web server\.\n400$/);
});
