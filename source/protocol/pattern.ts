/**
 * A user's regular expression: JavaScript's, case-sensitive.
 *
 * The flag u makes a character of each emoji and knows `\p{L}`, which without it
 * is the text `p{L}`. But it refuses `\-` and a lone `]`, as people write them:
 * such a pattern is taken without it, unless that changes what it means.
 */
const compiled = (text: string, flags: string): RegExp | Error => {
	try {
		return new RegExp(text, flags);
	} catch (error) {
		const {message} = error as Error;
		// V8 repeats the pattern, with flags that nobody gave.
		const reason = message.replace(/^Invalid .*\/[a-z]*: /s, '');
		return new Error(reason, {cause: error});
	}
};

/** Escapes that mean other characters without the flag u. */
const needsUnicode = /(?<!\\)(?:\\\\)*\\(?:[pPu]\{)/;

/** @returns An error that says what is wrong with it. */
export const compilePattern = (text: string, flags = ''): RegExp | Error => {
	const strict = compiled(text, `u${flags}`);
	return strict instanceof Error && !needsUnicode.test(text)
		? compiled(text, flags)
		: strict;
};
