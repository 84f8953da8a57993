import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {mkdtempSync, rmSync} from 'node:fs';
import type {Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {duplexPair} from 'node:stream';
import {test} from 'node:test';
import {requireLoopback} from '../../source/socket/address.js';
import {dial} from '../../source/socket/dial.js';
import {MemoryLink} from '../../source/socket/link.js';
import {listenBare} from '../helpers/scripted.js';
import {until} from '../helpers/until.js';
import {openServer} from '../helpers/room.js';

test('link: over TCP it knows both ends, and what the kernel took', async t => {
	const {address} = await listenBare(t, () => undefined);
	const link = dial(requireLoopback(address));
	t.after(() => link.stream.destroy());
	assert.equal(link.kind, 'tcp');
	assert.ok(link.isConnecting);
	assert.equal(link.endpoints.local, undefined);
	await until(() => !link.isConnecting, {what: 'the connection'});
	assert.match(link.endpoints.local!, /^127\.0\.0\.1:\d+$/);
	assert.equal(link.endpoints.remote, `127.0.0.1:${link.stream.remotePort}`);
	// Nobody reads at the other end, so most of it stays queued in Node.
	const bytes = 16 * 1024 * 1024;
	link.stream.write(Buffer.alloc(bytes));
	link.stream.write('more');
	await until(() => link.stream.writableNeedDrain, {what: 'a full queue'});
	assert.equal(link.stream.bytesWritten, bytes + 4);
	assert.ok(link.bytesOut < bytes, `${link.bytesOut} bytes`);
});

test('link: a write that a reset cut is not counted as taken', async t => {
	const peers: Socket[] = [];
	const {address} = await listenBare(t, peer => {
		peers.push(peer);
	});
	const link = dial(requireLoopback(address));
	link.stream.on('error', () => undefined);
	t.after(() => link.stream.destroy());
	await until(() => peers.length > 0, {what: 'the peer'});
	const taken = new Promise(resolve => {
		link.stream.write(Buffer.alloc(60_000), resolve);
	});
	await taken;
	// Nobody reads it, so the kernel takes only a part.
	link.stream.write(Buffer.alloc(16 * 1024 * 1024));
	link.stream.write('more');
	await until(() => link.stream.writableNeedDrain, {what: 'a full queue'});
	peers[0]!.resetAndDestroy();
	await until(() => link.stream.closed, {what: 'the close'});
	assert.equal(link.bytesOut, 60_000);
});

test('link: over a Unix domain socket there are no addresses', async t => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-test-'));
	const {address} = await openServer(t, {
		address: {kind: 'unix', path: join(folder, 'socket')},
	});
	t.after(() => {
		rmSync(folder, {recursive: true});
	});
	const link = dial(requireLoopback(address));
	t.after(() => link.stream.destroy());
	await until(() => !link.isConnecting, {what: 'the connection'});
	assert.equal(link.kind, 'unix');
	assert.deepEqual(link.endpoints, {local: undefined, remote: undefined});
	// There is no RST.
	link.reset();
	await until(() => link.stream.closed, {what: 'the close'});
});

test('link: in memory nothing goes to the kernel', async () => {
	const [near, far] = duplexPair();
	const link = new MemoryLink(near);
	far.resume();
	near.write('hello');
	assert.equal(link.isConnecting, false);
	assert.equal(link.bytesOut, 0);
	assert.deepEqual(link.endpoints, {local: undefined, remote: undefined});
	link.reset();
	await until(() => near.closed, {what: 'the close'});
});
