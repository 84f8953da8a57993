import assert from 'node:assert/strict';
import {env} from 'node:process';
import {test} from 'node:test';
import xterm from '@xterm/headless';
import fc from 'fast-check';
import {
	display,
	displayWidth,
	graphemes,
	jsonSafe,
	toDisplay,
	type DisplayText,
} from '../../source/protocol/display.js';
import {anyCharacter} from '../helpers/any-character.js';

const numberRuns = Number(env['FAST_CHECK_RUNS'] ?? 1000);

const bidiControls = '\u061C\u200E\u200F\u202A\u202B\u202D\u202E\u2066\u2069';
const controls = '\0\u0007\b\t\n\u000B\r\u001B\u007F\u0080\u0085\u009B\u009D';
const invisible =
	'\u00AD\u034F\u200B\u2028\u2029\u2060\u3164\uFEFF\uFFF9\u180B';
const joiners = '\u200C\u200D\uFE0E\uFE0F\u{E0100}\u{E0067}\u{E007F}';
const marks = '\u0301\u0323\u20DD\u0903\u093E\u094D\u0E48\u0E33\u064B\uFF9E';
const letters = 'a1#\\[]; क\u0937\u0D15\u0D4E\u0628\u05D0\u0E01\u0EB3ｶ中葛';
const jamo = '\u1100\u1161\u11A8\uAC00\uAC01\u302E';
const emoji = '1\u20E3😀❤⌚👩🔥🏴👍🏽🇩🇪🇽🏻©\u{1FAFF}\u{1F2FF}';
const sequences = [
	'\u001B[31m',
	'\u001B]52;c;aGk=\u0007',
	'\u001B]0;title\u001B\\',
	'\u009D8;;http://x\u009C',
	'\u001BP+q\u001B\\',
	'\u001B[201~',
	'\u001B[6n',
	'👨‍👩‍👧',
	'❤️‍🔥',
	'1️⃣',
	'🏴󠁧󠁢󠁥󠁮󠁧󠁿',
	'क्ष',
	'น้ำ',
	'e\u0301\u0302\u0303\u0304\u0305',
	'\uD800',
	'\uDFFF',
];
// Without emoji, whose widths @xterm/headless doesn't know.
const nastyUnits = [
	...[controls, bidiControls, invisible, joiners, marks, letters, jamo].flatMap(
		group => [...group],
	),
	...sequences.filter(text => !/\p{Extended_Pictographic}|\u20E3/v.test(text)),
];
const textOf = (units: readonly string[]) =>
	fc.array(fc.constantFrom(...units), {maxLength: 24}).map(all => all.join(''));
const nastyText = fc.oneof(
	textOf([...nastyUnits, ...sequences, ...emoji]),
	fc.string({unit: anyCharacter}),
	textOf(nastyUnits),
);

const forbidden =
	/[[\p{Cc}\p{Cs}\p{Cf}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]--[\u200C\u200D\uFE0E\uFE0F]]/v;
const isEmoji = /^\p{RGI_Emoji}$/v;
// Emoji without a selector, text style, and an ideograph's variant.
const isVaried =
	/^.[\uFE0E\uFE00-\uFE02\u{E0100}-\u{E01EF}\u180B-\u180D\u180F]$/v;

const knownWidths = new Map<string, number>();
const widthOf = (text: string): number => {
	const known = knownWidths.get(text) ?? displayWidth(text as DisplayText);
	knownWidths.set(text, known);
	return known;
};

/** Columns in a terminal that measures characters, not graphemes. */
const columnsByCharacter = (text: string) =>
	[...text]
		.filter(
			character => !/[\p{Mn}\p{Me}\u1160-\u11FF\u200C\u200D]/v.test(character),
		)
		.reduce((sum, each) => sum + widthOf(each), 0);

/** Throws, naming the grapheme, if it is not safe to show. */
const checkGrapheme = (grapheme: string) => {
	const name = JSON.stringify(grapheme);
	const width = widthOf(grapheme);
	assert.ok(width === 1 || width === 2, `${name} takes ${width} cells`);
	if (isEmoji.test(grapheme) || isVaried.test(grapheme)) {
		return;
	}

	assert.doesNotMatch(grapheme, forbidden, name);
	const markCount = grapheme.match(/\p{M}/gv)?.length ?? 0;
	assert.ok(markCount <= 4, `${name} has ${markCount} marks`);
	assert.equal(columnsByCharacter(grapheme), width, `${name} is unsteady`);
};

