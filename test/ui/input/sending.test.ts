import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {
	bytesOver,
	createDraft,
	type Draft,
} from '../../../source/ui/input/draft.js';
import type {Key} from '../../../source/ui/input/keys.js';
import {cleared, pasted, press} from '../../../source/ui/input/sending.js';
import {maxHistory} from '../../../source/keyboard/typed-file.js';
import {
	candidates,
	draftOf,
	shown,
	submitted,
	typed,
} from '../../helpers/drafts.js';

const answered = (draft: Draft, ...keys: readonly Key[]) => {
	let next = draft;
	const texts: string[] = [];
	for (const key of keys) {
		const pressed = press(next, key, candidates);
		next = pressed.draft;
		texts.push(...pressed.texts);
	}

	return {shown: shown(next), texts, isAsking: next.question !== undefined};
};

const enter: Key = {type: 'submit'};
const tab: Key = {type: 'complete'};
const letters = (text: string): Key[] =>
	Array.from(text, letter => ({type: 'insert', text: letter}));

test('sending: gives the text on Enter and clears the draft', () => {
	const {draft, texts} = press(draftOf('he|llo'), {type: 'submit'});
	assert.deepEqual(texts, ['hello']);
	assert.equal(shown(draft), '|');
});

test('sending: sends a blank text only if the rules allow it', () => {
	for (const text of ['|', '   |']) {
		const draft = draftOf(text);
		const {draft: next, texts} = press(draft, {type: 'submit'});
		assert.deepEqual([shown(next), texts], [text, []]);
	}

	const raw = createDraft({limitBytes: Infinity, sendsBlank: true});
	const {draft, texts} = press(raw, {type: 'submit'});
	assert.deepEqual([draft.history, texts], [[], ['']]);
});

test('sending: remembers a bounded number of lines, none twice in a row', () => {
	const draft = submitted(createDraft(), 'one', 'one', 'two', 'one');
	assert.deepEqual(draft.history, ['one', 'two', 'one']);
	const lines = Array.from({length: maxHistory + 3}, (_, index) => `n${index}`);
	const {history} = submitted(draft, ...lines);
	assert.equal(history.length, maxHistory);
	assert.deepEqual([history[0], history.at(-1)], ['n3', 'n1002']);
});

test('sending: refuses a text that is too long on Enter and keeps it whole', () => {
	const base = createDraft({limitBytes: 4, sendsBlank: false});
	const fits = typed(base, 'éé');
	assert.equal(bytesOver(fits), 0);
	assert.deepEqual(press(fits, {type: 'submit'}).texts, ['éé']);

	const over = typed(base, 'ééé');
	assert.equal(bytesOver(over), 2);
	const {draft, texts} = press(over, {type: 'submit'});
	assert.deepEqual([shown(draft), texts], ['ééé|', []]);
	assert.deepEqual(draft.history, []);
});

test('paste: inserts one line and drops its line end', () => {
	for (const end of ['', '\n', '\r', '\r\n', '\r\r']) {
		assert.equal(shown(pasted(draftOf('a|d'), `bc${end}`)), 'abc|d');
	}

	assert.equal(shown(pasted(draftOf('a|d'), '\r')), 'a|d');
});

test('paste: asks before several lines are sent', () => {
	for (const end of ['\n', '\r', '\r\n']) {
		const draft = pasted(draftOf('a|d'), `b${end}${end}c${end}`);
		assert.equal(shown(draft), 'a|d');
		assert.equal(draft.question?.lineCount, 3);
	}
});

