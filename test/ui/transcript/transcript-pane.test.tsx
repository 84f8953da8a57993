import assert from 'node:assert/strict';
import {afterEach, test} from 'node:test';
import {cleanup, render} from 'ink-testing-library';
import stringWidth from 'string-width';
import {toDisplay} from '../../../source/protocol/display.js';
import type {Item} from '../../../source/store/item.js';
import {
	appendItems,
	emptyTranscript,
} from '../../../source/store/transcript.js';
import {chooseLayout, type Area} from '../../../source/ui/layout.js';
import {TranscriptPane} from '../../../source/ui/transcript/transcript-pane.js';
import {
	scrollBy,
	viewportOf,
	type Anchor,
	type View,
} from '../../../source/ui/pane/window.js';
import {message, notice} from '../../helpers/items.js';

afterEach(cleanup);

const title = toDisplay('room 127.0.0.1:5001');

type Shown = {
	readonly items: readonly Item[];
	readonly pending?: readonly Item[];
	readonly anchor?: Anchor | undefined;
	readonly area: Area;
};

const show = ({items, pending = [], anchor, area}: Shown): string[] => {
	const {lastFrame} = render(
		<TranscriptPane
			area={area}
			title={title}
			transcript={appendItems(emptyTranscript, items)}
			pending={pending}
			anchor={anchor}
		/>,
	);
	return lastFrame()!.split('\n');
};

const numbered = (count: number): Item[] =>
	Array.from({length: count}, (_item, index) =>
		notice({tone: 'warn', text: `no. ${index}`}),
	);

/** The anchor after scrolling by rows from the bottom. */
const scrolled = (items: readonly Item[], area: Area, delta: number) => {
	const view: View = {
		transcript: appendItems(emptyTranscript, items),
		pending: [],
		anchor: undefined,
		...viewportOf(area, undefined),
	};
	return scrollBy(view, delta);
};

const wide: Area = {x: 0, y: 0, width: 60, height: 7, frame: 'box'};

test('transcript pane: is a box with its title in the upper line', () => {
	const lines = show({
		area: wide,
		items: [
			notice(),
			message({text: 'is the port free again?'}),
			message({from: 'heron', text: 'yes, since the FIN', mark: 'stored'}),
		],
		pending: [message({from: 'heron', text: 'trying', mark: 'queued'})],
	});
	assert.deepEqual(lines, [
		'╭ room 127.0.0.1:5001 ─────────────────────────────────────╮',
		'│ 14:02  otter joined                                      │',
		'│ 14:02  otter       is the port free again?               │',
		'│ 14:02  heron       yes, since the FIN                   ✓│',
		'│ 14:02  heron       trying                               ·│',
		'│                                                          │',
		'╰──────────────────────────────────────────────────────────╯',
	]);
});

test('transcript pane: says in the lower line how much is below', () => {
	const items = numbered(50);
	const anchor = scrolled(items, wide, -8);
	const lines = show({items, anchor, area: wide});
	assert.equal(lines.length, 7);
	assert.match(lines.at(-2)!, /no\. 41 /u);
	assert.match(lines.at(-1)!, /^╰ ↓ 8 below ─+╯$/u);
});

test('transcript pane: counts as new what arrives while the reader is elsewhere', () => {
	const items = numbered(50);
	const anchor = scrolled(items, wide, -8);
	const lines = show({items: [...items, ...numbered(3)], anchor, area: wide});
	assert.match(lines.at(-2)!, /no\. 41 /u);
	assert.match(lines.at(-1)!, /^╰ ↓ 3 new below ─+╯$/u);
});

test('transcript pane: reports nothing below once a resize has shown it', () => {
	const items = numbered(8);
	const anchor = scrolled(items, wide, -2);
	const lines = show({items, anchor, area: {...wide, height: 20}});
	assert.match(lines.at(-1)!, /^╰─+╯$/u);
	assert.match(lines[8]!, /no\. 7 /u);
});

test('transcript pane: below 100 columns it has lines above and below only', () => {
	const area = chooseLayout(80, 24).transcript;
	const lines = show({items: numbered(3), area});
	assert.equal(lines.length, area.height);
	assert.match(lines[0]!, /^─ room 127\.0\.0\.1:5001 ─+$/u);
	assert.equal(lines[1], '14:02  no. 0');
	assert.match(lines.at(-1)!, /^─+$/u);
	assert.equal(stringWidth(lines[0]!), 80);
});

test('transcript pane: in ten rows it is bare, and its last row reports what is below', () => {
	const area = chooseLayout(20, 10).transcript;
	const items = numbered(50);
	assert.deepEqual(show({items, area}), [
		'no. 42',
		'no. 43',
		'no. 44',
		'no. 45',
		'no. 46',
		'no. 47',
		'no. 48',
		'no. 49',
	]);
	const anchor = scrolled(items, area, -1);
	const lines = show({items, anchor, area});
	assert.equal(lines.length, 8);
	assert.deepEqual(lines.slice(-2), ['no. 48', '↓ 1 below']);
});

test('transcript pane: keeps its size and edges, whatever is said', () => {
	const texts = [
		'',
		'\n\n',
		'\u001B[2J\u001B[31mred\u009B0m',
		'\u202Eevil\u0301\u0301\u0301',
		'漢字カナ한글 '.repeat(9),
		'👩‍👩‍👧🇨🇭❤️'.repeat(12),
		'x'.repeat(300),
	];
	const items = texts.flatMap(text => [
		message({text, from: text}),
		message({text, mark: 'failed', reason: text}),
		notice({text}),
	]);
	for (let width = 20; width <= 100; width += 3) {
		const area: Area = {x: 0, y: 0, width, height: 40, frame: 'box'};
		const lines = show({items, area});
		assert.equal(lines.length, 40);
		for (const line of lines) {
			assert.equal(stringWidth(line), width, line);
		}

		assert.ok(lines.slice(1, -1).every(line => /^│.*│$/u.test(line)));
	}
});
