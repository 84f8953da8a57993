/** Whether a message calls this member: by a mention, or as a whisper. */
import type {ServerFrame} from '../protocol/frame.js';
import {isMentioned} from '../protocol/mention.js';
import {foldNick} from '../protocol/nick.js';

export type Self = {
	/** One's own public id. */
	readonly id: string;
	readonly nick: string;
};

/** Whether a frame calls this member, said by somebody else. */
export const isCall = (frame: ServerFrame, {id, nick}: Self): boolean => {
	switch (frame.type) {
		case 'whispered': {
			return frame.id !== id && foldNick(frame.to) === foldNick(nick);
		}

		case 'message': {
			return frame.id !== id && isMentioned(frame.text, nick);
		}

		default: {
			return false;
		}
	}
};
