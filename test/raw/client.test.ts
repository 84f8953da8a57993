import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {createHash, randomBytes} from 'node:crypto';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {duplexPair} from 'node:stream';
import {test} from 'node:test';
import {connectionLost} from '../../source/socket/dial.js';
import {MemoryLink} from '../../source/socket/link.js';
import {FakeClock} from '../helpers/clock.js';
import {
	hostile,
	openRawClient,
	openRawServer,
	untilBytes,
} from '../helpers/raw.js';
import {listenBare, openScripted} from '../helpers/scripted.js';
import {until} from '../helpers/until.js';
import type {WirePeer} from '../helpers/wire-peer.js';

test('raw client: exact bytes, both ways', async t => {
	const peers: WirePeer[] = [];
	const {address} = await openScripted(t, peer => {
		peer.isFramed = false;
		peers.push(peer);
	});
	const {client, ...raw} = openRawClient(t, address);
	await raw.untilPhase('open');
	await client.write(hostile);
	await client.write(Buffer.alloc(0));
	await untilBytes(peers[0]!, hostile);
	peers[0]!.write(hostile);
	await raw.untilBytes(hostile);
	assert.deepEqual(raw.bytes('out'), hostile);
	assert.equal(client.bytesIn, hostile.length);
	assert.equal(client.bytesOut, hostile.length);
	client.leave();
	await peers[0]!.untilFin();
	assert.deepEqual(peers[0]!.bytes, hostile, 'nothing of its own');
	peers[0]!.end();
	assert.equal(await client.closed, undefined);
});

test('raw client: bytes written before it is connected are not lost', async t => {
	const server = await openRawServer(t);
	const {client} = openRawClient(t, server.address);
	assert.equal(client.connection.phase, 'connecting');
	await client.write(Buffer.from('early'));
	await server.untilBytes(Buffer.from('early'));
});

test('raw client: runs over any link, connected already or not', async t => {
	const [near, far] = duplexPair();
	const {client, ...raw} = openRawClient(
		t,
		{kind: 'tcp', host: '127.0.0.1', port: 1},
		{dial: () => new MemoryLink(near)},
	);
	await raw.untilPhase('open');
	far.write('hello');
	await raw.untilBytes(Buffer.from('hello'));
	assert.deepEqual(client.endpoints, {local: undefined, remote: undefined});
	far.resume();
	far.end();
	assert.equal(await client.closed, undefined);
});

test('raw client: only TCP ends a connection with FIN', async t => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-test-'));
	t.after(() => {
		rmSync(folder, {recursive: true});
	});
	for (const [place, said] of [
		[0, 'The other side ended the connection (FIN).'],
		[join(folder, 'pair.sock'), 'The other side ended the connection.'],
	] as const) {
		const {address} = await openScripted(
			t,
			peer => {
				peer.isFramed = false;
				peer.end();
			},
			place,
		);
		const {of, ...raw} = openRawClient(t, address, {isRetrying: true});
		await raw.untilPhase('waiting');
		const lost = of('connection').find(
			({connection}) => connection.phase === 'waiting',
		);
		assert.equal(
			lost?.connection.phase === 'waiting' && lost.connection.cause.message,
			said,
		);
	}
});

test('raw client: after its FIN it sends no more, but still reads', async t => {
	const peers: WirePeer[] = [];
	const {address} = await openScripted(t, peer => {
		peer.isFramed = false;
		peers.push(peer);
	});
	const {client, ...raw} = openRawClient(t, address);
	await client.write(Buffer.from('question'));
	client.finish();
	await client.write(Buffer.from('too late'));
	await peers[0]!.untilFin();
	assert.equal(peers[0]!.text, 'question');
	assert.equal(raw.bytes('out').toString(), 'question');
	peers[0]!.write('answer');
	await raw.untilBytes(Buffer.from('answer'));
	assert.equal(raw.phase(), 'open');
	peers[0]!.end();
	assert.equal(await client.closed, undefined);
});

