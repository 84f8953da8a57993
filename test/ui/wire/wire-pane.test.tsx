import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {test, type TestContext} from 'node:test';
import stringWidth from 'string-width';
import {toDisplay} from '../../../source/protocol/display.js';
import {
	appendWire,
	emptyWire,
	maxWireChunks,
	type Wire,
} from '../../../source/store/wire.js';
import {maxChunkBytes, type WireChunk} from '../../../source/event/event.js';
import {chooseLayout, contentOf, type Area} from '../../../source/ui/layout.js';
import type {Row} from '../../../source/ui/text/row.js';
import {
	scrollBy,
	scrollPages,
	scrollToTop,
	viewportOf,
	visibleRows,
	type Anchor,
	type ScrollView,
} from '../../../source/ui/pane/window.js';
import {WirePane} from '../../../source/ui/wire/wire-pane.js';
import {
	createWireContext,
	wireView,
} from '../../../source/ui/wire/wire-window.js';
import {chunkOf, inStreams} from '../../helpers/chunks.js';
import {openInkScreen} from '../../helpers/ink-screen.js';

const wireOf = (...chunks: readonly WireChunk[]): Wire =>
	appendWire(emptyWire, inStreams(chunks));

/** Chunks of two rows each. */
const numbered = (count: number, first = 0): WireChunk[] =>
	Array.from({length: count}, (_chunk, index) =>
		chunkOf(`no. ${first + index}\n`),
	);

const title = toDisplay('wire 127.0.0.1:5001');

const paneOf = (area: Area, wire: Wire, anchor?: Anchor) => (
	<WirePane area={area} title={title} wire={wire} anchor={anchor} mode="room" />
);

const show = async (
	t: TestContext,
	area: Area,
	wire: Wire,
	anchor?: Anchor,
): Promise<string[]> => {
	const screen = openInkScreen(
		t,
		area.width,
		paneOf(area, wire, anchor),
		area.height,
	);
	return screen.rows();
};

const viewOf = (
	wire: Wire,
	height: number,
	part: {anchor?: Anchor | undefined; width?: number} = {},
): ScrollView =>
	wireView({
		wire,
		anchor: undefined,
		width: 80,
		height,
		context: createWireContext('room'),
		...part,
	});

const textsOf = (rows: readonly Row[]): string[] =>
	rows.map(({spans}) => spans.map(({text}) => text).join(''));

const small: Area = {x: 0, y: 0, width: 60, height: 8, frame: 'box'};

test('wire pane: shows the chunks in a box, the newest at the bottom', async t => {
	const wire = wireOf(
		chunkOf('{"type":"ping"', {direction: 'out'}),
		chunkOf(',"id":3}\n', {direction: 'out'}),
	);
	assert.deepEqual(await show(t, small, wire), [
		'╭ wire 127.0.0.1:5001 ─────────────────────────────────────╮',
		'│ 14:02:11.204 → 14 bytes · start of a frame               │',
		'│ 0000  7b 22 74 79  70 65 22 3a  {"type":                 │',
		'│ 0008  22 70 69 6e  67 22        "ping"                   │',
		'│ 14:02:11.204 → 9 bytes · end of a frame                  │',
		'│ 0000  2c 22 69 64  22 3a 33 7d  ,"id":3}                 │',
		'│ 0008  0a┊                       ⏎                        │',
		'╰──────────────────────────────────────────────────────────╯',
	]);
});

test('wire pane: while empty, says what it will show', async t => {
	const [, first] = await show(t, small, emptyWire);
	assert.match(first!, /Nothing has been read or written since this view/u);
});

test('wire pane: while scrolled up, its lower line shows what is below', async t => {
	const wire = wireOf(...numbered(20));
	const {height} = contentOf(small);
	const anchor = scrollBy(viewOf(wire, height, {width: 57}), -4);
	const up = await show(t, small, wire, anchor);
	assert.match(up.at(-1)!, /^╰ ↓ 2 below ─+╯$/u);
	const later = appendWire(wire, numbered(3, 20));
	const lines = await show(t, small, later, anchor);
	assert.match(lines.at(-1)!, /^╰ ↓ 3 new below ─+╯$/u);
	assert.deepEqual(lines.slice(0, -1), up.slice(0, -1));
});

test('wire pane: its upper line shows how many chunks were dropped', async t => {
	const wire = wireOf(...numbered(maxWireChunks + 5));
	const dropped = ' · 5 dropped ';
	const [wide] = await show(t, small, wire);
	assert.ok(wide!.startsWith(`╭ ${title}${dropped}─`), wide);
	// The title gives way, not the count.
	const [narrow] = await show(t, {...small, width: 24}, wire);
	assert.equal(narrow, `╭ wire 12…${dropped}╮`);
});

