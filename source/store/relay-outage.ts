/**
 * That the relay is away, as a member learns it: by the first message that has
 * to wait. It is over once the newest of those has its place. Pure.
 */
import type {PendingMessage, ServerFrame} from '../protocol/frame.js';

/** @param mark What stands beside a message that waits, if anything does. */
export const outageText = (mark = ''): string =>
	`The room's relay is away: what is said is kept${mark}, and shared once it is back.`;

/** The newest message that waits; undefined if there is none. */
export type Outage = PendingMessage | undefined;

export const reduceOutage = (outage: Outage, frame: ServerFrame): Outage => {
	switch (frame.type) {
		case 'pending': {
			return frame;
		}

		// All that waits comes again.
		case 'welcome': {
			return undefined;
		}

		case 'message': {
			// It may get its place without its n.
			const isIt =
				frame.id === outage?.id &&
				frame.at === outage.at &&
				frame.text === outage.text;
			return isIt ? undefined : outage;
		}

		default: {
			return outage;
		}
	}
};
