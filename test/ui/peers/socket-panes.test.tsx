import assert from 'node:assert/strict';
import {afterEach, test} from 'node:test';
import {cleanup, render} from 'ink-testing-library';
import type {Step} from '../../../source/tcp/tcp.js';
import {toDisplay} from '../../../source/protocol/display.js';
import type {PeerRow} from '../../../source/event/peer-row.js';
import type {Area, Frame} from '../../../source/ui/layout.js';
import {
	LifecyclePane,
	PeersPane,
	type LifecyclePaneProps,
} from '../../../source/ui/peers/socket-panes.js';
import {
	listeningOf,
	modelOf,
	now,
	peerRow,
	socketOf,
	wallNow,
} from '../../helpers/models.js';
import {called, read} from '../../helpers/steps.js';

afterEach(cleanup);

const areaOf = (frame: Frame, width = 60, height = 7): Area => ({
	x: 0,
	y: 0,
	width,
	height,
	frame,
});

const server = (rows: readonly PeerRow[]) =>
	modelOf({
		listening: listeningOf(),
		...socketOf({
			peers: {
				at: wallNow,
				rows,
				listening: undefined,
				backlog: 511,
				refused: 0,
			},
		}),
	});

const peersPane = (rows: readonly PeerRow[], sortedBy = 0, top = 0) => (
	<PeersPane
		area={areaOf('box')}
		note={toDisplay('')}
		model={server(rows)}
		sortedBy={sortedBy}
		top={top}
		now={now}
	/>
);

const linesOf = (element: Parameters<typeof render>[0]) =>
	render(element).lastFrame()!.split('\n');

const peersNamed = (count: number): PeerRow[] =>
	Array.from({length: count}, (_row, index) =>
		peerRow({nick: `nick-${index}`, lagEntries: index}),
	);

test('socket panes: the peers are a table with its count and its order', () => {
	assert.deepEqual(linesOf(peersPane(peersNamed(2))), [
		'╭ peers 2 ─────────────────────────────────────────────────╮',
		'│ nick↓           state            queue     lag           │',
		'│ nick-0          open               0 B       0           │',
		'│ nick-1          open               0 B       1           │',
		'│                                                          │',
		'│                                                          │',
		'╰ by nick · Ctrl-O sorts ──────────────────────────────────╯',
	]);
});

test('socket panes: the peers say how many rows are below', () => {
	const lines = linesOf(peersPane(peersNamed(9), 3, 2));
	assert.match(lines[2]!, /nick-6 /u, 'by lag, past the first two');
	assert.match(lines.at(-1)!, /^╰ ↓ 3 below · by lag · Ctrl-O sorts ─/u);
	const end = linesOf(peersPane(peersNamed(9), 3, 5));
	assert.match(end.at(-1)!, /^╰ by lag · Ctrl-O sorts ─/u);
});

test('socket panes: the peers are sorted when they change, not at each frame', () => {
	let reads = 0;
	const rows = peersNamed(5).map(row =>
		Object.defineProperty(row, 'bytesIn', {
			get() {
				reads++;
				return 1;
			},
		}),
	);
	// Too narrow for the column itself: only the sorting reads it.
	const byBytesIn = 7;
	const model = server(rows);
	const pane = (at: number) => (
		<PeersPane
			area={areaOf('box')}
			note={toDisplay('')}
			model={model}
			sortedBy={byBytesIn}
			top={0}
			now={at}
		/>
	);
	const app = render(pane(now));
	const once = reads;
	assert.ok(once >= 5);
	app.rerender(pane(now + 60_000));
	assert.equal(reads, once);
});

test('socket panes: before the first reading there are no peers', () => {
	const model = modelOf({listening: listeningOf()});
	const lines = linesOf(
		<PeersPane
			area={areaOf('rules')}
			note={toDisplay('')}
			model={model}
			sortedBy={0}
			top={0}
			now={now}
		/>,
	);
	assert.match(lines[0]!, /^─ peers 0 ─+$/u);
	assert.equal(lines[2], 'Nobody is connected.');
});

const at = wallNow;
const steps: readonly Step[] = [
	called('connect()', {at}),
	read('ESTABLISHED', {at}),
	read('ESTABLISHED', {at, end: 'remote'}),
];

const lifecycle = (changes: Partial<LifecyclePaneProps> = {}) =>
	linesOf(
		<LifecyclePane
			area={areaOf('box')}
			note={toDisplay('')}
			model={modelOf(socketOf({steps}))}
			isExplained={false}
			anchor={undefined}
			{...changes}
		/>,
	);

test('socket panes: the lifecycle is a ladder, and says what its signs mean', () => {
	assert.deepEqual(lifecycle(), [
		'╭ lifecycle 127.0.0.1:5001 ────────────────────────────────╮',
		'│              client (here)         server                │',
		'│ 14:02:11.204 connect()                                   │',
		'│ 14:02:11.204 ● ESTABLISHED                               │',
		'│ 14:02:11.204                       ● ESTABLISHED         │',
		'│                                                          │',
		'╰ ● read from the kernel · ○ inferred ─────────────────────╯',
	]);
});

test('socket panes: a narrow lifecycle is a list, with one sign more', () => {
	assert.deepEqual(lifecycle({area: areaOf('rules', 40, 6)}), [
		'─ lifecycle 127.0.0.1:5001 ─────────────',
		'14:02:11.204 connect()',
		'14:02:11.204 ● ESTABLISHED',
		'14:02:11.204→● ESTABLISHED',
		'',
		'─ ● read · ○ inferred · → other end ────',
	]);
});

test('socket panes: on a server the right side of the ladder is here', () => {
	const model = modelOf({...socketOf({steps}), listening: listeningOf()});
	assert.match(lifecycle({model})[1]!, / client +server \(here\) /u);
});

test('socket panes: a lifecycle that is scrolled says how much is below', () => {
	const anchor = {index: 0, line: 0, seenEnd: 3};
	const box = lifecycle({area: areaOf('box', 60, 5), anchor});
	assert.match(box[2]!, /connect\(\)/u);
	assert.match(box.at(-1)!, /^╰ ↓ 1 below ─/u);
	const bare = lifecycle({area: areaOf('bare', 60, 3), anchor});
	assert.deepEqual(bare.slice(1), ['14:02:11.204 connect()', '↓ 2 below']);
});

test('socket panes: without a step the lifecycle says why', () => {
	const lines = lifecycle({model: modelOf()});
	assert.match(
		lines[1]!,
		/No step was seen\. A Unix domain socket has no TCP/u,
	);
	assert.doesNotMatch(lines.join('\n'), /client|●/u);
});
