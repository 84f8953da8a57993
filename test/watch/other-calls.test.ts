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
