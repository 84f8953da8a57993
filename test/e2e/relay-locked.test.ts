/** A locked room of two servers, of which one is killed, or ended, and comes back. */
import assert from 'node:assert/strict';
import {join} from 'node:path';
import {test, type TestContext} from 'node:test';
import {freshIdentity, type Identity} from '../../source/client/identity.js';
import {openClient, type TestClient} from '../helpers/client.js';
import {serveOn} from '../helpers/faults/process.js';
import {makeScratch, openRelayed, startNats} from '../helpers/nats.js';
import {findPort} from '../helpers/ports.js';
import {loopback} from '../helpers/sockchat.js';
import {until} from '../helpers/until.js';

const leftOf = (client: TestClient, nick: string) =>
	client
		.frames()
		.flatMap(frame =>
			frame.type === 'left' && frame.nick === nick ? [frame.reason] : [],
		);

const openLocked = async (t: TestContext) => {
	const nats = await startNats(t);
	const path = join(makeScratch(t), 'two.jsonl');
	const port = await findPort();
	const one = await openRelayed(t, nats.url);
	const serve = async () => {
		const {server} = await serveOn(t, port, [
			'--input=none',
			'--room=lab',
			`--relay=${nats.url}`,
			`--history=${path}`,
		]);
		await server.waitForOutput(/"type":"relay".*"phase":"open"/);
		return server;
	};

	const server = await serve();
	const otter = openClient(t, one.address, 'otter');
	const heron = openClient(t, loopback(port), 'heron');
	const identity = freshIdentity();
	const wren = openClient(t, loopback(port), 'wren', {identity});
	const sees = (nick: string) => otter.client.members.names.includes(nick);
	await until(() => sees('heron') && sees('wren'), {
		what: 'the members',
		seen: () => JSON.stringify(otter.client.members),
	});
	await one.rule({type: 'lock'});
	const assertKeptOut = async (who: Identity) => {
		const {client} = openClient(t, loopback(port), 'stranger', {
			identity: who,
			isRetrying: false,
		});
		assert.equal((await client.closed)?.code, 'ERR_ROOM_LOCKED');
	};

	// The lock goes by the engine.
	await until(
		async () => {
			const crane = openClient(t, loopback(port), 'crane', {
				isRetrying: false,
			});
			await crane.until('an end', () =>
				['open', 'closed'].includes(crane.phase()),
			);
			crane.client.leave();
			return (await crane.client.closed)?.code === 'ERR_ROOM_LOCKED';
		},
		{what: 'the lock to hold on the other server'},
	);
	/** Those of the server are back, and others are not let in. */
	const assertBack = async () => {
		const phases = heron.phases().length;
		await serve();
		await until(() => heron.phases().slice(phases).includes('open'), {
			what: 'heron to be back',
			seen: () => JSON.stringify(heron.events.slice(-10)),
			deadlineMs: 20_000,
		});
		await until(() => sees('heron'), {
			what: 'heron in the list of the other server',
			seen: () => JSON.stringify(otter.client.members),
		});
		await assertKeptOut(freshIdentity());
	};

	/** Somebody leaves, and is kept out from then on. */
	const quit = async () => {
		wren.client.leave();
		await wren.client.closed;
		await until(() => leftOf(otter, 'wren').includes('quit'), {
			what: 'the leave',
		});
	};

	return {
		server,
		otter,
		quit,
		assertBack,
		assertKeptOut: async () => assertKeptOut(identity),
	};
};

test('e2e: a lock lets members back in once their killed server is back', async t => {
	const {server, assertBack} = await openLocked(t);
	server.signal('SIGKILL');
	await server.waitForExit();
	await assertBack();
});

test('e2e: a lock lets them in although the others have seen them leave', async t => {
	const {server, otter, assertBack} = await openLocked(t);
	server.signal('SIGKILL');
	await server.waitForExit();
	await until(() => leftOf(otter, 'heron').includes('timeout'), {
		what: 'the leave',
		seen: () => JSON.stringify(otter.frames().slice(-5)),
		deadlineMs: 30_000,
	});
	await assertBack();
});

test('e2e: a lock lets members of a server that was ended back in, and nobody who quit', async t => {
	const {server, quit, assertBack, assertKeptOut} = await openLocked(t);
	await quit();
	server.signal('SIGTERM');
	await server.waitForExit();
	await assertBack();
	await assertKeptOut();
});
