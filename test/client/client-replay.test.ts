/** Which entries a client marks as said before it came. */
import assert from 'node:assert/strict';
import {test, type TestContext} from 'node:test';
import {openClient} from '../helpers/client.js';
import {messageFrame, openScripted, welcomeFrame} from '../helpers/scripted.js';
import type {WirePeer} from '../helpers/wire-peer.js';

type Hello = {readonly since?: number; readonly last?: number};

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
