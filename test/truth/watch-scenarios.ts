/** What two other programs do to each other, while `sockchat watch` looks on. */
import type {TestContext} from 'node:test';
import type {Step} from '../../source/tcp/tcp.js';
import type {Scenario} from '../helpers/truth/rounds.js';
import {startPython, type Scene} from '../helpers/truth/scene.js';
import {until} from '../helpers/until.js';

export type WatchScenario = Scenario & {
	/** How often shutdown() is called; else an end calls close(), or is killed. */
	readonly shutdowns?: number;
};

export const reset =
	"s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0)); s.close()";

const isBlocked = (step: Step): boolean =>
	step.kind === 'call' && step.isBlocked === true;

/** More than one end sends at once, and less than both queues hold. */
const some = 300_000;

/** The tutorial's pair, up to accept(), a call at a time. */
export const pairOf = async (scene: Scene, t: TestContext, backlog = 1) => {
	await scene.watch();
	const {host, port} = scene;
	const [server, client] = await Promise.all([
		startPython(t, scene.trace),
		startPython(t, scene.trace),
	]);
	const family = host === '::1' ? 'AF_INET6' : 'AF_INET';
	for (const each of [server, client]) {
		await each.do(`f = socket.${family}; a = ('${host}', ${port})`);
	}

	await server.do(
		`l = socket.socket(f); l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); l.bind(a); l.listen(${backlog})`,
	);
	return {server, client};
};

export const openOf = async (scene: Scene, t: TestContext) => {
	const {server, client} = await pairOf(scene, t);
	await client.do('s = socket.socket(f); s.connect(a)');
	await server.do('s, peer = l.accept()');
	await scene.untilRead('ESTABLISHED', 2);
	return {server, client};
};

export const both = ['client', 'server'] as const;

