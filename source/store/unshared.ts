/**
 * What was said in a relayed room while the relay is away: shown below all that
 * has its place, until it has one, in the order in which it goes out. One's own
 * is among it, and pending as well. Pure.
 */
import {
	plainN,
	type Message as MessageFrame,
	type DroppedMessage,
	type PendingMessage,
} from '../protocol/frame.js';
import {isMentioned} from '../protocol/mention.js';
import type {Message} from './item.js';
import type {ModelUpdate} from './model.js';

// More is no use on a screen; the room has them all.
const mostUnshared = 1000;

type Said = Pick<MessageFrame, 'id' | 'n' | 'at' | 'text'>;

/** Of a client that numbers its messages. */
const ownKey = (id: string, n: number): string => `${id} ${n}`;

const keyOf = ({id, n, at, text}: Said): string =>
	n === plainN ? `${id} ${at} ${text}` : ownKey(id, n);

/** A copy for each update, the first time that it changes. */
const changing = (update: ModelUpdate): Map<string, Message> => {
	if (update.unshared === update.unsharedBefore) {
		update.unshared = new Map(update.unshared);
	}

	return update.unshared as Map<string, Message>;
};

export const addUnshared = (
	update: ModelUpdate,
	frame: PendingMessage,
): void => {
	const {at, from, id, n, text} = frame;
	const isOwn = id === update.id;
	const own = isOwn ? update.pending.get(n) : undefined;
	const unshared = changing(update);
	if (n === plainN) {
		// It may have waited with a number before.
		take(update, frame);
	}

	if (own?.kind === 'message') {
		const waiting = {...own, mark: 'unshared'} as const;
		update.pending.set(n, waiting);
		unshared.set(keyOf(frame), waiting);
		return;
	}

	unshared.set(keyOf(frame), {
		kind: 'message',
		at,
		from,
		id,
		text,
		...(!isOwn && isMentioned(text, update.nick) && {mentioned: update.nick}),
		mark: isOwn ? 'unshared' : undefined,
		isUnshared: true,
	});
	if (unshared.size > mostUnshared) {
		unshared.delete(unshared.keys().next().value!);
	}
};

/** @returns What waits no longer; undefined if it didn't wait. */
const take = (update: ModelUpdate, frame: Said): Message | undefined => {
	const {id, n, at, text} = frame;
	let key: string | undefined = keyOf(frame);
	if (n === plainN && !update.unshared.has(key)) {
		// It goes out without its number.
		[key] =
			[...update.unshared].find(
				([, message]) =>
					message.id === id && message.at === at && message.text === text,
			) ?? [];
	}

	const taken = key === undefined ? undefined : update.unshared.get(key);
	if (taken) {
		changing(update).delete(key!);
	}

	return taken;
};

/** A message has its place now. */
export const share = (update: ModelUpdate, frame: Said): void => {
	if (update.unshared.size > 0) {
		take(update, frame);
	}
};

/** It gets no place. One's own that one waits for has failed before. */
export const dropUnshared = (
	update: ModelUpdate,
	frame: DroppedMessage,
): void => {
	const message = take(update, frame);
	if (message) {
		const {mark, ...rest} = message;
		const {message: reason} = frame;
		update.items.push(
			mark === undefined
				? {...rest, mark, reason}
				: {...rest, mark: 'failed', reason},
		);
	}
};

/** One's own message that waits is not going out. */
export const giveUp = (update: ModelUpdate, n: number): void => {
	const key = ownKey(update.id, n);
	if (update.unshared.has(key)) {
		changing(update).delete(key);
	}
};

/** A welcome is followed by all that is not shared yet. */
export const forgetUnshared = (update: ModelUpdate): void => {
	if (update.unshared.size > 0) {
		changing(update).clear();
	}
};
