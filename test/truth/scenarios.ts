/** What sockets do to each other, each on a port of its own. */
import {Buffer} from 'node:buffer';
import type {TestContext} from 'node:test';
import {until} from '../helpers/until.js';
import type {Scenario} from '../helpers/truth/rounds.js';
import {startPython, type Scene} from '../helpers/truth/scene.js';

/** More than an end that doesn't read takes, and less than the kernel takes. */
const someQueue = Buffer.alloc(1024 * 1024, 'x');

/** More than the queues of both ends hold. */
const tooMuch = Buffer.alloc(16 * 1024 * 1024, 'x');

const python = async (t: TestContext, {host, port, trace}: Scene) => {
	const started = await startPython(t, trace);
	await started.do(
		`f = socket.${host === '::1' ? 'AF_INET6' : 'AF_INET'}; a = ('${host}', ${port})`,
	);
	return {
		...started,
		connect: async () =>
			started.do('s = socket.socket(f); s.connect(a); me = s.getsockname()'),
		listen: async (backlog = 5) =>
			started.do(
				`l = socket.socket(f); l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); l.bind(a); l.listen(${backlog})`,
			),
		accept: async () => started.do('s, peer = l.accept()'),
		end: async () => started.do('s.shutdown(socket.SHUT_WR)'),
		close: async () => started.do('s.close()'),
		reset: async () =>
			started.do(
				"s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0)); s.close()",
			),
	};
};

const both = async (scene: Scene) => {
	const server = await scene.serve();
	const {client, untilPhase} = await scene.connect();
	await untilPhase('open');
	const peer = await server.peer();
	await scene.untilClaimed('remote ESTABLISHED');
	return {server, client, untilPhase, peer};
};

/** Python has connected to our server. */
const toOurServer = async (scene: Scene, t: TestContext) => {
	const server = await scene.serve();
	const other = await python(t, scene);
	await other.connect();
	return {server, other, peer: await server.peer()};
};

/** We have connected to Python's server. */
const toPython = async (scene: Scene, t: TestContext) => {
	const other = await python(t, scene);
	await other.listen();
	const {client, untilPhase} = await scene.connect({isPipe: true});
	await untilPhase('open');
	await other.accept();
	return {other, client};
};

const act = (type: 'pause' | 'resume' | 'end' | 'reset' | 'close') => ({type});

