/** Events of the socket layer, collected. */
import {until} from './until.js';

export type EventOf<Event extends {type: string}, Type> = Extract<
	Event,
	{readonly type: Type}
>;

/** Collects events, and waits for one. */
export const collectEvents = <Event extends {readonly type: string}>() => {
	const events: Event[] = [];
	const seen = () => events.map(event => JSON.stringify(event)).join('\n');
	const of = <Type extends Event['type']>(type: Type) =>
		events.filter(
			(event): event is EventOf<Event, Type> => event.type === type,
		);
	return {
		events,
		onEvent(event: Event) {
			events.push(event);
		},
		of,
		/** The first event of a type, once it has arrived. */
		untilEvent: async <Type extends Event['type']>(
			type: Type,
			isWanted: (event: EventOf<Event, Type>) => boolean = () => true,
		) =>
			until(() => of(type).find(event => isWanted(event)), {
				what: `an event '${type}'`,
				seen,
			}),
	};
};
