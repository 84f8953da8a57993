/**
 * The only way for untrusted text to reach a screen.
 *
 * Text from a peer (messages, nicks, reasons, errors, paths, host names) reaches
 * a terminal only as `DisplayText`, which can't control it: it has no control
 * characters, no bidi controls and no invisible characters. Except for emoji, it
 * has no grapheme that string-width and terminals measure differently.
 * Concatenated DisplayText is DisplayText: no piece changes the look or width of
 * the next.
 *
 * A character that can't be shown becomes a control picture (␛) or an escape
 * (`\x9b`, `\u{202e}`). A mark without a letter gets ◌; ⋯ replaces the fifth and
 * later marks or invisible characters in a row.
 *
 * UAX 29 defines graphemes, UTS 51 emoji. Code points are listed if JavaScript
 * has no property for them; a test walks all of Unicode and fails when a new
 * version needs more.
 */
import stringWidth from 'string-width';
import {lazy} from './lazy.js';
import {graphemeSegmenter} from './segments.js';

declare const brand: unique symbol;

/** Text that can't control a terminal. */
export type DisplayText = string & {readonly [brand]: true};

/** Marks on one letter, or invisible characters in a row, shown before ⋯. */
const maxStacked = 4;
const omission = '⋯';
const markCarrier = '◌';
const nonJoiner = '\u{200C}';
const emojiStyle = '\u{FE0F}';

// ASCII, Latin, Cyrillic, dashes and quotes, our box drawing, kana, Han, Hangul,
// full width: most texts take this fast path.
const harmless =
	/^[\u0020-\u007E\u00A0-\u00AC\u00AE-\u02FF\u0400-\u0481\u048A-\u052F\u2010-\u2027\u203A\u20AC\u2190-\u2193\u21C4\u21E5\u2212\u221A\u2264\u22EF\u23CE\u2400-\u2426\u2500-\u259F\u25B8\u25C2\u25CB\u25CF\u2713\u2717\u3001-\u3003\u3008-\u3011\u3041-\u3096\u30A1-\u30FF\u4E00-\u9FFF\uAC00-\uD7A3\uFF01-\uFF5E]*$/;

// Letters that join the next one (UAX 29, Prepend), jamo and vowels of Kirat Rai
// that join each other, marks two cells wide: rare, and terminals disagree on
// their widths.
const unsteady = String.raw`\u0D4E\u{111C2}\u{111C3}\u{113D1}\u{1193F}\u{11941}\u{11A84}-\u{11A89}\u{11D46}\u{11F02}\u1100-\u11FF\uA960-\uA97F\uD7B0-\uD7FF\u302E\u302F\u{16D63}\u{16D67}-\u{16D6A}\u{16FF0}\u{16FF1}`;
// An unassigned code point has no known width; a lone skin tone would change the
// emoji before it.
const hidden = String.raw`[[\p{Cf}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Emoji_Modifier}${unsteady}]--[\u200C\u200D]]`;
// Half-width voicing marks are letters by category but combine like marks.
const marks = String.raw`[[\p{M}\uFF9E\uFF9F\u200C\u200D]--${hidden}]`;
const picture = String.raw`\p{Extended_Pictographic}\uFE0F?\p{Emoji_Modifier}?`;

/** Matches everything to inspect; a letter without marks doesn't match. */
const suspects = lazy(
	() =>
		new RegExp(
			[
				String.raw`(?<sequence>${picture}(?:\u200D${picture})+|[0-9#*][\uFE0F\u200C\u200D]*\u20E3)`,
				// A selector after an emoji is redundant, or few terminals support it.
				String.raw`(?<emoji>(?=[\p{Extended_Pictographic}\p{Regional_Indicator}])\p{RGI_Emoji})[\uFE0E\uFE0F]?`,
				String.raw`(?:[\p{Extended_Pictographic}--\p{Emoji_Presentation}]\uFE0E|[\p{Script=Han}&&\p{Lo}][\uFE00-\uFE02\u{E0100}-\u{E01EF}]|[\p{Script=Mongolian}&&\p{L}][\u180B-\u180D\u180F])`,
				String.raw`(?<syllable>[\u1100-\u115E][\u1161-\u11A7][\u11A8-\u11FF]?|[\uAC00-\uD7A3][\u11A8-\u11FF])`,
				// A lone regional indicator would join the next one into a flag.
				String.raw`(?<control>[\p{Cc}\p{Cs}\p{Regional_Indicator}])`,
				String.raw`(?<hiddenRun>${hidden}+)`,
				String.raw`(?<letter>[^\p{C}\p{Z}\p{M}\uFF9E\uFF9F])?(?<markRun>${marks}+)`,
			].join('|'),
			'gv',
		),
);

