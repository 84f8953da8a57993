/** The steps of one peer. Pure. */
import type {Step} from '../../tcp/tcp.js';
import type {Model} from '../../store/model.js';

/**
 * @param peer Its nick, its address or the port of that, as `:53122`; undefined
 * for the steps of all.
 */
export const stepsOf = (
	{socket}: Pick<Model, 'socket'>,
	peer: string | undefined,
): readonly Step[] => {
	const {steps, peers} = socket;
	if (peer === undefined) {
		return steps;
	}

	const named = peers?.rows.find(({nick}) => nick === peer)?.peer;
	return steps.filter(
		step =>
			step.peer !== undefined &&
			(named === undefined
				? step.peer === peer ||
					(/^:\d+$/.test(peer) && step.peer.endsWith(peer))
				: step.peer === named),
	);
};
