/** Applies a frame of the server to the model. Pure. */
import {assertNever} from '../errors.js';
import type {
	Message as MessageFrame,
	ServerFrame,
	Whispered,
} from '../protocol/frame.js';
import {reducePresence} from '../protocol/presence.js';
import {hide} from './hiding.js';
import {isCall, type Mark, type Message, type Whisper} from './item.js';
import type {ModelUpdate} from './model.js';
import {foundLines, wordsOf} from './notice.js';
import {applyPage, itemOf, itemsOf} from './older-entries.js';

export const applyFrame = (
	update: ModelUpdate,
	frame: ServerFrame,
	at: number,
	isReplay = false,
): void => {
	update.presence = reducePresence(update.presence, frame);
	const {isHidden, hiding} = hide(update.hiding, frame, update.id);
	update.hiding = hiding;
	if (isHidden) {
		return;
	}

	const words =
		'seq' in frame ? undefined : wordsOf({type: 'frame', at, frame});
	if (words) {
		update.items.push({kind: 'notice', at, ...words});
	}

	switch (frame.type) {
		case 'welcome': {
			update.nick = frame.nick;
			update.roomName = frame.name;
			invite(update, at);
			break;
		}

		case 'message': {
			addMessage(update, frame, isReplay);
			break;
		}

		case 'whispered': {
			addWhisper(update, frame);
			break;
		}

		case 'past': {
			applyPage(update, frame);
			break;
		}

		case 'found': {
			for (const text of foundLines(frame)) {
				update.items.push({kind: 'notice', at, tone: 'info', text});
			}

			break;
		}

		case 'renamed': {
			if (frame.id === update.id) {
				update.nick = frame.to;
			}

			update.items.push(...itemsOf(frame, update));
			break;
		}

		case 'joined':
		case 'left': {
			update.items.push(...itemsOf(frame, update));
			break;
		}

		case 'members':
		case 'gap':
		case 'error':
		case 'bye':
		case 'status':
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

const addMessage = (
	update: ModelUpdate,
	frame: MessageFrame,
	isReplay: boolean,
): void => {
	const {id, n, seq} = frame;
	const {replayHead, members} = update.presence;
	// What was said before doesn't help somebody who is alone now.
	if (seq > replayHead || members.count > 1) {
		endInvitation(update);
	}

	if (id === update.id) {
		update.pending.delete(n);
	}

	const item = itemOf(frame, update);
	update.items.push(item);
	if (!isReplay) {
		countCall(update, item);
	}
};

const countCall = (update: ModelUpdate, item: Message | Whisper): void => {
	if (isCall(item)) {
		const {from, text} = item;
		update.calls = {count: update.calls.count + 1, latest: {from, text}};
	}
};

const invite = (update: ModelUpdate, at: number): void => {
	const {invitation: text} = update;
	if (text !== undefined) {
		update.shownInvitation = {kind: 'notice', at, tone: 'info', text};
	}
};

/** Somebody has said something. */
export const endInvitation = (update: ModelUpdate): void => {
	update.invitation = undefined;
	update.shownInvitation = undefined;
};

const addWhisper = (update: ModelUpdate, frame: Whispered): void => {
	endInvitation(update);
	const {at, from, id, to, n, text} = frame;
	const isOwn = id === undefined ? from === update.nick : id === update.id;
	if (isOwn) {
		update.pending.delete(n);
	}

	const mark = isOwn ? 'stored' : undefined;
	const item: Whisper = {kind: 'whisper', at, from, to, text, mark};
	update.items.push(item);
	countCall(update, item);
};

/** Moves one's own message to the transcript, with its final mark. */
export const settle = (
	update: ModelUpdate,
	n: number,
	mark: Mark,
	reason?: string,
): void => {
	const item = update.pending.get(n);
	if (item) {
		update.pending.delete(n);
		update.items.push({
			...item,
			mark,
			...(reason === undefined ? {} : {reason}),
		});
	}
};
