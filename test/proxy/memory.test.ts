/** A proxy keeps nothing of connections that have ended. */
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {createConnection} from 'node:net';
import {test} from 'node:test';
import {queryObjects} from 'node:v8';
import {openProxy} from '../../source/chat/open-proxy.js';
import {Pair} from '../../source/proxy/pair.js';
import {anyPort, portOf} from '../helpers/room.js';
import {listenBare} from '../helpers/scripted.js';
import {until} from '../helpers/until.js';

test('proxy: nothing is kept of a connection that has ended', async t => {
	const target = await listenBare(t, socket => {
		socket.end();
	});
	let ended = 0;
	const proxy = await openProxy(
		{
			listen: {address: anyPort, link: undefined},
			target: {address: target.address, link: undefined},
			faults: {},
			isOnce: false,
			maxConnections: undefined,
			record: undefined,
		},
		{
			isWatched: false,
			hasEnds: false,
			onEvent({type}) {
				ended += type === 'ended' ? 1 : 0;
			},
			onFailure({message}) {
				assert.fail(message);
			},
		},
	);
	t.after(async () => {
		proxy.leave();
		await proxy.ended;
	});
	const count = 20;
	for (let begun = 0; begun < count; begun++) {
		const client = createConnection({
			host: '127.0.0.1',
			port: portOf(proxy.address),
		});
		client.resume();
		await once(client, 'close');
	}

	await until(() => ended === count, {what: 'their ends'});
	await until(() => queryObjects(Pair, {format: 'count'}) === 0, {
		what: 'none of them',
		seen: () => String(queryObjects(Pair, {format: 'count'})),
	});
});
