/**
 * `--wait-for` and `--wait-for-mention`: the first message that matches, said
 * by somebody else after this client came, or after its own `--message` was
 * stored.
 */
import {SockchatError} from '../../errors.js';
import type {ChatEvent} from '../../event/event.js';
import type {Options} from '../../options/options.js';
import {longestMatch, matchInTime} from '../../protocol/matching.js';
import {isMentioned} from '../../protocol/mention.js';
import {foldNick} from '../../protocol/nick.js';

const matches = (
	{frame}: Extract<ChatEvent, {type: 'frame'}>,
	awaited: NonNullable<Options['awaited']>,
): boolean | 'late' => {
	if ('pattern' in awaited) {
		const match =
			frame.type === 'message'
				? matchInTime(awaited.pattern, frame.text)
				: undefined;
		return match === 'late' ? match : match !== undefined;
	}

	const {mentioned} = awaited;
	return frame.type === 'whispered'
		? foldNick(frame.to) === foldNick(mentioned)
		: frame.type === 'message' &&
				// Its own words don't call anybody.
				foldNick(frame.from) !== foldNick(mentioned) &&
				isMentioned(frame.text, mentioned);
};

const tookTooLong = (pattern: RegExp) =>
	new SockchatError(
		'ERR_PATTERN',
		`--wait-for '${pattern.source}' took over ${longestMatch / 1000} s for one message; use a pattern without nested repetitions.`,
	);

type Hands = {
	/** Gets the event that matched. */
	readonly onFound: (event: ChatEvent) => void;
	/** Gets why nothing will be found any more. */
	readonly onFailed: (error: SockchatError) => void;
};

export class MessageWait {
	/** One's own public id, once it is known. */
	id = '';
	readonly #options: Options;
	readonly #hands: Hands;
	/** Whether what comes now may match. */
	#hasBegun = false;
	#isOver = false;

	constructor(options: Options, hands: Hands) {
		this.#options = options;
		this.#hands = hands;
	}

	/** Whether a match is still waited for. */
	get isWaiting(): boolean {
		return this.#options.awaited !== undefined && !this.#isOver;
	}

	see(event: ChatEvent): void {
		const {awaited, message} = this.#options;
		if (awaited === undefined || this.#isOver) {
			return;
		}

		if (event.type === 'stored') {
			// The echo fell into a gap.
			this.#hasBegun = true;
		}

		if (event.type !== 'frame' || event.isReplay) {
			return;
		}

		const {frame} = event;
		const isOwn = 'id' in frame && frame.id === this.id;
		if (
			message === undefined
				? frame.type === 'welcome'
				: frame.type === 'message' && isOwn
		) {
			this.#hasBegun = true;
		} else if (this.#hasBegun && !isOwn) {
			const isMatch = matches(event, awaited);
			this.#isOver = isMatch !== false;
			if (isMatch === true) {
				this.#hands.onFound(event);
			} else if (isMatch === 'late' && 'pattern' in awaited) {
				this.#hands.onFailed(tookTooLong(awaited.pattern));
			}
		}
	}
}