export const watchScenarios: readonly WatchScenario[] = [
	...(['127.0.0.1', '::1'] as const).flatMap(host =>
		both.map(first => ({
			name: `they talk, and the ${first} closes first, over ${host}`,
			host,
			async run(scene: Scene, t: TestContext) {
				const pair = await openOf(scene, t);
				const {server, client} = pair;
				await client.do("s.send(b'hello')");
				await server.do('s.recv(1024)');
				await server.do("s.send(b'hello yourself')");
				await client.do('s.recv(1024)');
				await scene.untilCounted(14);
				await pair[first].do('s.close()');
				await scene.untilRead('CLOSE-WAIT');
				const last = first === 'client' ? server : client;
				await last.do('s.recv(1024); s.close()');
				await scene.untilRead('TIME-WAIT');
				await scene.untilRead('CLOSED');
			},
		})),
	),
	{
		name: 'segments of many sizes, both ways',
		async run(scene, t) {
			const {server, client} = await openOf(scene, t);
			await client.do(
				"s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1); [s.send(b'x' * n) for n in range(1, 21)]",
			);
			await scene.untilCounted(210);
			await client.do("[s.send(b'y') for n in range(40)]");
			await server.do(`s.sendall(b'z' * ${some})`);
			await client.do(
				`n = 0\\nwhile n < ${some}: n += len(s.recv(65536))`.replace(
					/^(.*)$/,
					'exec("$1")',
				),
			);
			await scene.untilCounted(250);
			await scene.untilCounted(some);
			await server.do('s.close(); l.close()');
			await client.do('s.close()');
			await scene.untilRead('CLOSED');
		},
	},
	...both.map(first => ({
		name: `half-closed by the ${first}, which still receives`,
		shutdowns: 1,
		async run(scene: Scene, t: TestContext) {
			const pair = await openOf(scene, t);
			const last = pair[first === 'client' ? 'server' : 'client'];
			await pair[first].do('s.shutdown(socket.SHUT_WR)');
			await scene.untilRead('FIN-WAIT-2');
			await last.do("s.send(b'still here')");
			await scene.untilCounted(10);
			await pair[first].do('s.recv(100)');
			await last.do('s.close()');
			await scene.untilRead('TIME-WAIT');
			await scene.untilRead('CLOSED');
		},
	})),
	{
		name: 'half-closed as soon as it is open',
		shutdowns: 1,
		async run(scene, t) {
			const {server, client} = await pairOf(scene, t);
			await client.do(
				's = socket.socket(f); s.connect(a); s.shutdown(socket.SHUT_WR)',
			);
			await scene.untilClaimed('shutdown(SHUT_WR)');
			await scene.untilRead('FIN-WAIT-2');
			await server.do('s, peer = l.accept(); s.close()');
			await scene.untilRead('TIME-WAIT');
			await scene.untilRead('CLOSED');
		},
	},
	...both.map(first => ({
		name: `RST by the ${first}`,
		capture: 'always' as const,
		async run(scene: Scene, t: TestContext) {
			const pair = await openOf(scene, t);
			await pair[first].do(reset);
			await scene.untilRead('CLOSED', 2);
		},
	})),
	{
		name: 'close() with unread bytes',
		async run(scene, t) {
			const {server, client} = await openOf(scene, t);
			await client.do("s.send(b'unread')");
			await scene.untilCounted(6);
			await server.do('s.close()');
			await scene.untilRead('CLOSED', 2);
		},
	},
	...both.map(who => ({
		name: `kill -9 of the ${who}`,
		async run(scene: Scene, t: TestContext) {
			const pair = await openOf(scene, t);
			pair[who].signal('SIGKILL');
			await scene.untilRead('CLOSE-WAIT');
			await pair[who === 'client' ? 'server' : 'client'].do('s.close()');
			await scene.untilRead('TIME-WAIT');
			await scene.untilRead('CLOSED');
		},
	})),
	{
		name: 'a frozen server, a window that closes, and kill -9',
		shutdowns: 1,
		async run(scene, t) {
			const {server, client} = await openOf(scene, t);
			server.signal('SIGSTOP');
			await client.do(
				"s.setblocking(False); exec('while True: s.send(bytes(1000000))')",
			);
			await scene.untilClaimed('ACK');
			await client.do('s.shutdown(socket.SHUT_WR)');
			await scene.untilRead('FIN-WAIT-1');
			server.signal('SIGKILL');
			await scene.untilRead('CLOSED', 2);
		},
	},
	{
		name: 'both close with full queues',
		shutdowns: 2,
		async run(scene, t) {
			const {server, client} = await openOf(scene, t);
			for (const each of [server, client]) {
				await each.do(
					"s.setblocking(False); exec('while True: s.send(bytes(1000000))')",
				);
				await each.do('s.shutdown(socket.SHUT_WR); s.setblocking(True)');
			}

			await scene.untilRead('FIN-WAIT-1', 2);
			const read = "exec('while s.recv(1000000): pass')";
			await Promise.all([server.do(read), client.do(read)]);
			await scene.untilRead('TIME-WAIT', 1);
		},
	},
	{
		name: 'a SYN that is sent again, as the backlog is full',
		async run(scene, t) {
			const {server, client} = await pairOf(scene, t, 0);
			await client.do('w = socket.create_connection(a)');
			await client.do(
				's = socket.socket(f); s.setblocking(False); s.connect_ex(a)',
			);
			await scene.untilRead('SYN-SENT');
			await server.do('v, peer = l.accept()');
			await server.do('s, peer = l.accept()');
			await client.do("s.setblocking(True); s.send(b'at last')");
			await scene.untilCounted(7);
			await client.do('s.close()');
			await server.do('s.recv(1024); s.close()');
			await scene.untilRead('TIME-WAIT');
			await scene.untilRead('CLOSED');
		},
	},
	{
		name: 'addresses in TIME-WAIT are used again',
		async run(scene, t) {
			const {server, client} = await pairOf(scene, t);
			const local = 10_000 + (scene.port % 20_000);
			const connect = `s = socket.socket(f); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind((a[0], ${local})); s.connect(a)`;
			await client.do(connect);
			await server.do('s, peer = l.accept()');
			await scene.untilRead('ESTABLISHED', 2);
			await client.do("s.send(b'one'); s.close()");
			await server.do('s.recv(9); s.close()');
			await scene.untilRead('TIME-WAIT');
			await scene.untilRead('CLOSED');
			// Linux lets it be used again after a second, on loopback.
			const usableAt = Date.now() + 1500;
			await until(() => Date.now() > usableAt, {what: 'a second to pass'});
			await client.do(connect);
			await server.do('s, peer = l.accept()');
			await client.do("s.send(b'other')");
			await scene.untilRead('ESTABLISHED', 4);
			await scene.untilCounted(5);
			await client.do('s.close()');
			await server.do('s.recv(9); s.close()');
			await scene.untilRead('TIME-WAIT', 2);
			await scene.untilRead('CLOSED', 2);
		},
	},
	{
		name: 'nobody listens, and somebody does later',
		capture: 'always',
		async run(scene, t) {
			await scene.watch();
			const [server, client] = await Promise.all([
				startPython(t, scene.trace),
				startPython(t, scene.trace),
			]);
			const address = `a = ('127.0.0.1', ${scene.port})`;
			await client.do(`${address}; s = socket.socket(); s.connect(a)`);
			await server.do(
				`${address}; l = socket.socket(); l.bind(a); l.listen(1)`,
			);
			await client.do('s.close(); s = socket.socket(); s.connect(a)');
			await server.do('s, peer = l.accept()');
			await scene.untilRead('ESTABLISHED', 2);
			await client.do('s.close()');
			await server.do('s.close(); l.close()');
			await scene.untilRead('TIME-WAIT');
			await scene.untilRead('CLOSED');
		},
	},
	{
		name: 'a socket that is connected to itself',
		async run(scene, t) {
			await scene.watch();
			const python = await startPython(t, scene.trace);
			await python.do(
				`a = ('127.0.0.1', ${scene.port}); s = socket.socket(); s.bind(a); s.connect(a)`,
			);
			await scene.untilRead('ESTABLISHED');
			await python.do("s.send(b'hello'); s.recv(1024); s.close()");
			await scene.untilRead('TIME-WAIT');
		},
	},
	{
		name: 'a program that blocks in each of its calls',
		shutdowns: 1,
		capture: 'always',
		async run(scene, t) {
			const {server, client} = await pairOf(scene, t);
			server.begin('s, peer = l.accept(); s.recv(1024)');
			await scene.untilClaimed('accept()', ({step}) => isBlocked(step));
			await client.do('s = socket.socket(f); s.connect(a)');
			await scene.untilClaimed('recv(1024)', ({step}) => isBlocked(step));
			await client.do("s.send(b'hello')");
			await scene.untilClaimed('recv(1024)', ({step}) => !isBlocked(step));
			client.begin('s.recv(512)');
			await scene.untilClaimed('recv(512)', ({step}) => isBlocked(step));
			await server.do("s.send(b'hello yourself')");
			await scene.untilClaimed('recv(512)', ({step}) => !isBlocked(step));
			await client.do('s.shutdown(socket.SHUT_WR)');
			await scene.untilRead('FIN-WAIT-2');
			await server.do('s.recv(1024); s.close(); l.close()');
			await client.do('s.recv(1024); s.close()');
			await scene.untilRead('TIME-WAIT');
			await scene.untilRead('CLOSED');
		},
	},
];
