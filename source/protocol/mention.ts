/**
 * Mentions: where a text names somebody.
 *
 * A mention is a whole word that folds to the nick's key, whatever stands around
 * it: @otter, otter: and Otter. are mentions of otter; otters and otter-2 are
 * not. Chinese, Japanese, Korean and others write words without blanks, or join
 * endings to them, so a word also ends where such a script begins or ends. A
 * part of a path, of a URL or of otter@host is not: a nick is a login name by
 * default, and the lines of each build have paths of its home. The cost is
 * linear in the text.
 */
import {lazy} from './lazy.js';
import {foldNick} from './nick.js';

/** In UTF-16 units. */
export type TextRange = {readonly start: number; readonly end: number};

/** `/me` goes over the wire as it was typed; it isn't a word of the text. */
export const actionPrefix = '/me ';

// What a nick may contain.
const words = lazy(() => /[\p{L}\p{Mn}\p{Mc}\p{Nd}\-_.]+/gv);
const joining = String.raw`\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}`;
const joined = lazy(() => new RegExp(`[${joining}]`, 'v'));
const runs = lazy(() => new RegExp(`[${joining}]+|[^${joining}]+`, 'gv'));

// None of these folds to a letter of ASCII, and folding a word of them takes as
// long as all the rest.
const unlikeAscii = lazy(
	() =>
		/^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/v,
);
const isAscii = /^[\u0000-\u007F]*$/;
// For somebody whose nick is m: i'm, and whatever else English joins.
const endings = lazy(
	() =>
		new Set(['m', 's', 't', 'd', 're', 've', 'll'].map(end => foldNick(end))),
);
const beforeEnding = lazy(() => /[\p{L}\p{Nd}]['’]$/v);

const isPunctuation = (character: string | undefined): boolean =>
	character === '-' || character === '_' || character === '.';

/** How many characters of punctuation end a text. */
const punctuationAtEnd = (text: string): number => {
	let count = 0;
	while (count < text.length && isPunctuation(text[text.length - 1 - count])) {
		count++;
	}

	return count;
};

/** The nick in a word: no nick begins with punctuation, and few end with it. */
const nickIn = (word: string, offset: number, kept: number): TextRange => {
	let start = 0;
	while (start < word.length && isPunctuation(word[start])) {
		start++;
	}

	const end = word.length - punctuationAtEnd(word);
	return {
		start: offset + start,
		end: offset + Math.min(word.length, Math.max(start, end) + kept),
	};
};

// A longer path is not looked at to its start.
const pathUnits = 256;

// Of the word that leads to a nick. 'heron/otter' calls both.
const pathStart = lazy(
	() => /^[^\p{L}\p{Nd}]*\/|:\/\/|=\/|^-\p{L}\/|^[^\p{L}\p{Nd}]*\p{L}:[\\\/]/v,
);
const hostAfter = lazy(() => /^@[\p{L}\p{Nd}]/v);

/** Whether what stands at a range is a part of something longer. */
const isOfPath = (text: string, {start, end}: TextRange): boolean => {
	const before = text[start - 1];
	if (before === '/' || before === '\\') {
		const near = text.slice(Math.max(0, start - pathUnits), start);
		return pathStart().test(near.split(/\s/v).at(-1)!);
	}

	return text[end] === '@' && hostAfter().test(text.slice(end, end + 3));
};

function* eachMention(text: string, nick: string): Generator<TextRange> {
	const key = foldNick(nick);
	const kept = punctuationAtEnd(nick);
	const isEnding = endings().has(key);
	const isPlainKey = isAscii.test(key);
	const isNick = (name: string): boolean => {
		const isRuledOut = isAscii.test(name)
			? // Folding keeps the length of ASCII.
				name.length !== key.length
			: isPlainKey && unlikeAscii().test(name);
		return !isRuledOut && foldNick(name) === key;
	};

	const first = text.startsWith(actionPrefix) ? actionPrefix.length : 0;
	for (const {0: word, index} of text.matchAll(words())) {
		if (
			index < first ||
			(isEnding &&
				beforeEnding().test(text.slice(Math.max(0, index - 3), index)))
		) {
			continue;
		}

		const whole = nickIn(word, index, kept);
		if (isNick(text.slice(whole.start, whole.end))) {
			if (!isOfPath(text, whole)) {
				yield whole;
			}

			continue;
		}

		if (isAscii.test(word) || !joined().test(word)) {
			continue;
		}

		for (const run of word.matchAll(runs())) {
			const part = nickIn(run[0], index + run.index, kept);
			if (isNick(text.slice(part.start, part.end))) {
				yield part;
			}
		}
	}
}

/** Where a text names a nick, in order. */
export const mentionsOf = (text: string, nick: string): TextRange[] => [
	...eachMention(text, nick),
];

export const isMentioned = (text: string, nick: string): boolean =>
	eachMention(text, nick).next().done === false;
