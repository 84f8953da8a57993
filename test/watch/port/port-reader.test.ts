/** What counts as news, and who holds what. */
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {createServer, type AddressInfo, type Socket} from 'node:net';
import test from 'node:test';
import {systemClock} from '../../../source/socket/clock.js';
import {readTcpRows, type TcpRow} from '../../../source/socket/tcp-table.js';
import type {TcpState} from '../../../source/tcp/tcp.js';
import {PortReader} from '../../../source/watch/port/port-reader.js';
import {FakeClock} from '../../helpers/clock.js';
import {kernelSocket} from '../../helpers/models.js';
import {startPython} from '../../helpers/truth/scene.js';
import {until} from '../../helpers/until.js';

test('port-reader: a timer that runs is no news, one that begins is', async () => {
	let rows: readonly TcpRow[] = [];
	const reader = new PortReader({
		clock: systemClock,
		port: 5001,
		readRows: async () => [...rows],
		readFigures: async () => undefined,
	});
	const isNews = async (inMs?: number) => {
		const socket = kernelSocket({state: 'TIME-WAIT'});
		const timer = inMs !== undefined && ({name: 'time-wait', inMs} as const);
		rows = [{socket: {...socket, ...(timer && {timer})}, inode: '0'}];
		const reading = await reader.read(new Set());
		return reading.isNews;
	};

	assert.equal(await isNews(), true);
	assert.equal(await isNews(), false);
	assert.equal(await isNews(60_000), true);
	assert.equal(await isNews(59_990), false);
});

test('port-reader: the TIME-WAIT of an earlier connection is left out', async () => {
	const [server, client] = ['127.0.0.1:5001', '127.0.0.1:40000'];
	const earlier = kernelSocket({
		local: client,
		remote: server,
		state: 'TIME-WAIT',
	});
	const rowsWith = async (state: TcpState) => {
		const other = kernelSocket({local: server, remote: client, state});
		const reader = new PortReader({
			clock: systemClock,
			port: 5001,
			readRows: async () => [
				{socket: earlier, inode: '0'},
				{socket: other, inode: '0'},
			],
			readFigures: async () => undefined,
		});
		const {rows} = await reader.read(new Set());
		return rows!.map(({socket}) => socket.state);
	};

	assert.deepEqual(await rowsWith('ESTABLISHED'), ['ESTABLISHED']);
	assert.deepEqual(await rowsWith('LAST-ACK'), ['TIME-WAIT', 'LAST-ACK']);
});

test('port-reader: a socket that ends is held while a descriptor is there', async t => {
	const server = createServer().listen(0, '127.0.0.1');
	t.after(() => {
		server.close();
	});
	await once(server, 'listening');
	const {port} = server.address() as AddressInfo;
	const child = await startPython(t);
	await child.do(
		`s = socket.create_connection(('127.0.0.1', ${port})); me = s.getsockname()`,
	);
	let rows: readonly TcpRow[] = [];
	const reader = new PortReader({
		clock: systemClock,
		port,
		readRows: async () => rows,
		readFigures: async () => undefined,
	});
	const table = (await readTcpRows(new Set([port])))!;
	const client = table.find(
		({socket}) => socket.remote === `127.0.0.1:${port}`,
	)!;
	const followed = new Set([client.inode]);
	const accepted = table.find(
		({socket}) => socket.remote === client.socket.local,
	)!;
	const isHeldIn = async (state: TcpState, other: TcpState = 'ESTABLISHED') => {
		rows = [
			{...client, socket: {...client.socket, state}},
			{...accepted, socket: {...accepted.socket, state: other}},
		];
		const {held} = await reader.read(followed);
		return held.has(client.inode);
	};

	assert.equal(await isHeldIn('ESTABLISHED'), true);
	assert.equal(await isHeldIn('FIN-WAIT-1'), true);
	// As after fork(): the one that was found has closed its own.
	await child.do('import os; d = os.dup(s.fileno()); s.close()');
	assert.equal(await isHeldIn('FIN-WAIT-1'), true);
	await child.do('os.close(d)');
	assert.equal(await isHeldIn('FIN-WAIT-1'), false);
	// The row of this end may be older than that of the other.
	assert.equal(await isHeldIn('ESTABLISHED', 'CLOSE-WAIT'), false);
});

