/** A link of UDP whose reader is slow. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {createSocket} from 'node:dgram';
import {once} from 'node:events';
import test from 'node:test';
import {requireLoopback} from '../../source/socket/address.js';
import {dialUdp} from '../../source/socket/link/udp.js';
import {until} from '../helpers/until.js';

const host = '127.0.0.1';

test('udp: 4 MiB wait for a slow reader, the rest is dropped and said', async t => {
	const peer = createSocket('udp4');
	peer.bind(0, host);
	await once(peer, 'listening');
	const link = dialUdp(
		requireLoopback({kind: 'udp', host, port: peer.address().port}),
	);
	t.after(() => {
		link.stream.destroy();
		peer.close();
	});
	await until(() => !link.isConnecting, {what: 'a bound socket'});
	const ownPort = Number(link.endpoints.local!.split(':')[1]);
	let kept = 0;
	link.stream.on('arrived', () => {
		kept++;
	});
	const bytes = 16 * 1024;
	const all = 300;
	for (let sent = 1; sent <= all; sent++) {
		const datagram = Buffer.alloc(bytes);
		datagram.writeUInt32BE(sent);
		peer.send(datagram, ownPort, host);
		// One at a time, so that the kernel drops none.
		await until(() => kept + link.stream.dropped === sent, {what: 'it'});
	}

	// The first may be with the reader already, who has not asked for it.
	const inQueue = (4 * 1024 * 1024) / bytes;
	assert.ok(kept >= inQueue && kept <= inQueue + 1, String(kept));
	assert.equal(
		link.flaw?.message,
		`${all - kept} datagrams were lost: more came than was read here in time.`,
	);
	const read: number[] = [];
	link.stream.on('data', (chunk: Buffer) => {
		assert.equal(chunk.length, bytes);
		read.push(chunk.readUInt32BE());
	});
	await until(() => read.length === kept, {what: 'what was kept'});
	assert.deepEqual(
		read,
		Array.from({length: kept}, (_each, index) => index + 1),
	);
});
