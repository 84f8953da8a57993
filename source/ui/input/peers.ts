/** The peers of a raw server that Tab completes: those who spoke last first. */
import type {Model} from '../../store/model.js';
import {itemAt} from '../../store/transcript.js';

// Earlier speakers are no more likely than anybody else.
const maxItems = 1000;

/** @param present The addresses of those who are connected. */
export const peersToComplete = (
	{transcript}: Pick<Model, 'transcript'>,
	present: readonly string[],
): readonly string[] => {
	const isPresent = new Set(present);
	const peers = new Set<string>();
	const oldest = Math.max(transcript.first, transcript.end - maxItems);
	for (let index = transcript.end - 1; index >= oldest; index--) {
		const item = itemAt(transcript, index);
		if (item?.kind === 'chunk' && isPresent.has(item.peer ?? '')) {
			peers.add(item.peer!);
		}
	}

	for (const peer of present) {
		peers.add(peer);
	}

	return [...peers];
};
