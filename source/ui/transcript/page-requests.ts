/**
 * Requests to the room's log, one at a time: the server answers a second request
 * with an error while the first is open. A request for the next older page is
 * dropped meanwhile, as the next key repeats it; the others wait for the answer.
 */
import type {ChatEvent} from '../../event/event.js';

/** What a reader who scrolls needs of what was said before. */
export type PageWish =
	/** The page before the oldest entry shown. */
	| 'older'
	/** The very first page. */
	| 'oldest'
	/** None any more: the reader is back at the bottom. */
	| 'none'
	/** The page with this entry in its middle. */
	| {readonly around: number};

/** What a search needs: its first hits, or those older than the last answer's. */
export type HitsWish = {readonly search: string | undefined};

export type LogRequest = Exclude<PageWish, 'none'> | HitsWish;

export type PageRequests = {
	readonly want: (wish: PageWish | HitsWish) => void;
	/** Takes every event, to find the answers among them. */
	readonly see: (event: ChatEvent) => void;
};

/** An answer, or what ends the wait for one: an error, a lost connection. */
const isAnswer = (event: ChatEvent): boolean =>
	event.type === 'connection' ||
	(event.type === 'frame' &&
		(event.frame.type === 'past' ||
			event.frame.type === 'found' ||
			event.frame.type === 'error'));

/** @param request Sends one request. */
export const createPageRequests = (
	request: (wish: LogRequest) => void,
): PageRequests => {
	let isWaiting = false;
	// The newest wish of each kind.
	let nextPage: Exclude<LogRequest, HitsWish> | undefined;
	let nextHits: HitsWish | undefined;

	const ask = (wish: LogRequest) => {
		isWaiting = true;
		request(wish);
	};

	return {
		want(wish) {
			if (wish === 'none') {
				nextPage = undefined;
			} else if (!isWaiting) {
				ask(wish);
			} else if (typeof wish === 'object' && 'search' in wish) {
				nextHits = wish;
			} else if (wish !== 'older') {
				nextPage = wish;
			}
		},
		see(event) {
			if (!isAnswer(event)) {
				return;
			}

			isWaiting = false;
			const wish = nextPage ?? nextHits;
			if (wish === nextPage) {
				nextPage = undefined;
			} else {
				nextHits = undefined;
			}

			if (wish !== undefined) {
				ask(wish);
			}
		},
	};
};
