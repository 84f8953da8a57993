/** The peer that `/lifecycle PEER` means. Pure. */
import type {Model} from '../../store/model.js';

/**
 * @param peer Its nick, its address or the port of that, as `:53122`; undefined
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
	const isPort = /^:\d+$/.test(peer);
	return (
		named ??
		steps.findLast(step => isPort && step.peer?.endsWith(peer))?.peer ??
		peer
	);
};
