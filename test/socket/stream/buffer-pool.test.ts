/** Buffers that are used again: no chunk changes while somebody holds it. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {randomBytes} from 'node:crypto';
import {once} from 'node:events';
import {connect, Socket} from 'node:net';
import {PassThrough} from 'node:stream';
import {test, type TestContext} from 'node:test';
import {TLSSocket} from 'node:tls';
import fc from 'fast-check';
import {
	bulkBytes,
	BufferPool,
	pooledBytes,
	readIntoPool,
} from '../../../source/socket/stream/buffer-pool.js';
import {portOf} from '../../helpers/room.js';
import {listenBare} from '../../helpers/scripted.js';
import {until} from '../../helpers/until.js';

const million = randomBytes(1_000_000);

/** Both ends of one connection: the one that connected, and the accepted one. */
const openPair = async (t: TestContext) => {
	let accepted: Socket | undefined;
	const {address} = await listenBare(t, socket => {
		accepted = socket;
	});
	const dialled = connect({host: '127.0.0.1', port: portOf(address)});
	dialled.on('error', () => undefined);
	t.after(() => {
		dialled.destroy();
	});
	await once(dialled, 'connect');
	return {
		dialled,
		accepted: await until(() => accepted, {what: 'a connection'}),
	};
};

test('buffer pool: a buffer is filled again once all its chunks were given back', () => {
	const pool = new BufferPool();
	const {buffer} = pool.room;
	assert.equal(pool.room.length, pooledBytes);
	const small = pool.fill(100);
	assert.equal(pool.room.buffer, buffer);
	const large = pool.fill(bulkBytes);
	assert.deepEqual(
		[small, large].map(chunk => [chunk.buffer, chunk.byteOffset, chunk.length]),
		[
			[buffer, 0, 100],
			[buffer, 100, bulkBytes],
		],
	);
	// What is left of the first is less than Node reads at once.
	const second = pool.room;
	assert.equal(second.length, pooledBytes);
	assert.notEqual(second.buffer, buffer);
	// Twice, or a stranger's.
	pool.giveBack(small);
	pool.giveBack(small);
	pool.giveBack(Buffer.alloc(pooledBytes));
	pool.giveBack(second);
	const held = pool.fill(pooledBytes);
	assert.notEqual(pool.room.buffer, buffer);
	assert.notEqual(pool.room.buffer, held.buffer);
	pool.giveBack(large);
	pool.fill(pooledBytes);
	assert.equal(pool.room.buffer, buffer);
	assert.equal(pool.room.length, pooledBytes);
});

test('buffer pool: small reads share few buffers, and none is copied', async t => {
	const {dialled, accepted} = await openPair(t);
	const pool = readIntoPool(dialled) ?? assert.fail('no pool');
	const buffers = new Set<ArrayBufferLike>();
	const held: Buffer[] = [];
	let at = 0;
	dialled.on('data', (chunk: Buffer) => {
		buffers.add(chunk.buffer);
		held.push(chunk);
		at += chunk.length;
		if (held.length > 3) {
			pool.giveBack(held.shift()!);
		}
	});
	const length = 10_000;
	for (let count = 1; count <= 300; count++) {
		accepted.write(million.subarray(0, length));
		await until(() => at === count * length, {what: 'the piece'});
	}

	assert.ok(buffers.size <= 3, `${buffers.size} buffers`);
});

for (const side of ['dialled', 'accepted'] as const) {
	test(`buffer pool: a socket that was ${side} reads into few buffers`, async t => {
		const pair = await openPair(t);
		const reader = pair[side];
		const writer = side === 'dialled' ? pair.accepted : pair.dialled;
		const pool = readIntoPool(reader) ?? assert.fail('no pool');
		const seen = new Set<ArrayBufferLike>();
		let at = 0;
		reader.on('data', (chunk: Buffer) => {
			const begin = at % million.length;
			const wanted = Buffer.concat([million, million]);
			assert.ok(chunk.equals(wanted.subarray(begin, begin + chunk.length)));
			at += chunk.length;
			if (chunk.length >= bulkBytes) {
				seen.add(chunk.buffer);
			}

			pool.giveBack(chunk);
		});
		for (let count = 0; count < 20; count++) {
			writer.write(million);
		}

		writer.end();
		await once(reader, 'end');
		assert.equal(at, 20 * million.length);
		assert.equal(reader.bytesRead, at);
		assert.ok(seen.size > 0 && seen.size <= 2, `${seen.size} buffers`);
	});
}

