/** What waits for the other side, by the kernel's table. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import type {Socket} from 'node:net';
import test from 'node:test';
import {reach} from '../../source/raw/reach.js';
import {dial} from '../../source/socket/dial.js';
import {unreachedBytes} from '../../source/socket/send-queue.js';
import {readTcpTable} from '../../source/socket/tcp-table.js';
import {listenBare} from '../helpers/scripted.js';
import {until} from '../helpers/until.js';

test('send queue: it has what the other kernel does not have', async t => {
	let peer: Socket | undefined;
	const {address} = await listenBare(t, socket => {
		peer = socket.pause();
	});
	const link = await reach({dial: () => dial(address), isWaiting: false});
	const {stream, endpoints} = link!;
	t.after(() => stream.destroy());
	assert.equal(unreachedBytes(link!), 0);
	const piece = Buffer.alloc(500_000);
	let pieces = 0;
	while (stream.writableLength === 0) {
		stream.write(piece);
		pieces++;
	}

	const kept = await until(
		async () => {
			const before = unreachedBytes(link!)!;
			const table = await readTcpTable();
			const {local, remote} = table!.pair(endpoints.local!, endpoints.remote!);
			const {receiveQueueBytes} = remote!;
			const isStill = before === unreachedBytes(link!);
			return (
				local!.sendQueueBytes > 0 &&
				// Only then nothing is on its way any more.
				local!.timer?.name === 'persist' &&
				isStill &&
				before + receiveQueueBytes + peer!.bytesRead
			);
		},
		{what: 'a full receive queue'},
	);
	assert.equal(kept, pieces * piece.length);
	stream.destroy();
	assert.equal(unreachedBytes(link!), undefined);
});
