/** What a frame of the server does to the model. Pure. */
import {assertNever} from '../errors.js';
import type {
	Message as MessageFrame,
	ServerFrame,
	Whispered,
} from '../protocol/frame.js';
import {reducePresence} from '../protocol/presence.js';
import type {Draft} from './model-draft.js';
import type {Mark} from './item.js';
import {foundLines, wordsOf} from './notice.js';
import {applyPast, itemOf, noticeOf} from './past.js';

export const applyFrame = (
	draft: Draft,
	frame: ServerFrame,
	at: number,
): void => {
	draft.presence = reducePresence(draft.presence, frame);
	const words = wordsOf({type: 'frame', at, frame});
	if (words) {
		draft.items.push(noticeOf(frame, words, at));
	}

	switch (frame.type) {
		case 'welcome': {
			draft.nick = frame.nick;
			break;
		}

		case 'message': {
			addMessage(draft, frame);
			break;
		}

		case 'whispered': {
			addWhisper(draft, frame);
			break;
		}

		case 'past': {
			applyPast(draft, frame);
			break;
		}

		case 'found': {
			for (const text of foundLines(frame)) {
				draft.items.push({kind: 'notice', at, tone: 'info', text});
			}

			break;
		}

		case 'renamed': {
			if (frame.id === draft.id) {
				draft.nick = frame.to;
			}

			break;
		}

		case 'members':
		case 'joined':
		case 'left':
		case 'gap':
		case 'error':
		case 'bye':
		case 'challenge':
		case 'ping':
		case 'pong': {
			break;
		}

		default: {
			assertNever(frame);
		}
	}
};

const addMessage = (draft: Draft, frame: MessageFrame): void => {
	const {id, n} = frame;
	if (id === draft.id) {
		draft.pending.delete(n);
	}

	draft.items.push(itemOf(frame, draft.id));
};

const addWhisper = (draft: Draft, frame: Whispered): void => {
	const {at, from, id, to, n, text} = frame;
	const isOwn = id === undefined ? from === draft.nick : id === draft.id;
	if (isOwn) {
		draft.pending.delete(n);
	}

	const mark = isOwn ? 'stored' : undefined;
	draft.items.push({kind: 'whisper', at, from, to, text, mark});
};

/** One's own message, and what became of it. */
export const settle = (
	draft: Draft,
	n: number,
	mark: Mark,
	reason?: string,
): void => {
	const item = draft.pending.get(n);
	if (item) {
		draft.pending.delete(n);
		draft.items.push({
			...item,
			mark,
			...(reason === undefined ? {} : {reason}),
		});
	}
};
