/**
 * The calls on Unix domain sockets that sockchat reports, at both ends, held
 * against strace: each send() and recv(), with what it moved, and when. They have
 * no TCP states, and no segments.
 */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import process from 'node:process';
import {after, test, type TestContext} from 'node:test';
import {requireLoopback} from '../../source/socket/address.js';
import {openRawClient, openRawServer} from '../helpers/raw.js';
import {
	judgeCalls,
	unsaidCalls,
	type CallClaim,
} from '../helpers/truth/calls.js';
import {rounds} from '../helpers/truth/rounds.js';
import {watchForHolds} from '../helpers/truth/scene.js';
import {openTrace} from '../helpers/truth/strace.js';
import {until} from '../helpers/until.js';
import {openWatch} from '../helpers/watch.js';

/** More than both queues hold. */
const tooMuch = Buffer.alloc(1024 * 1024, 'x');

const counted = {calls: 0, wrong: 0, unsaid: 0};

after(() => {
	const {calls, wrong, unsaid} = counted;
	console.log(`Unix: ${calls} calls, ${wrong} false or late, ${unsaid} unsaid`);
});

const openPair = async (t: TestContext) => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-test-'));
	t.after(() => {
		rmSync(folder, {recursive: true});
	});
	const path = join(folder, 'pair.sock');
	const address = requireLoopback({kind: 'unix', path});
	const trace = openTrace(t);
	await trace.attach(process.pid);
	const held = watchForHolds(t);
	const ours = openWatch(t, {server: address});
	const theirs = openWatch(t, {server: address});
	for (const {watch} of [ours, theirs]) {
		watch.tap.hasCalls = true;
	}

	const server = await openRawServer(t, {address, watch: theirs.watch});
	const {client, untilPhase} = openRawClient(t, address, {watch: ours.watch});
	await untilPhase('open');
	const {peer} = await server.untilEvent('accepted');
	const claims = (): readonly CallClaim[] =>
		[
			{watched: ours, local: 'unnamed', remote: path},
			{watched: theirs, local: path, remote: 'unnamed'},
		].flatMap(({watched, ...ends}) =>
			watched
				.of('step')
				.flatMap(({step}) => (step.kind === 'call' ? [{step, ...ends}] : [])),
		);
	/** How many bytes one end has said that it sent, or received. */
	const bytesOf = (name: string, isServer: boolean): number =>
		claims()
			.filter(({step}) => step.call.startsWith(name))
			.filter(({step}) => (step.peer !== undefined) === isServer)
			.reduce((sum, {step}) => sum + Number(step.result), 0);
	return {
		server,
		client,
		peer,
		/** Waits until all that one end sends is said at both. */
		untilSaid: async (from: 'client' | 'server', bytes: number) =>
			until(
				() =>
					bytesOf('send(', from === 'server') === bytes &&
					bytesOf('recv(', from === 'client') === bytes,
				{what: `${bytes} bytes`, seen: () => JSON.stringify(claims())},
			),
		async judge() {
			await trace.detach();
			const traced = trace.calls('unix');
			const judged = judgeCalls(claims(), traced, held);
			const wrong = judged.filter(({verdict}) => verdict !== 'right');
			const unsaid = unsaidCalls(judged, traced).filter(
				({name}) => name === 'send' || name === 'recv',
			);
			counted.calls += judged.length;
			counted.wrong += wrong.length;
			counted.unsaid += unsaid.length;
			assert.ok(judged.length > 0);
			assert.deepEqual(wrong, []);
			assert.deepEqual(unsaid, []);
		},
	};
};

type Pair = Awaited<ReturnType<typeof openPair>>;

const scenarios: ReadonlyArray<{
	readonly name: string;
	readonly run: (pair: Pair) => Promise<void>;
}> = [
	{
		name: 'both talk, and the client closes first',
		async run({server, client, untilSaid}) {
			await client.write(Buffer.from('hello'));
			await untilSaid('client', 5);
			server.write(Buffer.from('hello yourself'));
			await untilSaid('server', 14);
			client.leave();
			await client.closed;
		},
	},
	{
		name: 'the server sends, and closes first',
		async run({server, client, peer, untilSaid}) {
			await client.write(Buffer.from('hello'));
			await untilSaid('client', 5);
			server.write(Buffer.from('hello yourself'));
			await server.control({type: 'end'}, peer);
			await untilSaid('server', 14);
			await client.closed;
		},
	},
	{
		name: 'a paused server, and queues that are full',
		async run({server, client, peer, untilSaid}) {
			await server.control({type: 'pause'}, peer);
			const written = client.write(tooMuch);
			await until(() => client.queuedBytes > 0, {what: 'a full queue'});
			await server.control({type: 'resume'}, peer);
			await written;
			await untilSaid('client', tooMuch.length);
			client.leave();
			await client.closed;
		},
	},
];

for (const {name, run} of scenarios) {
	test(`truth of Unix domain sockets: ${name}`, async t => {
		for (let round = 0; round < rounds; round++) {
			const pair = await openPair(t);
			await run(pair);
			await pair.judge();
		}
	});
}