const checkFit = (text: DisplayText) => {
	const parts = graphemes(text);
	for (const part of parts) {
		checkGrapheme(part);
	}

	assert.equal(parts.join(''), text);
	const sum = parts.reduce((cells, part) => cells + widthOf(part), 0);
	assert.equal(displayWidth(text), sum);
	assert.equal(toDisplay(text), text, 'a second time changes it');
};

const examples: ReadonlyArray<[sentence: string, from: string, to: string]> = [
	['leaves ASCII as it is', "it's 5 < 6, {ok}", "it's 5 < 6, {ok}"],
	[
		'leaves other scripts as they are',
		'Grüße Ёлка 中文 한국어 שלום',
		'Grüße Ёлка 中文 한국어 שלום',
	],
	['makes an escape visible', '\u001B[31mred', '␛[31mred'],
	[
		'makes C0, DEL and C1 visible',
		'\0\b\r\u007F\u0085\u009B',
		'␀␈␍␡\\x85\\x9b',
	],
	['gives a tab four columns', 'a\tb', 'a    b'],
	[
		'marks line ends of all kinds',
		'a\nb\u2028c\u2029',
		'a⏎b\\u{2028}c\\u{2029}',
	],
	['makes bidi controls visible', '\u202Eexe.txt', '\\u{202e}exe.txt'],
	[
		'makes zero-width characters visible',
		'a\u200Bb\uFEFF\u00AD',
		'a\\u{200b}b\\u{feff}\\xad',
	],
	[
		'shows four hidden characters in a row and that there are more',
		'\u{E0041}'.repeat(400),
		'\\u{e0041}'.repeat(4) + '⋯',
	],
	[
		'makes lone surrogates the replacement character',
		'a\uD800b\uDC00',
		'a\u{FFFD}b\u{FFFD}',
	],
	[
		'stacks four marks at most',
		'e' + '\u0301'.repeat(900) + 'x',
		'e\u0301\u0301\u0301\u0301⋯x',
	],
	[
		'gives a mark without a letter one to stand on',
		'\u0301a \u0302',
		'◌\u0301a ◌\u0302',
	],
	['keeps emoji whole', '👨‍👩‍👧 👍🏽 🇩🇪 ❤️ ❤︎ ❤ 1️⃣ 🏴󠁧󠁢󠁥󠁮󠁧󠁿', '👨‍👩‍👧 👍🏽 🇩🇪 ❤️ ❤︎ ❤ 1️⃣ 🏴󠁧󠁢󠁥󠁮󠁧󠁿'],
	[
		'completes an emoji sequence that lacks its selectors',
		'❤\u200D🔥 1\u20E3',
		'❤️‍🔥 1️⃣',
	],
	['takes a sequence apart that is no emoji', '😀\u200D😀\u200D😀', '😀😀😀'],
	[
		'lets no half flag or skin tone join its neighbours',
		'🇽🇩🇪a🏻',
		'\\u{1f1fd}🇩🇪a\\u{1f3fb}',
	],
	['keeps the joiners that a script needs', 'می\u200Cخواهم', 'می\u200Cخواهم'],
	['drops the joiners that hide', 'pay\u200C\u200Dpal', 'paypal'],
	[
		'drops variation selectors from letters into sight',
		'x\uFE0F\uFE0F',
		'x\\u{fe0f}\\u{fe0f}',
	],
	['keeps the variant of an ideograph', '葛\u{E0100}', '葛\u{E0100}'],
	['shows the virama of a conjunct', 'क्षमा', 'क्\u200Cषमा'],
	['spells out Thai and Lao AM', 'น้ำ ນ້ຳ', 'นํ้า ນໍ້າ'],
	['drops the word ends of scripts without spaces', 'ខ្ញុំ\u200Bទៅ', 'ខ្\u200Cញុំទៅ'],
	['composes Hangul', '\u1112\u1161\u11AB', '한'],
	['moves a mark that would be a third column', 'जनाः', 'जना◌ः'],
];

for (const [sentence, from, to] of examples) {
	test(`display: ${sentence}`, () => {
		assert.equal(toDisplay(from), to);
		checkFit(toDisplay(from));
	});
}

test('display: keeps line feeds on request', () => {
	const text = toDisplay('a\n\u0301b\r\n\tc\n', {lines: 'keep'});
	assert.equal(text, 'a\n◌\u0301b␍\n    c\n');
});

