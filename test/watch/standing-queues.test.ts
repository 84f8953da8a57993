import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {test} from 'node:test';
import {SocketLink} from '../../source/socket/link.js';
import {notSentOf} from '../../source/tcp/tcp.js';
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
