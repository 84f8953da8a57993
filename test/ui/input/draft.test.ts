import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {
	createDraft,
	draftBytes,
	foundText,
	type Draft,
} from '../../../source/ui/input/draft.js';
import {isBoundary} from '../../../source/ui/input/graphemes.js';
import type {Key} from '../../../source/ui/input/keys.js';
import {pasted, press} from '../../../source/ui/input/sending.js';
import {anyCharacter} from '../../helpers/any-character.js';
import {
	after,
	candidates,
	draftOf,
	shown,
	submitted,
	typed,
	type PlainKey,
} from '../../helpers/drafts.js';

const family = '👨‍👩‍👧‍👦';

test('draft: types at the caret', () => {
	assert.equal(shown(typed(draftOf('ab|cd'), 'xy')), 'abxy|cd');
});

test('draft: moves over whole graphemes', () => {
	for (const grapheme of [family, '🇫🇷', 'e\u{301}', '👍🏽', '각', '1️⃣']) {
		const draft = draftOf(`a${grapheme}|`);
		assert.equal(shown(after(draft, 'left')), `a|${grapheme}`);
		assert.equal(shown(after(draft, 'left', 'right')), `a${grapheme}|`);
	}

	assert.equal(shown(after(draftOf('|ab'), 'left')), '|ab');
	assert.equal(shown(after(draftOf('ab|'), 'right')), 'ab|');
});

test('draft: deletes whole graphemes', () => {
	for (const grapheme of [family, '🇫🇷', 'e\u{301}', '👍🏽', '각', '1️⃣']) {
		const draft = draftOf(`a${grapheme}|b`);
		assert.equal(shown(after(draft, 'delete-back')), 'a|b');
		assert.equal(shown(after(draft, 'left', 'delete-forward')), 'a|b');
		assert.equal(shown(after(draft, 'left', 'end-of-input')), 'a|b');
	}

	assert.equal(shown(after(draftOf('|ab'), 'delete-back')), '|ab');
	assert.equal(shown(after(draftOf('ab|'), 'delete-forward')), 'ab|');
});

test('draft: moves the caret past a grapheme that an edit joins', () => {
	assert.equal(shown(typed(draftOf('|\u{301}x'), 'e')), 'e\u{301}|x');
	const flag = after(draftOf('🇫-|🇷'), 'delete-back');
	assert.equal(shown(flag), '🇫🇷|');
});

test('draft: moves by words of any script', () => {
	const draft = draftOf("don't stop, été 2024|");
	const one = after(draft, 'word-left');
	assert.equal(shown(one), "don't stop, été |2024");
	const three = after(one, 'word-left', 'word-left');
	assert.equal(shown(three), "don't |stop, été 2024");
	assert.equal(shown(after(three, 'word-left', 'word-left')), `|${draft.text}`);
	assert.equal(shown(after(three, 'word-right')), "don't stop|, été 2024");
	assert.equal(shown(after(draftOf('日本語|'), 'word-left')), '|日本語');
	assert.equal(shown(after(draft, 'word-right')), shown(draft));
});

test('draft: keeps words whole if a sign belongs to the letter after it', () => {
	// To UAX 29 that is one grapheme, but two words.
	const sign = '\u{600}日';
	assert.equal(shown(after(draftOf(`${sign}|`), 'word-left')), `|${sign}`);
	assert.equal(shown(after(draftOf(`|${sign}`), 'word-right')), `${sign}|`);
});

test('draft: kills by word, by blank and to both ends, and yanks', () => {
	const draft = draftOf('see a/b/c  |now');
	const cases: ReadonlyArray<[PlainKey, string, string]> = [
		['kill-word-back', 'see a/b/|now', 'c  '],
		['kill-to-blank', 'see |now', 'a/b/c  '],
		['kill-word-forward', 'see a/b/c  |', 'now'],
		['kill-to-start', '|now', 'see a/b/c  '],
		['kill-to-end', 'see a/b/c  |', 'now'],
	];
	for (const [type, expected, killed] of cases) {
		const next = after(draft, type);
		assert.equal(shown(next), expected, type);
		assert.equal(shown(after(next, 'end', 'yank')), `${next.text}${killed}|`);
	}
});

test('draft: keeps the last kill when there is nothing to kill', () => {
	const draft = after(draftOf('one|'), 'kill-to-start', 'kill-to-end');
	assert.equal(shown(after(draft, 'yank', 'yank')), 'oneone|');
	assert.equal(shown(after(submitted(draft, 'two'), 'yank')), 'one|');
});

test('draft: moves to both ends', () => {
	assert.equal(shown(after(draftOf('a|b'), 'start')), '|ab');
	assert.equal(shown(after(draftOf('a|b'), 'end')), 'ab|');
});

test('draft: keeps the unsent draft while walking the history', () => {
	const draft = typed(submitted(createDraft(), 'one', 'two'), 'unsent');
	const oldest = after(draft, 'older', 'older');
	assert.equal(shown(oldest), 'one|');
	assert.equal(shown(after(oldest, 'older')), 'one|');
	assert.equal(shown(after(oldest, 'newer')), 'two|');
	assert.equal(shown(after(oldest, 'newer', 'newer')), 'unsent|');
	assert.equal(shown(after(oldest, 'newer', 'newer', 'newer')), 'unsent|');
});