test("raw client: ends at the other side's FIN, and fails at an RST", async t => {
	const peers: WirePeer[] = [];
	const {address} = await openScripted(t, peer => {
		peers.push(peer);
		peer.isFramed = false;
		peer.duplex.once('data', (bytes: Buffer) => {
			if (bytes.toString() === 'fin') {
				peer.duplex.end('last words');
			} else {
				peer.reset();
			}
		});
	});
	const fin = openRawClient(t, address);
	await fin.client.write(Buffer.from('fin'));
	assert.equal(await fin.client.closed, undefined);
	assert.equal(fin.bytes('in').toString(), 'last words');
	await peers[0]!.untilFin();

	const rst = openRawClient(t, address);
	await rst.client.write(Buffer.from('rst'));
	const cause = await rst.client.closed;
	assert.equal(cause?.code, 'ERR_RESET');
});

test('raw client: a reset by hand ends it, and is dialled again only if asked for', async t => {
	const {address} = await openScripted(t, peer => {
		peer.isFramed = false;
	});
	for (const isRetrying of [false, true]) {
		const {client, ...raw} = openRawClient(t, address, {isRetrying});
		await raw.untilPhase('open');
		await client.control({type: 'reset'});
		await raw.untilPhase(isRetrying ? 'waiting' : 'closed');
		const {connection} = client;
		assert.equal(
			connection.phase === 'waiting' ? connection.cause.message : 'no cause',
			isRetrying ? 'You reset the connection (RST).' : 'no cause',
		);
	}
});

for (const isShutdown of [true, false]) {
	const how = isShutdown ? 'with' : 'without';
	test(`raw client: what a pipe sends to a closed socket is lost, ${how} FIN at the end of the input`, async t => {
		let isClosed = false;
		const {address} = await listenBare(t, socket => {
			socket.on('close', () => {
				isClosed = true;
			});
			socket.resume();
			socket.destroySoon();
		});
		const {client, of} = openRawClient(t, address, {
			isPipe: true,
			describe: cause => connectionLost('there', cause),
		});
		await until(() => client.hasPeerEnded && isClosed, {what: 'its end'});
		await client.write(Buffer.from('lost'));
		client.finish(isShutdown);
		const cause = await client.closed;
		assert.match(cause?.message ?? '', /^EPIPE: .*\(RST\)/);
		const said = JSON.stringify([...of('notice'), ...of('connection')]);
		assert.match(said, /ERR_RESET|EPIPE: /);
	});
}

test('raw client: reports that nobody listens', async t => {
	const {address, close} = await listenBare(t, () => undefined);
	await close();
	const {client} = openRawClient(t, address);
	const cause = await client.closed;
	assert.equal(cause?.code, 'ERR_REFUSED');
});

test('raw client: never times out in silence; leaving waits 2 s for the FIN', async t => {
	const clock = new FakeClock();
	const peers: WirePeer[] = [];
	const {address} = await openScripted(t, peer => {
		peers.push(peer);
	});
	const {client, ...raw} = openRawClient(t, address, {clock});
	await raw.untilPhase('open');
	clock.advance(86_400_000);
	clock.jump(86_400_000);
	assert.equal(raw.phase(), 'open');
	assert.equal(peers[0]!.bytes.length, 0);
	client.leave();
	clock.advance(1999);
	assert.equal(raw.phase(), 'draining');
	clock.advance(1);
	assert.equal(await client.closed, undefined);

	const twice = openRawClient(t, address, {clock});
	await twice.untilPhase('open');
	twice.client.leave();
	twice.client.leave();
	assert.equal(await twice.client.closed, undefined);
});

test('raw client: 8 MiB arrive whole, no faster than they are read', async t => {
	const server = await openRawServer(t);
	const {client, ...raw} = openRawClient(t, server.address);
	const sent = randomBytes(8 * 1024 * 1024);
	for (let start = 0; start < sent.length; start += 65_536) {
		await client.write(sent.subarray(start, start + 65_536));
		assert.equal(client.queuedBytes, 0, 'the kernel has what was written');
	}

	client.finish();
	await client.closed;
	const digest = (bytes: Buffer) =>
		createHash('sha256').update(bytes).digest('hex');
	assert.equal(digest(server.bytes('in')), digest(sent));
	assert.equal(raw.bytes('in').length, 0);
});
