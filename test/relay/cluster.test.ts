/** A cluster whose stream is being created. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {openClient} from '../helpers/client.js';
import {openRelayed, startCluster} from '../helpers/nats.js';

test('relay: servers that open a new room of a cluster at once tell of no trouble', async t => {
	const cluster = await startCluster(t);
	for (let count = 0; count < 6; count++) {
		const room = `lab${count}`;
		const servers = await Promise.all(
			cluster.nodes.map(async ({url}) =>
				openRelayed(t, url, {room, replicas: 3}),
			),
		);
		const clients = servers.map(({address}, index) =>
			openClient(t, address, `otter${index}`),
		);
		for (const {client} of clients) {
			client.say('hello');
		}

		for (const client of clients) {
			await client.until('all', () => client.said().length === 3);
		}

		assert.deepEqual(
			servers.flatMap(({relayEvents}) =>
				relayEvents().flatMap(({error}) => error?.message ?? []),
			),
			[],
			room,
		);
	}
});
