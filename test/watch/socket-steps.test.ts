import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {test} from 'node:test';
import type {TcpState} from '../../source/tcp/tcp.js';
import {until} from '../helpers/until.js';
import {openWatched, watch} from '../helpers/watched.js';

test('socket-steps: connect() and accept() open a connection', async t => {
	const {client, server, untilStates} = await openWatched(t);
	assert.deepEqual(client.drawn(), [
		'connect()',
		'○ SYN-SENT',
		'○ ESTABLISHED',
	]);
	assert.deepEqual(
		server.drawn(),
		['⇄ ○ ESTABLISHED', '○ ESTABLISHED', 'accept()'],
		'the kernel opened it first',
	);
	await untilStates('ESTABLISHED', 'ESTABLISHED');
	assert.deepEqual(client.drawn(), [
		'connect()',
		'○ SYN-SENT',
		'● ESTABLISHED',
		'⇄ ● ESTABLISHED',
	]);
	assert.deepEqual(server.drawn(), [
		'⇄ ● ESTABLISHED',
		'● ESTABLISHED',
		'accept()',
	]);
});

test('socket-steps: an already open connection reports no connect()', async t => {
	const {client} = await openWatched(t);
	assert.deepEqual(watch(client.socket, 'client').drawn(), ['○ ESTABLISHED']);
});

/** The steps at the end that closes first, and at the other. */
const firstToClose = [
	'shutdown(SHUT_WR)',
	'○ FIN-WAIT-1',
	'● FIN-WAIT-2',
	'⇄ ● CLOSE-WAIT',
	'⇄ ○ LAST-ACK',
	'FIN',
	'● TIME-WAIT',
	'close()',
	'⇄ ● CLOSED',
];
const lastToClose = [
	'⇄ ○ FIN-WAIT-1',
	'FIN',
	'● CLOSE-WAIT',
	'⇄ ● FIN-WAIT-2',
	'shutdown(SHUT_WR)',
	'○ LAST-ACK',
	'close()',
	'⇄ ● TIME-WAIT',
	'● CLOSED',
];

for (const [name, isClientFirst] of [
	['client', true],
	['server', false],
] as const) {
	test(`socket-steps: the ${name} closes first, and waits`, async t => {
		const {client, server, untilStates} = await openWatched(t);
		const [first, last] = isClientFirst ? [client, server] : [server, client];
		const untilBoth = async (ofFirst?: TcpState, ofLast?: TcpState) =>
			isClientFirst
				? untilStates(ofFirst, ofLast)
				: untilStates(ofLast, ofFirst);
		first.socket.resume();
		last.socket.resume();
		await untilBoth('ESTABLISHED', 'ESTABLISHED');
		const opened = {first: first.drawn().length, last: last.drawn().length};

		first.socket.end();
		await last.untilStep('FIN');
		// Half-closed: data still goes the other way.
		last.socket.write('still here');
		await until(() => first.socket.bytesRead === 10, {what: 'ten bytes'});
		await untilBoth('FIN-WAIT-2', 'CLOSE-WAIT');

		last.socket.end();
		await first.untilStep('close()');
		await last.untilStep('close()');
		await untilBoth('TIME-WAIT', undefined);
		// A row may be missed once.
		await untilBoth('TIME-WAIT', undefined);
		assert.deepEqual(first.drawn().slice(opened.first), firstToClose);
		assert.deepEqual(last.drawn().slice(opened.last), lastToClose);
		assert.ok(!first.log.isOver, 'TIME-WAIT is followed');
	});
}

test('socket-steps: close() without end() sends FIN as well', async t => {
	const {client, server, untilStates} = await openWatched(t);
	server.socket.resume();
	client.socket.destroy();
	await until(() => client.socket.closed, {what: 'the socket to be closed'});
	await server.untilStep('FIN');
	assert.equal(
		client.drawn().at(-1),
		'○ ESTABLISHED',
		'whether it sends FIN or RST is not known yet, nor after what',
	);
	// No process holds it now; the kernel still waits for the FIN.
	await untilStates('FIN-WAIT-2', 'CLOSE-WAIT');
	server.socket.end();
	await untilStates('TIME-WAIT', undefined);
	assert.deepEqual(
		client
			.drawn()
			.filter(step => !step.startsWith('⇄'))
			.slice(2),
		[
			'○ ESTABLISHED',
			'close()',
			'○ FIN-WAIT-1',
			'● FIN-WAIT-2',
			'FIN',
			'● TIME-WAIT',
		],
	);
});

test('socket-steps: while reading is paused, the FIN shows in the kernel', async t => {
	const {client, server, untilStates} = await openWatched(t);
	server.called('pause()');
	server.socket.pause();
	await untilStates('ESTABLISHED', 'ESTABLISHED');
	const opened = server.drawn().length;
	client.socket.end('unread');
	await untilStates('FIN-WAIT-2', 'CLOSE-WAIT');
	assert.deepEqual(server.drawn().slice(opened), [
		'⇄ ○ FIN-WAIT-1',
		'FIN',
		'● CLOSE-WAIT',
		'⇄ ● FIN-WAIT-2',
	]);
	server.called('resume()');
	server.socket.resume();
	await until(() => server.socket.readableEnded, {what: "the reader's end"});
	assert.equal(server.drawn().filter(step => step === 'FIN').length, 1);
});

test('socket-steps: a FIN stuck behind data leads to CLOSING', async t => {
	const {client, server, untilStates} = await openWatched(t);
	server.socket.pause();
	client.socket.resume();
	// More than the receiver's window, less than the sender's buffer.
	client.socket.end(Buffer.alloc(512 * 1024));
	await until(() => client.socket.writableFinished, {what: 'shutdown()'});
	await untilStates('FIN-WAIT-1', 'ESTABLISHED');
	const opened = client.drawn().length;
	server.socket.end();
	await until(() => client.socket.closed, {what: "the socket's end"});
	assert.deepEqual(client.drawn().slice(opened), [], 'nothing is guessed');
	await untilStates('CLOSING', 'FIN-WAIT-2');
	assert.deepEqual(client.drawn().slice(opened), [
		'⇄ ○ FIN-WAIT-1',
		'FIN',
		'close()',
		'● CLOSING',
		'⇄ ● FIN-WAIT-2',
	]);
	server.socket.resume();
	await server.untilStep('close()');
	await untilStates('TIME-WAIT', 'TIME-WAIT');
	assert.deepEqual(client.drawn().slice(-2), ['● TIME-WAIT', '⇄ ● TIME-WAIT']);
});
