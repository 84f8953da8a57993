/** The end of a connection that nobody read from until it was over. */
import assert from 'node:assert/strict';
import {join} from 'node:path';
import test, {type TestContext} from 'node:test';
import {
	requireLoopback,
	type LoopbackAddress,
} from '../../../source/socket/address.js';
import {dial} from '../../../source/socket/dial.js';
import {newFolder, startPython} from '../../helpers/link-peers.js';
import {until} from '../../helpers/until.js';

// More than is read at once, and less than the kernel takes.
const bytes = 100_000;

// Its end comes as it says, after what it sends; each in a line.
const peer = `
import socket, struct, sys
where, ending, bytes = sys.argv[1], sys.argv[2], int(sys.argv[3])
if where == 'tcp':
    listening = socket.create_server(('127.0.0.1', 0))
    print(listening.getsockname()[1])
else:
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(where)
    listening.listen()
    print(0)
peer, _ = listening.accept()
peer.recv(1, socket.MSG_PEEK)
peer.sendall(b'x' * bytes)
if ending != 'unread': peer.recv(1)
if ending == 'fin-then-reset':
    peer.shutdown(socket.SHUT_WR)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
peer.close()
print('closed')
sys.stdin.read()
`;

/** All that is read, if that begins once the other side has closed. */
const readLate = async (
	t: TestContext,
	where: 'tcp' | 'unix',
	ending: 'unread' | 'fin' | 'fin-then-reset',
) => {
	const path = join(newFolder(t), 'socket');
	const python = await startPython(
		t,
		peer,
		where === 'tcp' ? 'tcp' : path,
		ending,
		String(bytes),
	);
	const address: LoopbackAddress =
		where === 'tcp'
			? requireLoopback({
					kind: 'tcp',
					host: '127.0.0.1',
					port: Number(python.port),
				})
			: requireLoopback({kind: 'unix', path});
	const {stream} = dial(address);
	t.after(() => stream.destroy());
	const seen = {bytes: 0, hasEnded: false, error: ''};
	stream.pause();
	stream.on('data', chunk => {
		seen.bytes += chunk.length;
	});
	stream.on('end', () => {
		seen.hasEnded = true;
		stream.end();
	});
	stream.on('error', (error: NodeJS.ErrnoException) => {
		seen.error = error.code ?? '';
	});
	stream.write('?');
	await python.waitForOutput('closed');
	stream.resume();
	await until(() => stream.closed, {
		what: 'the end',
		seen: () => JSON.stringify(seen),
	});
	return seen;
};

for (const where of ['tcp', 'unix'] as const) {
	test(`checked end: over ${where} a reset is no end`, async t => {
		const seen = await readLate(t, where, 'unread');
		assert.deepEqual(seen, {bytes, hasEnded: false, error: 'ECONNRESET'});
	});

	test(`checked end: over ${where} a close is one`, async t => {
		const seen = await readLate(t, where, 'fin');
		assert.deepEqual(seen, {bytes, hasEnded: true, error: ''});
	});
}

test('checked end: a FIN is one, also if a reset came after it', async t => {
	const seen = await readLate(t, 'tcp', 'fin-then-reset');
	assert.equal(seen.bytes, bytes);
	assert.equal(seen.hasEnded, true);
});
