/** Actions on a client's own socket, over real sockets. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {test, type TestContext} from 'node:test';
import {refused, type SocketAction} from '../../source/tcp/socket-action.js';
import type {Address} from '../../source/socket/address.js';
import {readTcpTable} from '../../source/socket/tcp-table.js';
import {openClient} from '../helpers/client.js';
import {timerBySs} from '../helpers/kernel.js';
import {openRawClient, openRawServer} from '../helpers/raw.js';
import {openServer} from '../helpers/room.js';
import {openScripted, welcomeFrame} from '../helpers/scripted.js';
import {until} from '../helpers/until.js';
import {openWatch} from '../helpers/watch.js';
import type {WirePeer} from '../helpers/wire-peer.js';

const plain = (type: SocketAction['type'], isOn = false) =>
	({type, isOn}) as SocketAction;

/** A client of a server that sends nothing but its welcome. */
const openControlled = async (t: TestContext) => {
	const peers: WirePeer[] = [];
	const {address} = await openScripted(t, peer => {
		peers.push(peer);
		peer.send(welcomeFrame());
	});
	const {watch, ...watched} = openWatch(t);
	const opened = openClient(t, address, 'otter', {watch});
	await opened.untilPhase('open');
	return {
		...opened,
		watched,
		peers,
		async do(type: SocketAction['type'], isOn?: boolean) {
			const {sentence} = await opened.client.control(plain(type, isOn));
			return sentence;
		},
		/** The calls in the timeline. */
		calls: () =>
			watched
				.of('step')
				.flatMap(({step}) => (step.kind === 'call' ? [step.call] : [])),
	};
};

test('socket control: a client that ends its side still reads', async t => {
	const client = await openControlled(t);
	const [peer] = client.peers as [WirePeer];
	assert.equal(
		await client.do('end'),
		'Your socket sends FIN after everything written so far. It sends nothing more, but still reads.',
	);
	await peer.untilFin();
	peer.send({type: 'members', count: 2, names: ['otter', 'heron']});
	await client.until(
		'what came later',
		() => client.client.members.count === 2,
	);
	assert.equal(
		await client.do('end'),
		'Your socket has already sent FIN: it sends nothing more.',
	);
});

test('socket control: a client that resets reconnects', async t => {
	const client = await openControlled(t);
	const [peer] = client.peers as [WirePeer];
	assert.equal(
		await client.do('reset'),
		'Your socket has sent RST: data in transit is lost.',
	);
	await peer.untilClosed();
	assert.equal(peer.errorCode, 'ECONNRESET');
	assert.ok(!peer.hasFin);
	await client.untilPhase('open', 2);
	const waiting = client
		.of('connection')
		.map(({connection}) => connection)
		.find(({phase}) => phase === 'waiting');
	assert.equal(
		waiting?.phase === 'waiting' && waiting.cause.message,
		'You reset the connection (RST).',
	);
	assert.deepEqual(client.calls().slice(1, 6), [
		'connect(127.0.0.1:0)',
		'setsockopt(TCP_NODELAY, 1)',
		'setsockopt(SO_LINGER, 0)',
		'close()',
		'socket()',
	]);
});

test('socket control: a client that closes sends bye, calls close(2), and reconnects', async t => {
	const client = await openControlled(t);
	const [peer] = client.peers as [WirePeer];
	assert.equal(
		await client.do('close'),
		'Your socket is closed: the kernel sends FIN after everything written so far, and answers what still comes with RST.',
	);
	// It isn't kept half-closed: what follows comes from the next connection.
	await client.untilPhase('open', 2);
	await peer.untilFin();
	assert.equal(peer.text.split('\n').at(-2), '{"type":"bye"}');
	assert.deepEqual(client.calls().slice(1, 5), [
		'connect(127.0.0.1:0)',
		'setsockopt(TCP_NODELAY, 1)',
		'close()',
		'socket()',
	]);
	peer.end();
	await peer.untilClosed();
	assert.equal(peer.errorCode, undefined);
});

test('socket control: a write to a closed socket is answered with RST', async t => {
	const client = await openControlled(t);
	const [peer] = client.peers as [WirePeer];
	await client.do('close');
	await peer.untilFin();
	peer.send({type: 'ping', id: 1});
	await until(
		() => {
			peer.send({type: 'ping', id: 2});
			return peer.isClosed;
		},
		{what: 'the RST'},
	);
	assert.match(peer.errorCode ?? '', /^(?:EPIPE|ECONNRESET)$/u);
});

