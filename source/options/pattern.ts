/**
 * Regular expressions on the command line: JavaScript's, case-sensitive.
 *
 * The flag u makes a character of each emoji and knows `\p{L}`, which without it
 * is the text `p{L}`. But it refuses `\-` and a lone `]`, as people write them:
 * such a pattern is taken without it, unless that changes what it means.
 */
import {quoted, type SockchatError} from '../errors.js';
import {writtenFlag, type FlagName} from './flags.js';
import {wrongUsage} from './reader.js';

const compiled = (text: string, flags: string): RegExp | Error => {
	try {
		return new RegExp(text, flags);
	} catch (error) {
		return error as Error;
	}
};

/** Escapes that mean other characters without the flag u. */
const needsUnicode = /(?<!\\)(?:\\\\)*\\(?:[pPu]\{)/;

export const parsePattern = (
	text: string,
	flag: FlagName,
	flags = '',
): RegExp | SockchatError => {
	const strict = compiled(text, `u${flags}`);
	const pattern =
		strict instanceof Error && !needsUnicode.test(text)
			? compiled(text, flags)
			: strict;
	return pattern instanceof Error
		? wrongUsage(
				`${writtenFlag(flag)} needs a regular expression; got ${quoted(text)}: ${pattern.message}.`,
			)
		: pattern;
};
