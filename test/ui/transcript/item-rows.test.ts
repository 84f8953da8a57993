import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import stringWidth from 'string-width';
import type {Look} from '../../../source/event/event.js';
import {toDisplay} from '../../../source/protocol/display.js';
import type {Item} from '../../../source/store/item.js';
import {rowsOfItem} from '../../../source/ui/transcript/item-rows.js';
import {
	nickCellsFor,
	type RowShape,
} from '../../../source/ui/transcript/nick-column.js';
import {hueOf, type Role} from '../../../source/ui/theme/roles.js';
import {anyCharacter} from '../../helpers/any-character.js';
import {chunk, message, notice, whisper} from '../../helpers/items.js';

const shown = (item: Item, width: number, shape?: RowShape): string[] =>
	rowsOfItem(item, width, shape).map(({spans}) =>
		spans.map(span => span.text).join(''),
	);

/** As raw mode shows chunks. */
const rawShape = (width: number, look: Partial<Look> = {}): RowShape => ({
	nickCells: nickCellsFor(width, 4),
	isPlain: false,
	look: {isPretty: false, isTimed: false, isOpen: false, ...look},
});
const shownRaw = (item: Item, width: number, look?: Partial<Look>) =>
	shown(item, width, rawShape(width, look));

const anyString = fc.oneof(
	fc.string({unit: 'grapheme', maxLength: 100}),
	fc.string({unit: anyCharacter, maxLength: 100}),
	fc.string({unit: fc.constantFrom('a', ' ', '\n', '你', '👩‍👩‍👧', 'e\u{301}')}),
);
const anyMark = fc.constantFrom(
	undefined,
	'queued' as const,
	'sent' as const,
	'stored' as const,
	'failed' as const,
);
const anyItem: fc.Arbitrary<Item> = fc.oneof(
	fc
		.record({
			from: anyString,
			text: anyString,
			mark: anyMark,
			reason: anyString,
		})
		.map(part => message(part)),
	fc
		.record({from: anyString, to: anyString, text: anyString, mark: anyMark})
		.map(part => whisper(part)),
	anyString.map(text => message({text: `/me ${text}`})),
	anyString.map(text => notice({text})),
	fc
		.tuple(fc.uint8Array({maxLength: 100}), fc.option(anyString))
		.map(([bytes, peer]) => chunk(bytes, {peer: peer ?? undefined})),
);

test('item rows: no row is wider than the pane, whatever the item', () => {
	fc.assert(
		fc.property(anyItem, fc.integer({min: 8, max: 120}), (item, width) => {
			const rows = shown(item, width);
			assert.ok(rows.length > 0);
			for (const row of rows) {
				assert.ok(
					stringWidth(row) <= width,
					`${width}: ${JSON.stringify(row)}`,
				);
			}
		}),
		{numRuns: 3000},
	);
});

test('item rows: contain nothing that could drive a terminal', () => {
	const tricky = fc.constantFrom(
		'\u001B[2J',
		'\u0007',
		'\u202E',
		'\u009B',
		'a',
	);
	const trickyText = fc.array(tricky).map(parts => parts.join(''));
	fc.assert(
		fc.property(trickyText, fc.constantFrom(20, 80), (text, width) => {
			for (const item of [
				message({from: text, text, mark: 'failed', reason: text}),
				message({from: text, text: `/me ${text}`}),
				whisper({from: text, text}),
				whisper({to: text, text, mark: 'failed', reason: text}),
				notice({text}),
				chunk(text, {peer: text}),
			]) {
				for (const row of shown(item, width)) {
					assert.equal(toDisplay(row), row);
				}
			}
		}),
	);
});

test('item rows: the rows together are the whole text', () => {
	const whole = (text: string) => text.replaceAll(' ', '');
	fc.assert(
		fc.property(anyString, fc.integer({min: 8, max: 120}), (text, width) => {
			const [first, ...others] = shown(message({from: 'x', text}), width);
			const margin =
				width < 16 ? 1 : width < 48 ? 2 : 21 - (width < 62 ? 2 : 0);
			assert.ok(others.every(row => row.slice(0, margin).trim() === '┆'));
			const rows = [first, ...others.map(row => row.slice(margin))].join('');
			const lines = text.split(/\r?\n/u).map(line => toDisplay(line));
			const prefix = width < 48 ? 'x:' : '14:02x';
			fc.pre(!text.startsWith('/me '));
			assert.equal(whole(rows), prefix + whole(lines.join('')));
		}),
		{numRuns: 1000},
	);
});

test('item rows: a message has its time, its nick in a column, and its text', () => {
	assert.deepEqual(shown(message(), 80), ['14:02  otter         hello']);
});

