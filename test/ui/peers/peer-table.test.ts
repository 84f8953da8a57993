import assert from 'node:assert/strict';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import stringWidth from 'string-width';
import type {PeerRow} from '../../../source/event/peer-row.js';
import {
	firstOrder,
	lastTop,
	nextOrder,
	peerColumns,
	peerTableRows,
	sortPeers,
	type PeerTableView,
} from '../../../source/ui/peers/peer-table.js';
import {hueOf} from '../../../source/ui/theme/roles.js';
import {anyPeerRow} from '../../helpers/any-model.js';
import {kernelSocket, now, peerRow, textsOf} from '../../helpers/models.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 1000);

const viewOf = (changes: Partial<PeerTableView> = {}): PeerTableView => ({
	peers: [peerRow()],
	mode: 'room',
	sortedBy: firstOrder('room'),
	top: 0,
	now,
	width: 200,
	height: 20,
	...changes,
});

const shown = (changes: Partial<PeerTableView> = {}): string[] =>
	textsOf(peerTableRows(viewOf(changes))).map(row => row.trimEnd());

const indexOf = (title: string): number =>
	peerColumns.findIndex(column => column.title === title);

test('peer table: a nick has its hue, as in the transcript', () => {
	const peers = [peerRow({nick: 'otter'}), peerRow({nick: undefined})];
	const [, named, nameless] = peerTableRows(viewOf({peers}));
	const nick = named!.spans.find(({text}) => text.startsWith('otter'));
	const {role, hue} = nick!;
	assert.deepEqual({role, hue}, {role: 'other', hue: hueOf('otter')});
	assert.ok(nameless!.spans.every(span => span.hue === undefined));
});

test('peer table: shows everything known about each peer', () => {
	const peers = [
		peerRow({
			rttMs: 0.214,
			bytesIn: 12_400,
			bytesOut: 3100,
			queuedBytes: 2_000_000,
			lagEntries: 41,
			kernel: {
				local: kernelSocket({
					sendQueueBytes: 500,
					receiveQueueBytes: 7,
					sending: {notSentBytes: 300, unackedSegments: 1, windowLimitedMs: 0},
				}),
				remote: undefined,
			},
		}),
		peerRow({nick: undefined, dialect: undefined, phase: 'accepted'}),
	];
	assert.deepEqual(shown({peers}), [
		'address          nick↓           state            queue     lag    unread  tcp                rtt        in       out     since  dialect     send-q    unsent',
		'127.0.0.1:53122  otter           open            2.0 MB      41       7 B  ESTABLISHED    0.21 ms   12.4 kB    3.1 kB    <1 min  framed       500 B     300 B',
		'127.0.0.1:53122  –               accepted           0 B       0         –  –                    –       0 B       0 B    <1 min  –                –         –',
	]);
});

test('peer table: a narrow one keeps the most useful columns', () => {
	assert.deepEqual(
		[20, 28, 40, 50, 80].map(width => shown({width})[0]),
		[
			'nick↓',
			'nick↓           state',
			'address          nick↓',
			'address          nick↓           state',
			'address          nick↓           state            queue     lag    unread',
		],
	);
});

test('peer table: in raw mode no column is for names', () => {
	const peers = [
		peerRow({peer: '[::1]:9', nick: undefined, dialect: 'raw'}),
		peerRow({peer: '[::1]:10', nick: undefined, dialect: 'raw'}),
	];
	const order = firstOrder('raw');
	const sorted = sortPeers(peers, order);
	assert.deepEqual(
		shown({peers: sorted, mode: 'raw', sortedBy: order, width: 60}),
		[
			'address↓  state            queue    unread  tcp',
			'[::1]:9   open               0 B         –  –',
			'[::1]:10  open               0 B         –  –',
		],
	);
	const titles: string[] = [];
	for (let by = order; titles.length < 10; by = nextOrder(by, 'raw')) {
		titles.push(peerColumns[by]!.title);
	}

	assert.deepEqual(titles, [
		'address',
		'state',
		'queue',
		'unread',
		'tcp',
		'in',
		'out',
		'since',
		'send-q',
		'unsent',
	]);
});

test('peer table: fits its width and height, whoever the peers are', () => {
	fc.assert(
		fc.property(
			fc.record({
				peers: fc.array(anyPeerRow, {maxLength: 30}),
				width: fc.integer({min: 14, max: 200}),
				height: fc.integer({min: 0, max: 20}),
				top: fc.nat({max: 40}),
				sortedBy: fc.nat({max: peerColumns.length - 1}),
			}),
			view => {
				const rows = shown(view);
				assert.ok(rows.length <= view.height);
				for (const row of rows) {
					assert.ok(stringWidth(row) <= view.width, JSON.stringify(row));
				}
			},
		),
		{numRuns: runs},
	);
});

