/** Which entries a client marks as said before it came. */
import assert from 'node:assert/strict';
import {test, type TestContext} from 'node:test';
import {openClient} from '../helpers/client.js';
import {messageFrame, openScripted, welcomeFrame} from '../helpers/scripted.js';
import type {WirePeer} from '../helpers/wire-peer.js';

type Hello = {
	readonly since?: number;
	readonly last?: number;
	readonly oneShot?: true;
};

const openServer = async (
	t: TestContext,
	onHello: (peer: WirePeer, count: number) => void,
) => {
	const hellos: Hello[] = [];
	const peers: WirePeer[] = [];
	const {address} = await openScripted(t, (peer, count) => {
		peers.push(peer);
		peer.duplex.once('data', () => {
			hellos.push(peer.frames[0] as unknown as Hello);
			onHello(peer, count);
		});
	});
	return {address, hellos, peers};
};

test('replay: entries before the own joined are, those of a reconnect are not', async t => {
	const {address, peers} = await openServer(t, (peer, count) => {
		peer.send(
			welcomeFrame({head: count === 1 ? 3 : 6}),
			...(count === 1 ? [1, 2] : [5, 6]).map(seq => messageFrame(seq)),
		);
		if (count === 1) {
			const {id} = otter.client;
			peer.send(
				{type: 'joined', seq: 3, at: 0, nick: 'otter', id},
				messageFrame(4),
			);
		}
	});
	const otter = openClient(t, address, 'otter');
	await otter.until('4', () => otter.frames().length === 5);
	peers[0]!.reset();
	await otter.until('6', () =>
		otter.frames().some(frame => 'seq' in frame && frame.seq === 6),
	);
	assert.deepEqual(
		otter
			.of('frame')
			.flatMap(({frame, isReplay}) =>
				'seq' in frame ? [[frame.seq, isReplay]] : [],
			),
		[
			[1, true],
			[2, true],
			[3, undefined],
			[4, undefined],
			[5, undefined],
			[6, undefined],
		],
	);
});

test('replay: one that wanted none asks for what it missed, though it has no entry', async t => {
	const {address, hellos, peers} = await openServer(t, peer => {
		peer.send(welcomeFrame({head: 7}));
	});
	const otter = openClient(t, address, 'otter', {last: 0});
	await otter.untilPhase('open');
	peers[0]!.reset();
	await otter.untilPhase('open', 2);
	assert.deepEqual(
		hellos.map(({since, last}) => ({since, last})),
		[
			{since: undefined, last: 0},
			{since: 7, last: undefined},
		],
	);
});

test('hello: a one-shot says so, and leaves out the keys that an older server refuses', async t => {
	// It answers as servers did before each of these keys: newest first.
	const newest: ReadonlyArray<keyof Hello> = ['oneShot', 'last'];
	const hellos: Hello[] = [];
	const {address} = await openScripted(t, peer => {
		peer.duplex.on('data', () => {
			const all = peer.frames as ReadonlyArray<{type: string}>;
			const sent = all.filter(({type}) => type === 'hello');
			for (const hello of sent.slice(hellos.length) as Hello[]) {
				hellos.push(hello);
				const unknown = newest.find(key => key in hello);
				peer.send(
					unknown === undefined
						? welcomeFrame()
						: {
								type: 'error',
								code: 'ERR_BAD_FRAME',
								message: `hello has no key "${unknown}"`,
							},
				);
			}
		});
	});
	const ci = openClient(t, address, 'ci', {isOneShot: true, last: 0});
	await ci.untilPhase('open');
	assert.deepEqual(
		hellos.map(({oneShot, last}) => ({oneShot, last})),
		[
			{oneShot: true, last: 0},
			{oneShot: undefined, last: 0},
			{oneShot: undefined, last: undefined},
		],
	);
});
