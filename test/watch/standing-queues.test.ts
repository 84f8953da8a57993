import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {test} from 'node:test';
import {SocketLink} from '../../source/socket/link.js';
import {notSentOf, type KernelSocket} from '../../source/tcp/tcp.js';
import {queuesByEnds, withSending} from '../../source/watch/standing-queues.js';
import {listenBare} from '../helpers/scripted.js';
import {until} from '../helpers/until.js';
import {openWatch} from '../helpers/watch.js';
import {openPlain} from '../helpers/wire-peer.js';

test('standing queues: a closed window says so, and how much was never sent', async t => {
	const {address} = await listenBare(t, socket => {
		socket.pause();
	});
	const peer = await openPlain(t, address);
	const {watch, of} = openWatch(t, {server: address});
	const link = new SocketLink('tcp', peer.socket);
	watch.sampleClient(() => link.endpoints);
	peer.socket.write(Buffer.alloc(16 * 1024 * 1024));
	const end = await until(
		() => {
			const {local} = of('kernel').at(-1)?.pair ?? {};
			return local?.timer?.name === 'persist' && local.sending && local;
		},
		{
			what: 'the persist timer, and figures of ss',
			seen: () => JSON.stringify(of('kernel').at(-1)),
		},
	);
	assert.ok(end.sendQueueBytes > 0);
	assert.equal(notSentOf(end), end.sendQueueBytes, 'nothing is in flight');
	assert.equal(end.sending?.unackedSegments, 0);
});

/** An end that has queued so much, of which ss says that it was never sent. */
const sendingOf = (
	queuedBytes: number,
	counted: number,
	notSentBytes: number,
) => {
	const ends = {local: '127.0.0.1:41000', remote: '127.0.0.1:5001'};
	const socket: KernelSocket = {
		...ends,
		state: 'FIN-WAIT-1',
		sendQueueBytes: queuedBytes,
		receiveQueueBytes: 0,
		uid: 0,
	};
	const sending = {notSentBytes, unackedSegments: 0, windowLimitedMs: 20};
	const queues = queuesByEnds([{...ends, sendQueueBytes: counted, sending}]);
	return withSending(socket, queues)?.sending?.notSentBytes;
};

test('standing queues: a FIN that ss counts is no byte of what was not sent', () => {
	assert.equal(sendingOf(5, 6, 6), 5);
	assert.equal(sendingOf(5, 6, 1), 1);
	assert.equal(sendingOf(5, 5, 5), 5);
});

test('standing queues: the figures of another queue are not shown', () => {
	assert.equal(sendingOf(5, 7, 5), undefined);
	assert.equal(sendingOf(5, 4, 4), undefined);
});
