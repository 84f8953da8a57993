import assert from 'node:assert/strict';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import stringWidth from 'string-width';
import type {Model} from '../../../source/store/model.js';
import type {KernelTimer} from '../../../source/tcp/tcp.js';
import {statusRows} from '../../../source/ui/connection/status-rows.js';
import {anyModel} from '../../helpers/any-model.js';
import {
	connections,
	kernelSocket,
	listeningOf,
	modelOf,
	now,
	peerRow,
	relayOf,
	socketOf,
	textsOf,
	wallNow,
} from '../../helpers/models.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 1000);

const rowsOf = (model: Model, width: number, height = 1): string[] => {
	const view = {model, now, wallNow, isExplained: false, width, height};
	return textsOf(statusRows(view));
};

test('status rows: fit their width and height, whatever the model', () => {
	fc.assert(
		fc.property(
			anyModel,
			fc.integer({min: 14, max: 200}),
			fc.integer({min: 0, max: 1}),
			(model, width, height) => {
				const rows = rowsOf(model, width, height);
				assert.equal(rows.length, height);
				for (const row of rows) {
					assert.ok(
						stringWidth(row) <= width,
						`${width}: ${JSON.stringify(row)}`,
					);
				}
			},
		),
		{numRuns: runs},
	);
});

const client = modelOf({
	connection: connections.open,
	local: '127.0.0.1:53122',
	remote: '127.0.0.1:5001',
	rtts: [900, 0.21],
	traffic: {bytesIn: 4000, bytesOut: 2500, queuedBytes: 0, heardAt: undefined},
	presence: {members: {count: 2, names: ['heron', 'otter']}, replayHead: 0},
	...socketOf({
		kernel: {at: wallNow, pair: {local: kernelSocket(), remote: undefined}},
	}),
});

test('status rows: what a server has left unread comes before its address', () => {
	const peers = {
		at: wallNow,
		rows: [
			peerRow({
				kernel: {
					local: kernelSocket({receiveQueueBytes: 175_600}),
					remote: kernelSocket({timer: {name: 'persist', inMs: 900}}),
				},
			}),
		],
		listening: kernelSocket({state: 'LISTEN'}),
		backlog: 4096,
		refused: 0,
		unreadBytes: 175_600,
	};
	const listening = listeningOf('listening');
	const model = modelOf({mode: 'raw', listening, ...socketOf({peers})});
	const [row] = rowsOf(model, 80);
	assert.match(
		row!,
		/ · tcp LISTEN · unread here 175\.6 kB · window closed here/,
	);
});

test('status rows: what a peer has left unread comes before the address, once', () => {
	const kernel = {
		at: wallNow,
		pair: {
			local: kernelSocket(),
			remote: kernelSocket({receiveQueueBytes: 6}),
		},
	};
	const model = modelOf({
		mode: 'raw',
		connection: connections.open,
		local: '127.0.0.1:53122',
		remote: '127.0.0.1:5001',
		...socketOf({kernel}),
	});
	const [row] = rowsOf(model, 80);
	assert.match(row!, / · tcp ESTABLISHED · unread by peer 6 B · 127\.0\.0\.1:/);
	const [wide] = rowsOf(model, 300);
	assert.equal(wide!.split('unread by peer').length, 2);
});

test('status rows: a client says first that its window is closed, and what waits', () => {
	const rowOf = (timer: KernelTimer | undefined, columns: number) => {
		const local = kernelSocket({
			sendQueueBytes: 4_115_456,
			...(timer && {timer}),
		});
		const remote = kernelSocket({receiveQueueBytes: 128_512});
		const kernel = {at: wallNow, pair: {local, remote}};
		const {open: connection} = connections;
		return rowsOf(
			modelOf({mode: 'raw', connection, ...socketOf({kernel})}),
			columns,
		)[0]!;
	};

	const persist = {name: 'persist', inMs: 800} as const;
	assert.match(
		rowOf(persist, 80),
		/ · tcp ESTABLISHED · window closed · not sent 4\.1 MB · /,
	);
	for (const fact of ['window closed', 'not sent', 'unread by peer']) {
		assert.equal(rowOf(persist, 300).split(fact).length, 2, fact);
	}

	const sends = {name: 'retransmit', inMs: 200} as const;
	assert.match(
		rowOf(sends, 80),
		/ · tcp ESTABLISHED · unread by peer 128\.5 kB · /,
	);
});

test('status rows: show as much as fits, the most useful first', () => {
	assert.deepEqual(rowsOf(client, 99), [
		'● open <1 min · tcp ESTABLISHED · rtt 0.21 ms · 2 here · heron otter · 127.0.0.1:53122 → :5001',
	]);
	assert.deepEqual(rowsOf(client, 200), [
		'● open <1 min · tcp ESTABLISHED · rtt 0.21 ms · 2 here · heron otter · 127.0.0.1:53122 → :5001 · in 4.0 kB · out 2.5 kB · queued 0 B · unacked 0 B · unread by peer unknown',
	]);
});

