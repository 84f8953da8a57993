import assert from 'node:assert/strict';
import {test} from 'node:test';
import {systemClock} from '../../source/socket/clock.js';
import {endpointsOf} from '../../source/socket/link.js';
import {resetSocket} from '../../source/socket/stream/reset.js';
import {readTcpTable} from '../../source/socket/tcp-table.js';
import {StepLog} from '../../source/tcp/step-log.js';
import type {Step} from '../../source/tcp/tcp.js';
import {watchSteps} from '../../source/watch/steps.js';
import {portOf} from '../helpers/room.js';
import {listenBare} from '../helpers/scripted.js';
import {findPort} from '../helpers/ports.js';
import {until} from '../helpers/until.js';
import {connectTo, openWatched, watch} from '../helpers/watched.js';

test('socket-steps: a received RST closes this end', async t => {
	const {client, server, untilStates} = await openWatched(t);
	server.socket.resume();
	await untilStates('ESTABLISHED', 'ESTABLISHED');
	const opened = server.drawn().length;
	client.called('setsockopt(SO_LINGER, 0)');
	client.socket.resetAndDestroy();
	await server.untilStep('close()');
	await client.untilStep('close()');
	assert.deepEqual(server.drawn().slice(opened), [
		'RST',
		'⇄ ○ CLOSED',
		'○ CLOSED',
		'close()',
	]);
	await untilStates(undefined, undefined);
	assert.deepEqual(server.drawn().slice(opened), [
		'RST',
		'⇄ ● CLOSED',
		'● CLOSED',
		'close()',
	]);
	assert.deepEqual(client.drawn().slice(-4), [
		'setsockopt(SO_LINGER, 0)',
		'close()',
		'RST →',
		'● CLOSED',
	]);
	// Both calls were made in one turn, before its RST.
	const [linger, close] = client
		.steps()
		.filter(
			step =>
				step.kind === 'call' &&
				(step.call === 'setsockopt(SO_LINGER, 0)' || step.call === 'close()'),
		);
	assert.equal(close!.at, linger!.at);
	await untilStates(undefined, undefined);
	assert.ok(server.log.isOver && client.log.isOver);
});

test('socket-steps: what follows from a call lies between its start and its end', async t => {
	const opened = await openWatched(t);
	for (const call of ['setsockopt(SO_LINGER, 0)', 'close()'] as const) {
		let now = 1000;
		const steps: Step[] = [];
		const log = new StepLog(undefined, 0);
		const {called} = watchSteps(opened.client.socket, {
			side: 'client',
			peer: undefined,
			clock: {
				...systemClock,
				// The machine lets it wait between any two readings of the clock.
				wallMs() {
					now += 100;
					return now;
				},
			},
			lateMs: () => 0,
			onStep(step) {
				steps.push(...log.report(step, now));
			},
		});
		called(call, {unreadBytes: 6});
		opened.client.socket.destroy();
		await until(() => steps.some(step => step.kind === 'segment'), {
			what: 'RST',
		});
		assert.deepEqual(
			steps
				.slice(call === 'close()' ? 1 : 2)
				.map(({at, notBefore, seenAt}) => at ?? [notBefore, seenAt]),
			[
				[1200, 1300],
				[1200, 1300],
				[1200, 1300],
			],
		);
	}
});

test('socket-steps: a reset that waits for a shutdown() has the time of its own calls', async t => {
	const {client, server} = await openWatched(t);
	let now = 1000;
	const steps: Step[] = [];
	const {called} = watchSteps(client.socket, {
		side: 'client',
		peer: undefined,
		clock: {
			...systemClock,
			// The machine lets it wait between any two readings of the clock.
			wallMs() {
				now += 100;
				return now;
			},
		},
		lateMs: () => 0,
		onStep(step) {
			steps.push(step);
		},
	});
	server.socket.resume();
	client.socket.end();
	called('setsockopt(SO_LINGER, 0)');
	resetSocket(client.socket);
	const timesOf = (wanted: string) =>
		steps.filter(step => step.kind === 'call' && step.call === wanted);
	await until(() => timesOf('close()').length > 0, {what: 'close()'});
	const [shutdown] = timesOf('shutdown(SHUT_WR)');
	const [linger] = timesOf('setsockopt(SO_LINGER, 0)');
	const [close] = timesOf('close()');
	assert.deepEqual(
		[shutdown, linger, close].map(step => steps.indexOf(step!)),
		[1, 2, 3],
	);
	assert.ok(linger!.at === undefined && linger!.notBefore > shutdown!.at!);
	assert.equal(close!.notBefore, linger!.notBefore);
	assert.equal(close!.seenAt, linger!.seenAt);
});

test('socket-steps: a write to a closed peer is answered with an RST', async t => {
	const {client, server} = await openWatched(t);
	client.socket.destroy();
	server.socket.resume();
	await server.untilStep('FIN');
	// The first write is answered with an RST, and the second fails with it.
	await until(
		() => {
			server.socket.write('anybody there?');
			return server.drawn().includes('close()');
		},
		{what: 'the RST'},
	);
	assert.deepEqual(server.drawn().slice(3), [
		'⇄ ○ FIN-WAIT-1',
		'FIN',
		'○ CLOSE-WAIT',
		'RST',
		'⇄ ○ CLOSED',
		'○ CLOSED',
		'send()',
		'close()',
	]);
});

test('socket-steps: a refused connection shows as a reset', async t => {
	const {address, close} = await listenBare(t, () => undefined);
	await close();
	const client = connectTo(t, address);
	await client.untilStep('close()');
	assert.deepEqual(client.drawn(), [
		'connect()',
		'○ SYN-SENT',
		'RST',
		'○ CLOSED',
		'close()',
	]);
});

test('socket-steps: a port reused at once is another connection', async t => {
	const servers: Array<ReturnType<typeof watch>> = [];
	const {address} = await listenBare(t, socket => {
		socket.resume();
		servers.push(watch(socket, 'server'));
	});
	const localPort = Number(await findPort());
	const before = connectTo(t, address, localPort);
	await until(() => servers.length === 1, {what: 'the first connection'});
	before.socket.resetAndDestroy();
	await servers[0]!.untilStep('close()');
	const after = connectTo(t, address, localPort);
	await until(() => servers.length === 2, {what: 'the second connection'});
	const {local, remote} = endpointsOf(after.socket);
	assert.equal(after.socket.localPort, localPort);

	const table = await readTcpTable(new Set([portOf(address)]));
	for (const server of servers) {
		server.observe(table!.pair(remote!, local!));
	}

	assert.ok(servers[0]!.log.isOver);
	assert.deepEqual(servers[0]!.drawn().slice(3), [
		'RST',
		'⇄ ○ CLOSED',
		'○ CLOSED',
		'close()',
	]);
	assert.deepEqual(servers[1]!.drawn(), [
		'⇄ ● ESTABLISHED',
		'● ESTABLISHED',
		'accept()',
	]);
});

test('socket-steps: a cancelled connect() never opens', async t => {
	const {address} = await listenBare(t, () => undefined);
	const client = connectTo(t, address);
	client.socket.destroy();
	await client.untilStep('close()');
	assert.deepEqual(client.drawn(), ['close()'], 'connect() was never called');
});
