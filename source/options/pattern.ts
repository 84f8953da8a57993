/** Regular expressions on the command line: JavaScript's, case-sensitive. */
import {quoted, type SockchatError} from '../errors.js';
import {writtenFlag, type FlagName} from './flags.js';
import {wrongUsage} from './reader.js';

export const parsePattern = (
	text: string,
	flag: FlagName,
	flags = '',
): RegExp | SockchatError => {
	try {
		return new RegExp(text, flags);
	} catch (error) {
		return wrongUsage(
			`${writtenFlag(flag)} needs a regular expression; got ${quoted(text)}: ${(error as Error).message}.`,
		);
	}
};
