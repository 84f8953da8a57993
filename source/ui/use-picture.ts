/**
 * The model that is on the screen, and the time: what makes a frame.
 *
 * There is a frame when the picture has changed (store/picture.ts), or when a
 * clock in it reads differently: one timer for all of them, set for the moment
 * when the next one does.
 */
import {useEffect, useReducer, useRef, useSyncExternalStore} from 'react';
import type {Model} from '../store/model.js';
import {isSamePicture, withoutBeats, type Looking} from '../store/picture.js';
import type {StoreClock} from '../store/published.js';
import type {Store} from '../store/store.js';

export type Picture = {
	readonly model: Model;
	/** Monotonic milliseconds. */
	readonly now: number;
	readonly wallNow: number;
};

export type PictureOptions = {
	/** What is in view. */
	readonly looking: Omit<Looking, 'isResting'>;
	readonly clock: StoreClock & {readonly wallMs: () => number};
	/** When a clock on the screen will read differently, monotonic. */
	readonly changesAt: (model: Model, now: number, wallNow: number) => number;
};

// A timer may fire a little early, and the clock would still read the same.
const leastMs = 20;
// Longer delays overflow a timer; a clock that waits a day needs none.
const mostMs = 86_400_000;
// A clock in seconds is a countdown, which is shown to whoever looks.
const secondsMs = 1000;

export const usePicture = (
	store: Store,
	{looking, clock, changesAt}: PictureOptions,
): Picture => {
	const shown = useRef<Model>(undefined);
	const isDue = useRef(true);
	const [beats, beat] = useReducer((count: number) => count + 1, 0);
	const getShown = (): Model => {
		const latest = store.getSnapshot();
		const isResting = store.isResting();
		if (
			shown.current === undefined ||
			isDue.current ||
			!isSamePicture(shown.current, latest, {...looking, isResting})
		) {
			shown.current = shown.current
				? withoutBeats(shown.current, latest)
				: latest;
			isDue.current = false;
		}

		return shown.current;
	};

	const model = useSyncExternalStore(store.subscribe, getShown);
	const isResting = useSyncExternalStore(store.subscribe, store.isResting);
	const {monotonicMs, setTimer} = clock;
	const now = monotonicMs();
	const wallNow = clock.wallMs();
	const due = changesAt(model, now, wallNow);
	const rests = isResting && due - now > secondsMs;
	useEffect(() => {
		const delayMs = due - monotonicMs();
		if (rests || delayMs > mostMs) {
			return undefined;
		}

		return setTimer(
			() => {
				// This frame shows the gauges as they are now, too.
				isDue.current = true;
				beat();
			},
			Math.max(leastMs, delayMs),
		);
		// After a timer that fired early, `due` may be what it was.
	}, [beats, due, rests, monotonicMs, setTimer]);
	return {model, now, wallNow};
};
