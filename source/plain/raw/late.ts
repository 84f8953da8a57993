/**
 * What `--timeout` bounds in raw mode once it is connected: what is asked for,
 * and all of UDP, where no end ever comes.
 */
import type {RawModeOptions} from '../../options/options.js';

const isOfDatagrams = ({address}: RawModeOptions): boolean =>
	address.kind === 'udp';

/** What has not happened yet, as a sentence start; undefined if nothing has to. */
export const missingOf = (options: RawModeOptions): string | undefined => {
	const {message, replies} = options;
	if (replies !== undefined) {
		return `${replies === 1 ? 'No reply' : `Fewer than ${replies} replies`} came`;
	}

	if (isOfDatagrams(options)) {
		return 'Nothing ended it';
	}

	return message === undefined
		? undefined
		: 'The other side did not end the connection';
};

/** What to do instead of waiting longer. */
export const adviceOf = (options: RawModeOptions): string | undefined =>
	isOfDatagrams(options) && options.replies === undefined
		? 'With UDP, --replies N or --idle SECONDS says when it is over.'
		: undefined;
