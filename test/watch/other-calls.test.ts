/** Of the calls of other programs, those that the table and /proc show. */
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {connect, createServer, type Socket} from 'node:net';
import {test, type TestContext} from 'node:test';
import {endpointsOf} from '../../source/socket/link.js';
import {readTcpRows} from '../../source/socket/tcp-table.js';
import type {Step} from '../../source/tcp/tcp.js';
import {OtherCalls} from '../../source/watch/other-calls.js';
import {startPython} from '../helpers/peers.js';
import {inferred, read, received} from '../helpers/steps.js';
import {openScene} from '../helpers/truth/scene.js';

const ends = {local: '127.0.0.1:1', remote: '127.0.0.1:2'};

/** A connection of this process, and the inode of its client. */
const openPair = async (t: TestContext) => {
	const server = createServer({allowHalfOpen: true});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const {port} = server.address() as {port: number};
	const accepted = once(server, 'connection') as Promise<[Socket]>;
	const client = connect({port, host: '127.0.0.1', allowHalfOpen: true});
	const [[own]] = await Promise.all([accepted, once(client, 'connect')]);
	t.after(() => {
		client.destroy();
		own.destroy();
		server.close();
	});
	const {local} = endpointsOf(client);
	const rows = await readTcpRows(new Set([port]));
	const inode = rows?.find(({socket}) => socket.local === local)?.inode;
	return {client, own, inode: inode!};
};

/** What a server says of a client whose socket was read. */
const watchClient = async (inode: string, isFollowed = true) => {
	const calls = new OtherCalls({
		side: 'server',
		peer: undefined,
		notBefore: 500,
		endpoints: () => ends,
	});
	calls.complete([inferred('ESTABLISHED', {end: 'remote'})]);
	const row = {state: 'ESTABLISHED', inode, begunAt: 700, at: 701} as const;
	await calls.read(row, isFollowed);
	return calls;
};

const namesOf = (steps: readonly Step[]): readonly string[] =>
	steps.map(step =>
		step.kind === 'call'
			? `${step.end!} ${step.call}${step.isOrExit ? ' or exit' : ''}`
			: step.kind === 'state'
				? step.state
				: step.segment,
	);

test('other calls: a client has called connect() before it is open', () => {
	const calls = new OtherCalls({
		side: 'server',
		peer: 'a peer',
		notBefore: 500,
		endpoints: () => ends,
	});
	const open = inferred('ESTABLISHED', {end: 'remote'});
	const [connected, ...others] = calls.complete([open]);
	assert.deepEqual(connected, {
		kind: 'call',
		call: 'connect()',
		end: 'remote',
		evidence: 'inferred',
		peer: 'a peer',
		notBefore: 500,
		seenAt: 1000,
	});
	assert.deepEqual(others, [open]);
	assert.deepEqual(calls.complete([open]), [open], 'only once');
});

test('other calls: a server has accepted what it holds, or has sent from', () => {
	const openCalls = () => {
		const calls = new OtherCalls({
			side: 'client',
			peer: undefined,
			notBefore: 500,
			endpoints: () => ends,
		});
		calls.complete([read('ESTABLISHED', {end: 'remote'})], {
			state: 'ESTABLISHED',
			inode: '0',
			begunAt: 999,
			at: 1000,
		});
		return calls;
	};

	const row = {state: 'ESTABLISHED', begunAt: 1099, at: 1100} as const;
	assert.deepEqual(openCalls().complete([], {...row, inode: '0'}), []);
	const held = openCalls().complete([], {...row, inode: '7'});
	assert.deepEqual(namesOf(held), ['remote accept()']);
	assert.equal(held[0]?.seenAt, 1100);
	assert.deepEqual(namesOf(openCalls().received(1050)), ['remote accept()']);
	// The kernel sends no FIN on a connection that nobody accepted.
	assert.deepEqual(namesOf(openCalls().complete([received('FIN')])), [
		'remote accept()',
		'FIN',
	]);
});

