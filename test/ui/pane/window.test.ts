import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import type {Item} from '../../../source/store/item.js';
import {
	appendItems,
	createTranscript,
	emptyTranscript,
} from '../../../source/store/transcript.js';
import {rowsOfItem} from '../../../source/ui/transcript/item-rows.js';
import {chooseLayout} from '../../../source/ui/layout.js';
import type {Row} from '../../../source/ui/text/row.js';
import {
	scrollBy,
	scrollPages,
	scrollToTop,
	viewportOf,
	visibleRows,
	type Anchor,
	type View,
} from '../../../source/ui/pane/window.js';
import {message, notice} from '../../helpers/items.js';

const textsOf = (rows: readonly Row[]): string[] =>
	rows.map(({spans}) => spans.map(span => span.text).join(''));

const viewOf = (items: readonly Item[], part: Partial<View> = {}): View => ({
	transcript: appendItems(emptyTranscript, items),
	pending: [],
	anchor: undefined,
	width: 40,
	height: 6,
	...part,
});

const shown = (view: View): string[] => textsOf(visibleRows(view).rows);

const at = (view: View, anchor: Anchor | undefined): View => ({
	...view,
	anchor,
});

const numbered = (count: number): Item[] =>
	Array.from({length: count}, (_item, index) =>
		notice({tone: 'warn', text: `no. ${index}`}),
	);

/** Items of one to some rows each. */
const someItems = fc
	.array(fc.nat({max: 9}), {minLength: 1, maxLength: 25})
	.map(counts =>
		counts.map((words, index) =>
			message({from: `n${index}`, text: 'lorem ipsum '.repeat(words)}),
		),
	);
const someHeight = fc.integer({min: 1, max: 30});

/** Every row there is, as if the pane were endless. */
const allRows = ({transcript, pending, width, ruleBelow}: View): string[] =>
	[...transcript.blocks.flat(), ...pending].flatMap((item, index) =>
		textsOf([
			...rowsOfItem(item, width),
			...(index === ruleBelow?.index ? rowsOfItem(ruleBelow.rule, width) : []),
		]),
	);

test('window: shows the last rows, and no more than fit', () => {
	fc.assert(
		fc.property(someItems, someItems, someHeight, (items, pending, height) => {
			const view = viewOf(items, {pending, height});
			const {rows, below, newBelow, isAtTop} = visibleRows(view);
			const all = allRows(view);
			assert.deepEqual(textsOf(rows), all.slice(-height));
			assert.deepEqual([below, newBelow], [0, 0]);
			assert.equal(isAtTop, all.length <= height);
		}),
	);
});

test('window: scrolled up, is as full as at the bottom', () => {
	fc.assert(
		fc.property(
			someItems,
			someHeight,
			fc.nat({max: 80}),
			(items, height, up) => {
				const view = viewOf(items, {height});
				const all = allRows(view);
				const possible = Math.min(up, Math.max(0, all.length - height));
				const end = all.length - possible;
				const scrolled = at(view, scrollBy(view, -up));
				assert.deepEqual(
					shown(scrolled),
					all.slice(Math.max(0, end - height), end),
				);
				assert.equal(visibleRows(scrolled).isAtTop, end <= height);
				assert.equal(visibleRows(scrolled).isAtBottom, possible === 0);
				assert.equal(scrolled.anchor === undefined, possible === 0);
			},
		),
	);
});

test('window: scrolling up and back down returns to the same rows', () => {
	fc.assert(
		fc.property(
			someItems,
			someHeight,
			fc.nat({max: 40}),
			fc.nat({max: 40}),
			(items, height, start, rows) => {
				const view = viewOf(items, {height});
				const before = at(view, scrollBy(view, -start));
				const up = at(view, scrollBy(before, -rows));
				fc.pre(!visibleRows(up).isAtTop);
				const back = at(view, scrollBy(up, rows));
				assert.deepEqual(back.anchor, before.anchor);
				assert.deepEqual(shown(back), shown(before));
			},
		),
	);
});

test('window: scrolling past the bottom follows it again', () => {
	const view = viewOf(numbered(50));
	const up = at(view, scrollPages(view, -2));
	assert.notEqual(up.anchor, undefined);
	assert.equal(scrollPages(up, 2), undefined);
	assert.equal(scrollBy(up, 1000), undefined);
});

test('window: a page keeps one row of the last page in view', () => {
	const view = viewOf(numbered(50));
	const up = at(view, scrollPages(view, -1));
	assert.equal(shown(up).at(-1), shown(view)[0]);
});

test('window: is full at the top, and scrolls no further', () => {
	const view = viewOf(numbered(50));
	const top = at(view, scrollToTop(view));
	assert.deepEqual(shown(top), allRows(view).slice(0, 6));
	assert.equal(visibleRows(top).isAtTop, true);
	assert.equal(visibleRows(top).below, 44);
	assert.deepEqual(scrollBy(top, -10), top.anchor);
	assert.deepEqual(
		shown(at(view, scrollBy(top, 1))),
		allRows(view).slice(1, 7),
	);
});

test('window: does not scroll if everything fits', () => {
	const view = viewOf(numbered(3));
	assert.equal(scrollBy(view, -1), undefined);
	assert.equal(scrollToTop(view), undefined);
	assert.equal(shown(view).length, 3);
});