test('draft: keeps edits to recalled lines until one is sent', () => {
	const draft = submitted(createDraft(), 'one', 'two');
	const changed = typed(after(draft, 'older'), ' more');
	const back = after(changed, 'older', 'newer');
	assert.equal(shown(back), 'two more|');
	// Also from the empty draft below it.
	assert.equal(shown(after(changed, 'newer', 'older')), 'two more|');
	const sent = press(back, {type: 'submit'});
	assert.deepEqual(sent.texts, ['two more']);
	assert.deepEqual(sent.draft.history, ['one', 'two', 'two more']);
	assert.equal(shown(after(sent.draft, 'older', 'older')), 'two|');
});

test('draft: counts bytes as UTF-8', () => {
	assert.equal(draftBytes(draftOf('aé日😀|')), 1 + 2 + 3 + 4);
});

const plainKeys: readonly PlainKey[] = [
	'submit',
	'delete-back',
	'delete-forward',
	'kill-word-back',
	'kill-word-forward',
	'kill-to-blank',
	'kill-to-start',
	'kill-to-end',
	'yank',
	'left',
	'right',
	'word-left',
	'word-right',
	'start',
	'end',
	'older',
	'newer',
	'complete',
	'complete-back',
	'page-up',
	'page-down',
	'escape',
	'interrupt',
	'end-of-input',
	'redraw',
	'suspend',
	'undo',
	'redo',
	'redo-or-slash',
	'search-back',
	'next-panes',
];

const text = fc.oneof(
	fc.string({unit: 'grapheme', maxLength: 6}),
	fc.string({unit: anyCharacter, maxLength: 6}),
	// What joins across a boundary: flags, marks, joiners, jamo, conjuncts.
	fc
		.array(
			fc.constantFrom(
				...'🇫🇷\u{301}\u{200D}👩🏽e \u{1100}\u{1161}क\u{94D}ष\u{600}/日\n',
			),
			{maxLength: 8},
		)
		.map(parts => parts.join('')),
);

type Step =
	| {readonly type: 'key'; readonly key: Key}
	| {readonly type: 'paste'; readonly text: string};

const step: fc.Arbitrary<Step> = fc.oneof(
	{
		weight: 4,
		arbitrary: fc
			.constantFrom(...plainKeys)
			.map(type => ({type: 'key', key: {type} as Key}) as const),
	},
	{
		weight: 4,
		arbitrary: text.map(
			inserted =>
				({type: 'key', key: {type: 'insert', text: inserted}}) as const,
		),
	},
	text.map(inserted => ({type: 'paste', text: inserted}) as const),
);

const stepped = (draft: Draft, each: Step, columns?: number): Draft =>
	each.type === 'paste'
		? pasted(draft, each.text)
		: press(draft, each.key, candidates, columns).draft;

test('draft: keeps the caret on a grapheme boundary, whatever the keys', () => {
	fc.assert(
		fc.property(fc.array(step, {maxLength: 30}), steps => {
			let draft = createDraft();
			for (const each of steps) {
				draft = stepped(draft, each);
				assert.ok(draft.caret >= 0 && draft.caret <= draft.text.length);
				assert.ok(isBoundary(draft.text, draft.caret), shown(draft));
			}
		}),
		{numRuns: 1000},
	);
});

test('draft: is the same however the typed text was split into chunks', () => {
	fc.assert(
		fc.property(text, fc.array(fc.nat({max: 8})), (whole, sizes) => {
			const characters = [...whole];
			let chunked = createDraft();
			for (const size of [...sizes, characters.length]) {
				chunked = typed(chunked, characters.splice(0, size).join(''));
			}

			assert.equal(shown(chunked), shown(typed(createDraft(), whole)));
		}),
	);
});

test('draft: undo and redo go by words and runs, as in an editor', () => {
	let draft = createDraft();
	for (const letter of 'one two') {
		draft = typed(draft, letter);
	}

	draft = after(draft, 'delete-back', 'delete-back', 'kill-to-start');
	const texts: string[] = [];
	for (let count = 0; count < 5; count++) {
		draft = after(draft, 'undo');
		texts.push(shown(draft));
	}

	assert.deepEqual(texts, ['one t|', 'one two|', 'one |', '|', '|']);
	assert.equal(shown(after(draft, 'redo', 'redo')), 'one two|');
	const other = typed(after(draft, 'redo'), 'x');
	assert.equal(shown(after(other, 'redo')), 'one x|');
});

test('draft: what is typed after a move to another row is undone by itself', () => {
	const draft = typed(after(draftOf('one\ntwo|'), 'older'), 'x');
	assert.equal(shown(draft), 'onex|\ntwo');
	assert.equal(shown(after(draft, 'undo')), 'one|\ntwo');
});

