/** The peer that `/lifecycle PEER` means. Pure. */
import type {Model} from '../../store/model.js';
import type {SocketView} from '../../store/socket-view.js';
import {sideOf, type Side} from './timeline.js';

/**
 * @param peer Its nick, its address or the port of that, as `:53122` or `53122`; undefined
 * for all.
 * @returns Its address; what was given if nobody has it.
 */
export const addressOf = (
	{socket}: Pick<Model, 'socket'>,
	peer: string | undefined,
): string | undefined => {
	const {steps, peers} = socket;
	if (peer === undefined) {
		return undefined;
	}

	const named = peers?.rows.find(({nick}) => nick === peer)?.peer;
	const port = /^:?\d+$/.test(peer) ? `:${peer.replace(/^:/, '')}` : undefined;
	return (
		named ??
		steps.findLast(step => port !== undefined && step.peer?.endsWith(port))
			?.peer ??
		peer
	);
};

export type Meant = {
	readonly source: SocketView;
	readonly side: Side;
	/** Its address; undefined for all. */
	readonly peer: string | undefined;
};

const beyondWords = /^target(?:\s+(?<peer>\S+))?$/;

/**
 * Whose steps `/lifecycle WORDS` shows. On a proxy, `target` means connections
 * to the target, each by the address of its client.
 */
export const meantBy = (model: Model, words: string | undefined): Meant => {
	const beyond =
		model.target === undefined ? undefined : beyondWords.exec(words ?? '');
	const source = beyond ? model.beyond : model.socket;
	const peer = beyond ? beyond.groups?.['peer'] : words;
	return {
		source,
		side: beyond ? 'client' : sideOf(model),
		peer: addressOf({socket: source}, peer),
	};
};
