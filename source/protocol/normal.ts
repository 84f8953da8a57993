/**
 * Unicode normalization in linear time.
 *
 * `String.prototype.normalize()` sorts each run of combining marks by
 * insertion: 32,000 unordered marks take seconds. No script stacks more than 30
 * marks on a letter (UAX 15, Stream-Safe Text Format), so marks after the 30th
 * are dropped. The result is for comparing, not for showing.
 */
import {lazy} from './lazy.js';

/** The most combining marks in a row (UAX 15). */
export const maxMarksInRow = 30;

// Half-width voicing marks are letters by category, but marks in NFKD.
const marks = String.raw`[\p{M}\uFF9E\uFF9F]`;
const excessMarks = lazy(
	() => new RegExp(`(${marks}{${maxMarksInRow}})${marks}+`, 'gv'),
);
// There are no marks below U+0300.
const hasNoMarks = /^[\u0000-\u02FF]*$/;

export const normalized = (text: string, form: 'NFC' | 'NFKD'): string =>
	(hasNoMarks.test(text)
		? text
		: text.replaceAll(excessMarks(), '$1')
	).normalize(form);