test('item rows: a long text continues below itself', () => {
	const text = 'is the port free again, or is it still in TIME-WAIT?';
	assert.deepEqual(shown(message({text}), 50), [
		'14:02  otter       is the port free again, or is',
		'                 ┆ it still in TIME-WAIT?',
	]);
});

test('item rows: each line of a text is a row of its own', () => {
	assert.deepEqual(shown(message({text: 'one\r\n\n  two'}), 50), [
		'14:02  otter       one',
		`${' '.repeat(17)}┆ `,
		'                 ┆   two',
	]);
});

test('item rows: a long nick is cut to its column', () => {
	const item = message({from: 'otter-of-the-northern-shore'});
	assert.deepEqual(shown(item, 80), ['14:02  otter-of-th…  hello']);
});

test("item rows: one's own messages have their mark at the right edge", () => {
	const marks = ['queued', 'sent', 'stored', 'failed'] as const;
	const rows = marks.map(mark => shown(message({mark}), 60)[0]!);
	assert.deepEqual(
		rows.map(row => row.at(-1)),
		['·', '↑', '✓', '✗'],
	);
	assert.ok(rows.every(row => stringWidth(row) === 60));
});

test('item rows: a mark is in the last row of its text', () => {
	const item = message({mark: 'stored', text: 'I will restart it'});
	assert.deepEqual(
		shown(item, 20),
		['otter: I will       ', '┆ restart it       ✓'].map(row => row.trimEnd()),
	);
});

test('item rows: the reason for a failure is below the text', () => {
	const item = message({mark: 'failed', reason: 'The room is full.'});
	const [text, reason] = rowsOfItem(item, 60);
	assert.equal(text?.spans.at(-1)?.text, '✗');
	assert.equal(reason?.spans.at(-1)?.text, 'The room is full.');
	assert.equal(shown({...item, mark: 'stored'} as Item, 60).length, 1);
});

test('item rows: at 20 columns the nick comes before the text, without a time', () => {
	const item = message({text: 'is the port free again?'});
	assert.deepEqual(shown(item, 20), ['otter: is the port', '┆ free again?']);
});

test('item rows: at 20 columns the first row is used to its end', () => {
	const item = message({text: 'is port free?'});
	assert.deepEqual(shown(item, 20), ['otter: is port free?']);
});

test('item rows: a notice begins in the nick column, and is faint', () => {
	const [row] = rowsOfItem(notice(), 80);
	assert.equal(shown(notice(), 80)[0], '14:02  otter joined');
	assert.equal(row?.spans.at(-1)?.role, 'faint');
});

test('item rows: an action reads as what somebody does', () => {
	const item = message({text: '/me waves'});
	assert.deepEqual(shown(item, 80), ['14:02  * otter waves']);
	assert.deepEqual(shown(item, 20), ['* otter waves']);
	assert.equal(shown(message({text: '/mean'}), 20)[0], 'otter: /mean');
});

test('item rows: a whisper says from whom and to whom', () => {
	assert.deepEqual(shown(whisper(), 80), ['14:02 ▌otter → you: hello']);
	const own = whisper({from: 'otter', to: 'heron', mark: 'stored'});
	assert.match(shown(own, 80)[0]!, /^14:02 {2}you → heron: hello +✓$/u);
});

test('item rows: a chunk shows its direction, its bytes and its line ends', () => {
	assert.deepEqual(shownRaw(chunk('GET /\r\nHost: otter\r\n'), 80), [
		'14:02 ← 20 GET /␍⏎',
		'         ┆ Host: otter␍⏎',
	]);
	assert.deepEqual(shownRaw(chunk('a\tb'), 80), ['14:02 ← 3  a␉b']);
	const out = chunk('hi', {direction: 'out', peer: '127.0.0.1:53122'});
	assert.deepEqual(shownRaw(out, 80), ['14:02 → 2  127.0.0.1:53122 hi']);
	assert.deepEqual(shownRaw(out, 20), ['→ 2 :53122 hi']);
	assert.deepEqual(shownRaw(notice({text: 'a new one'}), 80), [
		'14:02 a new one',
	]);
});