test('socket control: to close with unread bytes sends RST, and says so', async t => {
	const client = await openControlled(t);
	const [peer] = client.peers as [WirePeer];
	await client.do('pause');
	peer.send({type: 'members', count: 2, names: ['otter', 'heron']});
	const {local, remote} = client.client.endpoints;
	await until(
		async () => {
			const table = await readTcpTable();
			return table?.pair(local!, remote!).local?.receiveQueueBytes;
		},
		{what: 'unread bytes'},
	);
	assert.match(
		await client.do('close'),
		/^Your socket is closed: \d+ bytes were unread, so the kernel sends RST, and they are lost\.$/u,
	);
	await peer.untilClosed();
	assert.equal(peer.errorCode, 'ECONNRESET');
	await client.untilPhase('open', 2);
});

test('socket control: keepalive is set in the kernel, and unset', async t => {
	const client = await openControlled(t);
	const {local, remote} = client.client.endpoints;
	const timer = async () => timerBySs(local!, remote!);
	assert.equal(await timer(), undefined);
	assert.match(
		await client.do('keepalive', true),
		/^Your socket has SO_KEEPALIVE on: after a long silence /u,
	);
	assert.equal(await timer(), 'keepalive');
	assert.match(
		await client.do('keepalive', false),
		/^Your socket has SO_KEEPALIVE off: /u,
	);
	await until(async () => (await timer()) === undefined, {
		what: 'the timer to go',
	});
});

test('socket control: nodelay says how small writes behave from now on', async t => {
	const client = await openControlled(t);
	assert.equal(
		await client.do('nodelay', false),
		"Your socket has TCP_NODELAY off: a small write may wait for the last one's ACK (Nagle).",
	);
	assert.equal(
		await client.do('nodelay', true),
		'Your socket has TCP_NODELAY on: small writes are sent at once.',
	);
});

test('socket control: tcp shows what ss knows about this connection', async t => {
	const client = await openControlled(t);
	const {local, remote} = client.client.endpoints;
	const sentence = await client.do('tcp');
	assert.ok(sentence.startsWith(`${local} to ${remote}: rtt `), sentence);
	assert.match(
		sentence,
		/, cwnd \d+ segments, .*, 0 sent again \(0 pending\), .* \(ss\)\.$/u,
	);
});

test('socket control: without a connection there is nothing to do', async t => {
	const {address, close} = await openScripted(t, peer => {
		peer.send(welcomeFrame());
	});
	const opened = openClient(t, address, 'otter', {random: () => 0.99});
	assert.deepEqual(
		await opened.client.control({type: 'reset'}),
		refused('There is no connection yet: connect() is in progress.'),
	);
	await opened.untilPhase('open');
	await close();
	await opened.untilPhase('waiting');
	assert.deepEqual(
		await opened.client.control({type: 'end'}),
		refused('There is no connection now.'),
	);
});

const tcpOnly = ['reset', 'nodelay', 'keepalive', 'tcp'] as const;

test('socket control: refuses TCP actions on a Unix domain socket', async t => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-test-'));
	t.after(() => {
		rmSync(folder, {recursive: true});
	});
	const address: Address = {kind: 'unix', path: join(folder, 'room.sock')};
	const server = await openServer(t, {address});
	const {client, untilPhase} = openClient(t, address, 'otter');
	await untilPhase('open');
	for (const type of tcpOnly) {
		const about = `connection uses a Unix domain socket; /${type} works on TCP only.`;

		assert.deepEqual(
			await client.control(plain(type)),
			refused(`Your ${about}`),
		);

		assert.deepEqual(
			await server.control(plain(type), 'otter'),
			refused(`otter's ${about}`),
		);
	}

	assert.equal(client.connection.phase, 'open');
	assert.equal(
		(await client.control({type: 'end'})).sentence,
		'Your socket sends nothing more: the other side reads to the end of what was written. It still reads.',
	);
	assert.equal(
		(await client.control({type: 'end'})).sentence,
		'Your socket has already ended its side: it sends nothing more.',
	);
	assert.equal(
		(await client.control({type: 'close'})).sentence,
		'Your socket is closed: the other side reads what was written, then its end, or ECONNRESET if anything was unread here; what it writes fails with EPIPE.',
	);
	await untilPhase('open', 2);
});

test('socket control: works on a raw client, too', async t => {
	const server = await openRawServer(t);
	const {client, untilBytes, untilPhase} = openRawClient(t, server.address);
	await untilPhase('open');
	await client.control({type: 'pause'});
	const {name} = await server.untilEvent('accepted').then(({peer}) => ({
		name: peer,
	}));
	const bytes = Buffer.alloc(100_000, 'x');
	server.write(bytes);
	await client.write(Buffer.from('ping'));
	await server.untilBytes(Buffer.from('ping'), name);
	assert.equal(client.bytesIn, 0);
	await client.control({type: 'resume'});
	await untilBytes(bytes);
	await client.control({type: 'reset'});
	assert.equal((await server.untilEvent('ended')).reason, 'reset');
	assert.deepEqual(
		await client.control({type: 'pause'}),
		refused('The connection is closed.'),
	);
});
