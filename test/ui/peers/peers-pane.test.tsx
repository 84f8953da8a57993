import assert from 'node:assert/strict';
import {afterEach, test} from 'node:test';
import {cleanup, render} from 'ink-testing-library';
import {toDisplay} from '../../../source/protocol/display.js';
import type {PeerRow} from '../../../source/event/peer-row.js';
import type {Area, Frame} from '../../../source/ui/layout.js';
import {PeersPane} from '../../../source/ui/peers/peers-pane.js';
import {
	listeningOf,
	modelOf,
	now,
	peerRow,
	socketOf,
	wallNow,
} from '../../helpers/models.js';

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

const peersPane = (rows: readonly PeerRow[], sortedBy = 1, top = 0) => (
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

test('peers pane: shows a table, its count and its order', () => {
	assert.deepEqual(linesOf(peersPane(peersNamed(2))), [
		'╭ peers 2 ─────────────────────────────────────────────────╮',
		'│ address          nick↓           state            queue  │',
		'│ 127.0.0.1:53122  nick-0          open               0 B  │',
		'│ 127.0.0.1:53122  nick-1          open               0 B  │',
		'│                                                          │',
		'│                                                          │',
		'╰ by nick · Ctrl-O sorts ──────────────────────────────────╯',
	]);
});

test('peers pane: shows how many rows are below', () => {
	const lines = linesOf(peersPane(peersNamed(9), 4, 2));
	assert.match(lines[2]!, /nick-6 /u, 'by lag, past the first two');
	assert.match(lines.at(-1)!, /^╰ ↓ 3 below · by lag · Ctrl-O sorts ─/u);
	const end = linesOf(peersPane(peersNamed(9), 4, 5));
	assert.match(end.at(-1)!, /^╰ by lag · Ctrl-O sorts ─/u);
});

test('peers pane: sorts when the peers change, not at each frame', () => {
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
	const byBytesIn = 8;
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

test('peers pane: is empty before the first reading', () => {
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
