/**
 * What one person doesn't want to see: what somebody says, or all comings and
 * goings. It concerns one screen, until its end; the room doesn't hear of it.
 *
 * `hide()` is asked about each frame before it becomes an item, so what is hidden
 * is in no transcript that is shown, counts as nothing new, and rings no bell. The
 * model keeps it, to show it in its place again. Pure.
 */
import type {ServerFrame} from '../protocol/frame.js';
import {foldNick} from '../protocol/nick.js';
import type {Coming, Item, Message, Whisper} from './item.js';

export type Ignored = {
	/** As it was typed, or as it is since a rename that was seen. */
	readonly nick: string;
	/** The folded nick that was typed: whoever has it is ignored. */
	readonly key: string;
	/** Public ids seen with it, ignored whatever their nicks become; newest last. */
	readonly ids: readonly string[];
	/** Messages and whispers that were hidden. */
	readonly hidden: number;
};

export type Hiding = {
	readonly ignored: readonly Ignored[];
	/** Whether comings and goings are hidden. */
	readonly isQuiet: boolean;
};

export const nothingHidden: Hiding = {ignored: [], isQuiet: false};

export const isNothingHidden = ({ignored, isQuiet}: Hiding): boolean =>
	!isQuiet && ignored.length === 0;

// A script may have another id each time; these are enough to follow people.
const maxIds = 32;

/** Whose frame it is; undefined if it is nobody's. */
const sourceOf = (
	frame: ServerFrame,
): {nick: string; id: string | undefined} | undefined => {
	switch (frame.type) {
		case 'message':
		case 'pending':
		case 'dropped':
		case 'whispered':
		case 'renamed': {
			return {nick: frame.from, id: frame.id};
		}

		case 'joined':
		case 'left': {
			return {nick: frame.nick, id: frame.id};
		}

		default: {
			return undefined;
		}
	}
};

const placeOf = (
	{ignored}: Hiding,
	nick: string,
	id: string | undefined,
): number => {
	const byId =
		id === undefined ? -1 : ignored.findIndex(({ids}) => ids.includes(id));
	if (byId !== -1) {
		return byId;
	}

	const key = foldNick(nick);
	return ignored.findIndex(one => one.key === key);
};

const withFrame = (
	{key, nick, ids, hidden}: Ignored,
	frame: ServerFrame,
	id: string | undefined,
): Ignored => ({
	key,
	nick: frame.type === 'renamed' ? frame.to : nick,
	ids:
		id === undefined || ids.includes(id) ? ids : [...ids.slice(1 - maxIds), id],
	hidden:
		hidden + (frame.type === 'message' || frame.type === 'whispered' ? 1 : 0),
});

export type Hidden = {readonly isHidden: boolean; readonly hiding: Hiding};

/**
 * Whether a frame is to be shown.
 *
 * @param ownId One's own public id: one sees all that one does. That one is
 * back after an outage is a coming, though.
 * @returns Also what is known now about who is ignored.
 */
export const hide = (
	hiding: Hiding,
	frame: ServerFrame,
	ownId: string,
): Hidden => {
	const source = sourceOf(frame);
	const isOwnComing = frame.type === 'joined' || frame.type === 'left';
	if (!source || (source.id === ownId && !(hiding.isQuiet && isOwnComing))) {
		return {isHidden: false, hiding};
	}

	const {nick, id} = source;
	const {ignored, isQuiet} = hiding;
	const place = ignored.length === 0 ? -1 : placeOf(hiding, nick, id);
	if (place === -1) {
		const isComing = 'seq' in frame && frame.type !== 'message';
		return {isHidden: isQuiet && isComing, hiding};
	}

	const next = withFrame(ignored[place]!, frame, id);
	return {
		isHidden: true,
		hiding: {isQuiet, ignored: ignored.with(place, next)},
	};
};

const isKey = (key: string, nick: string): boolean => foldNick(nick) === key;

