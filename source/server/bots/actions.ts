/**
 * What a peer may do with the commands of bots, whatever it speaks.
 *
 * A request and its answer are between a member and a bot: nobody else hears of
 * them, and they are not in the log.
 */
import {SockchatError} from '../../errors.js';
import {
	answerTooLong,
	botMuted,
	commandGone,
} from '../../protocol/bot-refusals.js';
import {frameLine} from '../../protocol/codec.js';
import type {
	Answer,
	Answered,
	CommandRequest,
	Commands,
	Offer,
	Offered,
} from '../../protocol/frame.js';
import {checkLength, checkText} from '../../protocol/text.js';
import type {Member} from '../../room/results.js';
import type {Peer, PeerHub} from '../peer.js';
import type {OpenRequest} from './bots.js';

const nickOf = (hub: PeerHub, id: string): string =>
	hub.withId(id)?.member?.nick ?? '';

/** The commands that bots offer now. */
export const offeredCommands = (hub: PeerHub): Commands => ({
	type: 'commands',
	offered: hub.bots.offers.map(({name, usage, help, bot}) => ({
		name,
		usage,
		help,
		from: nickOf(hub, bot),
	})),
});

export const offer = ({hub}: Peer, member: Member, frame: Offer): Offered => {
	const {bots, moderation} = hub;
	const error =
		moderation.speechRefusal(member.id) ??
		bots.offer(member.id, frame, bot => nickOf(hub, bot));
	if (!error) {
		hub.onOffers();
	}

	return {
		type: 'offered',
		name: frame.name,
		...(error && {code: error.code, message: error.message}),
	};
};

export const withdraw = ({hub}: Peer, {id}: Member, name: string): void => {
	if (hub.bots.withdraw(id, name)) {
		hub.onOffers();
	}
};

const refusal = (
	{number, name}: Pick<OpenRequest, 'number' | 'name'>,
	{code, message}: SockchatError,
	at: number,
): Answered => ({
	type: 'answered',
	request: number,
	at,
	name,
	text: message,
	code,
});

/** @returns The answer, if it is refused; else the bot will answer. */
export const askBot = (
	{hub}: Peer,
	{id, nick}: Member,
	{request: number, name, text}: Omit<CommandRequest, 'type'>,
): Answered | undefined => {
	const {bots, clock, moderation} = hub;
	const at = clock.wallMs();
	const error =
		moderation.speechRefusal(id) ?? (text === '' ? undefined : checkText(text));
	const asked = error ?? bots.ask(id, number, name);
	if (asked instanceof SockchatError) {
		return refusal({number, name}, asked, at);
	}

	const {request, bot} = asked;
	hub
		.withId(bot)
		?.writeIfFramed(
			frameLine({type: 'command', request, at, name, from: nick, id, text}),
		);
	return undefined;
};

/** Passes an answer on; one that nobody waits for is dropped. */
export const answer = (
	{hub}: Peer,
	member: Member,
	{request, text, failed}: Answer,
): void => {
	const {bots, clock, moderation} = hub;
	const open = bots.answer(member.id, request);
	if (!open) {
		return;
	}

	const {asker, number, name} = open;
	const at = clock.wallMs();
	const error = moderation.speechRefusal(member.id)
		? botMuted(name)
		: checkLength(text) && answerTooLong(name);
	hub.withId(asker)?.sendAnswered(
		error
			? refusal(open, error, at)
			: {
					type: 'answered',
					request: number,
					at,
					name,
					from: member.nick,
					text,
					...(failed && {failed}),
				},
	);
};

/** A member, or its connection, is gone: so are its commands. */
export const leaveBots = (hub: PeerHub, id: string): void => {
	const {bots, clock} = hub;
	const before = bots.count;
	for (const open of bots.leave(id)) {
		hub
			.withId(open.asker)
			?.sendAnswered(refusal(open, commandGone(open.name), clock.wallMs()));
	}

	if (bots.count < before) {
		hub.onOffers();
	}
};