test('peer table: every title has room for its arrow', () => {
	for (const [sortedBy, {title}] of peerColumns.entries()) {
		const [head] = shown({sortedBy});
		assert.ok(head!.split(/ +/u).includes(`${title}↓`), head);
		assert.equal(head!.match(/↓/gu)?.length, 1);
	}
});

test('peer table: sorts words alphabetically, numbers from the highest', () => {
	const nicks = (sortedBy: number, peers: readonly PeerRow[]) =>
		sortPeers(peers, sortedBy).map(({nick}) => nick);
	const peers = [
		peerRow({nick: undefined, rttMs: 3, since: now - 10, lagEntries: 1}),
		peerRow({nick: 'otter', rttMs: undefined, since: now - 30, lagEntries: 1}),
		peerRow({nick: 'Heron', rttMs: 20, since: now - 20, lagEntries: 9}),
	];
	assert.deepEqual(nicks(indexOf('nick'), peers), [
		'Heron',
		'otter',
		undefined,
	]);
	assert.deepEqual(nicks(indexOf('rtt'), peers), ['Heron', undefined, 'otter']);
	assert.deepEqual(
		nicks(indexOf('since'), peers),
		['otter', 'Heron', undefined],
		'the longest first',
	);
	assert.deepEqual(
		nicks(indexOf('lag'), peers),
		['Heron', undefined, 'otter'],
		'equal ones stay as they came',
	);
});

test('peer table: sorting loses no peer', () => {
	fc.assert(
		fc.property(
			fc.array(anyPeerRow, {maxLength: 30}),
			fc.nat({max: peerColumns.length - 1}),
			(peers, sortedBy) => {
				const sorted = sortPeers(peers, sortedBy);
				assert.equal(sorted.length, peers.length);
				assert.deepEqual(new Set(sorted), new Set(peers));
				assert.deepEqual(sortPeers(sorted, sortedBy), sorted);
			},
		),
		{numRuns: runs},
	);
});

test('peer table: a queue or a lag is marked by colour as well', () => {
	const coloured = (changes: Partial<PeerRow>) =>
		peerTableRows(viewOf({peers: [peerRow(changes)]}))[1]!
			.spans.filter(({role}) => role === 'warn')
			.map(({text}) => text.trim());
	assert.deepEqual(coloured({}), []);
	assert.deepEqual(coloured({queuedBytes: 12}), ['12 B']);
	assert.deepEqual(coloured({lagEntries: 3}), ['3']);
});

test('peer table: a paused peer is shown as paused in each phase', () => {
	const stateOf = (phase: PeerRow['phase']) =>
		shown({peers: [peerRow({phase, isPaused: true})], width: 46})[1];
	assert.equal(
		stateOf('open'),
		'127.0.0.1:53122  otter           open, paused',
	);
	assert.equal(
		stateOf('half-closed'),
		'127.0.0.1:53122  otter           paused',
	);
});

test('peer table: says when nobody is connected', () => {
	const rows = ['nick↓', 'Nobody is connected.'];
	assert.deepEqual(shown({peers: [], width: 20}), rows);
	assert.deepEqual(shown({peers: [], width: 20, height: 1}), rows.slice(0, 1));
});

/** Peers that count how often their rows are made. */
const watched = (count: number) => {
	const made = new Set<string>();
	const peers = Array.from({length: count}, (_peer, index) => {
		const peer = `127.0.0.1:${20_000 + index}`;
		const row = peerRow({peer, nick: `nick-${index}`});
		return Object.defineProperty(row, 'phase', {
			get() {
				made.add(peer);
				return 'open';
			},
		});
	});
	return {peers, made};
};

test('peer table: of 1,000 peers, only the rows in view are made', () => {
	const {peers, made} = watched(1000);
	const rows = shown({peers, top: 500, height: 21});
	assert.equal(made.size, 20);
	assert.match(rows[1]!, /^127\.0\.0\.1:20500 +nick-500 /u);
	assert.match(rows[20]!, /^\S+ +nick-519 /u);
});

test('peer table: scrolls to the last row, and no further', () => {
	const {peers} = watched(1000);
	const end = lastTop({peers, height: 21});
	assert.equal(end, 980);
	const rows = shown({peers, top: end, height: 21});
	assert.match(rows.at(-1)!, /^\S+ +nick-999 /u);
	assert.deepEqual(shown({peers, top: end + 50, height: 21}), rows);
	assert.equal(lastTop({peers: peers.slice(0, 20), height: 21}), 0);
	assert.equal(lastTop({peers: peers.slice(0, 3), height: 1}), 2);
});

test('peer table: shows the uid of another user before the nick', () => {
	const rows = shown({peers: [peerRow({nick: 'heron', otherUid: 1001})]});
	assert.match(rows[1]!, /^\S+ +uid 1001 heron/);
});