test('port-reader: a socket that is already half-closed when first seen is held', async t => {
	const server = createServer({allowHalfOpen: true}).listen(0, '127.0.0.1');
	t.after(() => {
		server.close();
	});
	await once(server, 'listening');
	const {port} = server.address() as AddressInfo;
	const child = await startPython(t);
	await child.do(
		`s = socket.create_connection(('127.0.0.1', ${port})); s.shutdown(socket.SHUT_WR)`,
	);
	// The FIN may still be on its way when shutdown() has returned.
	const {client, held} = await until(
		async () => {
			const reader = new PortReader({
				clock: systemClock,
				port,
				readFigures: async () => undefined,
			});
			const first = await reader.read(new Set());
			const row = first.rows!.find(
				({socket}) => socket.remote === `127.0.0.1:${port}`,
			);
			return (
				row?.socket.state === 'FIN-WAIT-2' && {client: row, held: first.held}
			);
		},
		{what: 'FIN-WAIT-2'},
	);
	assert.ok(held.has(client.inode));
	child.signal('SIGKILL');
	await child.waitForExit();
});

test('port-reader: a program that has ended is reported, though its row is there', async t => {
	const child = await startPython(t);
	await child.do(
		"l = socket.socket(); l.bind(('127.0.0.1', 0)); l.listen(1); import os; os.write(2, b'%d' % l.getsockname()[1])",
	);
	const port = Number(
		await until(() => /\d+/.exec(child.stderr())?.[0], {what: 'its port'}),
	);
	const rows = (await readTcpRows(new Set([port])))!;
	const clock = new FakeClock();
	const reader = new PortReader({
		clock,
		port,
		readRows: async () => rows,
		readFigures: async () => undefined,
	});
	const {inode} = rows[0]!;
	const stateIn = async () => {
		const {processes} = await reader.read(new Set([inode]));
		return processes.get(child.pid!);
	};

	assert.equal(await stateIn(), 'running');
	child.signal('SIGKILL');
	await child.waitForExit();
	// Descriptors are looked at again after a second.
	clock.advance(1500);
	assert.equal(await stateIn(), 'ended');
});

test('port-reader: who closes a socket after the table was read is still known when it ends', async t => {
	const server = createServer().listen(0, '127.0.0.1');
	t.after(() => {
		server.close();
	});
	await once(server, 'listening');
	const {port} = server.address() as AddressInfo;
	const child = await startPython(t);
	await child.do(`s = socket.create_connection(('127.0.0.1', ${port}))`);
	const clock = new FakeClock();
	const table = (await readTcpRows(new Set([port])))!;
	const {inode} = table.find(
		({socket}) => socket.remote === `127.0.0.1:${port}`,
	)!;
	let rows: readonly TcpRow[] = table;
	const reader = new PortReader({
		clock,
		port,
		readRows: async () => rows,
		readFigures: async () => undefined,
	});
	const followed = new Set([inode]);
	await reader.read(followed);
	await child.do('s.close()');
	// Long after the last time that the descriptors were looked at.
	clock.advance(5000);
	await reader.read(followed);
	child.signal('SIGKILL');
	await child.exit;
	rows = [];
	const {processes} = await reader.read(followed);
	assert.equal(processes.get(child.pid!), 'ended');
});

test('port-reader: who returns, and blocks in the same call again, is seen to have returned', async t => {
	const server = createServer().listen(0, '127.0.0.1');
	t.after(() => {
		server.close();
	});
	await once(server, 'listening');
	const {port} = server.address() as AddressInfo;
	const child = await startPython(t);
	const accepted = once(server, 'connection') as Promise<[Socket]>;
	await child.do(`s = socket.create_connection(('127.0.0.1', ${port}))`);
	const [socket] = await accepted;
	t.after(() => {
		socket.destroy();
	});
	child.writeLine('while s.recv(1024): s.send(b"got")');
	const reader = new PortReader({
		clock: systemClock,
		port,
		readFigures: async () => undefined,
	});
	const isInCall = async () => {
		const {calls} = await reader.read(new Set());
		return calls.get(child.pid!)?.some(({call}) => call === 'recv(1024)');
	};

	// On its way into the call it may still have to run.
	await until(async () => (await isInCall()) && !reader.hasReturned(), {
		what: 'recv(1024)',
	});
	socket.write('hello');
	await once(socket, 'data');
	await until(async () => isInCall(), {what: 'recv(1024) again'});
	socket.write('hello');
	await once(socket, 'data');
	assert.equal(reader.hasReturned(), true);
	await until(async () => isInCall(), {what: 'recv(1024) once more'});
	await until(async () => !(await reader.read(new Set())).isNews, {
		what: 'rest',
	});
	assert.equal(reader.hasReturned(), false);
});
