/** Whether a chat watches its own sockets, and captures their segments. */
import type {CaptureWish} from '../../chat/capture.js';
import {watchedEvents} from '../../event/event-names.js';
import type {Address} from '../../socket/address.js';
import {writtenFlag} from '../flags.js';
import type {FrontOptions} from '../options.js';
import {wrongUsage, type Reader} from '../reader.js';

export const readCapture = (
	reader: Reader,
	address: Address,
): CaptureWish | undefined => {
	const file = reader.text('pcapng');
	const name = file === undefined ? 'capture' : 'pcapng';
	if (!reader.has(name)) {
		return undefined;
	}

	if (address.kind === 'tcp') {
		return {file};
	}

	// From the config file it is for the connections that have segments.
	return reader.isTyped(name)
		? reader.take<CaptureWish | undefined>(
				wrongUsage(
					`${writtenFlag(name)} shows TCP segments, and a Unix domain socket has none; leave it out.`,
				),
				undefined,
				name,
			)
		: undefined;
};

/** Whether what the sockets do is asked for. */
export const isWatching = ({
	output,
	isExplained,
	events = [],
}: FrontOptions): boolean =>
	output === 'screen' ||
	isExplained ||
	(output === 'json' && events.some(name => watchedEvents.has(name)));
