/** The types of the JSON events, as `--events` takes them. */
import {quoted, SockchatError} from '../errors.js';

export const eventNames = [
	'state',
	'mark',
	'welcome',
	'message',
	'joined',
	'left',
	'renamed',
	'members',
	'pending',
	'dropped',
	'whispered',
	'commands',
	'command',
	'offered',
	'answered',
	'gap',
	'found',
	'past',
	'error',
	'notice',
	'accepted',
	'ended',
	'foreign',
	'history',
	'relay',
	'chunk',
	'control',
	'wire',
	'step',
	'kernel',
	'peers',
	'traffic',
	'rtt',
	'remains',
] as const;

export type EventName = (typeof eventNames)[number];

/** Many, and of interest to few: printed only if asked for. */
export const samples: ReadonlySet<string> = new Set<EventName>([
	'step',
	'kernel',
	'peers',
	'traffic',
	'rtt',
	'remains',
	'commands',
]);

/** Those for which somebody has to watch the sockets. */
export const watchedEvents: ReadonlySet<EventName> = new Set<EventName>([
	'wire',
	'step',
	'kernel',
	'peers',
]);

/** Errors are always printed. */
export const isWanted = (
	type: string,
	events: readonly EventName[] | undefined,
): boolean =>
	type === 'error' ||
	(events
		? (events as readonly string[]).includes(type) ||
			// The last state of each connection.
			(type === 'remains' && events.includes('step'))
		: !samples.has(type));

/** @param list Names with commas between them. */
export const parseEventNames = (
	list: string,
): readonly EventName[] | SockchatError => {
	const names: EventName[] = [];
	for (const word of list.split(',')) {
		const name = eventNames.find(known => known === word.trim());
		if (name === undefined) {
			return new SockchatError(
				'ERR_USAGE',
				`--events ${word.trim() === '' ? 'has an empty name' : `knows no ${quoted(word)}`}; the events are ${eventNames.join(', ')}.`,
			);
		}

		names.push(name);
	}

	return names;
};
