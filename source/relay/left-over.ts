/**
 * What an earlier process left in the outbox: some of it may be in the log. A
 * kill between the two leaves it in both.
 */
import type {Buffer} from 'node:buffer';
import {textOf} from '../protocol/unnumbered.js';
import type {Waiting} from './outgoing.js';

const lineFeed = 10;

/** @param tail The end of the log, as whole lines. */
export const loggedAmong = (
	left: readonly Waiting[],
	tail: Buffer,
): ReadonlySet<Waiting> => {
	const logged = new Set<Waiting>();
	// Two peers of `nc` may say the same in one millisecond.
	const byText = new Map<string, Waiting[]>();
	for (const waiting of left) {
		const same = byText.get(waiting.text);
		if (same) {
			same.push(waiting);
		} else {
			byText.set(waiting.text, [waiting]);
		}
	}

	let start = 0;
	while (start < tail.length && logged.size < left.length) {
		const end = tail.indexOf(lineFeed, start);
		const text = textOf(tail.toString('utf8', start, end));
		const waiting = byText.get(text)?.pop();
		if (waiting) {
			logged.add(waiting);
		}

		start = end + 1;
	}

	return logged;
};
