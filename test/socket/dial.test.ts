/** How an open connection broke, in words that are true of its transport. */
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {mkdtempSync, rmSync} from 'node:fs';
import {createConnection, createServer, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {test} from 'node:test';
import {
	connectionFailed,
	connectionLost,
	rawConnectionFailed,
} from '../../source/socket/dial.js';

test('dial: a Unix domain socket that was closed with data unread has no RST', async t => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-test-'));
	t.after(() => {
		rmSync(folder, {recursive: true});
	});
	const path = join(folder, 'x.sock');
	const server = createServer({pauseOnConnect: true}).listen(path);
	await once(server, 'listening');
	const accepted = once(server, 'connection');
	const client = createConnection(path);
	const failed = once(client, 'error');
	const [peer] = (await accepted) as [Socket];
	// A Unix domain socket has what was written at once.
	await new Promise(resolve => {
		client.write('unread', resolve);
	});
	peer.destroy();
	client.resume();
	const [cause] = (await failed) as [Error];
	server.close();
	const address = {kind: 'unix', path} as const;
	const why = 'was closed by the other side before it had read everything.';
	const lost = rawConnectionFailed(address, undefined, cause);
	assert.equal(lost.code, 'ERR_RESET');
	assert.equal(lost.message, `ECONNRESET: the connection to ${path} ${why}`);
	assert.equal(
		connectionFailed(address, undefined, cause).message,
		`The connection to ${path} ${why}`,
	);
	assert.equal(
		connectionLost('from unix:1', cause, 'unix').message,
		`ECONNRESET: the connection from unix:1 ${why}`,
	);
	assert.equal(
		connectionLost('from 127.0.0.1:5001', cause).message,
		'ECONNRESET: the connection from 127.0.0.1:5001 was reset by the other side (RST).',
	);
});
