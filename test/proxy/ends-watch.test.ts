import assert from 'node:assert/strict';
import {test} from 'node:test';
import {setImmediate as turn} from 'node:timers/promises';
import type {ProxyEvent} from '../../source/event/proxy-event.js';
import {EndsWatch} from '../../source/proxy/ends-watch.js';
import type {Pair} from '../../source/proxy/pair.js';
import {requireLoopback} from '../../source/socket/address.js';
import {createTcpTable, type TcpTable} from '../../source/socket/tcp-table.js';
import type {TcpState} from '../../source/tcp/tcp.js';
import {kernelSocket} from '../helpers/models.js';

const local = '127.0.0.1:9000';
const addressOf = (port: number) =>
	requireLoopback({kind: 'tcp', host: '127.0.0.1', port});

/** A client of the proxy, as far as its states are read. */
const pairOf = (remote: string): Pair => {
	const link = {isConnecting: false, endpoints: {local, remote}};
	return {name: remote, client: link, target: link} as unknown as Pair;
};

const tableWith = (remote: string, state: TcpState): TcpTable =>
	createTcpTable([kernelSocket({local, remote, state})]);

test('ends: one reading at a time, so an older one never comes last', async () => {
	const states: Array<TcpState | undefined> = [];
	const first = pairOf('127.0.0.1:40000');
	let release = () => {};
	const held = new Promise<void>(resolve => {
		release = resolve;
	});
	let reads = 0;
	const watch = new EndsWatch(
		addressOf(9000),
		addressOf(9001),
		(event: ProxyEvent) => {
			if (event.type === 'ends' && event.peer === first.name) {
				states.push(event.client?.local);
			}
		},
		async () => {
			reads++;
			if (reads > 1) {
				return tableWith(first.name, 'CLOSE-WAIT');
			}

			await held;
			return tableWith(first.name, 'ESTABLISHED');
		},
	);
	watch.follow(first);
	await turn();
	watch.follow(pairOf('127.0.0.1:40001'));
	await turn();
	assert.equal(reads, 1, 'a second reading waits for the first');
	release();
	await watch.stop();
	assert.deepEqual(states, ['ESTABLISHED', 'CLOSE-WAIT']);
});
