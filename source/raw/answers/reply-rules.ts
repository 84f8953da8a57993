/** `--reply REGEX=TEXT`: which answer goes to which words. Pure. */
import type {Buffer} from 'node:buffer';

export type ReplyRule = {
	/** With the flag `g`, as a search goes on after an empty match. */
	readonly pattern: RegExp;
	readonly bytes: Buffer;
};

/** After pairs of backslashes, which stand for one each. */
const escapedEquals = /(?<!\\)((?:\\\\)*)\\=/g;

/**
 * Splits at the first `=` that no backslash stands before: `\=` is an equals
 * sign of the expression, which gets it without the backslash. `(?\=` begins no
 * group, and with the flag u `\=` is an error.
 *
 * @returns Undefined if there is no such `=`, or nothing before it.
 */
export const splitReply = (
	text: string,
): {readonly source: string; readonly answer: string} | undefined => {
	const at = /(?<!\\)=/.exec(text)?.index;
	return at === undefined || at === 0
		? undefined
		: {
				source: text.slice(0, at).replaceAll(escapedEquals, '$1='),
				answer: text.slice(at + 1),
			};
};