test('item rows: on demand a chunk has its exact time, and the time since the one before', () => {
	const timed = {isTimed: true};
	assert.deepEqual(shownRaw(chunk('hi'), 80, timed), [
		'14:02:00.000         ← 2  hi',
	]);
	const later = (sinceMs: number) =>
		shownRaw(chunk('hi\nho', {sinceMs}), 80, timed)[0]!.slice(13, 20);
	assert.deepEqual([0, 31, 999, 1000, 59_999, 60_000, 7_200_000].map(later), [
		'  +0 ms',
		' +31 ms',
		'+999 ms',
		' +1.0 s',
		'+59.9 s',
		' +1 min',
		'   +2 h',
	]);
	assert.equal(
		shownRaw(chunk('hi\nho', {sinceMs: 31}), 80, timed)[1],
		'                        ┆ ho',
	);
	assert.deepEqual(shownRaw(chunk('hi', {sinceMs: 31}), 40, timed), [
		'14:02:00.000 +31 ms ← 2 hi',
	]);
	assert.deepEqual(shownRaw(notice({text: 'made'}), 80, timed), [
		'14:02:00.000 made',
	]);
});

test('item rows: JSON and HTTP heads are laid out on demand', () => {
	const json = chunk('{"a":[1]}');
	assert.deepEqual(shownRaw(json, 80), ['14:02 ← 9  {"a":[1]}']);
	assert.deepEqual(shownRaw(json, 80, {isPretty: true}), [
		'14:02 ← 9  {',
		'         ┆   "a": [',
		'         ┆     1',
		'         ┆   ]',
		'         ┆ }',
	]);
});

test('item rows: telnet commands have their names', () => {
	assert.deepEqual(shownRaw(chunk(Buffer.from('fffd0141', 'hex')), 80), [
		'14:02 ← 4  ‹IAC DO ECHO›A',
	]);
});

test('item rows: a byte that is not UTF-8 is shown as hex', () => {
	const latin = Buffer.from('caf\u00E9 \u00FF', 'latin1');
	assert.match(shown(chunk(latin), 80)[0]!, /← 6 +caf‹e9› ‹ff›$/u);
	const euro = Buffer.from('€');
	assert.match(
		shown(chunk(euro.subarray(2), {before: euro.subarray(0, 2)}), 80)[0]!,
		/← 1 +€$/u,
	);
});

test('item rows: a byte order mark in a chunk is shown like any other', () => {
	assert.match(shown(chunk('\u{FEFF}hi'), 80)[0]!, /← 5 +\\u\{feff\}hi$/u);
});

test('item rows: a huge chunk shows its start, and how much is left out', () => {
	const large = chunk(new Uint8Array(65_536).fill(0x61));
	const rows = shownRaw(large, 80);
	assert.equal(rows.at(-1)?.trim(), '┆ … 61440 B more; Ctrl-O shows all');
	const all = shownRaw(large, 80, {isOpen: true}).join('');
	assert.equal(all.replaceAll(/[^a]/g, '').length, 65_536);
	const paste = chunk(new Uint8Array(1_000_000).fill(0x61));
	assert.equal(
		shownRaw(paste, 80, {isOpen: true}).at(-1)?.trim(),
		'┆ … 737856 B more',
	);
});

test("item rows: a nick has its hue, whoever bears it, and one's own has its own role", () => {
	const nickOf = (item: Item) =>
		rowsOfItem(item, 80)[0]!.spans.find(span => span.text === 'otter');
	assert.equal(nickOf(message({id: 'a1'}))?.hue, hueOf('otter'));
	assert.equal(nickOf(message({id: 'b2'}))?.hue, hueOf('otter'));
	assert.equal(nickOf(message({id: 'a1'}))?.role, 'other');
	assert.equal(nickOf(message({id: 'a1', mark: 'sent'}))?.role, 'own');
});

test('item rows: no row of a text can pass for a line of the room, or of somebody else', () => {
	// What a reader may take for the same: blanks around it count for nothing.
	const seen = (item: Item, width: number) =>
		shown(item, width).map(row => row.trim());
	const room = (nick: string): Item[] => [
		notice({text: `${nick} joined`}),
		notice({text: `${nick} left (closed: FIN)`}),
		notice({text: `${nick} is now heron`}),
		whisper({from: nick, to: 'heron', text: 'hi'}),
		whisper({from: nick, mark: 'stored', text: 'hi'}),
		message({from: nick, text: 'hi'}),
		message({from: nick, text: 'hi', mark: 'stored'}),
		message({from: nick, text: '/me waves'}),
	];
	const nicks = [
		'a',
		'egret',
		'robin-of-the-wood',
		'abcdefghijkl',
		'ab.cd.ef.gh.ij.kl.mn.op',
	];
	const piece = fc.constantFrom(
		...nicks.flatMap(nick =>
			[20, 40, 80].flatMap(width =>
				room(nick).flatMap(item => [
					shown(item, width)[0]!,
					seen(item, width)[0]!,
					` ${seen(item, width)[0]!}`,
				]),
			),
		),
		'14:02',
		'┆',
		' '.repeat(12),
		'→ you: hi',
		'joined',
		'heron',
	);
	const fakeText = fc
		.array(fc.tuple(piece, fc.constantFrom('', ' ', '\n', '\n\n')))
		.map(pieces => pieces.flat().join(''));
	fc.assert(
		fc.property(
			fakeText,
			fc.constantFrom('mallory', 'm', 'mallory-of-the-islands'),
			fc.constantFrom('message', 'mention', 'action', 'whisper', 'search'),
			fc.constantFrom(20, 40, 80),
			(text, from, kind, width) => {
				const item = {
					message: message({from, text}),
					mention: message({from, text, mentioned: 'heron'}),
					action: message({from, text: `/me ${text}`}),
					whisper: whisper({from, text}),
					search: notice({text: `2026-01-02 14:02 ${from}: ${text}`}),
				}[kind];
				const firsts = nicks.flatMap(nick =>
					room(nick).map(line => seen(line, width)[0]!),
				);
				const [first, ...others] = seen(item, width);
				assert.ok(!firsts.includes(first!), first);
				assert.ok(firsts.every(row => !row.startsWith('┆')));
				for (const row of others) {
					assert.match(row, /^▌? *┆/u);
				}
			},
		),
		{numRuns: 2000},
	);
});

