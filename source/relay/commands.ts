/**
 * Which bot has a command, if bots on several servers offer it: the one that
 * offered it first, then the lower id. Every server that heard the same beats
 * comes to the same.
 */
import {commandTaken, tooManyCommands} from '../protocol/bot-refusals.js';
import {checkOffer, maxOffers} from '../protocol/offered-commands.js';
import type {OfferElsewhere, OwnOffer} from '../room/relay.js';
import type {SockchatError} from '../errors.js';

export type OtherOffer = OfferElsewhere & Pick<OwnOffer, 'since'>;

/** An offer that this server has to take back, and why. */
export type LostOffer = {
	readonly offer: OwnOffer;
	readonly why: SockchatError;
};

const compareText = (a: string, b: string): number =>
	a < b ? -1 : Number(a > b);

const compare = (
	a: Pick<OwnOffer, 'since' | 'bot' | 'name'>,
	b: Pick<OwnOffer, 'since' | 'bot' | 'name'>,
): number =>
	a.since - b.since || compareText(a.bot, b.bot) || compareText(a.name, b.name);

/** @param others Those of the other servers. */
export const settleOffers = (
	own: readonly OwnOffer[],
	others: readonly OtherOffer[],
): {
	readonly elsewhere: readonly OfferElsewhere[];
	readonly lost: readonly LostOffer[];
} => {
	const winners = new Map<string, OwnOffer | OtherOffer>();
	for (const offer of [...own, ...others].toSorted(compare)) {
		if (winners.size < maxOffers && !winners.has(offer.name)) {
			winners.set(offer.name, offer);
		}
	}

	const elsewhere = others
		.filter(offer => winners.get(offer.name) === offer)
		.map(({since, ...offer}) => offer);
	const lost = own
		.filter(offer => winners.get(offer.name) !== offer)
		.map(offer => {
			const winner = winners.get(offer.name);
			return {
				offer,
				why:
					winner && 'from' in winner
						? commandTaken(offer.name, winner.from)
						: tooManyCommands(maxOffers, true),
			};
		});
	return {elsewhere, lost};
};

/** An offer as another server's beat has it. */
export const offerIn = (value: unknown): OwnOffer | undefined => {
	const {name, usage, help, bot, since} = (value ?? {}) as Record<
		string,
		unknown
	>;
	return typeof name === 'string' &&
		typeof usage === 'string' &&
		typeof help === 'string' &&
		checkOffer({name, usage, help}) === undefined &&
		typeof bot === 'string' &&
		/^[\da-f]{16}$/.test(bot) &&
		Number.isSafeInteger(since)
		? {name, usage, help, bot, since: since as number}
		: undefined;
};