test('other calls: a socket that is connected to itself was not accepted', () => {
	const self = {local: ends.local, remote: ends.local};
	const calls = new OtherCalls({
		side: 'client',
		peer: undefined,
		notBefore: 500,
		endpoints: () => self,
	});
	const steps = calls.complete([read('ESTABLISHED', {end: 'remote'})], {
		state: 'ESTABLISHED',
		inode: '7',
		begunAt: 999,
		at: 1000,
	});
	assert.deepEqual(namesOf(steps), ['ESTABLISHED']);
});

test('other calls: who still holds its socket has called shutdown()', async t => {
	const {client, own, inode} = await openPair(t);
	const calls = await watchClient(inode);
	client.end();
	await once(own.resume(), 'end');
	const steps = calls.complete([received('FIN')]);
	assert.deepEqual(namesOf(steps), ['remote shutdown(SHUT_WR)', 'FIN']);
	assert.equal(steps[0]?.notBefore, 700);
	assert.deepEqual(namesOf(calls.complete([received('FIN')])), ['FIN']);
});

test('other calls: who holds it no more has called close()', async t => {
	const {client, own, inode} = await openPair(t);
	const calls = await watchClient(inode);
	client.destroy();
	await once(own.resume(), 'end');
	const steps = calls.complete([received('FIN')]);
	assert.deepEqual(namesOf(steps), ['remote close()', 'FIN']);
});

test('other calls: of a process that has ended nobody knows whether it called close()', async t => {
	const server = createServer({allowHalfOpen: true});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	t.after(() => server.close());
	const {port} = server.address() as {port: number};
	const accepted = once(server, 'connection') as Promise<[Socket]>;
	const python = startPython(t, 'client', [String(port)]);
	const [own] = await accepted;
	t.after(() => own.destroy());
	const {remote} = endpointsOf(own);
	const rows = await readTcpRows(new Set([port]));
	const {inode} = rows!.find(({socket}) => socket.local === remote)!;
	const calls = await watchClient(inode);
	python.signal('SIGKILL');
	await once(own.resume(), 'end');
	const steps = calls.complete([received('FIN')]);
	assert.deepEqual(namesOf(steps), ['remote close() or exit', 'FIN']);
});

test('other calls: neither is said of a process that was not looked for', async t => {
	const {client, own, inode} = await openPair(t);
	const calls = await watchClient(inode, false);
	client.end();
	await once(own.resume(), 'end');
	assert.deepEqual(namesOf(calls.complete([received('FIN')])), ['FIN']);
});

test('other calls: who sent RST has called close(), if it holds its socket no more', async t => {
	const {client, own, inode} = await openPair(t);
	const calls = await watchClient(inode);
	const reset = once(own.resume(), 'error');
	client.resetAndDestroy();
	await reset;
	const steps = calls.complete([received('RST')]);
	assert.deepEqual(namesOf(steps), ['remote close()', 'RST']);
	assert.equal(steps[0]?.notBefore, 700);
	assert.deepEqual(namesOf(calls.complete([received('RST')])), ['RST']);
});

test('other calls: an RST of a socket that is still held is of its kernel', async t => {
	const {inode} = await openPair(t);
	const calls = await watchClient(inode);
	assert.deepEqual(namesOf(calls.complete([received('RST')])), ['RST']);
});

test('other calls: a refused connection was not accepted', () => {
	const calls = new OtherCalls({
		side: 'client',
		peer: undefined,
		notBefore: 500,
		endpoints: () => ends,
	});
	assert.deepEqual(namesOf(calls.complete([received('RST')])), ['RST']);
});

test('other calls: an RST of which nobody knows who sent it shows no call', async t => {
	const {client, own, inode} = await openPair(t);
	const calls = await watchClient(inode);
	const reset = once(own.resume(), 'error');
	client.resetAndDestroy();
	await reset;
	const unknown = {...received('RST'), evidence: 'inferred'} as Step;
	assert.deepEqual(namesOf(calls.complete([unknown])), ['RST']);
	const answer = {...unknown, direction: 'out'} as Step;
	assert.deepEqual(namesOf(calls.complete([answer])), ['RST']);
});

