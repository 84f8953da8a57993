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
		return error as Error;
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
