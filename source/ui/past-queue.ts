/**
 * One page of the past at a time: a server answers a second question before
 * the first with an error. A page older than what there is will be wanted again
 * by the next key; the very first page is asked for once the way is free.
 */
import type {ChatEvent} from '../event/event.js';
import type {PastWish} from './use-views.js';

type Read = Exclude<PastWish, 'none'>;

export type PastQueue = {
	readonly wish: (wish: PastWish) => void;
	/** Whatever comes, for the answers among it. */
	readonly see: (event: ChatEvent) => void;
};

/** An answer, or what comes instead of one: an error, a lost connection. */
const isAnswer = (event: ChatEvent): boolean =>
	event.type === 'connection' ||
	(event.type === 'frame' &&
		(event.frame.type === 'past' || event.frame.type === 'error'));

export const createPastQueue = (read: (wish: Read) => void): PastQueue => {
	let phase: 'free' | 'reading' | 'reading, then the oldest' = 'free';
	return {
		wish(wish) {
			if (wish === 'none') {
				phase = phase === 'free' ? 'free' : 'reading';
			} else if (phase === 'free') {
				phase = 'reading';
				read(wish);
			} else if (wish === 'oldest') {
				phase = 'reading, then the oldest';
			}
		},
		see(event) {
			if (!isAnswer(event)) {
				return;
			}

			const isOldestNext = phase === 'reading, then the oldest';
			phase = isOldestNext ? 'reading' : 'free';
			if (isOldestNext) {
				read('oldest');
			}
		},
	};
};
