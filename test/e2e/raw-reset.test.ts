/** A reset amid an answer is said to be one, on each Node and each way to read. */
import assert from 'node:assert/strict';
import process from 'node:process';
import test, {type TestContext} from 'node:test';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {newFolder, startPython} from '../helpers/link-peers.js';
import {bin, machineNode, startProcess} from '../helpers/process.js';

const failed = {code: 1, signal: undefined};
const nodes = [
	{name: 'the Node of the tests', node: process.execPath},
	{name: "the machine's own Node", node: machineNode()},
];

// It sends much, and closes with what it got unread: that sends RST.
const resets = `
import socket
listening = socket.create_server(('127.0.0.1', 0))
print(listening.getsockname()[1])
while True:
    peer, _ = listening.accept()
    try:
        peer.recv(1, socket.MSG_PEEK)
        peer.sendall(b'x' * 3000000)
    except OSError as error: print(error)
    peer.close()
`;

// The same from the other side; or it says how what it reads ends.
const client = `
import socket, sys
print(0)
peer = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
if sys.argv[2] == 'reset':
    peer.recv(1, socket.MSG_PEEK)
    peer.sendall(b'x' * 3000000)
    peer.close()
else:
    peer.sendall(b'?')
    try:
        while peer.recv(65536): pass
        print('FIN')
    except OSError as error: print(error)
`;

for (const {name, node} of nodes) {
	const start = (t: TestContext, ...args: readonly string[]) =>
		startProcess(t, node, bin(...args).args);

	for (const [how, args] of [
		['from a pipe', []],
		['of -m', ['-m', 'question']],
		['with --no-shutdown', ['--no-shutdown']],
	] as const) {
		test(`e2e: on ${name} a reset amid the answer to a line ${how} is code 1`, async t => {
			const {port} = await startPython(t, resets);
			const asking = start(t, 'connect', '--raw', port, ...args);
			asking.write('question\n');
			if (how !== 'with --no-shutdown') {
				asking.end();
			}

			assert.deepEqual(await asking.waitForExit(), failed);
			// Its FIN may not have gone yet, and then the question may be lost, too.
			assert.match(
				asking.stderr(),
				/^E(?:CONNRESET|PIPE): .* \(RST\)\.(?: How much of what was sent last arrived is unknown\.)?$/m,
			);
		});
	}

	test(`e2e: on ${name} a reset is one in JSON and in a recording`, async t => {
		const {port} = await startPython(t, resets);
		const record = join(newFolder(t), 'recording');
		const asking = start(
			t,
			'connect',
			'--raw',
			'--json',
			'--record',
			record,
			port,
		);
		asking.write('{"type":"send","text":"question"}\n');
		asking.end();
		assert.deepEqual(await asking.waitForExit(), failed);
		assert.match(asking.stdout(), /"code":"ERR_RESET"/);
		assert.doesNotMatch(readFileSync(record, 'utf8'), /FIN|"ended"/);
	});

	test(`e2e: on ${name} a reset of a client is said by serve --raw`, async t => {
		const serving = start(t, 'serve', '--raw', '--once', '--port', '0');
		serving.write('hello\n');
		serving.end();
		const port = await serving.waitForOutput(/listening on \S+:(\d+)\n/, {
			stream: 'stderr',
		});
		await startPython(t, client, port, 'reset');
		assert.deepEqual(await serving.waitForExit(), failed);
		assert.doesNotMatch(serving.stderr(), /FIN/);
		assert.match(serving.stderr(), /ECONNRESET.*\(RST\)/);
	});

	test(`e2e: on ${name} a proxy passes on a reset as one`, async t => {
		const {port: target} = await startPython(t, resets);
		const proxy = start(t, 'proxy', '--plain', '0', target);
		const port = await proxy.waitForOutput(/listening on \S+:(\d+)\n/);
		const asking = await startPython(t, client, port, 'ask');
		await asking.waitForOutput(/^(?:FIN|.*reset by peer)$/m);
		assert.match(asking.stdout(), /reset by peer/);
		assert.doesNotMatch(proxy.stdout() + proxy.stderr(), /FIN/);
	});
}
