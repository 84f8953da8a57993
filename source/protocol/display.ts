/**
 * The one door from foreign text to a screen.
 *
 * What a peer sends (texts, nicks, reasons, errors, paths, host names) reaches
 * a terminal only as `DisplayText`, which can't drive it: it holds no control,
 * no bidi control and nothing that hides. Screens are drawn in columns, so it
 * also holds no grapheme that string-width and a terminal count differently,
 * but for emoji. The surprising fact: DisplayText joined to DisplayText is
 * DisplayText; no piece changes the look or the width of the next.
 *
 * What can't be shown as it is becomes a control picture (␛), an escape
 * (`\x9b`, `\u{202e}`), ◌ under a mark that has no letter, or ⋯ in place of a
 * fifth mark or hidden character in a row.
 *
 * UAX 29 says what a grapheme is, UTS 51 what an emoji is. Code points are
 * listed where JavaScript has no property for them; a test walks over all of
 * Unicode and fails when a new version outgrows the lists.
 */
import stringWidth from 'string-width';
import {lazily} from './lazily.js';

declare const brand: unique symbol;

/** Text that can't drive a terminal. */
export type DisplayText = string & {readonly [brand]: true};

/** Marks on one letter, or hidden characters in a row, that are still shown. */
const maxStacked = 4;
const omission = '⋯';
const markCarrier = '◌';
const nonJoiner = '\u{200C}';
const emojiStyle = '\u{FE0F}';

// ASCII, Latin, Cyrillic, dashes and quotes, what our own screens are drawn
// with, kana, Han, Hangul, full width: most texts need no second look.
const harmless =
	/^[\u0020-\u007E\u00A0-\u00AC\u00AE-\u02FF\u0400-\u0481\u048A-\u052F\u2010-\u2027\u203A\u20AC\u2190-\u2193\u2212\u221A\u22EF\u23CE\u2400-\u2426\u2500-\u259F\u25B8\u25C2\u25CB\u25CF\u2713\u2717\u3001-\u3003\u3008-\u3011\u3041-\u3096\u30A1-\u30FF\u4E00-\u9FFF\uAC00-\uD7A3\uFF01-\uFF5E]*$/;

// Letters that swallow the next one (UAX 29, Prepend), jamo and vowels of Kirat
// Rai that join each other, marks two cells wide: terminals disagree on them,
// and they are rare.
const unsteady = String.raw`\u0D4E\u{111C2}\u{111C3}\u{113D1}\u{1193F}\u{11941}\u{11A84}-\u{11A89}\u{11D46}\u{11F02}\u1100-\u11FF\uA960-\uA97F\uD7B0-\uD7FF\u302E\u302F\u{16D63}\u{16D67}-\u{16D6A}\u{16FF0}\u{16FF1}`;
// Nobody knows the width of what is not assigned yet; a lone skin tone would
// change the emoji before it.
const hidden = String.raw`[[\p{Cf}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Emoji_Modifier}${unsteady}]--[\u200C\u200D]]`;
// The half-width voicing marks are letters by category, but join like marks.
const marks = String.raw`[[\p{M}\uFF9E\uFF9F\u200C\u200D]--${hidden}]`;
const picture = String.raw`\p{Extended_Pictographic}\uFE0F?\p{Emoji_Modifier}?`;

/** All that needs a look; a letter without marks is not even matched. */
const suspects = lazily(
	() =>
		new RegExp(
			[
				String.raw`(?<sequence>${picture}(?:\u200D${picture})+|[0-9#*][\uFE0F\u200C\u200D]*\u20E3)`,
				// A selector after it asks for what it is, or for what few terminals do.
				String.raw`(?<emoji>(?=[\p{Extended_Pictographic}\p{Regional_Indicator}])\p{RGI_Emoji})[\uFE0E\uFE0F]?`,
				String.raw`(?:[\p{Extended_Pictographic}--\p{Emoji_Presentation}]\uFE0E|[\p{Script=Han}&&\p{Lo}][\uFE00-\uFE02\u{E0100}-\u{E01EF}]|[\p{Script=Mongolian}&&\p{L}][\u180B-\u180D\u180F])`,
				String.raw`(?<syllable>[\u1100-\u115E][\u1161-\u11A7][\u11A8-\u11FF]?|[\uAC00-\uD7A3][\u11A8-\u11FF])`,
				// Half a flag would join the next half.
				String.raw`(?<control>[\p{Cc}\p{Cs}\p{Regional_Indicator}])`,
				String.raw`(?<hiddenRun>${hidden}+)`,
				String.raw`(?<letter>[^\p{C}\p{Z}\p{M}\uFF9E\uFF9F])?(?<markRun>${marks}+)`,
			].join('|'),
			'gv',
		),
);

