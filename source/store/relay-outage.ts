/**
 * That the relay takes nothing, as a member learns it: by the first message that
 * has to wait, or by the first member that is listed as not yet shared. Whether
 * the engine is away or its stream is full, only the server knows. It is over
 * once the newest of those messages has its place, and nobody is listed so. Pure.
 */
import type {PendingMessage, ServerFrame} from '../protocol/frame.js';

/**
 * @param isInMemory Whether what waits ends with the room's server.
 * @param mark What stands beside a message that waits, if anything does.
 */
export const outageText = (isInMemory: boolean, mark = ''): string =>
	`The room's relay takes nothing now: what is said is kept${isInMemory ? ' in memory only' : ''}${mark}, and shared once it does.`;

/** Undefined if nothing waits. */
export type Outage =
	| {
			/** The newest message that waits. */
			readonly newest: PendingMessage | undefined;
			/** Whether a member is listed as not yet shared. */
			readonly isListed: boolean;
	  }
	| undefined;

const none: NonNullable<Outage> = {newest: undefined, isListed: false};

const listed = (
	{newest}: NonNullable<Outage>,
	unshared: readonly string[] = [],
): Outage => {
	const isListed = unshared.length > 0;
	return newest !== undefined || isListed ? {newest, isListed} : undefined;
};

/** @returns The same object if the frame changes nothing. */
export const reduceOutage = (outage: Outage, frame: ServerFrame): Outage => {
	switch (frame.type) {
		case 'pending': {
			return {newest: frame, isListed: outage?.isListed ?? false};
		}

		// All that waits comes again.
		case 'welcome': {
			return listed(none, frame.members.unshared);
		}

		case 'members': {
			return listed(outage ?? none, frame.unshared);
		}

		case 'dropped':
		case 'message': {
			const newest = outage?.newest;
			// It may get its place, or none, without its n.
			const isIt =
				frame.id === newest?.id &&
				frame.at === newest.at &&
				frame.text === newest.text;
			return isIt && !outage!.isListed
				? undefined
				: isIt
					? {newest: undefined, isListed: true}
					: outage;
		}

		default: {
			return outage;
		}
	}
};
