/** Which commands of bots a client takes from its server. */
import type {OfferedCommand} from './frame.js';

// No more than a room may have.
const maxTaken = 64;

/** A server may say anything: only names that can be typed are taken. */
export const typable = (
	offered: readonly OfferedCommand[],
): readonly OfferedCommand[] =>
	offered
		.filter(({name}) => /^[a-z][a-z\d-]{0,23}$/.test(name))
		.slice(0, maxTaken);
