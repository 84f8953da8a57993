/** What a watch reports, compared with `ss`. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {openClient} from '../helpers/client.js';
import {lastState, statesBySs} from '../helpers/kernel.js';
import {openServer, portOf} from '../helpers/room.js';
import {openScripted, welcomeFrame} from '../helpers/scripted.js';
import {draw, isOwn} from '../helpers/steps.js';
import {openWatch} from '../helpers/watch.js';
import {
	joinWire,
	type MemberPeer,
	type WirePeer,
} from '../helpers/wire-peer.js';

test('socket watch: a server with three peers agrees with ss at each stage', async t => {
	const watched = openWatch(t);
	const server = await openServer(t, {watch: watched.watch});
	const port = portOf(server.address);
	const where = `127.0.0.1:${port}`;
	const peers: MemberPeer[] = [];
	for (const nick of ['anna', 'bert', 'cleo']) {
		peers.push(await joinWire(t, server.address, nick));
	}

	/** One peer's connection according to the timeline, the table and `ss`. */
	const agree = async (peer: MemberPeer, local: string, remote: string) => {
		await watched.untilRead(local, 'local', peer.name);
		await watched.untilRead(remote, 'remote', peer.name);
		const bySs = await statesBySs(port);
		assert.deepEqual(
			[bySs.get(`${where} ${peer.name}`), bySs.get(`${peer.name} ${where}`)],
			[local, remote],
		);
		if (server.room.memberNamed(peer.welcome.nick)) {
			await watched.untilEvent('peers', ({rows}) => {
				const kernel = rows.find(row => row.peer === peer.name)?.kernel;
				return (
					kernel?.local?.state === local && kernel.remote?.state === remote
				);
			});
		}
	};

	for (const peer of peers) {
		await agree(peer, 'ESTABLISHED', 'ESTABLISHED');
	}

	const [anna, bert, cleo] = peers as [MemberPeer, MemberPeer, MemberPeer];
	await server.control({type: 'end'}, 'anna');
	await agree(anna, 'FIN-WAIT-2', 'CLOSE-WAIT');
	await agree(bert, 'ESTABLISHED', 'ESTABLISHED');

	anna.end();
	await watched.untilRead('TIME-WAIT', 'local', anna.name);
	const bySs = await statesBySs(port);
	assert.equal(bySs.get(`${where} ${anna.name}`), 'TIME-WAIT');
	await watched.untilEvent('peers', ({rows}) => rows.length === 2);

	cleo.reset();
	await watched.untilRead('CLOSED', 'local', cleo.name);
	assert.equal(
		(await statesBySs(port)).get(`${where} ${cleo.name}`),
		undefined,
	);
	assert.equal(
		lastState(watched.steps(), 'local', bert.name),
		'read ESTABLISHED',
	);
});

test('socket watch: a client agrees with ss, from open to TIME-WAIT', async t => {
	const peers: WirePeer[] = [];
	const {address} = await openScripted(t, peer => {
		peers.push(peer);
		peer.send(welcomeFrame());
	});
	const watched = openWatch(t);
	const {watch} = watched;
	const {client, untilPhase} = openClient(t, address, 'otter', {watch});
	watch.sampleClient(() => client.endpoints);
	await untilPhase('open');
	const {local, remote} = client.endpoints;
	const agree = async (mine: string, its: string) => {
		await watched.untilRead(mine, 'local');
		await watched.untilRead(its, 'remote');
		const {pair} = await watched.untilEvent(
			'kernel',
			event => event.pair?.local?.state === mine,
		);
		assert.equal(pair?.remote?.state, its);
		const bySs = await statesBySs(portOf(address));
		assert.deepEqual(
			[bySs.get(`${local} ${remote}`), bySs.get(`${remote} ${local}`)],
			[mine, its],
		);
	};

	await agree('ESTABLISHED', 'ESTABLISHED');
	await client.control({type: 'end'});
	await agree('FIN-WAIT-2', 'CLOSE-WAIT');
	client.leave();
	peers[0]!.end();
	await watched.untilRead('TIME-WAIT', 'local');
	assert.equal(
		(await statesBySs(portOf(address))).get(`${local} ${remote}`),
		'TIME-WAIT',
	);
	assert.deepEqual(
		draw(watched.steps().filter(step => isOwn(step)))
			// The state may last long enough to be read.
			.map(step => step.replace('● FIN-WAIT-1', '○ FIN-WAIT-1')),
		[
			'connect()',
			'○ SYN-SENT',
			'● ESTABLISHED',
			'shutdown(SHUT_WR)',
			'○ FIN-WAIT-1',
			'● FIN-WAIT-2',
			'FIN',
			'● TIME-WAIT',
			'close()',
		],
	);
});
