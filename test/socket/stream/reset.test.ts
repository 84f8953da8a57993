import assert from 'node:assert/strict';
import {once} from 'node:events';
import {
	createConnection,
	createServer,
	type AddressInfo,
	type Socket,
} from 'node:net';
import process from 'node:process';
import test, {type TestContext} from 'node:test';
import {resetSocket} from '../../../source/socket/stream/reset.js';
import {statesBySs} from '../../helpers/kernel.js';
import {until} from '../../helpers/until.js';

const turns: ReadonlyArray<
	readonly [name: string, later: (act: () => void) => void]
> = [
	[
		'in the same tick',
		act => {
			act();
		},
	],
	[
		'in the next tick',
		act => {
			process.nextTick(act);
		},
	],
	['in a microtask', queueMicrotask],
	[
		'in the next turn',
		act => {
			setImmediate(act);
		},
	],
];

const beginnings: ReadonlyArray<
	readonly [name: string, begin: (socket: Socket) => void]
> = [
	['nothing', () => undefined],
	[
		'end()',
		socket => {
			socket.end();
		},
	],
	[
		'a write and end()',
		socket => {
			socket.end('bytes');
		},
	],
	[
		'16 MB and end()',
		socket => {
			socket.end(new Uint8Array(16e6));
		},
	],
];

/** A server that reads nothing. */
const listenDeaf = async (t: TestContext): Promise<number> => {
	const server = createServer({pauseOnConnect: true}, accepted => {
		accepted.on('error', () => undefined);
	}).listen(0, '127.0.0.1');
	await once(server, 'listening');
	t.after(() => {
		server.close();
	});
	return (server.address() as AddressInfo).port;
};

for (const isConnected of [true, false]) {
	for (const [what, begin] of beginnings) {
		for (const [when, later] of turns) {
			const state = isConnected ? 'connected' : 'connecting';
			test(`reset: ${state}, ${when} after ${what}, the socket is closed`, async t => {
				const port = await listenDeaf(t);
				const socket = createConnection({
					host: '127.0.0.1',
					port,
					allowHalfOpen: true,
				});
				const errors: Error[] = [];
				socket.on('error', error => {
					errors.push(error);
				});
				if (isConnected) {
					await once(socket, 'connect');
				}

				const otherEnd = `127.0.0.1:${port} 127.0.0.1:${socket.localPort}`;
				const closed = once(socket, 'close');
				begin(socket);
				later(() => {
					resetSocket(socket);
				});
				await closed;
				assert.deepEqual(errors, []);
				if (isConnected) {
					// A FIN would leave it in CLOSE-WAIT.
					await until(async () => !(await statesBySs(port)).has(otherEnd), {
						what: 'a RST',
						deadlineMs: 2000,
					});
				}
			});
		}
	}
}

test('reset: a socket that is ended after that, while it connects, is closed', async t => {
	const port = await listenDeaf(t);
	const socket = createConnection({host: '127.0.0.1', port});
	const errors: Error[] = [];
	socket.on('error', error => {
		errors.push(error);
	});
	socket.write('bytes');
	resetSocket(socket);
	socket.end();
	await until(() => socket.closed, {
		what: 'its close',
		seen: () => String(errors),
	});
	assert.deepEqual(errors, []);
});