const wideByStyle = lazy(
	() =>
		/[\p{Extended_Pictographic}--\p{Emoji_Presentation}](?!\p{Emoji_Modifier})|[0-9#*]/gv,
);
const isJoiner = /^[\u200C\u200D]$/;
const isEmoji = lazy(() => /^\p{RGI_Emoji}$/v);
// Joiners shape the letters of Arabic, Indic and similar scripts; elsewhere they
// are invisible.
const isShapedByJoiners = lazy(
	() =>
		/^[\p{Lo}--[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}\p{Script=Yi}\p{Script=Hebrew}\p{Script=Thai}\p{Script=Lao}\p{Script=Ethiopic}\p{Script=Canadian_Aboriginal}]]/v,
);
const takesCell = lazy(() => /^[\p{Mc}\uFF9E\uFF9F]$/v);
// UAX 29, Indic_Conjunct_Break=Linker.
const endsInLinker = lazy(
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
		// The control pictures have the same order.
		return String.fromCodePoint(0x24_00 + control.charCodeAt(0));
	}

	return control.isWellFormed() ? escape(control) : '\u{FFFD}';
};

const showHidden = (run: string): string => {
	const characters = [...run];
	const shown = characters.slice(0, maxStacked).map(escape).join('');
	return characters.length > maxStacked ? shown + omission : shown;
};

/** The sequence as one emoji if Unicode defines it, else its parts. */
const showSequence = (sequence: string): string => {
	const qualified = sequence
		.replaceAll(emojiStyle, '')
		.replaceAll(wideByStyle(), `$&${emojiStyle}`);
	return isEmoji().test(qualified)
		? qualified
		: toDisplay(sequence.replaceAll(/[\u200C\u200D]/g, ''));
};

/**
 * string-width measures the letters of a conjunct as one cell, most terminals as
 * two. With a visible virama both measure two.
 */
const closeConjunct = (cluster: string): string =>
	isShapedByJoiners().test(cluster) && endsInLinker().test(cluster)
		? cluster.replace(/\u200D$/, '') + nonJoiner
		: cluster;

/** A letter, or ◌ if there is none, with at most `maxStacked` marks. */
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

const wordBreak = lazy(() => /(?<=[\p{Lo}\p{M}])\u200B(?=\p{Lo})/gv);

/**
 * Splits Thai and Lao AM into its two signs, whose widths are reliable, and drops
 * the zero-width spaces that separate words in such scripts.
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
 * Makes any untrusted text safe to show. It is idempotent.
 *
 * One UTF-16 unit becomes at most eight cells: limit a text before, not after.
 *
 * @param options.lines Whether to keep line feeds or mark them as ⏎.
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
 * A template tag for our own text with untrusted values: display`${nick} joined`.
 * The template is trusted; each value goes through `toDisplay`.
 */
export const display = (
	words: TemplateStringsArray,
	...values: ReadonlyArray<string | number>
): DisplayText =>
	String.raw(
		{raw: words},
		...values.map(value => toDisplay(String(value))),
	) as DisplayText;

/** Concatenates display text. */
export const joinText = (...parts: readonly DisplayText[]): DisplayText =>
	parts.join('') as DisplayText;

/** A slice of a text; `start` and `end` must lie between graphemes. */
export const sliceText = (
	text: DisplayText,
	start: number,
	end?: number,
): DisplayText => text.slice(start, end) as DisplayText;

/** The width in terminal columns. */
export const displayWidth = (text: DisplayText): number => stringWidth(text);

/** A character by itself: one that would be a blank there, by its code. */
export const displayAlone = (character: string): DisplayText => {
	const shown = toDisplay(character);
	return displayWidth(shown) === 0 || shown.trim() === ''
		? (escape(character) as DisplayText)
		: shown;
};

/** The user-perceived characters of a text (UAX 29). */
export const graphemes = (text: string): string[] =>
	/^[\u0020-\u007E]*$/.test(text)
		? [...text]
		: Array.from(graphemeSegmenter.segment(text), ({segment}) => segment);

/**
 * Escapes one line of JSON so that it can't control a terminal; its value stays
 * the same.
 *
 * In JSON such characters occur only inside strings, which may escape them.
 */
export const jsonSafe = (json: string): string =>
	json.replaceAll(
		/[\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069\uD800-\uDFFF]/gv,
		character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
	);
