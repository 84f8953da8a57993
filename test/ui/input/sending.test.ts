import assert from 'node:assert/strict';
import {test} from 'node:test';
import {
	bytesOver,
	createDraft,
	type Draft,
} from '../../../source/ui/input/draft.js';
import {cleared, pasted, press} from '../../../source/ui/input/sending.js';
import {maxHistory} from '../../../source/keyboard/typed-file.js';
import {
	candidates,
	draftOf,
	shown,
	submitted,
	typed,
} from '../../helpers/drafts.js';

const answered = (draft: Draft, letter: string) => {
	const {draft: next, texts} = press(draft, {type: 'insert', text: letter});
	return {shown: shown(next), texts, isAsking: next.question !== undefined};
};

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
		const moved = press(draft, {type: 'left'}).draft;
		const ignored = press(moved, {type: 'complete'}, candidates).draft;
		assert.equal(shown(ignored), 'a|d');
		assert.ok(ignored.question);
	}
});

test('paste: sends one message, or line by line, or nothing', () => {
	const draft = pasted(draftOf('a|d'), 'b\r\rc\r');
	const done = {isAsking: false, shown: '|'};
	assert.deepEqual(answered(draft, 'y'), {...done, texts: ['ab\n\ncd']});
	assert.deepEqual(answered(draft, 'L'), {...done, texts: ['ab', 'cd']});
	assert.deepEqual(press(draft, {type: 'submit'}).texts, ['ab\n\ncd']);

	const kept = {isAsking: false, texts: []};
	assert.deepEqual(answered(draft, 'e'), {...kept, shown: 'ab\n\nc|d'});
	assert.deepEqual(answered(draft, 'n'), {...kept, shown: 'a|d'});
	assert.equal(shown(press(draft, {type: 'escape'}).draft), 'a|d');
});

test('paste: text after the answer in one chunk goes into the draft', () => {
	const draft = pasted(createDraft(), 'b\rc');
	assert.deepEqual(answered(draft, 'yhello'), {
		shown: 'hello|',
		texts: ['b\nc'],
		isAsking: false,
	});
});

test('paste: other text is kept, after the paste in the draft', () => {
	const draft = pasted(draftOf('a|d'), 'b\rc');
	for (const text of ['x', ' is it', 'hey']) {
		assert.deepEqual(answered(draft, text), {
			shown: `ab\nc${text}|d`,
			texts: [],
			isAsking: false,
		});
	}
});

test('paste: adds a second paste to the question', () => {
	const draft = pasted(pasted(createDraft(), 'a\rb\r'), 'c\r');
	assert.equal(draft.question?.lineCount, 3);
	assert.deepEqual(answered(draft, 'y').texts, ['a\nb\nc']);
});

test('paste: puts a text that is too long into the draft and sends nothing', () => {
	const base = createDraft({limitBytes: 4, sendsBlank: false});
	const whole = pasted(base, 'ab\rcd');
	assert.deepEqual(answered(whole, 'l').texts, ['ab', 'cd']);
	const kept = {isAsking: false, texts: []};
	assert.deepEqual(answered(whole, 'y'), {...kept, shown: 'ab\ncd|'});
	const oneLine = pasted(base, 'ab\rcdefg');
	assert.deepEqual(answered(oneLine, 'l'), {...kept, shown: 'ab\ncdefg|'});
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
	assert.deepEqual(answered(asked, 'y').texts, [
		'GET / HTTP/1.0\nHost: otter\n',
	]);
	assert.deepEqual(answered(asked, 'l').texts, [
		'GET / HTTP/1.0',
		'Host: otter',
		'',
	]);
});