test('draft: Esc and a slash in one read begin a command, and are redo elsewhere', () => {
	assert.equal(shown(after(draftOf('|'), 'redo-or-slash')), '/|');
	const quit = typed(after(draftOf('|'), 'redo-or-slash'), 'quit');
	assert.equal(shown(quit), '/quit|');
	assert.equal(shown(after(draftOf('one|'), 'redo-or-slash')), 'one|');
	const undone = after(typed(draftOf('|'), 'one'), 'undo');
	assert.equal(shown(after(undone, 'redo-or-slash')), 'one|');
});

test('draft: undo takes back a paste, a completion and a drop of all', () => {
	const draft = pasted(draftOf('see |'), 'pasted');
	assert.equal(shown(after(draft, 'undo')), 'see |');
	const completed = after(draftOf('her|'), 'complete');
	assert.equal(shown(after(completed, 'undo')), 'her|');
	assert.equal(shown(after(draftOf('all|'), 'kill-to-start', 'undo')), 'all|');
});

test('draft: redo brings back what undo took, whatever the keys', () => {
	fc.assert(
		fc.property(fc.array(step, {maxLength: 30}), steps => {
			let draft = createDraft();
			for (const each of steps) {
				draft = stepped(draft, each, 12);
			}

			draft = {...draft, question: undefined, search: undefined};
			const undone = after(draft, 'undo');
			if (draft.changes.past.length > 0) {
				assert.equal(shown(after(undone, 'redo')), shown(draft));
			} else {
				assert.equal(shown(undone), shown(draft));
			}
		}),
		{numRuns: 1000},
	);
});

test('draft: Up and Down move by rows before they reach the history (thelounge#2819)', () => {
	const draft = typed(submitted(createDraft(), 'old'), 'one two\nthree');
	const up = (line: Draft) => press(line, {type: 'older'}, candidates, 6).draft;
	const down = (line: Draft) =>
		press(line, {type: 'newer'}, candidates, 6).draft;
	const first = up(up(draft));
	assert.equal(shown(first), 'one| two\nthree');
	assert.equal(shown(up(first)), 'old|');
	assert.equal(shown(down(up(first))), 'one two\nthree|');
});

test('draft: an old line that is sent brings back the draft', () => {
	const draft = typed(submitted(createDraft(), 'one', 'two'), 'unsent');
	const old = typed(after(draft, 'older', 'older'), '!');
	const {draft: next, texts} = press(old, {type: 'submit'});
	assert.deepEqual(texts, ['one!']);
	assert.equal(shown(next), 'unsent|');
	assert.equal(shown(after(next, 'older')), 'one!|');
});

const searching = (draft: Draft, query: string) =>
	typed(after(draft, 'search-back'), query);

test('draft: Ctrl-R finds sent lines, and Enter takes one', () => {
	const lines = ['the otter', 'a heron', 'Otters', 'end'];
	const draft = typed(submitted(createDraft(), ...lines), 'unsent');
	const found = searching(draft, 'otter');
	assert.equal(foundText(found), 'Otters');
	assert.equal(shown(found), 'unsent|');
	const older = after(found, 'search-back');
	assert.equal(foundText(older), 'the otter');
	assert.equal(after(older, 'search-back').search?.hasFailed, true);
	assert.equal(foundText(after(older, 'newer')), 'Otters');
	assert.equal(foundText(after(typed(older, 'x'), 'delete-back')), 'Otters');

	const taken = press(older, {type: 'submit'});
	assert.deepEqual([shown(taken.draft), taken.texts], ['the otter|', []]);
	assert.equal(taken.draft.search, undefined);
	const sent = press(taken.draft, {type: 'submit'});
	assert.deepEqual([shown(sent.draft), sent.texts], ['unsent|', ['the otter']]);
	assert.equal(shown(after(older, 'left')), 'the otte|r');
	assert.equal(
		shown(after(taken.draft, 'newer', 'newer', 'newer', 'newer')),
		'unsent|',
	);

	// From an old line that was emptied.
	const emptied = after(draft, 'older', 'kill-to-start');
	const again = press(searching(emptied, 'end'), {type: 'submit'}).draft;
	assert.equal(shown(again), 'end|');
	assert.equal(shown(after(again, 'newer')), 'unsent|');
});

test('draft: Esc, Ctrl-G and Ctrl-C end a search with the draft as it was', () => {
	const draft = {...draftOf('un|sent', submitted(createDraft(), 'one'))};
	for (const type of ['escape', 'next-panes', 'interrupt'] as const) {
		const next = press(searching(draft, 'on'), {type}).draft;
		assert.deepEqual([shown(next), next.search], ['un|sent', undefined]);
	}
});

test('draft: a paste goes into the search, and several lines end it', () => {
	const draft = submitted(createDraft(), 'one two');
	const found = pasted(searching(draft, 'one'), ' tw\r');
	assert.equal(found.search?.query, 'one tw');
	const asked = pasted(found, 'a\rb');
	assert.deepEqual([asked.search, asked.question?.lineCount], [undefined, 2]);
});
