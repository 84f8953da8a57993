/**
 * Unicode normalization in linear time.
 *
 * `String.prototype.normalize()` sorts each run of combining marks by
 * insertion: 32,000 marks out of order take it seconds. UAX 15 (Stream-Safe
 * Text Format) knows no writing that stacks more than 30 marks on a letter, so
 * the marks after those are left out here. The result is for comparing, not
 * for showing.
 */
import {lazily} from './lazily.js';

/** Combining marks in a row that count; UAX 15 names the number. */
export const maxMarksInRow = 30;

// The half-width voicing marks are letters by category, and marks in NFKD.
const marks = String.raw`[\p{M}\uFF9E\uFF9F]`;
const excessMarks = lazily(
	() => new RegExp(`(${marks}{${maxMarksInRow}})${marks}+`, 'gv'),
);
// Below U+0300 there is no mark.
const hasNoMarks = /^[\u0000-\u02FF]*$/;

export const normalized = (text: string, form: 'NFC' | 'NFKD'): string =>
	(hasNoMarks.test(text)
		? text
		: text.replaceAll(excessMarks(), '$1')
	).normalize(form);