test('display: is safe to show, whatever the text', () => {
	const property = fc.property(nastyText, text => {
		checkFit(toDisplay(text));
	});
	fc.assert(property, {numRuns: numberRuns});
});

test('display: joins to display text', () => {
	const property = fc.property(nastyText, nastyText, (first, second) => {
		checkFit((toDisplay(first) + toDisplay(second)) as DisplayText);
	});
	fc.assert(property, {numRuns: numberRuns});
});

test('display: is safe to show with any character of this Unicode', () => {
	const alike =
		/[\p{Co}\p{Cn}\u3400-\u4DBF\u4E00-\u9FFF\uAC00-\uD7A3\u{17000}-\u{18CFF}\u{20000}-\u{3FFFF}]/v;
	for (let code = 0; code <= 0x10_ff_ff; code++) {
		const character = String.fromCodePoint(code);
		if (!alike.test(character)) {
			checkFit(toDisplay(`क${character}${character}क`));
		}
	}
});

test('display: takes less than a second for a hostile 16 KiB', () => {
	const units = [
		'\u001B',
		'\u200B',
		'\u{E0041}',
		'🇽',
		'\u1100',
		'\u0E48',
		'e\u0301',
		'\u0301',
		'\u200D',
		'1\u200D',
		'😀\u200D',
		'👨‍👩‍👧',
		'क\u094D',
		'\u094D',
		'का',
		'\u0643\u200D\u0650',
		'葛\u{E0100}',
	];
	for (const unit of units) {
		const text = unit.repeat(16_384 / unit.length);
		const start = performance.now();
		toDisplay(text);
		const elapsedMs = performance.now() - start;
		assert.ok(elapsedMs < 1000, `${JSON.stringify(unit)}: ${elapsedMs} ms`);
	}
});

test('display: trusts a template, but not its values', () => {
	const text: DisplayText = display`${'ot\u001Bter'} joined\n${5} are here`;
	assert.equal(text, 'ot␛ter joined\n5 are here');
});

/** What a terminal did while drawing. */
const draw = async (text: string) => {
	const terminal = new xterm.Terminal({
		cols: 2000,
		rows: 4,
		allowProposedApi: true,
	});
	const deeds: string[] = [];
	const note = (deed: string) => () => {
		deeds.push(deed);
		return false;
	};

	terminal.onBell(note('bell'));
	terminal.onTitleChange(note('title'));
	terminal.onData(note('answer'));
	terminal.onLineFeed(note('line feed'));
	for (const code of [0, 2, 8, 52]) {
		terminal.parser.registerOscHandler(code, note(`OSC ${code}`));
	}

	for (const final of ['m', 'n', '~', 'H', 'J']) {
		terminal.parser.registerCsiHandler({final}, note(`CSI ${final}`));
	}

	await new Promise<void>(resolve => {
		terminal.write(text, resolve);
	});
	const column = terminal.buffer.active.cursorX;
	terminal.dispose();
	return {column, deeds};
};

test('display: the emulator of these tests obeys escapes', async () => {
	const {deeds} = await draw('\u0007\u001B]0;title\u0007\u001B[6n\n');
	assert.deepEqual(deeds, [
		'bell',
		'OSC 0',
		'title',
		'CSI n',
		'answer',
		'line feed',
	]);
});

test('display: controls no terminal and takes the columns it claims', async () => {
	const property = fc.asyncProperty(textOf(nastyUnits), async text => {
		const shown = toDisplay(text);
		assert.deepEqual(await draw(shown), {
			column: displayWidth(shown),
			deeds: [],
		});
	});
	await fc.assert(property, {numRuns: numberRuns / 4});
});

test("json: keeps its value and can't control a terminal", () => {
	const property = fc.property(
		fc.jsonValue({stringUnit: anyCharacter}),
		nastyText,
		(value, text) => {
			const json = JSON.stringify([value, text, {[text]: text}]);
			const safe = jsonSafe(json);
			assert.deepEqual(JSON.parse(safe), JSON.parse(json));
			assert.doesNotMatch(safe, /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/v);
			assert.equal(jsonSafe(safe), safe);
		},
	);
	fc.assert(property, {numRuns: numberRuns});
});

test('json: escapes a raw C1 control, also after a backslash', () => {
	assert.equal(jsonSafe('"\\\\\u009B\u202E"'), '"\\\\\\u009b\\u202e"');
});
