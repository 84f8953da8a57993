/** What the commands of bots may be called, and how many there may be. */
import type {SockchatError} from '../errors.js';
import {commandInvalid} from './bot-refusals.js';
import type {Offer, OfferedCommand} from './frame.js';

/** In a room, on all its servers. */
export const maxOffers = 64;

const maxUsage = 40;
const maxHelp = 100;

export const isCommandName = (name: string): boolean =>
	/^[a-z][a-z\d-]{0,23}$/.test(name);

/** @returns Why a command can't be offered so, if that is wrong. */
export const checkOffer = ({
	name,
	usage,
	help,
}: Omit<Offer, 'type'>): SockchatError | undefined => {
	if (!isCommandName(name)) {
		return commandInvalid(
			"A command's name has 1 to 24 of a-z, 0-9 and -, and begins with a letter.",
		);
	}

	if (!/^[\u0020-\u007E]*$/.test(usage) || usage.length > maxUsage) {
		return commandInvalid(
			`The usage of /${name} has to be ASCII, of at most ${maxUsage} characters.`,
		);
	}

	return /[\p{C}\p{Zl}\p{Zp}]/u.test(help) || help.length > maxHelp
		? commandInvalid(
				`The help of /${name} has to be one line of at most ${maxHelp} characters, none of them a control.`,
			)
		: undefined;
};

/** A server may say anything: only names that can be typed are taken. */
export const typable = (
	offered: readonly OfferedCommand[],
): readonly OfferedCommand[] =>
	offered.filter(({name}) => isCommandName(name)).slice(0, maxOffers);
