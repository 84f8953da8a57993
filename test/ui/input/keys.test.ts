import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import type {Key as InkKey} from 'ink';
import {createDraft} from '../../../source/ui/input/draft.js';
import {splitKeys, type Key} from '../../../source/ui/input/keys.js';
import {press} from '../../../source/ui/input/sending.js';
import {anyCharacter} from '../../helpers/any-character.js';
import {openKeyboard} from '../../helpers/ink-keyboard.js';

const inserted = (text: string): Key => ({type: 'insert', text});

/** A delivery of plain text. */
const noFlags: InkKey = {
	upArrow: false,
	downArrow: false,
	leftArrow: false,
	rightArrow: false,
	pageDown: false,
	pageUp: false,
	home: false,
	end: false,
	return: false,
	escape: false,
	ctrl: false,
	shift: false,
	tab: false,
	backspace: false,
	delete: false,
	meta: false,
	super: false,
	hyper: false,
	capsLock: false,
	numLock: false,
};

test('keys: splits text and Enter in one chunk', async t => {
	const {type} = await openKeyboard(t);
	assert.deepEqual(type('hello\r').keys, [inserted('hello'), {type: 'submit'}]);
	assert.deepEqual(type('one\rtwo\nthree').keys, [
		inserted('one'),
		{type: 'submit'},
		inserted('two'),
		{type: 'submit'},
		inserted('three'),
	]);
});

test('keys: submits once for each kind of line end', async t => {
	const {type} = await openKeyboard(t);
	for (const end of ['\r', '\r\n', '\u{1B}OM', '\u{1B}[57414u']) {
		assert.deepEqual(type(end).keys, [{type: 'submit'}], JSON.stringify(end));
	}

	assert.deepEqual(type('\r\r').keys, [{type: 'submit'}, {type: 'submit'}]);
	assert.deepEqual(type('a\n').keys, [inserted('a'), {type: 'submit'}]);
	// Ctrl-J.
	assert.deepEqual(type('\n').keys, [inserted('\n')]);
});

test('keys: keeps the order of text, Backspace and arrows in a chunk', async t => {
	const {type} = await openKeyboard(t);
	assert.deepEqual(type('abc\u{7F}def').keys, [
		inserted('abc'),
		{type: 'delete-back'},
		inserted('def'),
	]);
	assert.deepEqual(type('\u{1B}[D\u{1B}[D\u{1B}[Cx\u{1B}[A').keys, [
		{type: 'left'},
		{type: 'left'},
		{type: 'right'},
		inserted('x'),
		{type: 'older'},
	]);
});

test('keys: finds control keys alone and inside text', async t => {
	const {type} = await openKeyboard(t);
	const expected: ReadonlyArray<[string, Key['type']]> = [
		['a', 'start'],
		['b', 'left'],
		['c', 'interrupt'],
		['d', 'end-of-input'],
		['e', 'end'],
		['f', 'right'],
		['g', 'next-panes'],
		['h', 'delete-back'],
		['i', 'complete'],
		['k', 'kill-to-end'],
		['l', 'redraw'],
		['m', 'submit'],
		['n', 'newer'],
		['o', 'next-order'],
		['p', 'older'],
		['r', 'search-back'],
		['t', 'next-view'],
		['u', 'kill-to-start'],
		['w', 'kill-to-blank'],
		['y', 'yank'],
		['z', 'suspend'],
	];
	assert.deepEqual(type('\u{1F}').keys, [{type: 'undo'}]);
	assert.deepEqual(type('\u{1B}\u{1F}').keys, [{type: 'redo'}]);
	for (const bytes of ['\u{1B}/', '\u{1B}[47;3u']) {
		assert.deepEqual(type(bytes).keys, [{type: 'redo-or-slash'}]);
	}

	for (const [letter, keyType] of expected) {
		const byte = String.fromCodePoint(letter.codePointAt(0)! - 0x60);
		assert.deepEqual(type(byte).keys, [{type: keyType}], `Ctrl-${letter}`);
		assert.deepEqual(
			type(`x${byte}y`).keys,
			[inserted('x'), {type: keyType}, inserted('y')],
			`Ctrl-${letter} inside text`,
		);
	}
});

test('keys: drops control bytes without a meaning', async t => {
	const {type} = await openKeyboard(t);
	const meaningless = '\0\u{11}\u{16}\u{18}';
	for (const byte of [...meaningless, '\u{1C}', '\u{1D}', '\u{1E}']) {
		assert.deepEqual(type(byte).keys, [], JSON.stringify(byte));
		assert.deepEqual(type(`x${byte}y`).keys, [inserted('x'), inserted('y')]);
	}
});