const wideByStyle = lazily(
	() =>
		/[\p{Extended_Pictographic}--\p{Emoji_Presentation}](?!\p{Emoji_Modifier})|[0-9#*]/gv,
);
const isJoiner = /^[\u200C\u200D]$/;
const isEmoji = lazily(() => /^\p{RGI_Emoji}$/v);
// Joiners shape the letters of Arabic, Indic and the like; elsewhere they hide.
const isShapedByJoiners = lazily(
	() =>
		/^[\p{Lo}--[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}\p{Script=Yi}\p{Script=Hebrew}\p{Script=Thai}\p{Script=Lao}\p{Script=Ethiopic}\p{Script=Canadian_Aboriginal}]]/v,
);
const takesCell = lazily(() => /^[\p{Mc}\uFF9E\uFF9F]$/v);
// UAX 29, Indic_Conjunct_Break=Linker.
const endsInLinker = lazily(
	() =>
		/[\u094D\u09CD\u0ACD\u0B4D\u0C4D\u0D4D\u1039\u17D2\u1A60\u1B44\u1BAB\uA9C0\uAAF6\u{10A3F}\u{11133}\u{113D0}\u{1193E}\u{11A47}\u{11A99}\u{11F42}][^\u200C]*$/v,
);

const escape = (character: string): string => {
	const code = character.codePointAt(0)!;
	const digits = code.toString(16);
	return code < 0x1_00 ? `\\x${digits}` : `\\u{${digits}}`;
};

const showControl = (control: string): string => {
	const special = {'\t': ' '.repeat(4), '\n': '⏎', '\u{7F}': '␡'}[control];
	if (special) {
		return special;
	}

	if (control < ' ') {
		// Their pictures stand in the same order.
		return String.fromCodePoint(0x24_00 + control.charCodeAt(0));
	}

	return control.isWellFormed() ? escape(control) : '\u{FFFD}';
};

const showHidden = (run: string): string => {
	const characters = [...run];
	const shown = characters.slice(0, maxStacked).map(escape).join('');
	return characters.length > maxStacked ? shown + omission : shown;
};

/** The emoji that Unicode knows by it, or its parts side by side. */
const showSequence = (sequence: string): string => {
	const qualified = sequence
		.replaceAll(emojiStyle, '')
		.replaceAll(wideByStyle(), `$&${emojiStyle}`);
	return isEmoji().test(qualified)
		? qualified
		: toDisplay(sequence.replaceAll(/[\u200C\u200D]/g, ''));
};

/**
 * string-width takes the letters of a conjunct for one cell, most terminals for
 * two. With its virama in sight they are two to both.
 */
const closeConjunct = (cluster: string): string =>
	isShapedByJoiners().test(cluster) && endsInLinker().test(cluster)
		? cluster.replace(/\u200D$/, '') + nonJoiner
		: cluster;

/** A letter, or ◌ where it lacks one, under no more marks than it can bear. */
const showMarks = (letter: string | undefined, run: string): string => {
	let shown = '';
	let cluster = letter ?? '';
	let count = 0;
	for (const mark of run) {
		if (isJoiner.test(mark)) {
			const isNeeded =
				isShapedByJoiners().test(cluster) && !isJoiner.test(cluster.at(-1)!);
			cluster += isNeeded ? mark : '';
			continue;
		}

		if (count === maxStacked) {
			return shown + closeConjunct(cluster) + omission;
		}

		count++;
		const isFull = takesCell().test(mark) && stringWidth(cluster) > 1;
		if (cluster === '' || isFull) {
			shown += closeConjunct(cluster);
			cluster = markCarrier;
		}

		cluster += mark;
	}

	return shown + closeConjunct(cluster);
};