test('paste: sends one message, or line by line, or nothing', () => {
	const draft = pasted(draftOf('a|d'), 'b\r\rc\r');
	const done = {isAsking: false, shown: '|'};
	assert.deepEqual(answered(draft, enter), {...done, texts: ['ab\n\ncd']});
	const byLine = {...done, texts: ['ab', 'cd']};
	assert.deepEqual(answered(draft, tab, enter), byLine);
	assert.deepEqual(answered(draft, {type: 'complete-back'}, enter), byLine);
	const asOne = {...done, texts: ['ab\n\ncd']};
	assert.deepEqual(answered(draft, tab, tab, enter), asOne);

	const kept = {isAsking: false, texts: []};
	const edited = {...kept, shown: 'ab\n\nc|d'};
	assert.deepEqual(answered(draft, {type: 'escape'}), edited);
	for (const type of ['interrupt', 'next-panes'] as const) {
		assert.deepEqual(answered(draft, {type}), {...kept, shown: 'a|d'});
		// It isn't lost.
		assert.deepEqual(answered(draft, {type}, {type: 'yank'}), edited);
	}
});

test('paste: only Enter sends: whoever types on or moves is editing', () => {
	const draft = pasted(draftOf('a|d'), 'b\rc');
	for (const text of ['yes, that one', 'l', 'no', 'Every time', ' x']) {
		for (const keys of [letters(text), [{type: 'insert', text}] as const]) {
			assert.deepEqual(answered(draft, ...keys), {
				shown: `ab\nc${text}|d`,
				texts: [],
				isAsking: false,
			});
		}
	}

	const kept = {texts: [], isAsking: false};
	assert.deepEqual(answered(draft, {type: 'left'}), {
		...kept,
		shown: 'ab\n|cd',
	});
	assert.deepEqual(answered(draft, {type: 'delete-back'}), {
		...kept,
		shown: 'ab\n|d',
	});
	assert.equal(answered(draft, {type: 'page-up'}).isAsking, true);
});

test('paste: no keys but Enter send it', () => {
	const keys = fc.constantFrom<Key['type']>(
		'insert',
		'complete',
		'escape',
		'interrupt',
		'left',
		'older',
		'yank',
		'undo',
		'kill-to-start',
		'search-back',
	);
	fc.assert(
		fc.property(fc.array(keys), fc.string(), (types, text) => {
			const found = answered(
				pasted(draftOf('a|d'), 'b\rc'),
				...types.map(type => ({type, text: `y${text}`}) as Key),
			);
			assert.deepEqual(found.texts, []);
		}),
	);
});

test('paste: adds a second paste to the question', () => {
	const draft = pasted(pasted(createDraft(), 'a\rb\r'), 'c\r');
	assert.equal(draft.question?.lineCount, 3);
	assert.deepEqual(answered(draft, enter).texts, ['a\nb\nc']);
});

test('paste: puts a text that is too long into the draft and sends nothing', () => {
	const base = createDraft({limitBytes: 4, sendsBlank: false});
	const whole = pasted(base, 'ab\rcd');
	assert.deepEqual(answered(whole, tab, enter).texts, ['ab', 'cd']);
	const kept = {isAsking: false, texts: []};
	assert.deepEqual(answered(whole, enter), {...kept, shown: 'ab\ncd|'});
	const oneLine = pasted(base, 'ab\rcdefg');
	assert.deepEqual(answered(oneLine, tab, enter), {
		...kept,
		shown: 'ab\ncdefg|',
	});
});

test('clear: what was cleared can be undone', () => {
	const draft = cleared(draftOf('a|d'));
	assert.equal(shown(draft), '|');
	const back = press(draft, {type: 'undo'}).draft;
	assert.equal(shown(back), 'a|d');
	assert.equal(shown(press(back, {type: 'redo'}).draft), '|');
});

test('sending: in raw mode a paste keeps its blank last line, either way', () => {
	const raw = createDraft({limitBytes: Infinity, sendsBlank: true});
	const asked = pasted(raw, 'GET / HTTP/1.0\r\nHost: otter\r\n\r\n');
	assert.deepEqual(answered(asked, enter).texts, [
		'GET / HTTP/1.0\nHost: otter\n',
	]);
	assert.deepEqual(answered(asked, tab, enter).texts, [
		'GET / HTTP/1.0',
		'Host: otter',
		'',
	]);
});
