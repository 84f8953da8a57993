/** The nicks that Tab completes: those who spoke last are first. */
import type {Model} from '../../store/model.js';
import {itemAt} from '../../store/transcript.js';
import type {Candidates} from './completion.js';

// Earlier speakers are no more likely than anybody else.
const maxItems = 1000;

export const nicksToComplete = ({
	transcript,
	presence,
	nick,
}: Pick<Model, 'transcript' | 'presence' | 'nick'>): Required<
	Pick<Candidates, 'nicks' | 'gone'>
> => {
	const {names} = presence.members;
	const present = new Set(names);
	// In a very large room, only those who speak are known.
	const isKnown = (name: string) => names.length === 0 || present.has(name);
	const nicks = new Set<string>();
	const gone = new Set<string>();
	const oldest = Math.max(transcript.first, transcript.end - maxItems);
	for (let index = transcript.end - 1; index >= oldest; index--) {
		const item = itemAt(transcript, index);
		if (item?.kind === 'message' || item?.kind === 'whisper') {
			(isKnown(item.from) ? nicks : gone).add(item.from);
		}
	}

	for (const name of names) {
		nicks.add(name);
	}

	nicks.delete(nick);
	gone.delete(nick);
	return {nicks: [...nicks], gone: [...gone]};
};