test('status rows: people come before counters, as many as there is room for', () => {
	const peers = {
		at: wallNow,
		rows: [],
		listening: kernelSocket({state: 'LISTEN'}),
		backlog: 4096,
		refused: 3,
		unreadBytes: 0,
	};
	const names = ['host', 'heron', 'otter', 'wren', 'egret', 'avocet', 'crane'];
	const host = modelOf({
		connection: connections.open,
		listening: listeningOf('listening', {accepted: 40, turnedAway: 5}),
		presence: {members: {count: 7, names}, replayHead: 0},
		...socketOf({peers}),
	});
	assert.deepEqual(
		[80, 100, 60].map(width => rowsOf(host, width)[0]),
		[
			'● listening <1 min · tcp LISTEN · 7 here · host heron otter wren egret avocet …',
			'● listening <1 min · tcp LISTEN · 7 here · host heron otter wren egret avocet crane · 127.0.0.1:5001',
			'● listening <1 min · tcp LISTEN · 7 here · host heron …',
		],
	);
	// Half a name is nobody's.
	assert.equal(rowsOf(host, 46)[0], '● listening <1 min · tcp LISTEN · 7 here');
});

test('status rows: phase, TCP state and rtt are kept, in fewer words', () => {
	assert.deepEqual(
		[60, 41, 40, 20, 19].map(width => rowsOf(client, width)[0]),
		[
			'● open <1 min · tcp ESTABLISHED · rtt 0.21 ms · 2 here',
			'● open <1 min · ESTABLISHED · rtt 0.21 ms',
			'● open · ESTABLISHED · rtt 0.21 ms',
			'● open · ESTABLISHED',
			'● open · 2 here',
		],
	);
	assert.deepEqual(rowsOf(client, 99, 0), []);
});

test('status rows: the phase is never left out', () => {
	const phaseAt = (connection: Model['connection'], width: number) =>
		rowsOf(modelOf({connection}), width)[0]!.split(' · ', 1)[0];
	const {silent, waiting, handshaking} = connections;
	assert.equal(phaseAt(silent, 80), '● silent, heard 3 s ago');
	assert.equal(phaseAt(silent, 20), '● silent for 3 s');
	assert.equal(phaseAt(silent, 14), '● silent for …');
	assert.equal(phaseAt(waiting, 20), '● retry in 3 s');
	const again = {...handshaking, attempt: 12};
	assert.equal(phaseAt(again, 20), '● handshaking #12');
	fc.assert(
		fc.property(anyModel, fc.integer({min: 14, max: 200}), (model, width) => {
			const {connection, listening} = model;
			if (connection ?? listening) {
				assert.match(rowsOf(model, width)[0]!, /^● [a-z]/u);
			}
		}),
		{numRuns: runs},
	);
});

test('status rows: without a connection they list no members', () => {
	const lost = {...client, connection: connections.waiting};
	assert.doesNotMatch(rowsOf(lost, 99).join(' '), /\d here/u);
	assert.ok(!rowsOf(lost, 99).join(' ').includes('heron'));
});

test("status rows: a relay that isn't well is never left out", () => {
	const relayed = (relay: Partial<NonNullable<Model['relay']>>) => ({
		...modelOf({listening: listeningOf('listening')}),
		relay: relayOf({since: wallNow, outbox: 12, servers: 1, ...relay}),
	});
	assert.deepEqual(
		[80, 60, 50, 40, 24].map(width => rowsOf(relayed({}), width)[0]),
		[
			'● listening <1 min · tcp LISTEN inferred · relay away, outbox 12 · 0 here',
			'● listening <1 min · tcp LISTEN inferred · relay away',
			'● listening <1 min · LISTEN inferred · relay away',
			'● listening · relay away · 0 here',
			'● listening · relay away',
		],
	);
	const open = relayed({phase: 'open', outbox: 0, servers: 3});
	assert.match(rowsOf(open, 80)[0]!, /relay open, 3 servers/u);
	assert.doesNotMatch(rowsOf(open, 40)[0]!, /relay/u);
});

test('status rows: name the source that is not available', () => {
	const kernel = {at: wallNow, pair: undefined};
	const model = {...client, ...socketOf({kernel})};
	assert.match(rowsOf(model, 200)[0]!, /kernel: not available here/u);
});

test('status rows: a server counts its peers', () => {
	const listening = listeningOf('listening', {peers: 3, accepted: 12});
	const model = {...client, connection: undefined, listening};
	assert.deepEqual(rowsOf(modelOf({listening}), 99), [
		'● listening <1 min · tcp LISTEN inferred · 0 here · 127.0.0.1:5001 · 3 connected · 12 accepted',
	]);
	assert.ok(!rowsOf(model, 200).join(' ').includes('unsent'));
});
