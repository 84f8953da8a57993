/** Regular expressions on the command line. */
import {quoted, type SockchatError} from '../errors.js';
import {compilePattern} from '../protocol/pattern.js';
import {writtenFlag, type FlagName} from './flags.js';
import {wrongUsage} from './reader.js';

export const parsePattern = (
	text: string,
	flag: FlagName,
	flags = '',
): RegExp | SockchatError => {
	const pattern = compilePattern(text, flags);
	return pattern instanceof Error
		? wrongUsage(
				`${writtenFlag(flag)} needs a regular expression; got ${quoted(text)}: ${pattern.message}.`,
			)
		: pattern;
};