test('other calls: after shutdown() it has called close() once nobody holds its socket', async t => {
	const {client, own, inode} = await openPair(t);
	const calls = await watchClient(inode);
	client.end();
	await once(own.resume(), 'end');
	const shut = calls.complete([received('FIN')]);
	assert.deepEqual(namesOf(shut), ['remote shutdown(SHUT_WR)', 'FIN']);
	const row = {state: 'FIN-WAIT-2', inode, begunAt: 1099, at: 1100} as const;
	assert.deepEqual(calls.afterShutdown({begunAt: 1099, at: 1100}, row), []);
	const orphan = {...row, inode: '0', begunAt: 1199, at: 1200};
	const [close, ...others] = calls.afterShutdown(orphan, orphan);
	assert.deepEqual(namesOf([close!]), ['remote close()']);
	assert.deepEqual([close?.notBefore, close?.seenAt], [1099, 1200]);
	assert.deepEqual(others, []);
	assert.deepEqual(calls.afterShutdown(orphan, orphan), [], 'only once');
});

test('other calls: in TIME-WAIT, and once its row is gone, its descriptor tells', async t => {
	const {client, own, inode} = await openPair(t);
	const calls = await watchClient(inode);
	client.end();
	await once(own.resume(), 'end');
	calls.complete([received('FIN')]);
	const times = {begunAt: 1099, at: 1100};
	const row = {state: 'TIME-WAIT', inode: '0', ...times} as const;
	assert.deepEqual(calls.afterShutdown(times, row), [], 'it still has it');
	assert.deepEqual(calls.afterShutdown(times, undefined), []);
	client.destroy();
	await once(client, 'close');
	const later = {begunAt: 1199, at: 1200};
	const steps = calls.afterShutdown(later, undefined);
	assert.deepEqual(namesOf(steps), ['remote close()']);
	assert.deepEqual([steps[0]?.notBefore, steps[0]?.seenAt], [1099, 1200]);
});

test('other calls: an RST after its shutdown() is of its close()', async t => {
	const {client, own, inode} = await openPair(t);
	const calls = await watchClient(inode);
	client.end();
	await once(own.resume(), 'end');
	calls.complete([received('FIN')]);
	client.resetAndDestroy();
	await once(client, 'close');
	assert.deepEqual(namesOf(calls.complete([received('RST')])), [
		'remote close()',
		'RST',
	]);
	const later = {begunAt: 1199, at: 1200};
	assert.deepEqual(calls.afterShutdown(later, undefined), [], 'only once');
});

test('other calls: Node reports a FIN before a reading shows what it led to', async t => {
	const {client, own, inode} = await openPair(t);
	const calls = await watchClient(inode);
	client.end();
	await once(own.resume(), 'end');
	calls.arrived('FIN');
	client.destroy();
	await once(client, 'close');
	const steps = calls.complete([received('FIN')]);
	assert.deepEqual(namesOf(steps), ['remote shutdown(SHUT_WR)', 'FIN']);
	const later = {begunAt: 1199, at: 1200};
	const [close] = calls.afterShutdown(later);
	assert.deepEqual([close?.notBefore, close?.seenAt], [1000, 1200]);
});

/** A client of our server, in this process, and what is said of its calls. */
const openClient = async (t: TestContext) => {
	const scene = await openScene(t);
	const server = await scene.serve();
	const client = connect({
		port: scene.port,
		host: '127.0.0.1',
		allowHalfOpen: true,
	});
	t.after(() => client.destroy());
	await server.peer();
	await scene.untilRead('ESTABLISHED', 2);
	return {
		client,
		untilCalled: async (call: string) =>
			scene.untilClaimed(
				call,
				({step}) => step.kind === 'call' && step.end === 'remote',
			),
	};
};

test('other calls: a server is shown the shutdown() of its client, and then its close()', async t => {
	const {client, untilCalled} = await openClient(t);
	client.end();
	await untilCalled('shutdown(SHUT_WR)');
	client.destroy();
	await untilCalled('close()');
});

test('other calls: a server is shown the close() that reset its client', async t => {
	const {client, untilCalled} = await openClient(t);
	client.resetAndDestroy();
	await untilCalled('close()');
});
