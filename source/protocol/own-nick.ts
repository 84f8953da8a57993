/**
 * A member's own nick, as the frames that it receives tell it. A client may have
 * had others at earlier times, which a replay tells too: the welcome knows better.
 */
import type {ServerFrame} from './frame.js';

export type OwnNick = {
	readonly nick: string;
	/** The head of the welcome that gave it: entries up to it are past. */
	readonly head: number;
};

/** @param nick What it asks for. */
export const unnamed = (nick: string): OwnNick => ({nick, head: 0});

/**
 * @param id The member's public id.
 * @returns The same object if the frame changes nothing.
 */
export const reduceOwnNick = (
	own: OwnNick,
	id: string,
	frame: ServerFrame,
): OwnNick => {
	if (frame.type === 'welcome') {
		const {nick, head} = frame;
		return {nick, head};
	}

	return frame.type === 'renamed' && frame.id === id && frame.seq > own.head
		? {...own, nick: frame.to}
		: own;
};