test('wire pane: shows the next chunk when it is written', async t => {
	const wire = wireOf(...numbered(3));
	const screen = openInkScreen(t, 60, paneOf(small, wire), 8);
	assert.match((await screen.rows()).at(-2)!, /no\. 2⏎/u);
	await screen.rerender(paneOf(small, appendWire(wire, numbered(1, 3))));
	assert.match((await screen.rows()).at(-2)!, /no\. 3⏎/u);
});

test('wire pane: keeps its size and edges at any width, whatever arrives', async t => {
	const everyByte = Uint8Array.from({length: 256}, (_byte, index) => index);
	const wire = wireOf(
		chunkOf(everyByte),
		chunkOf('漢字カナ한글 👩‍👩‍👧🇨🇭❤️\u{202E}\u{9B}2J\n'.repeat(9), {
			direction: 'out',
		}),
		chunkOf('\u{1B}[2J'.repeat(30), {peer: '\u{1B}[2J漢字', length: 99_999}),
	);
	for (const width of [20, 21, 40, 65, 80, 120, 200]) {
		const area: Area = {x: 0, y: 0, width, height: 60, frame: 'box'};

		const lines = await show(t, area, wire);
		assert.equal(lines.length, 60);
		for (const line of lines) {
			assert.equal(stringWidth(line), width, line);
		}

		assert.ok(lines.slice(1, -1).every(line => /^│.*│$/u.test(line)));
	}
});

test('wire pane: in ten rows it is bare, and its last row reports what is below', async t => {
	const area = chooseLayout(40, 10).transcript;
	const wire = wireOf(...numbered(20));
	const following = await show(t, area, wire);
	assert.match(following.at(-1)!, /no\. 19⏎$/u);
	const {height} = viewportOf(area, {index: 0, line: 0, seenEnd: 0});
	const anchor = scrollToTop(viewOf(wire, height));
	const lines = await show(t, area, wire, anchor);
	assert.match(lines[1]!, /no\. 0⏎$/u);
	assert.equal(lines.at(-1), '↓ 16 below');
	assert.equal(lines.length, following.length);
});

test('wire window: scrolls through a long chunk by rows and by pages', () => {
	const bytes = Buffer.alloc(maxChunkBytes, 'a');
	const wire = wireOf(chunkOf(bytes), ...numbered(1));
	const offsets = (anchor: Anchor | undefined) =>
		textsOf(visibleRows(viewOf(wire, 5, {anchor})).rows).map(row =>
			row.slice(0, 4),
		);
	const bottom = offsets(undefined);
	assert.deepEqual(bottom, ['3fd0', '3fe0', '3ff0', '14:0', '0000']);
	const up = scrollPages(viewOf(wire, 5), -1);
	assert.deepEqual(offsets(up), ['3f90', '3fa0', '3fb0', '3fc0', '3fd0']);
	const row = scrollBy(viewOf(wire, 5, {anchor: up}), 1);
	assert.deepEqual(offsets(row), ['3fa0', '3fb0', '3fc0', '3fd0', '3fe0']);
	const top = scrollToTop(viewOf(wire, 5));
	assert.deepEqual(offsets(top), ['14:0', '0000', '0010', '0020', '0030']);
	assert.equal(scrollPages(viewOf(wire, 5, {anchor: up}), 1), undefined);
});

test('wire window: moves to the oldest chunk kept when its own is dropped', () => {
	const wire = wireOf(...numbered(maxWireChunks));
	const anchor = scrollToTop(viewOf(wire, 4));
	const later = appendWire(wire, numbered(10, maxWireChunks));
	const {rows, isAtTop} = visibleRows(viewOf(later, 4, {anchor}));
	assert.match(textsOf(rows)[1]!, /no\. 10⏎$/u);
	assert.ok(isAtTop);
});

test('wire window: examines only the chunks in view, however many there are', () => {
	const wire = wireOf(...numbered(maxWireChunks));
	const context = createWireContext('room');
	const seen = new Set<number>();
	const view = wireView({
		wire,
		anchor: undefined,
		width: 80,
		height: 20,
		context(of, place) {
			seen.add(place);
			return context(of, place);
		},
	});
	assert.equal(visibleRows(view).rows.length, 20);
	assert.equal(seen.size, 10);
});