export const scenarios: readonly Scenario[] = [
	{
		name: 'the client closes first',
		capture: 'always',
		async run(scene) {
			const {client} = await both(scene);
			client.leave();
			await scene.untilClaimed('local TIME-WAIT');
			await scene.untilClaimed('local CLOSED');
		},
	},
	{
		name: 'the client closes first, over ::1',
		host: '::1',
		async run(scene) {
			const {client} = await both(scene);
			client.leave();
			await scene.untilClaimed('local TIME-WAIT');
			await scene.untilClaimed('local CLOSED');
		},
	},
	{
		name: 'the server closes first',
		async run(scene) {
			const {server, peer} = await both(scene);
			await server.control(act('end'), peer);
			await scene.untilClaimed('local TIME-WAIT');
			await scene.untilClaimed('local CLOSED');
		},
	},
	{
		name: 'both close with full queues',
		async run(scene) {
			const {server, client, peer} = await both(scene);
			await client.control(act('pause'));
			await server.control(act('pause'), peer);
			await client.write(someQueue);
			server.write(someQueue);
			await server.drained();
			await client.control(act('end'));
			await server.control(act('end'), peer);
			await scene.untilRead('FIN-WAIT-1', 4);
			await client.control(act('resume'));
			await server.control(act('resume'), peer);
			await scene.untilRead('TIME-WAIT', 4);
		},
	},
	{
		name: 'bytes both ways, counted in segments',
		capture: 'never',
		async run(scene) {
			const {server, client} = await both(scene);
			await client.write(Buffer.from('one'));
			await client.write(Buffer.from('two'));
			server.write(someQueue);
			await server.drained();
			await scene.untilCounted(6);
			await scene.untilCounted(someQueue.length);
			await client.write(Buffer.from('three'));
			await scene.untilCounted(11);
			const {local} = client.endpoints;
			client.leave();
			await scene.untilClaimed('local CLOSED');
			await scene.untilClaimed('close()', claim => claim.local === local);
		},
	},
	{
		name: 'half-closed by the server',
		async run(scene, t) {
			const {server, other, peer} = await toOurServer(scene, t);
			await server.control(act('end'), peer);
			await scene.untilClaimed('local FIN-WAIT-2');
			await other.do("s.recv(10); s.send(b'still here')");
			await server.untilBytes(Buffer.from('still here'));
			await other.close();
			await scene.untilClaimed('local TIME-WAIT');
			await scene.untilClaimed('remote CLOSED');
		},
	},
	{
		name: 'half-closed by the other side',
		capture: 'always',
		async run(scene, t) {
			const {other, client} = await toPython(scene, t);
			await other.end();
			await scene.untilClaimed('local CLOSE-WAIT');
			await client.write(Buffer.from('still here'));
			await other.do('s.recv(100)');
			client.finish();
			await scene.untilClaimed('local CLOSED');
		},
	},
	{
		name: 'a paused end is closed by the other side, and closes',
		async run(scene, t) {
			const {server, other, peer} = await toOurServer(scene, t);
			await server.control(act('pause'), peer);
			await other.end();
			await scene.untilClaimed('local CLOSE-WAIT');
			await server.control(act('end'), peer);
			await server.control(act('resume'), peer);
			await scene.untilClaimed('local CLOSED');
		},
	},
	{
		name: 'RST by the client while open',
		async run(scene) {
			const {client} = await both(scene);
			await client.control(act('reset'));
			await scene.untilClaimed('RST');
			await scene.untilRead('CLOSED', 2);
		},
	},
	{
		name: 'RST by the server while open',
		async run(scene) {
			const {server, peer} = await both(scene);
			await server.control(act('reset'), peer);
			await scene.untilClaimed('RST');
			await scene.untilRead('CLOSED', 2);
		},
	},
	{
		name: 'RST while half-closed by this side',
		async run(scene, t) {
			const {server, other, peer} = await toOurServer(scene, t);
			await server.control(act('end'), peer);
			await scene.untilClaimed('remote CLOSE-WAIT');
			await other.reset();
			await scene.untilClaimed('RST');
			await scene.untilClaimed('remote CLOSED');
		},
	},
	{
		name: 'RST while half-closed by the other side',
		async run(scene, t) {
			const {other, client} = await toPython(scene, t);
			await other.end();
			await scene.untilClaimed('remote FIN-WAIT-2');
			await client.control(act('reset'));
			await scene.untilClaimed('local CLOSED');
			await scene.untilClaimed('remote CLOSED');
		},
	},
	{
		name: 'RST with a FIN behind a closed window',
		async run(scene) {
			const {server, client, peer} = await both(scene);
			await server.control(act('pause'), peer);
			await client.write(someQueue);
			await client.control(act('end'));
			await scene.untilRead('FIN-WAIT-1', 2);
			await client.control(act('reset'));
			await scene.untilClaimed('local CLOSED');
			await server.control(act('resume'), peer);
			await scene.untilRead('CLOSED', 2);
		},
	},
	{
		name: 'close(2) with unread bytes',
		capture: 'always',
		async run(scene) {
			const {server, client, peer} = await both(scene);
			await server.control(act('pause'), peer);
			await client.write(Buffer.from('unread'));
			await server.control(act('close'), peer);
			await scene.untilClaimed('local CLOSED', ({local}) => local === peer);
			await scene.untilClaimed(
				'local CLOSED',
				({local}) => local === scene.place,
			);
		},
	},
	{
		name: 'a write to a socket that was closed',
		async run(scene, t) {
			const {server, other, peer} = await toOurServer(scene, t);
			await server.control(act('close'), peer);
			await scene.untilClaimed('remote CLOSE-WAIT');
			await other.do("s.send(b'too late')");
			await scene.untilClaimed('remote CLOSED');
			await scene.untilClaimed('RST');
		},
	},
	{
		name: 'writes to the end of a connection fail',
		capture: 'always',
		async run(scene, t) {
			const {other, client} = await toPython(scene, t);
			await other.close();
			await scene.untilClaimed('FIN');
			await client.write(Buffer.from('answered with RST'));
			await scene.untilState(client.endpoints.local!, 'CLOSED');
			await client.write(Buffer.from('fails'));
			await scene.untilClaimed('send()');
			await scene.untilRead('CLOSED');
		},
	},
	{
		name: 'the other side sends, and closes at once',
		capture: 'always',
		async run(scene, t) {
			const {server, other} = await toOurServer(scene, t);
			await other.do("s.send(b'the last'); s.close()");
			await server.untilBytes(Buffer.from('the last'));
			await scene.untilClaimed('remote TIME-WAIT');
			await scene.untilClaimed('local CLOSED');
		},
	},
	{
		name: 'kill -9 of a client',
		async run(scene, t) {
			const server = await scene.serve();
			const other = await python(t, scene);
			await other.connect();
			await server.peer();
			other.signal('SIGKILL');
			await scene.untilClaimed('remote TIME-WAIT');
			await scene.untilClaimed('local CLOSED');
		},
	},
	{
		name: 'kill -9 of a client with unread bytes',
		async run(scene, t) {
			const server = await scene.serve();
			const other = await python(t, scene);
			await other.connect();
			await server.peer();
			server.write(Buffer.from('unread'));
			await scene.untilClaimed('remote ESTABLISHED');
			other.signal('SIGKILL');
			await scene.untilClaimed('RST');
			await scene.untilRead('CLOSED');
		},
	},
	{
		name: 'a frozen peer, and a window that closes',
		async run(scene, t) {
			const other = await python(t, scene);
			await other.listen();
			const opened = await scene.connect();
			await opened.untilPhase('open');
			await other.accept();
			other.signal('SIGSTOP');
			void opened.client.write(tooMuch);
			await scene.untilClaimed('remote ESTABLISHED');
			opened.client.leave();
			other.signal('SIGKILL');
			await scene.untilClaimed('remote CLOSED');
		},
	},
	{
		name: 'a backlog that overflows',
		async run(scene, t) {
			const other = await python(t, scene);
			await other.listen(1);
			const waiting = await python(t, scene);
			await waiting.do(
				'w = [socket.create_connection(a), socket.create_connection(a)]',
			);
			const {client} = await scene.connect();
			await scene.untilRead('SYN-SENT');
			await scene.untilPolled(scene.place, 'SYN-SENT');
			client.leave();
			await scene.untilClaimed('local CLOSED');
		},
	},
	{
		name: 'nobody listens',
		capture: 'always',
		async run(scene) {
			await scene.connect();
			await scene.untilClaimed('RST');
			await scene.untilClaimed('local CLOSED');
		},
	},
	{
		name: 'addresses in TIME-WAIT are used again',
		capture: 'never',
		async run(scene, t) {
			const other = await python(t, scene);
			await other.listen();
			const localPort = 10_000 + (scene.port % 20_000);
			const first = await scene.connect({localPort});
			await first.untilPhase('open');
			await other.accept();
			first.client.leave();
			await scene.untilClaimed('local FIN-WAIT-2');
			await other.close();
			await scene.untilClaimed('local TIME-WAIT');
			// Linux lets it be used again after a second, on loopback.
			const usableAt = Date.now() + 1500;
			await until(() => Date.now() > usableAt, {what: 'a second to pass'});
			const second = await scene.connect({localPort});
			await second.untilPhase('open');
			await other.accept();
			second.client.leave();
			await scene.untilRead('FIN-WAIT-2', 2);
			await other.close();
			await scene.untilRead('TIME-WAIT', 2);
		},
	},
	{
		name: 'a room: two members talk, and one leaves',
		capture: 'always',
		async run(scene) {
			await scene.room();
			const otter = await scene.member('otter');
			const heron = await scene.member('heron');
			otter.client.say('hello');
			await heron.until('the message', () => heron.said().includes('hello'));
			heron.client.say('hello yourself');
			await otter.until('the answer', () => otter.said().length === 2);
			otter.client.leave();
			await scene.untilClaimed(
				'local TIME-WAIT',
				({local}) => local === otter.local,
			);
			await scene.untilClaimed(
				'local CLOSED',
				({local, remote}) => local === scene.place && remote === otter.local,
			);
		},
	},
	{
		name: 'a room resets a member',
		async run(scene) {
			const room = await scene.room();
			const {local} = await scene.member('otter');
			await room.control(act('reset'), 'otter');
			await scene.untilClaimed('RST', claim => claim.local === local);
			await scene.untilRead('CLOSED', 2);
		},
	},
	{
		name: 'a member closes with unread messages',
		async run(scene) {
			await scene.room();
			const heron = await scene.member('heron');
			const {client, local} = await scene.member('otter');
			await client.control(act('pause'));
			heron.client.say('nobody reads this');
			await heron.untilStored();
			await client.control(act('close'));
			await scene.untilClaimed('local CLOSED', claim => claim.local === local);
			await scene.untilRead('CLOSED', 2);
		},
	},
	{
		name: 'a room that ends',
		async run(scene) {
			const room = await scene.room();
			const {local} = await scene.member('otter');
			void room.drain();
			await scene.untilClaimed('local CLOSED', claim => claim.local === local);
			await scene.untilClaimed('close()', claim => claim.remote === local);
			await scene.untilRead('TIME-WAIT');
		},
	},
	{
		name: 'a socket that is connected to itself',
		capture: 'always',
		async run(scene) {
			const {client, untilPhase} = await scene.connect({localPort: scene.port});
			await untilPhase('open');
			await scene.untilClaimed('remote ESTABLISHED');
			client.leave();
			await scene.untilClaimed('close()');
		},
	},
];
