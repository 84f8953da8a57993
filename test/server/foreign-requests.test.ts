/** Any request that a page may choose, on real sockets: no line gets in. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {test} from 'node:test';
import fc from 'fast-check';
import {FakeClock} from '../helpers/clock.js';
import {anyRequest, chatLines} from '../helpers/http.js';
import {openServer, openHub} from '../helpers/room.js';
import {joinWire, openPlain} from '../helpers/wire-peer.js';

test('foreign: any method, path, case and header, in two pieces, adds no line', async t => {
	// The clock stands still, so a split is not a pause.
	const server = await openServer(t, {clock: new FakeClock()});
	await fc.assert(
		fc.asyncProperty(anyRequest, fc.nat(), async (request, place) => {
			const peer = await openPlain(t, server.address);
			const cut = 1 + (place % (request.length - 1));
			peer.write(request.slice(0, cut));
			await peer.until(
				'its end or its first piece',
				() => peer.hasFin || peer.socket.bytesWritten === cut,
			);
			peer.write(request.slice(cut));
			await peer.untilFin();
			assert.match(peer.text, /^HTTP\/1\.1 400 /);
			peer.reset();
			assert.equal(server.room.log.head, 0, 'not even a joining');
		}),
		{numRuns: 100},
	);
});

test('foreign: a request longer than a frame adds no line and no join', async t => {
	const server = await openServer(t);
	for (const length of [3000, 65_000, 70_000, 500_000]) {
		const peer = await openPlain(t, server.address);
		peer.write(
			`Visit-evil-now /${'A'.repeat(length)} HTTP/1.1\r\nHost: x\r\n\r\n`,
		);
		await peer.untilFin();
		peer.reset();
	}

	assert.equal(server.of('foreign').length, 4);
	assert.equal(server.room.log.head, 0);
});

test('foreign: bytes after a pause within a request add no line', async t => {
	const clock = new FakeClock();
	const room = await openHub(t, {clock});
	const otter = await joinWire(t, room.address, 'otter');
	const pieces = [
		'Visit /x ',
		'HTTP/1',
		'.1\r\n',
		'X-Any: y\r\nHost: z\r\n\r\nbody\n',
	];
	for (let pauses = 1; pauses < pieces.length; pauses++) {
		const peer = await openPlain(t, room.address);
		otter.forget();
		const said = pieces.slice(0, pauses).join('');
		peer.write(said);
		await room.untilRead(peer);
		clock.advance(75);
		if (pauses === 1) {
			// A message of the tutorial's client ends at a pause.
			await otter.untilSaid(said);
		}

		peer.write(pieces.slice(pauses).join(''));
		await peer.untilFin();
		assert.deepEqual(otter.said, pauses === 1 ? [said] : []);
		peer.reset();
	}
});

test('foreign: bytes that arrive while the server is busy do not count as a pause', async t => {
	const clock = new FakeClock();
	const room = await openHub(t, {clock});
	const peer = await openPlain(t, room.address);
	peer.write('Visit /x');
	await room.untilRead(peer);
	// The time is over before the rest, which has arrived, can be read.
	peer.write(' HTTP/1.1\r\n\r\n');
	const end = room.endOf(peer)!;
	const read = new Promise<void>(resolve => {
		end.prependOnceListener('data', () => {
			resolve();
		});
	});
	clock.advance(75);
	assert.equal(room.room.log.head, 0);
	await read;
	await peer.untilFin();
	assert.equal(room.room.log.head, 0);
});

test('foreign: after 10 s of silence a request is still refused', async t => {
	const clock = new FakeClock();
	const server = await openServer(t, {clock});
	const otter = await joinWire(t, server.address, 'otter');
	const peer = await openPlain(t, server.address);
	await server.untilEvent('accepted', ({peer: name}) => name === peer.name);
	for (const id of [1, 2]) {
		clock.advance(5000);
		otter.send({type: 'ping', id});
		await otter.untilFrame('pong', pong => pong.id === id);
	}

	await peer.until('its joining', () => server.room.memberCount === 2);
	peer.write('Visit-evil-now /x HTTP/1.1\r\nHost: x\r\n\r\n');
	await peer.untilFin();
	assert.deepEqual(otter.said, []);
});

test('foreign: ordinary text gets in, whole, byte by byte, with a pause or with FIN', async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	const lines = chatLines.filter(line => !line.startsWith('/'));
	for (const line of lines) {
		const [whole, slow, paused, ended] = await Promise.all(
			Array.from({length: 4}, async () => openPlain(t, server.address)),
		);
		otter.forget();
		whole!.write(`${line}\n`);
		paused!.write(line);
		ended!.duplex.end(line);
		for (const byte of Buffer.from(`${line}\nand more\n`)) {
			slow!.write(Buffer.of(byte));
		}

		await otter.until(
			line,
			() => otter.said.filter(said => said === line).length === 4,
		);
		await otter.untilSaid('and more');
		for (const peer of [whole!, slow!, paused!, ended!]) {
			peer.reset();
		}
	}

	assert.equal(server.of('foreign').length, 0);
});
