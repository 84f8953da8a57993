import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {execFileSync} from 'node:child_process';
import {connect, type Socket} from 'node:net';
import {test} from 'node:test';
import {isDeepStrictEqual} from 'node:util';
import type {TcpState} from '../../source/tcp/tcp.js';
import {formatAddress} from '../../source/socket/address.js';
import {endpointsOf} from '../../source/socket/link.js';
import {readTcpTable} from '../../source/socket/tcp-table.js';
import {requireExecutable, type Owner} from '../helpers/environment.js';
import {openServer, portOf} from '../helpers/room.js';
import {listenBare} from '../helpers/scripted.js';
import {brief} from '../helpers/steps.js';
import {until} from '../helpers/until.js';
import {openPlain} from '../helpers/wire-peer.js';

const ssNames: Readonly<Record<string, TcpState>> = {
	ESTAB: 'ESTABLISHED',
	'SYN-RECV': 'SYN-RECEIVED',
};

/** Both ends according to ss, which asks the kernel by netlink. */
const readSs = (local: string, remote: string): string[] => {
	const filter = `( src = ${local} and dst = ${remote} ) or ( src = ${remote} and dst = ${local} )`;
	const text = execFileSync(
		requireExecutable('ss', 'iproute2'),
		['-tanH', filter],
		{encoding: 'utf8'},
	);
	const rows = text.match(/.+/g) ?? [];
	return rows
		.map(row => {
			const [state, received, sent, from, to] = row.split(/\s+/, 5);
			return `${from} ${to} ${ssNames[state!] ?? state} ${sent} ${received}`;
		})
		.toSorted();
};

/** A connection to a peer that does nothing on its own. */
const openConnection = async (owner: Owner) => {
	const accepted = Promise.withResolvers<Socket>();
	const {address} = await listenBare(owner, accepted.resolve);
	const peer = await openPlain(owner, address);
	const other = await accepted.promise;
	const {local, remote} = endpointsOf(peer.socket);
	const port = portOf(address);
	const readPair = async () => {
		const table = await readTcpTable(new Set([port]));
		assert.ok(table);
		assert.equal(table.listening(formatAddress(address))?.state, 'LISTEN');
		return table.pair(local!, remote!);
	};

	return {
		peer,
		other,
		readPair,
		/** Waits for both states, and for ss to agree. */
		async untilStates(mine: TcpState | undefined, its: TcpState | undefined) {
			let seen = '';
			await until(
				async () => {
					const pair = await readPair();
					const ends = [pair.local, pair.remote];
					const rows = brief(ends.filter(end => end !== undefined));
					// They may differ at first: a FIN counts as a byte until it is read.
					const ssRows = readSs(local!, remote!);
					seen = `${rows.join('\n')}\nss:\n${ssRows.join('\n')}`;
					return (
						pair.local?.state === mine &&
						pair.remote?.state === its &&
						isDeepStrictEqual(rows, ssRows)
					);
				},
				{what: `${mine} and ${its}`, seen: () => seen},
			);
		},
	};
};

test('tcp-table: agrees with ss from the handshake to TIME-WAIT', async t => {
	const {peer, other, untilStates} = await openConnection(t);
	await untilStates('ESTABLISHED', 'ESTABLISHED');
	peer.end();
	await untilStates('FIN-WAIT-2', 'CLOSE-WAIT');
	other.end();
	other.resume();
	await untilStates('TIME-WAIT', undefined);
});

test('tcp-table: agrees with ss when the other side closes first', async t => {
	const {peer, other, untilStates} = await openConnection(t);
	other.end();
	await untilStates('CLOSE-WAIT', 'FIN-WAIT-2');
	peer.end();
	other.resume();
	await untilStates(undefined, 'TIME-WAIT');
});

test('tcp-table: after an RST no row is left', async t => {
	const {peer, untilStates} = await openConnection(t);
	peer.reset();
	await untilStates(undefined, undefined);
});

test('tcp-table: shows what waits in the queues', async t => {
	const {other, peer, readPair} = await openConnection(t);
	const bytes = 16 * 1024 * 1024;
	peer.socket.pause();
	other.write(Buffer.alloc(bytes));
	// Node still reads one buffer; the kernel at both ends buffers the rest.
	const {local, remote} = await until(
		async () => {
			const pair = await readPair();
			const queues = [
				pair.local?.receiveQueueBytes,
				pair.remote?.sendQueueBytes,
			];
			return queues.every(queue => (queue ?? 0) > 0) && pair;
		},
		{what: 'bytes that wait at both ends'},
	);
	const waiting = local!.receiveQueueBytes + remote!.sendQueueBytes;
	assert.ok(waiting <= bytes, `${waiting}`);
});

test('tcp-table: finds a connection over ::1', async t => {
	const address = {kind: 'tcp', host: '::1', port: 0} as const;
	const server = await openServer(t, {address});
	const peer = await openPlain(t, server.address);
	const table = await readTcpTable();
	const {local, remote} = endpointsOf(peer.socket);
	const pair = table?.pair(local!, remote!);
	assert.deepEqual(
		[pair?.local?.state, pair?.remote?.state],
		['ESTABLISHED', 'ESTABLISHED'],
	);
	const listening = table?.listening(formatAddress(server.address));
	assert.equal(listening?.state, 'LISTEN');
});

test('tcp-table: finds a peer connected by IPv4-mapped IPv6', async t => {
	const {address} = await listenBare(t, () => undefined);
	const port = portOf(address);
	const socket = connect({host: '::ffff:127.0.0.1', port});
	t.after(() => {
		socket.destroy();
	});
	await until(() => socket.readyState === 'open', {what: 'the connection'});
	const table = await readTcpTable(new Set([port]));
	const {local, remote} = table!.pair(
		`127.0.0.1:${port}`,
		`127.0.0.1:${socket.localPort}`,
	);
	assert.equal(local?.state, 'ESTABLISHED');
	assert.equal(remote?.state, 'ESTABLISHED');
});

test('tcp-table: finds both ends of 1,000 peers', async t => {
	const accepted: Socket[] = [];
	const {address} = await listenBare(t, socket => {
		accepted.push(socket);
	});
	const sockets: Socket[] = [];
	while (sockets.length < 1000) {
		// Fewer at once than the backlog, or the rest would stay in SYN-RECEIVED.
		const attempts = Array.from({length: 200}, async () =>
			openPlain(t, address),
		);

		const peers = await Promise.all(attempts);
		sockets.push(...peers.map(({socket}) => socket));

		await until(() => accepted.length === sockets.length, {what: 'accept()'});
	}

	const table = await readTcpTable(new Set([portOf(address)]));
	for (const socket of sockets) {
		const {local, remote} = endpointsOf(socket);
		const pair = table!.pair(local!, remote!);
		assert.equal(pair.local?.state, 'ESTABLISHED');
		assert.equal(pair.remote?.state, 'ESTABLISHED');
	}
});