test('item rows: only a first row is without the margin mark, at 20 to 200 columns', () => {
	const items = [
		message({text: '  spaced\n\n14:02  heron   I agree\nheron: me too'}),
		message({text: `/me ${'waves '.repeat(100)}`, mark: 'stored'}),
		whisper({text: 'one\n  two\n\u3000three'}),
		message({text: 'otter:\n  two\nthree', mentioned: 'otter'}),
		chunk('one\n  two\nthree'),
		notice({text: `otter left (${'because '.repeat(50)})`}),
	];
	for (let width = 20; width <= 200; width++) {
		for (const item of items) {
			const [first, ...others] = shown(item, width);
			assert.doesNotMatch(first!, /^ *┆/u);
			for (const row of others) {
				assert.match(row, /^[ ▌]*┆ /u);
			}
		}
	}
});

/** The texts of the spans with a role. */
const inRole = (item: Item, width: number, role: Role): string[] =>
	rowsOfItem(item, width).flatMap(({spans}) =>
		spans.filter(span => span.role === role).map(({text}) => text),
	);

test('item rows: a bar stands beside all rows of a mention, and the nick is marked (ssh-chat#169)', () => {
	const item = message({
		from: 'heron',
		text: `Otter: ${'are you there? '.repeat(5)}@otter, otters and you`,
		mentioned: 'otter',
	});
	assert.deepEqual(shown(item, 60), [
		'14:02 ▌heron       Otter: are you there? are you there? are',
		'      ▌          ┆ you there? are you there? are you there?',
		'      ▌          ┆ @otter, otters and you',
	]);
	assert.deepEqual(inRole(item, 60, 'mention'), ['Otter', 'otter']);
	assert.deepEqual(shown(item, 40).slice(0, 2), [
		'▌heron: Otter: are you there? are you',
		'▌┆ there? are you there? are you there?',
	]);
	assert.deepEqual(inRole(message({text: 'otter?'}), 60, 'mention'), []);
});

test('item rows: a whisper to the reader is marked where it says from whom', () => {
	assert.deepEqual(inRole(whisper(), 60, 'whisper-in'), ['otter → you']);
	const own = whisper({mark: 'stored'});
	assert.deepEqual(inRole(own, 60, 'whisper-in'), []);
});

test('item rows: a nick that is wrapped is marked on both rows', () => {
	const nick = 'a-nick-of-24-characters.';
	const item = message({text: `${nick} ${nick}`, mentioned: nick});
	for (let width = 8; width < 80; width++) {
		assert.equal(inRole(item, width, 'mention').join(''), nick.repeat(2));
	}
});

test('item rows: a URL is one link, whole, on however many rows (weechat#1252)', () => {
	const url = 'http://127.0.0.1:8080/a/long/path?of=many&words=otter';
	const item = message({
		text: `see ${url}, otter.\nAnd ${url}`,
		mentioned: 'otter',
	});
	for (let width = 8; width < 150; width++) {
		const rows = rowsOfItem(item, width).map(({spans}) =>
			spans.filter(({link}) => link !== undefined),
		);
		const links = rows.flat();
		assert.equal(links.map(({text}) => text).join(''), url.repeat(2));
		for (const {link} of links) {
			assert.equal(link!.target, url);
		}

		const isWrapped = links.some(({link}) => link!.isWrapped);
		assert.equal(isWrapped, rows.filter(row => row.length > 0).length > 2);
	}
});