test('window: an empty transcript shows nothing and does not scroll', () => {
	const view = viewOf([]);
	assert.deepEqual(visibleRows(view).rows, []);
	assert.equal(scrollBy(view, -1), undefined);
	assert.equal(scrollToTop(view), undefined);
});

test('window: stays where it is while items arrive below', () => {
	const view = viewOf(numbered(50));
	const up = at(view, scrollBy(view, -10));
	const later = {
		...up,
		transcript: appendItems(up.transcript, numbered(7)),
		pending: [message({mark: 'queued'})],
	};
	assert.deepEqual(shown(later), shown(up));
	assert.equal(visibleRows(up).newBelow, 0);
	assert.equal(visibleRows(later).newBelow, 7);
	assert.equal(visibleRows(later).below, 18);
});

test('window: what has been in view is no longer new', () => {
	const view = viewOf(numbered(50));
	const up = at(view, scrollBy(view, -10));
	const later = {...up, transcript: appendItems(up.transcript, numbered(7))};
	const down = {...later, anchor: scrollBy(later, 13)};
	assert.equal(visibleRows(down).newBelow, 4);
	const upAgain = {...later, anchor: scrollBy(down, -5)};
	assert.equal(visibleRows(upAgain).newBelow, 4);
});

test('window: moves to the oldest item kept when its own is dropped', () => {
	const transcript = appendItems(createTranscript(100), numbered(60));
	const view = viewOf([], {transcript});
	const up = at(view, scrollBy(view, -40));
	const later = {...up, transcript: appendItems(transcript, numbered(95))};
	const {first} = later.transcript;
	assert.ok(first > up.anchor!.index);
	assert.deepEqual(shown(later), allRows(later).slice(0, 6));
	assert.equal(visibleRows(later).isAtTop, true);
});

test('window: keeps its bottom item when the pane is resized', () => {
	const long = message({text: 'lorem ipsum '.repeat(40)});
	const view = viewOf([...numbered(20), long, ...numbered(20)], {width: 20});
	const up = at(view, {index: 20, line: 30, seenEnd: 41});
	const wide = {...up, width: 100};
	assert.equal(shown(wide).at(-1), textsOf(rowsOfItem(long, 100)).at(-1));
	const high = {...up, height: 12};
	assert.equal(shown(high).at(-1), shown(up).at(-1));
});

test('window: wraps only what it shows, however long the transcript', () => {
	const transcript = appendItems(emptyTranscript, numbered(40_000));
	let wrapped = new Set<Item>();
	const view = viewOf([], {
		transcript,
		wrap(item, width) {
			wrapped.add(item);
			return rowsOfItem(item, width);
		},
	});
	const count = (act: () => unknown) => {
		wrapped = new Set();
		act();
		return wrapped.size;
	};

	assert.equal(
		count(() => visibleRows(view)),
		6,
	);
	assert.ok(count(() => scrollPages(view, -1)) <= 18);
	assert.ok(count(() => scrollToTop(view)) <= 18);
});

test('window: a bare pane uses a row to report what is below', () => {
	const area = chooseLayout(80, 10).transcript;
	const anchor = {index: 0, line: 0, seenEnd: 0};
	assert.deepEqual(viewportOf(area, undefined), {width: 80, height: 8});
	assert.deepEqual(viewportOf(area, anchor), {width: 80, height: 7});
	const framed = chooseLayout(80, 24).transcript;
	assert.deepEqual(viewportOf(framed, anchor), viewportOf(framed, undefined));
});

const rule = {kind: 'rule', at: 0, role: 'unread', text: 'new'} as const;

const moved = (view: View, move: number | string, index: number): View => {
	switch (move) {
		case 'rule': {
			return {...view, ruleBelow: {index, rule}};
		}

		case 'no rule': {
			return {...view, ruleBelow: undefined};
		}

		case 'more': {
			const transcript = appendItems(view.transcript, numbered(2));
			return {...view, transcript};
		}

		case 'top': {
			return at(view, scrollToTop(view));
		}

		case 'up':
		case 'down': {
			return at(view, scrollPages(view, move === 'up' ? -1 : 1));
		}

		default: {
			return at(view, scrollBy(view, Number(move)));
		}
	}
};

test('window: with a rule, any walk shows each row once and skips none', () => {
	fc.assert(
		fc.property(
			someItems,
			someHeight,
			fc.nat({max: 24}),
			fc.array(
				fc.oneof(
					fc.integer({min: -40, max: 40}),
					fc.constantFrom('up', 'down', 'top', 'rule', 'no rule', 'more'),
				),
				{maxLength: 25},
			),
			(items, height, index, moves) => {
				let view = viewOf(items, {height});
				for (const move of moves) {
					const before = view.anchor === undefined ? [] : shown(view);
					view = moved(view, move, index % items.length);
					if (move === 'more' && before.length > 0) {
						assert.deepEqual(shown(view), before, 'what is read stays');
					}

					const all = allRows(view);
					const rows = shown(view);
					const {isAtBottom, isAtTop} = visibleRows(view);
					assert.equal(rows.length, Math.min(height, all.length));
					const places = all.flatMap((_row, place) =>
						all
							.slice(place, place + rows.length)
							.every((row, offset) => row === rows[offset]) &&
						place + rows.length <= all.length
							? [place]
							: [],
					);
					assert.ok(places.length > 0, 'rows that are not in a row');
					assert.ok(!isAtBottom || places.includes(all.length - rows.length));
					assert.ok(!isAtTop || places.includes(0));
				}
			},
		),
	);
});
