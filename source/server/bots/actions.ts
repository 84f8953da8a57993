/**
 * What a peer may do with the commands of bots, whatever it speaks.
 *
 * A request and its answer are between a member and a bot, which may be on
 * another server: nobody else hears of them, and they are not in the log.
 */
import {SockchatError} from '../../errors.js';
import {
	answerTooLong,
	botMuted,
	commandGone,
	tooManyRequests,
} from '../../protocol/bot-refusals.js';
import {frameLine} from '../../protocol/codec.js';
import type {
	Answer,
	Answered,
	AskedCommand,
	CommandRequest,
	Commands,
	Offer,
	Offered,
	OfferedCommand,
} from '../../protocol/frame.js';
import {maxOffers} from '../../protocol/offered-commands.js';
import {checkLength, checkText} from '../../protocol/text.js';
import type {Member} from '../../room/results.js';
import type {Peer, PeerHub} from '../peer.js';
import type {Home, OpenRequest} from './bots.js';
import {maxOwed, refusalOf} from './remote-bots.js';

type BotsHub = Pick<PeerHub, 'bots' | 'remoteBots' | 'clock' | 'withId'>;

const nickOf = (hub: PeerHub, id: string): string =>
	hub.withId(id)?.member?.nick ?? '';

/** The commands that bots offer now, on all servers. */
export const offeredCommands = (hub: PeerHub): Commands => {
	const {bots} = hub;
	const all = new Map<string, OfferedCommand>();
	for (const {name, usage, help, from} of bots.offersElsewhere) {
		all.set(name, {name, usage, help, from});
	}

	for (const {name, usage, help, bot} of bots.offers) {
		all.set(name, {name, usage, help, from: nickOf(hub, bot)});
	}

	const sorted = [...all.values()].toSorted((a, b) =>
		a.name.localeCompare(b.name, 'en'),
	);
	return {type: 'commands', offered: sorted.slice(0, maxOffers)};
};

export const offer = ({hub}: Peer, member: Member, frame: Offer): Offered => {
	const {bots, clock, moderation} = hub;
	const error =
		moderation.speechRefusal(member.id) ??
		bots.offer(member.id, frame, clock.wallMs(), bot => nickOf(hub, bot));
	if (!error) {
		hub.onOwnOffers();
	}

	return {
		type: 'offered',
		name: frame.name,
		...(error && {code: error.code, message: error.message}),
	};
};

export const withdraw = ({hub}: Peer, {id}: Member, name: string): void => {
	if (hub.bots.withdraw(id, name)) {
		hub.onOwnOffers();
	}
};

/** @returns The answer, if it is refused; else the bot will answer. */
export const askBot = (
	{hub}: Peer,
	{id, nick}: Member,
	{request: number, name, text}: Omit<CommandRequest, 'type'>,
): Answered | undefined => {
	const {bots, remoteBots, clock, moderation} = hub;
	const at = clock.wallMs();
	const error =
		moderation.speechRefusal(id) ?? (text === '' ? undefined : checkText(text));
	if (error) {
		return refusalOf(name, error, at, number);
	}

	const frame = {type: 'command', at, name, from: nick, id, text} as const;
	const elsewhere = remoteBots && bots.elsewhereNamed(name);
	if (elsewhere) {
		const asking = {...frame, request: number};
		const refused = remoteBots.ask(elsewhere, asking, bots.openOf(id));
		return refused && refusalOf(name, refused, at, number);
	}

	const others = remoteBots?.openOf(id);
	const asked = bots.ask(id, number, name, {others});
	if (asked instanceof SockchatError) {
		return refusalOf(name, asked, at, number);
	}

	const {request, bot} = asked;
	hub.withId(bot)?.writeIfFramed(frameLine({...frame, request}));
	return undefined;
};

/** A member of another server asks a bot here. */
export const askFromElsewhere = (
	hub: BotsHub,
	home: Home,
	bot: string,
	frame: AskedCommand,
): void => {
	const {bots, remoteBots, clock} = hub;
	const {name, id} = frame;
	if (!remoteBots) {
		return;
	}

	const asked =
		bots.botOf(name) === bot
			? remoteBots.isFull
				? tooManyRequests(maxOwed)
				: bots.ask(id, frame.request, name, {home})
			: commandGone(name);
	if (asked instanceof SockchatError) {
		const refused = refusalOf(name, asked, clock.wallMs(), frame.request);
		remoteBots.answer(home, refused);
		return;
	}

	const {request} = asked;
	remoteBots.owe(home, id, request);
	hub.withId(bot)?.writeIfFramed(frameLine({...frame, request}));
};

/** Hands an answer to the asker, wherever it is. */
const reply = (hub: BotsHub, open: OpenRequest, answered: Answered): void => {
	if (open.home) {
		hub.remoteBots?.answer(open.home, answered);
	} else {
		hub.withId(open.asker)?.sendAnswered(answered);
	}
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

	const {number, name} = open;
	const at = clock.wallMs();
	const error = moderation.speechRefusal(member.id)
		? botMuted(name)
		: checkLength(text) && answerTooLong(name);
	reply(
		hub,
		open,
		error
			? refusalOf(name, error, at, number)
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
	const {bots, remoteBots, clock} = hub;
	const before = bots.count;
	remoteBots?.leave(id);
	for (const open of bots.leave(id)) {
		const {name, number} = open;
		const gone = refusalOf(name, commandGone(name), clock.wallMs(), number);
		reply(hub, open, gone);
	}

	if (bots.count < before) {
		hub.onOwnOffers();
	}
};
