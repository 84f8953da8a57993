/** How bytes that met a closed socket fail what is sent, and when that is said. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {once} from 'node:events';
import {connect, createServer, type AddressInfo, type Socket} from 'node:net';
import test, {type TestContext} from 'node:test';
import {requireLoopback} from '../../../source/socket/address.js';
import {dial} from '../../../source/socket/dial.js';
import {endpointsOf, SocketLink} from '../../../source/socket/link.js';
import {Arrivals} from '../../../source/socket/stream/arrivals.js';
import {
	checkSending,
	isLossOfTaken,
} from '../../../source/socket/stream/checked-sending.js';
import {resetSocket} from '../../../source/socket/stream/reset.js';
import {
	hasShutDown,
	onShutdown,
} from '../../../source/socket/stream/shutdown.js';
import {readTcpTable} from '../../../source/socket/tcp-table.js';
import {startPython} from '../../helpers/link-peers.js';
import {until} from '../../helpers/until.js';

// More than is read at once, and less than the kernel takes.
const bytes = 100_000;

const peer = `
import socket, sys
listening = socket.create_server(('127.0.0.1', 0))
print(listening.getsockname()[1])
peer, _ = listening.accept()
peer.sendall(b'x' * ${bytes})
peer.close()
print('closed')
sys.stdin.read()
`;

test('checked sending: what came before a write failed is read first', async t => {
	const python = await startPython(t, peer);
	const link = dial(
		requireLoopback({
			kind: 'tcp',
			host: '127.0.0.1',
			port: Number(python.port),
		}),
	);
	link.checkSending({isReadFirst: true, arrivals: new Arrivals()});
	const {stream} = link;
	t.after(() => stream.destroy());
	let received = 0;
	let code: string | undefined;
	stream.on('data', chunk => {
		received += chunk.length;
	});
	stream.pause();
	stream.on('error', (error: NodeJS.ErrnoException) => {
		code = error.code;
	});
	await python.waitForOutput('closed');
	// The first is answered with RST, which the second meets.
	await new Promise(resolve => {
		stream.write('a', resolve);
	});
	stream.write('b');
	await new Promise(resolve => {
		setImmediate(resolve);
	});
	stream.resume();
	await until(() => stream.closed, {what: 'the end'});
	assert.deepEqual([received, code], [bytes, 'EPIPE']);
});

/** A connection whose peer has ended, and leaves what it gets unread. */
const openHalf = async (t: TestContext, sent: Uint8Array | string) => {
	const server = createServer({pauseOnConnect: true, allowHalfOpen: true});
	server.listen({host: '127.0.0.1', port: 0});
	await once(server, 'listening');
	const {port} = server.address() as AddressInfo;
	const socket = connect({host: '127.0.0.1', port, allowHalfOpen: true});
	checkSending(new SocketLink('tcp', socket), {
		isReadFirst: true,
		arrivals: new Arrivals(),
	});
	const [far] = (await once(server, 'connection')) as [Socket];
	t.after(() => {
		socket.destroy();
		far.destroy();
		server.close();
	});
	far.end();
	await once(socket.resume(), 'end');
	await new Promise(resolve => {
		socket.write(sent, resolve);
	});
	return {socket, far};
};

test('checked sending: an RST between the last write and FIN fails our end', async t => {
	const {socket, far} = await openHalf(t, 'hello');
	// The end is checked within this call, and FIN follows in the next turn.
	socket.end();
	far.destroy();
	const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
	assert.equal(error.code, 'EPIPE');
});

test('checked sending: FIN that meets bytes unread, and no RST, is a good end', async t => {
	const {socket, far} = await openHalf(t, 'hello');
	socket.end();
	await once(socket, 'finish');
	far.destroy();
	await once(socket, 'close');
	assert.equal(socket.errored, null);
});

// The kernel takes it, and a peer that doesn't read gets a part of it.
const muchMore = Buffer.alloc(2_000_000);

/** Our FIN waits behind bytes that the other side doesn't read. */
const endAmidBytes = async (t: TestContext) => {
	const {socket, far} = await openHalf(t, muchMore);
	const {local, remote} = endpointsOf(socket);
	const ours = async () => (await readTcpTable())!.pair(local!, remote!).local;
	socket.end();
	await until(async () => (await ours())?.state === 'LAST-ACK', {
		what: 'our FIN',
	});
	assert.equal(socket.writableFinished, false);
	return {socket, far};
};

test('checked sending: an RST while bytes wait behind our FIN fails our end', async t => {
	const {socket, far} = await endAmidBytes(t);
	far.resetAndDestroy();
	const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
	assert.equal(error.code, 'ECONNRESET');
	assert.equal(isLossOfTaken(error), true);
});

test('checked sending: our end is over once the other kernel has all', async t => {
	const {socket, far} = await endAmidBytes(t);
	far.resume();
	await once(socket, 'close');
	assert.equal(socket.errored, null);
	await until(() => far.bytesRead === muchMore.length, {what: 'all bytes'});
});

test('checked sending: behind a closed window, FIN is noted as it is asked for, and a reset waits for nothing', async t => {
	const {socket, far} = await openHalf(t, muchMore);
	const {local, remote} = endpointsOf(socket);
	const theirs = async () =>
		(await readTcpTable())!.pair(remote!, local!).local;
	let noted = 0;
	onShutdown(socket, () => {
		noted++;
	});
	socket.end();
	await until(() => noted > 0, {what: 'shutdown()'});
	assert.deepEqual(
		[hasShutDown(socket), socket.writableFinished],
		[true, false],
	);
	assert.ok(await theirs());
	resetSocket(socket);
	await until(() => socket.closed, {what: 'the close'});
	await until(async () => !(await theirs()), {what: 'RST'});
	assert.deepEqual([noted, far.bytesRead, socket.errored], [1, 0, null]);
});
