/** A write that fails while there is still something to be read. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {requireLoopback} from '../../../source/socket/address.js';
import {dial} from '../../../source/socket/dial.js';
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
	link.checkSending(true);
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
