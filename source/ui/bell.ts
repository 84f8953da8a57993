/**
 * Gets somebody's attention when a mention or a whisper comes: the bell (BEL), a
 * notification of the terminal, and a count in the title.
 *
 * It rings also while the terminal has the focus, as a window in front doesn't
 * mean that anybody looks. The count is reset by a key, or when the focus
 * changes.
 */
import type {Notification} from '../options/options.js';
import {toDisplay, type DisplayText} from '../protocol/display.js';
import type {Model} from '../store/model.js';
import type {Store} from '../store/store.js';
import {cutTo} from './text/cells.js';

/** `/bell` turns it on and off. */
export type Bell = {isOn: boolean; readonly notification: Notification};

export type RunningBell = {
	/** Somebody looks at the screen. */
	readonly look: () => void;
	readonly stop: () => void;
};

export const ownTitle = 'sockchat';

// A flood of mentions rings like a bell, not like a buzzer.
const ringEveryMs = 1000;

const maxNoticeCells = 100;
// More units than cells, but few enough to be cheap.
const maxNoticeUnits = 400;

const bel = '\u0007';

/** As a sequence can carry it: no control characters, and no semicolon. */
const noticeText = (text: string): DisplayText =>
	toDisplay(
		cutTo(
			toDisplay(text.slice(0, maxNoticeUnits).toWellFormed()),
			maxNoticeCells,
		).replaceAll(';', ','),
	);

const notice = (
	{from, text}: NonNullable<Model['calls']['latest']>,
	kind: Notification,
): string => {
	switch (kind) {
		case 'none': {
			return '';
		}

		case 'osc9': {
			return `\u001B]9;${noticeText(`${from}: ${text}`)}\u001B\\`;
		}

		case 'osc777': {
			return `\u001B]777;notify;${noticeText(from)};${noticeText(text)}\u001B\\`;
		}
	}
};

/** What is written for calls that came at once: one ring for all of them. */
const ringFor = (
	latest: NonNullable<Model['calls']['latest']>,
	{isOn, notification}: Bell,
): string => (isOn ? bel : '') + notice(latest, notification);

type BellOptions = {
	readonly store: Pick<Store, 'getSnapshot' | 'subscribe'>;
	readonly bell: Bell;
	readonly monotonicMs: () => number;
	readonly write: (sequence: string) => void;
	readonly setTitle: (title: string) => void;
};

export const startBell = ({
	store,
	bell,
	monotonicMs,
	write,
	setTitle,
}: BellOptions): RunningBell => {
	let counted = 0;
	let seen = 0;
	let rangAt = -Infinity;
	const showCount = () => {
		const unseen = counted - seen;
		setTitle(unseen === 0 ? ownTitle : `(${unseen}) ${ownTitle}`);
	};

	const update = () => {
		const {count, latest} = store.getSnapshot().calls;
		if (count === counted || latest === undefined) {
			return;
		}

		counted = count;
		showCount();
		const ring = ringFor(latest, bell);
		if (ring !== '' && monotonicMs() - rangAt >= ringEveryMs) {
			rangAt = monotonicMs();
			write(ring);
		}
	};

	const unsubscribe = store.subscribe(update);
	// Calls that came while the screen was loading.
	update();
	return {
		look() {
			seen = counted;
			showCount();
		},
		stop: unsubscribe,
	};
};

/** What `/bell` answers. */
export const bellSentence = ({isOn, notification}: Bell): string => {
	const notifications =
		notification === 'none' ? '' : ` Notifications: ${notification}.`;
	return isOn
		? `The bell rings for mentions and whispers.${notifications}`
		: `The bell is off.${notifications}`;
};