test('buffer pool: no chunk changes before it was given back', async t => {
	await fc.assert(
		fc.asyncProperty(
			// What is written, and for how many chunks each is held.
			fc.array(fc.integer({min: 1, max: 400_000}), {
				minLength: 1,
				maxLength: 12,
			}),
			fc.array(fc.integer({min: 0, max: 5}), {minLength: 1, maxLength: 20}),
			fc.array(fc.boolean(), {minLength: 1, maxLength: 20}),
			async (writes, holds, pauses) => {
				const {dialled, accepted} = await openPair(t);
				const pool = readIntoPool(dialled)!;
				const bytes = Buffer.concat(
					writes.map(length => million.subarray(0, length)),
				);
				let at = 0;
				let count = 0;
				const held: Array<{chunk: Buffer; from: number; left: number}> = [];
				const release = (isAll = false) => {
					for (const each of held.splice(0)) {
						const {chunk, from, left} = each;
						assert.ok(
							chunk.equals(bytes.subarray(from, from + chunk.length)),
							'it has changed',
						);
						if (left === 0 || isAll) {
							pool.giveBack(chunk);
						} else {
							held.push({...each, left: left - 1});
						}
					}
				};

				dialled.on('data', (chunk: Buffer) => {
					release();
					held.push({chunk, from: at, left: holds[count % holds.length]!});
					at += chunk.length;
					if (pauses[count++ % pauses.length]!) {
						dialled.pause();
						setImmediate(() => {
							dialled.resume();
						});
					}
				});
				for (const length of writes) {
					accepted.write(million.subarray(0, length));
				}

				accepted.end();
				await once(dialled, 'end');
				release(true);
				assert.equal(at, bytes.length);
				dialled.destroy();
				accepted.destroy();
			},
		),
		{numRuns: 30},
	);
});

test('buffer pool: a paused socket keeps one read, the rest stays in the kernel', async t => {
	const {dialled, accepted} = await openPair(t);
	readIntoPool(dialled);
	let isTaken = false;
	for (let count = 0; count < 40; count++) {
		accepted.write(million, () => {
			isTaken = count === 39;
		});
	}

	dialled.once('data', () => {
		dialled.pause();
	});
	await until(() => dialled.bytesRead > 0, {what: 'a read'});
	// A connection beside it goes round while nothing more is read here.
	const beside = await openPair(t);
	beside.accepted.end('x');
	beside.dialled.resume();
	await once(beside.dialled, 'end');
	// That one, and the one that waits in the stream.
	assert.ok(dialled.bytesRead <= 2 * pooledBytes, String(dialled.bytesRead));
	assert.equal(isTaken, false);
	dialled.resume();
	await until(() => dialled.bytesRead === 40 * million.length, {
		what: 'all of it',
		seen: () => String(dialled.bytesRead),
	});
});

test('buffer pool: what is no bare socket is left as it is', () => {
	assert.equal(readIntoPool(new PassThrough()), undefined);
	assert.equal(readIntoPool(new TLSSocket(new Socket())), undefined);
	// It has no connection.
	assert.equal(readIntoPool(new Socket()), undefined);
});

test('buffer pool: an end and a reset come as ever', async t => {
	for (const isReset of [false, true]) {
		const {dialled, accepted} = await openPair(t);
		readIntoPool(dialled);
		dialled.resume();
		if (isReset) {
			accepted.resetAndDestroy();
			const [error] = (await once(dialled, 'error')) as [NodeJS.ErrnoException];
			assert.equal(error.code, 'ECONNRESET');
		} else {
			accepted.end('the end');
			await once(dialled, 'end');
		}
	}
});
