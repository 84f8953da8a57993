import assert from 'node:assert/strict';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import stringWidth from 'string-width';
import type {Model} from '../../../source/store/model.js';
import {
	connectionRows,
	peopleTitle,
} from '../../../source/ui/connection/connection-rows.js';
import {hueOf} from '../../../source/ui/theme/roles.js';
import {anyModel} from '../../helpers/any-model.js';
import {
	connections,
	kernelSocket,
	listeningOf,
	modelOf,
	now,
	socketOf,
	textsOf,
	wallNow,
} from '../../helpers/models.js';
import {called, inferred, read} from '../../helpers/steps.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 1000);

type Size = {readonly width?: number; readonly height?: number};

const rowsOf = (
	model: Model,
	{width = 29, height = 30}: Size = {},
	isExplained = false,
): string[] => {
	const view = {model, now, wallNow, isExplained, width, height};
	return textsOf(connectionRows(view)).map(row => row.trimEnd());
};

test('connection rows: fit their width and height, whatever the model', () => {
	fc.assert(
		fc.property(
			anyModel,
			fc.integer({min: 14, max: 200}),
			fc.integer({min: 0, max: 60}),
			fc.boolean(),
			(model, width, height, isExplained) => {
				const rows = rowsOf(model, {width, height}, isExplained);
				assert.ok(rows.length <= height);
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

const at = wallNow;
const members = (...names: string[]) => ({
	presence: {members: {count: names.length, names}, replayHead: 0},
});

const client = modelOf({
	connection: connections.open,
	local: '127.0.0.1:53122',
	remote: '127.0.0.1:5001',
	rtts: [900, 0.4, 0.2, 0.21],
	traffic: {
		bytesIn: 12_400,
		bytesOut: 3100,
		queuedBytes: 0,
		heardAt: wallNow - 1200,
	},
	...members('heron', 'otter'),
	...socketOf({
		steps: [
			called('connect()', {at}),
			inferred('SYN-SENT', {at}),
			read('ESTABLISHED', {at}),
			read('ESTABLISHED', {at, end: 'remote'}),
		],
		kernel: {
			at: wallNow - 400,
			pair: {local: kernelSocket(), remote: kernelSocket()},
		},
		rates: {at, bytesIn: 0, bytesOut: 0, ins: [1, 80_000], outs: [9, 0]},
	}),
});

test('connection rows: a client sees its three layers, its steps and the members', () => {
	assert.deepEqual(rowsOf(client, {width: 30}), [
		'heron  otter',
		'─ connection ─────────────────',
		'● open                 <1 min',
		'tcp ESTABLISHED        kernel',
		'rtt 0.21 ms               █▅▅',
		'127.0.0.1:53122 → :5001',
		'in  12.4 kB      ▁█ 80.0 kB/s',
		'out 3.1 kB',
		'queued 0 B               Node',
		'unacked 0 B            kernel',
		'unread by peer 0 B     kernel',
		'─ lifecycle · ● read ─────────',
		'14:02:11.204 connect()',
		'14:02:11.204 ○ SYN-SENT',
		'14:02:11.204 ● ESTABLISHED',
		'14:02:11.204 →● ESTABLISHED',
	]);
});

test('connection rows: a server sees counts of its peers, and no layers', () => {
	const model = modelOf({
		listening: listeningOf('listening', {
			peers: 3,
			accepted: 12,
			turnedAway: 1,
		}),
		...members('otter'),
		...socketOf({
			peers: {
				at,
				rows: [],
				listening: kernelSocket({state: 'LISTEN'}),
				backlog: 511,
				refused: 0,
			},
			steps: [called('bind()', {at}), called('listen(1)', {at})],
			rates: {at, bytesIn: 9000, bytesOut: 100, ins: [], outs: []},
		}),
	});
	assert.deepEqual(rowsOf(model), [
		'otter',
		'─ connection ────────────────',
		'● listening           <1 min',
		'tcp LISTEN            kernel',
		'127.0.0.1:5001',
		'3 connected · 12 accepted',
		'1 turned away · backlog 511',
		'in  9.0 kB',
		'out 100 B',
		'─ lifecycle · ● read ────────',
		'14:02:11.204 bind()',
		'14:02:11.204 listen(1)',
	]);
});

test('connection rows: the phase stays whole, in the wording that fits', () => {
	const headOf = (connection: Model['connection'], width: number) =>
		rowsOf(modelOf({connection}), {width}).find(row => row.startsWith('● '));
	const {open, silent, waiting, handshaking} = connections;
	assert.equal(headOf(open, 29), '● open                <1 min');
	assert.equal(headOf(silent, 31), '● silent, heard 3 s ago');
	assert.equal(headOf(silent, 23), '● silent, heard 3 s ago');
	assert.equal(headOf(silent, 22), '● silent for 3 s');
	assert.equal(headOf(silent, 16), '● silent for 3 s');
	assert.equal(headOf(waiting, 22), '● retry in 3 s');
	const again = {...handshaking, attempt: 20};
	assert.equal(headOf(again, 29), '● handshaking #20      00:05');
});

test("connection rows: say so if the kernel can't be read", () => {
	const {open} = connections;
	const steps = [inferred('ESTABLISHED')];
	const kernel = {at, pair: undefined};
	const model = modelOf({connection: open, ...socketOf({steps, kernel})});
	const rows = rowsOf(model);
	assert.ok(rows.includes('tcp ESTABLISHED     inferred'), rows.join('\n'));
	assert.ok(rowsOf(model, {width: 23}).includes('ESTABLISHED   inferred'));
	assert.ok(rows.includes('not available here    kernel'), rows.join('\n'));
	assert.ok(rows.every(row => !row.includes('unacked')));
});

test('connection rows: phase, TCP state and rtt are kept, whatever the height', () => {
	const names = Array.from({length: 50}, (_, index) => `member-${index}`);
	const model = {...client, ...members(...names)};
	fc.assert(
		fc.property(fc.integer({min: 4, max: 60}), height => {
			const rows = rowsOf(model, {width: 23, height}).join('\n');
			assert.match(rows, /^● open/mu);
			assert.match(rows, /^tcp ESTABLISHED/mu);
			assert.match(rows, /^rtt 0.21 ms/mu);
		}),
	);
});

test('connection rows: with --explain the last step is explained', () => {
	const rows = rowsOf(client, {width: 40}, true);
	const after = rows.slice(rows.indexOf('14:02:11.204 →● ESTABLISHED') + 1);
	assert.match(after[0]!, /^ {2}The handshake is complete at the/u);
	assert.equal(rows.filter(row => row.startsWith('  ')).length, 3);
});

test('connection rows: each member has the hue of its nick', () => {
	const model = modelOf({nick: 'otter', ...members('heron', 'otter')});
	const view = {model, now, wallNow, isExplained: false, width: 29, height: 30};
	const spans = connectionRows(view).flatMap(row => row.spans);
	for (const [nick, role] of [
		['heron', 'other'],
		['otter', 'own'],
	]) {
		const found = spans.find(({text}) => text === nick);
		assert.deepEqual(
			{role: found?.role, hue: found?.hue},
			{role, hue: hueOf(nick!)},
		);
	}
});

test('connection rows: raw mode has no members', () => {
	const rows = rowsOf({...client, mode: 'raw'});
	assert.match(rows[0]!, /^● open/u);
	assert.ok(rows.every(row => !row.includes('heron')));
});

test('connection rows: members known before a disconnect are marked', () => {
	assert.equal(peopleTitle(client), 'members 2');
	const lost = {...client, connection: connections.waiting};
	assert.equal(peopleTitle(lost), 'members 2, last known');
});

const memberRowsOf = (
	count: number,
	names: readonly string[],
	height: number,
): string[] => {
	const presence = {members: {count, names}, replayHead: 0};
	const rows = rowsOf(modelOf({presence}), {width: 20, height});
	return rows.slice(
		0,
		rows.findIndex(row => row.startsWith('─ connection')),
	);
};

test("connection rows: names that don't fit are counted", () => {
	const names = ['anna', 'bert', 'cleo', 'dora', 'emil', 'fred'];
	assert.deepEqual(memberRowsOf(6, names, 5), ['anna  bert  … 4 more']);
	assert.deepEqual(memberRowsOf(60, names, 6), [
		'anna  bert  cleo',
		'dora  … 56 more',
	]);
	assert.deepEqual(memberRowsOf(6, names, 40), [
		'anna  bert  cleo',
		'dora  emil  fred',
	]);
	assert.deepEqual(memberRowsOf(5000, [], 40), ['… 5000 more']);
	assert.deepEqual(memberRowsOf(2, ['a'.repeat(30), 'bert'], 5), ['… 2 more']);
});

test('connection rows: the names and the rest add up to the count', () => {
	const anyNames = fc.array(fc.constantFrom('a', 'bb', '漢字', 'long-name-'), {
		maxLength: 50,
	});
	fc.assert(
		fc.property(
			anyNames,
			fc.nat({max: 20}),
			fc.integer({min: 9, max: 60}),
			(names, unnamed, height) => {
				const count = names.length + unnamed;
				const words = memberRowsOf(count, names, height)
					.join('  ')
					.split('  ')
					.filter(word => word !== '');
				const last = /^… (\d+) more$/u.exec(words.at(-1) ?? '');
				const shown = last ? words.slice(0, -1) : words;
				assert.equal(shown.length + Number(last?.[1] ?? 0), count);
				assert.deepEqual(shown, names.slice(0, shown.length));
			},
		),
		{numRuns: runs},
	);
});

test('connection rows: members of other machines stand below those of this one', () => {
	const names = ['anna', 'bert', 'cleo', 'dora', 'emil'];
	const elsewhere = [
		{machine: 'box2', names: ['cleo', 'dora']},
		{machine: 'box3\u001B[2J', names: ['emil']},
	];
	const rowsFor = (height: number, width = 20) => {
		const list = {count: 5, names, agents: ['dora'], elsewhere};
		const presence = {members: list, replayHead: 0};
		const rows = rowsOf(modelOf({presence}), {width, height});
		return rows.slice(
			0,
			rows.findIndex(row => row.startsWith('─ connection')),
		);
	};

	assert.deepEqual(rowsFor(40), [
		'anna  bert',
		'on box2:  cleo',
		'dora (agent)',
		'on box3␛[2J:  emil',
	]);
	assert.deepEqual(rowsFor(8), ['anna  bert', 'on box2:  cleo', '… 2 more']);
	assert.deepEqual(rowsFor(6), ['anna  bert', '… 3 more']);
	assert.deepEqual(rowsFor(5), ['anna  bert  … 3 more']);
});