test('keys: reads every sequence that terminals send for a named key', async t => {
	const {type} = await openKeyboard(t);
	const sequences: ReadonlyArray<[Key['type'], readonly string[]]> = [
		['start', ['[H', 'OH', '[1~', '[7~', '[57423u']],
		['end', ['[F', 'OF', '[4~', '[8~', '[57424u']],
		['page-up', ['[5~', '[[5~', '[5;2~', '[57421u']],
		['page-down', ['[6~', '[[6~', '[6;2~', '[57422u']],
		['left', ['[D', 'OD', '[1;2D']],
		['right', ['[C', 'OC', '[1;2C']],
		['older', ['[A', 'OA']],
		['newer', ['[B', 'OB']],
		['top', ['[1;5H', '[1;3H']],
		['bottom', ['[1;5F', '[1;3F', '[8^']],
		['row-up', ['[1;2A', '[1;3A', '[a']],
		['row-down', ['[1;2B', '[1;3B', '[b']],
		['word-left', ['[1;5D', '[1;3D', '[5D', 'Od', '\u{1B}[D', 'b', 'B']],
		['word-right', ['[1;5C', '[1;3C', '[5C', 'Oc', '\u{1B}[C', 'f', 'F']],
		['kill-word-back', ['\u{7F}', '\u{8}', '[127;5u']],
		['kill-word-forward', ['d', 'D', '[3;5~', '[3;3~', '[3^']],
		['delete-forward', ['[3~', '[57426u']],
		['complete-back', ['[Z', '[9;2u']],
		['interrupt', ['[99;5u']],
		['end-of-input', ['[100;5u']],
	];
	for (const [keyType, endings] of sequences) {
		for (const ending of endings) {
			const {keys} = type(`\u{1B}${ending}`);
			assert.deepEqual(keys, [{type: keyType}], `ESC ${ending}`);
		}
	}

	assert.deepEqual(type('\t').keys, [{type: 'complete'}]);
	assert.deepEqual(type('\u{7F}').keys, [{type: 'delete-back'}]);
});

test('keys: Alt-Enter and Shift-Enter insert a line end', async t => {
	const {type} = await openKeyboard(t);
	for (const chunk of ['\u{1B}\r', '\u{1B}[13;2u', '\u{1B}[13;3u']) {
		assert.deepEqual(type(chunk).keys, [inserted('\n')]);
	}
});

test('keys: tells Esc alone from Esc that starts a sequence', async t => {
	const {typeAndWait, type} = await openKeyboard(t);
	const {keys} = await typeAndWait('\u{1B}');
	assert.deepEqual(keys, [{type: 'escape'}]);
	assert.deepEqual(type('\u{1B}[27u').keys, [{type: 'escape'}]);
});

test('keys: reads a sequence split in two', async t => {
	const {type} = await openKeyboard(t);
	assert.deepEqual(type('x\u{1B}[1').keys, [inserted('x')]);
	assert.deepEqual(type(';5Dy').keys, [{type: 'word-left'}, inserted('y')]);
});

test('keys: drops unknown keys', async t => {
	const {type} = await openKeyboard(t);
	const chunks = [
		'\u{1B}OP', // F1
		'\u{1B}[2~', // Insert
		'\u{1B}x', // Alt-X
		'\u{1B}[I', // The terminal got the focus
		'\u{1B}[24;80R', // Its answer where the caret is
		'\u{1B}[<0;3;4M', // A mouse button
		'\u{1B}[97;5:3u', // Ctrl-A let go
		'\u{1B}[97;9u', // Super-A
	];
	for (const chunk of chunks) {
		assert.deepEqual(type(chunk).keys, [], JSON.stringify(chunk));
	}
});

test('keys: keeps a paste apart from the keys around it', async t => {
	const {type} = await openKeyboard(t);
	const {keys, pastes} = type('a\u{1B}[200~one\rt\two\u{1B}[201~b\r');
	assert.deepEqual(keys, [inserted('a'), inserted('b'), {type: 'submit'}]);
	assert.deepEqual(pastes, ['one\rt\two']);
});

test('keys: passes text of any script unchanged', async t => {
	const {type} = await openKeyboard(t);
	for (const text of ['5', 'B', ' ', 'é', '日本', 'e\u{301}', '👨‍👩‍👧‍👦 🇫🇷']) {
		assert.deepEqual(type(text).keys, [inserted(text)]);
	}
});

test('keys: give the same draft whatever the chunk boundaries', async t => {
	const {type} = await openKeyboard(t);
	const pieces = fc.oneof(
		// Without LF, which is Ctrl-J if it comes by itself.
		fc.constantFrom(...'abc 日😀\r\t\u{7F}\u{8}\u{1}\u{15}\u{17}\u{19}'),
		fc.constantFrom('\u{1B}[D', '\u{1B}[1;5C', '\u{1B}OA', '\u{1B}b'),
	);
	const candidates = {commands: [], nicks: ['abc', 'about', 'bcd']};
	const outcome = (chunks: readonly string[]) => {
		const sent: string[] = [];
		let draft = createDraft();
		for (const key of chunks.flatMap(chunk => type(chunk).keys)) {
			const pressed = press(draft, key, candidates);
			draft = pressed.draft;
			sent.push(...pressed.texts);
		}

		const {text, caret, killed, history} = draft;
		return {text, caret, killed, history, sent};
	};

	fc.assert(
		fc.property(
			fc.array(pieces, {maxLength: 20}),
			fc.array(fc.integer({min: 1, max: 6}), {maxLength: 20}),
			(parts, sizes) => {
				const characters = [...parts.join('')];
				const chunks = [...sizes, characters.length].map(size =>
					characters.splice(0, size).join(''),
				);
				assert.deepEqual(outcome(chunks), outcome([parts.join('')]));
			},
		),
		{numRuns: 500},
	);
});

test('keys: lets no control byte into text, and loses nothing else', () => {
	const character = fc.oneof(
		fc.string({unit: anyCharacter, maxLength: 1}),
		fc.integer({min: 0, max: 0x7f}).map(code => String.fromCodePoint(code)),
	);
	fc.assert(
		fc.property(fc.array(character), characters => {
			const text = characters.join('');
			const kept = splitKeys(text, noFlags)
				.map(key => (key.type === 'insert' ? key.text : ''))
				.join('');
			const printable = [...text].filter(
				each => each >= ' ' && each !== '\u{7F}',
			);
			// Ctrl-J alone is a line break in the draft.
			assert.equal(kept, text === '\n' ? '\n' : printable.join(''));
		}),
		{examples: [[['\n']]]},
	);
});