const isComingOf = ({key, nick}: Ignored, coming: Coming): boolean =>
	[coming.nick, ...(coming.kind === 'renamed' ? [coming.to] : [])].some(
		name => isKey(key, name) || name === nick,
	);

const isSaidBy = ({key, nick, ids}: Ignored, item: Message | Whisper) =>
	isKey(key, item.from) ||
	(item.kind === 'message' ? ids.includes(item.id) : item.from === nick);

const moreBy = {joined: 1, left: -1, renamed: 0} as const;

/** An item without what somebody said or did; undefined if nothing is left. */
const withoutNick = (item: Item, ignored: Ignored): Item | undefined => {
	switch (item.kind) {
		case 'message':
		case 'whisper': {
			return item.mark === undefined && isSaidBy(ignored, item)
				? undefined
				: item;
		}

		case 'comings': {
			const each = item.each?.filter(coming => !isComingOf(ignored, coming));
			if (each === undefined || each.length === item.each?.length) {
				return item;
			}

			let more = 0;
			for (const {kind} of each) {
				more += moreBy[kind];
			}

			return each.length === 0
				? undefined
				: {...item, each, count: each.length, more};
		}

		default: {
			return item;
		}
	}
};

const isDay = (item: Item | undefined): boolean =>
	item?.kind === 'rule' && item.role === 'day';

/** What is left of items once somebody is ignored, or all is quiet. */
export const withoutHidden = (
	items: readonly Item[],
	{isQuiet, ignored}: Hiding,
): Item[] =>
	items
		.flatMap(item => {
			if (isQuiet && item.kind === 'comings') {
				return [];
			}

			let left: Item | undefined = item;
			for (const one of ignored) {
				left &&= withoutNick(left, one);
			}

			return left ? [left] : [];
		})
		// A day of which nothing is left needs no rule.
		.filter((item, index, all) => !(isDay(item) && isDay(all[index + 1])));

const messagesOf = (count: number): string =>
	`${count} message${count === 1 ? '' : 's'}`;

export type Changed = {readonly hiding: Hiding; readonly text: string};

/**
 * Ignores somebody, or no longer.
 *
 * @param nick Undefined lists who is ignored.
 * @param ownNick One's own, which can't be ignored.
 * @returns What is hidden now, and a sentence for the person who asked.
 */
export const ignore = (
	hiding: Hiding,
	nick: string | undefined,
	ownNick: string,
): Changed => {
	const {ignored, isQuiet} = hiding;
	if (nick === undefined) {
		const names = ignored.map(
			({nick: name, hidden}) => `${name} (${hidden} hidden)`,
		);
		return {
			hiding,
			text:
				names.length === 0
					? 'Nobody is ignored; /ignore NAME hides what somebody says, on this screen alone.'
					: `Ignored: ${names.join(', ')}.`,
		};
	}

	const key = foldNick(nick);
	const known = ignored.find(one => one.key === key || isKey(key, one.nick));
	if (known) {
		const {hidden} = known;
		const meanwhile =
			hidden === 0 ? '' : `; ${messagesOf(hidden)} hidden meanwhile`;
		return {
			hiding: {isQuiet, ignored: ignored.filter(one => one !== known)},
			text: `${nick} is no longer ignored${meanwhile}.`,
		};
	}

	return isKey(key, ownNick)
		? {hiding, text: 'That is you.'}
		: {
				hiding: {
					isQuiet,
					ignored: [...ignored, {nick, key, ids: [], hidden: 0}],
				},
				text: `${nick} is ignored on this screen; /ignore ${nick} ends it.`,
			};
};

export const quiet = ({ignored, isQuiet}: Hiding): Changed => ({
	hiding: {ignored, isQuiet: !isQuiet},
	text: isQuiet
		? 'Comings and goings are shown again.'
		: 'Comings and goings are hidden on this screen; /quiet shows them again.',
});
