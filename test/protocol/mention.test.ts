import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {isMentioned, mentionsOf} from '../../source/protocol/mention.js';
import {foldNick} from '../../source/protocol/nick.js';

const wordsOf = (text: string, nick: string): string[] =>
	mentionsOf(text, nick).map(({start, end}) => text.slice(start, end));

test('mention: a nick counts as a whole word, whatever stands around it', () => {
	for (const text of [
		'otter',
		'@otter',
		'otter: hello',
		'Otter, are you there?',
		'thanks, OTTER.',
		'thanks otter...',
		'is it (otter)?',
		"it is otter's",
		'it is otter’s',
		'_otter_ -- **otter**',
		'"otter"',
		'first line\nand otter',
		'hello 🦦otter🦦',
		'請otter看',
		'otterさん',
		'otter님, 안녕',
	]) {
		assert.ok(isMentioned(text, 'otter'), text);
	}
});

test('mention: a part of a word is none', () => {
	for (const text of [
		'',
		'otters',
		'trotter',
		'otter-2',
		'otter_',
		'otter_x',
		'sea-otter',
		'otter.js',
		'ot ter',
		'otter\u0301',
		'potté',
	]) {
		assert.equal(isMentioned(text, 'otter'), text === 'otter_', text);
	}
});

test('mention: a path, a URL and an address at a host name nobody', () => {
	for (const text of [
		'/home/otter/src/main.c:3: error',
		'cd /home/otter',
		'in "/home/otter", ~/otter and ../otter/x',
		'HOME=/home/otter -I/home/otter/include',
		String.raw`C:\Users\otter\main.c(3): error`,
		'https://example.org/otter?q=1',
		'/otter',
		'otter@laptop:~$ make',
		'otter@example.org',
	]) {
		assert.ok(!isMentioned(text, 'otter'), text);
	}

	for (const text of [
		'heron/otter: lunch?',
		'otter/heron: lunch?',
		'@heron/@otter: lunch?',
		'/tmp/x is yours, otter',
		'/tmp/x:otter',
		'is it otter@?',
		'otter @heron',
		'and/or otter',
		'/home/otter/x is yours, otter',
	]) {
		assert.ok(isMentioned(text, 'otter'), text);
	}
});

test('mention: the ending of a contraction is no word', () => {
	for (const [nick, text] of [
		['m', "i'm here, måske"],
		['S', 'it’s'],
		['t', "don't"],
		['re', "we're"],
		['ll', "I'll"],
	] as const) {
		assert.ok(!isMentioned(text, nick), `${nick} in ${text}`);
	}

	for (const text of ['m: hello', "'m'", "is it 'm?", 'i am m']) {
		assert.ok(isMentioned(text, 'm'), text);
	}

	assert.ok(isMentioned("d'otter", 'otter'));
});

test('mention: words are compared as nicks are', () => {
	for (const [nick, text] of [
		['paypal', 'dear раураl, hello'],
		['Zoë', 'ask ZOE\u0308!'],
		['Zoë', 'ask zoë'],
		['straße', 'STRASSE?'],
		['ilya', '11ya'],
		['otter', 'Ｏｔｔｅｒ'],
		['小明', '@小明 你好'],
		['小明', '小明，你好'],
		['小明a', '小明A: 你好'],
	] as const) {
		assert.ok(isMentioned(text, nick), `${nick} in ${text}`);
	}

	// Where no blank divides words, a part of a name may be any word.
	assert.ok(!isMentioned('今天天气', '天'));
});

test('mention: no letter of Chinese, Japanese or Korean folds to ASCII', () => {
	for (let code = 0; code <= 0x10_ff_ff; code++) {
		const letter = String.fromCodePoint(code);
		if (
			/^[[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]&&[\p{L}\p{M}]]$/v.test(
				letter,
			)
		) {
			assert.match(foldNick(letter), /^\P{ASCII}|^$/v, code.toString(16));
		}
	}
});

test('mention: a nick that ends in punctuation is taken whole', () => {
	assert.deepEqual(wordsOf('otter- and otter-, otter-- otter', 'otter-'), [
		'otter-',
		'otter-',
		'otter-',
	]);
	assert.ok(isMentioned('so says v1.0.', 'v1.0'));
});

test('mention: of an action, the nick me is no part', () => {
	assert.ok(!isMentioned('/me waves', 'me'));
	assert.deepEqual(mentionsOf('/me waves at me', 'me'), [{start: 13, end: 15}]);
});

test('mention: each is found once, in order, and folds to the nick', () => {
	const piece = fc.constantFrom(
		'otter',
		'OTTER',
		'otters',
		' ',
		'@',
		'-',
		'.',
		'_',
		',',
		'\n',
		'ö',
		'漢',
		'한',
		'\u0301',
		'\u200D',
		'👍',
		'/me ',
		'x',
	);
	fc.assert(
		fc.property(fc.array(piece, {maxLength: 12}), pieces => {
			const text = pieces.join('');
			const found = mentionsOf(text, 'otter');
			let last = -1;
			for (const {start, end} of found) {
				assert.ok(start > last && end === start + 5);
				assert.equal(text.slice(start, end).toLowerCase(), 'otter');
				assert.doesNotMatch(text.slice(0, start), /[a-z]$/i);
				assert.doesNotMatch(text.slice(end), /^[a-z\u0301]/i);
				last = end - 1;
			}

			assert.equal(isMentioned(text, 'otter'), found.length > 0);
			// With blanks around it, it is always found.
			assert.equal(
				mentionsOf(`${text} otter ${text}`, 'otter').length,
				mentionsOf(text, 'otter').length +
					1 +
					mentionsOf(` ${text}`, 'otter').length,
			);
		}),
	);
});
