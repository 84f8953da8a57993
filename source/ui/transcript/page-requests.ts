/**
 * Requests for pages of older entries, one at a time: the server answers a
 * second request with an error while the first is open. A request for the next
 * older page is dropped meanwhile, as the next key repeats it; one for the very
 * first page waits for the answer.
 */
import type {ChatEvent} from '../../event/event.js';

/** What a reader who scrolls needs of what was said before. */
export type PageWish =
	/** The page before the oldest entry shown. */
	| 'older'
	/** The very first page. */
	| 'oldest'
	/** None any more: the reader is back at the bottom. */
	| 'none';

type Page = Exclude<PageWish, 'none'>;

export type PageRequests = {
	readonly want: (wish: PageWish) => void;
	/** Takes every event, to find the answers among them. */
	readonly see: (event: ChatEvent) => void;
};

/** An answer, or what ends the wait for one: an error, a lost connection. */
const isAnswer = (event: ChatEvent): boolean =>
	event.type === 'connection' ||
	(event.type === 'frame' &&
		(event.frame.type === 'past' || event.frame.type === 'error'));

/** @param request Sends one request. */
export const createPageRequests = (
	request: (page: Page) => void,
): PageRequests => {
	let phase: 'idle' | 'waiting' | 'waiting, then the oldest' = 'idle';
	return {
		want(wish) {
			if (wish === 'none') {
				phase = phase === 'idle' ? 'idle' : 'waiting';
			} else if (phase === 'idle') {
				phase = 'waiting';
				request(wish);
			} else if (wish === 'oldest') {
				phase = 'waiting, then the oldest';
			}
		},
		see(event) {
			if (!isAnswer(event)) {
				return;
			}

			const isOldestNext = phase === 'waiting, then the oldest';
			phase = isOldestNext ? 'waiting' : 'idle';
			if (isOldestNext) {
				request('oldest');
			}
		},
	};
};