const wordBreak = lazily(() => /(?<=[\p{Lo}\p{M}])\u200B(?=\p{Lo})/gv);

/**
 * Thai and Lao AM as the two signs it consists of, which have sure widths, and
 * without the zero-width space that says where a word ends in such scripts.
 */
const respell = (text: string): string =>
	text
		.replaceAll(/([\u0E48-\u0E4B]{0,4})\u0E33/g, '\u{0E4D}$1\u{0E32}')
		.replaceAll(/([\u0EC8-\u0ECB]{0,4})\u0EB3/g, '\u{0ECD}$1\u{0EB2}')
		.replaceAll(wordBreak(), '');

/** The groups of `suspects`, by their names. */
type Groups = Readonly<
	Record<
		| 'sequence'
		| 'emoji'
		| 'syllable'
		| 'control'
		| 'hiddenRun'
		| 'letter'
		| 'markRun',
		string | undefined
	>
>;

const show = (
	suspect: string,
	{sequence, emoji, syllable, control, hiddenRun, letter, markRun}: Groups,
): string => {
	if (markRun) {
		return showMarks(letter, markRun);
	}

	if (control) {
		return showControl(control);
	}

	if (hiddenRun) {
		return showHidden(hiddenRun);
	}

	if (sequence) {
		return showSequence(sequence);
	}

	return emoji ?? syllable?.normalize('NFC') ?? suspect;
};

/**
 * Makes foreign text fit to show, whatever it holds. Done again it changes
 * nothing more.
 *
 * One UTF-16 unit becomes at most eight cells: bound a text before, not after.
 *
 * @param options.lines Whether line feeds are kept, or marked as ⏎.
 */
export const toDisplay = (
	text: string,
	{lines = 'mark'}: {lines?: 'keep' | 'mark'} = {},
): DisplayText => {
	if (harmless.test(text)) {
		return text as DisplayText;
	}

	const rows = lines === 'keep' ? text.split('\n') : [text];
	return rows
		.map(row =>
			respell(row).replaceAll(suspects(), (suspect, ...rest) =>
				show(suspect, rest.at(-1) as Groups),
			),
		)
		.join('\n') as DisplayText;
};

/**
 * Our own words with foreign ones in them: display`${nick} joined`. What the
 * template says is trusted; each value goes through `toDisplay`.
 */
export const display = (
	words: TemplateStringsArray,
	...values: ReadonlyArray<string | number>
): DisplayText =>
	String.raw(
		{raw: words},
		...values.map(value => toDisplay(String(value))),
	) as DisplayText;

/** Display text joined to display text is display text. */
export const joinText = (...parts: readonly DisplayText[]): DisplayText =>
	parts.join('') as DisplayText;

/** A part of a text; `start` and `end` must lie between graphemes. */
export const sliceText = (
	text: DisplayText,
	start: number,
	end?: number,
): DisplayText => text.slice(start, end) as DisplayText;

/** The columns that a terminal gives it. */
export const displayWidth = (text: DisplayText): number => stringWidth(text);

const segmenter = lazily(
	() => new Intl.Segmenter('en', {granularity: 'grapheme'}),
);

/** What a reader takes for one character each (UAX 29). */
export const graphemes = (text: string): string[] =>
	/^[\u0020-\u007E]*$/.test(text)
		? [...text]
		: Array.from(segmenter().segment(text), ({segment}) => segment);

/**
 * One line of JSON, the same value, that can't drive a terminal either.
 *
 * Such characters stand in JSON only inside strings, where an escape says the
 * same.
 */
export const jsonSafe = (json: string): string =>
	json.replaceAll(
		/[\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069\uD800-\uDFFF]/gv,
		character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
	);
