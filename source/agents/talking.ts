/** Tools that talk: they say something, or wait until somebody does. */
import type {ServerContext} from '@modelcontextprotocol/server';
import type * as z from 'zod';
import {toDisplay} from '../protocol/display.js';
import {longestMatch, matchInTime} from '../protocol/matching.js';
import {isMentioned} from '../protocol/mention.js';
import {foldNick} from '../protocol/nick.js';
import {compilePattern} from '../protocol/pattern.js';
import type {Heard, Inbox, Wanted} from './inbox.js';
import {
	layOut,
	peersNote,
	unreadWords,
	type Answer,
	type Line,
} from './layout.js';
import type {AgentMember} from './member.js';
import {Reading} from './reading.js';
import * as schemas from './schemas.js';
import type {WaitOptions} from './waits.js';

/** Names in a refusal. */
const mostNamed = 20;

const failed = (sentence: string) => new Error(sentence);

/** @returns Undefined if the agent's client has not asked for progress. */
const progressOf = (
	{mcpReq}: ServerContext,
	total: number,
): ((seconds: number) => void) | undefined => {
	const token = mcpReq._meta?.progressToken;
	return token === undefined
		? undefined
		: seconds => {
				void mcpReq
					.notify({
						method: 'notifications/progress',
						params: {progressToken: token, progress: seconds, total},
					})
					// The client has gone.
					.catch(() => undefined);
			};
};

const waitOptionsOf = (
	context: ServerContext,
	seconds = schemas.usualSeconds,
): Omit<WaitOptions, 'wanted'> => ({
	seconds,
	signal: context.mcpReq.signal,
	onProgress: progressOf(context, seconds),
});

const patternOf = (source: string): RegExp => {
	const pattern = compilePattern(source);
	if (pattern instanceof Error) {
		throw failed(
			`matching is not a regular expression of JavaScript: ${pattern.message}.`,
		);
	}

	return pattern;
};

/** A filter of a wait; without one, what calls the agent is waited for. */
const wantedOf = (
	from: string | undefined,
	matching: string | undefined,
): {readonly wanted: Wanted | undefined; readonly isLate: () => boolean} => {
	let isLate = false;
	const pattern = matching === undefined ? undefined : patternOf(matching);
	const matches = (text: string): boolean => {
		const match = pattern && matchInTime(pattern, text);
		// That ends the wait, with an error.
		isLate ||= match === 'late';
		return pattern === undefined || match !== undefined;
	};

	const wanted: Wanted | undefined =
		from === undefined && pattern === undefined
			? undefined
			: heard =>
					(from === undefined || foldNick(heard.from) === foldNick(from)) &&
					matches(heard.text);
	return {wanted, isLate: () => isLate};
};

const lineOf = async (
	member: AgentMember,
	heard: Heard,
): Promise<{line: Line; inbox: Inbox}> => {
	const {inbox, home} = await member.join();
	const reading = new Reading(member, inbox, home.id);
	const [line] = await reading.linesOf([heard]);
	return {line: line!, inbox};
};

export const wait = async (
	member: AgentMember,
	{seconds, from, matching}: z.infer<typeof schemas.wait.input>,
	context: ServerContext,
): Promise<Answer<z.infer<typeof schemas.wait.output>>> => {
	const {wanted, isLate} = wantedOf(from, matching);
	const options = waitOptionsOf(context, seconds);
	const outcome = await member.wait({...options, wanted});
	if (outcome === 'ended') {
		throw member.ending;
	}

	const {inbox} = await member.join();
	const unread = inbox.unreadCount;
	if (typeof outcome === 'string') {
		const what = wanted
			? 'Nothing that you wait for was said'
			: 'Nobody called you';
		return {
			text: `${what} within ${options.seconds} s.${unreadWords(inbox)}`,
			structured: {unread, note: peersNote},
		};
	}

	if (isLate()) {
		outcome.undo();
		throw failed(
			`matching took over ${longestMatch / 1000} s for one message; use a pattern without nested repetitions.`,
		);
	}

	const {line} = await lineOf(member, outcome.heard);
	const upTo = wanted ? inbox.droppedUpTo : inbox.droppedCallsUpTo;
	const dropped =
		upTo > inbox.read
			? `\nUp to #${upTo}, too much came to look through: read shows it.`
			: '';
	return {
		text: `${peersNote}\n\n${layOut(line)}\n${dropped}${unreadWords(inbox)}`.trimEnd(),
		structured: {message: schemas.messageOf(line), unread, note: peersNote},
	};
};

export const say = async (
	member: AgentMember,
	{text, to}: z.infer<typeof schemas.say.input>,
): Promise<Answer<z.infer<typeof schemas.say.output>>> => {
	const {seq, at} = await member.say(text, to);
	const {inbox} = await member.join();
	const where = seq === undefined ? '' : ` as #${seq}`;
	const what =
		to === undefined ? `Stored${where}` : `Whispered to ${toDisplay(to)}`;
	return {
		text: `${what}.${unreadWords(inbox)}`,
		structured: {
			...(seq !== undefined && {seq}),
			at,
			unread: inbox.unreadCount,
		},
	};
};

const othersWords = (names: readonly string[], own: string): string => {
	const others = names.filter(name => name !== own);
	const shown = others.slice(0, mostNamed).map(name => toDisplay(name));
	const more = others.length > shown.length ? ' and others' : '';
	return others.length === 0
		? 'nobody else is here'
		: `here are: ${shown.join(', ')}${more}`;
};

export const ask = async (
	member: AgentMember,
	{text, to, seconds}: z.infer<typeof schemas.ask.input>,
	context: ServerContext,
): Promise<Answer<z.infer<typeof schemas.ask.output>>> => {
	const members = await member.roll();
	const {names} = member.members;
	const present = members ?? names.map(nick => ({nick, id: undefined}));
	const who = present.find(({nick}) => foldNick(nick) === foldNick(to));
	const {inbox, home} = await member.join();
	if (!who) {
		throw failed(
			`Nobody here is called "${toDisplay(to)}"; ${othersWords(names, inbox.nick)}.`,
		);
	}

	if (who.id === home.id || foldNick(who.nick) === foldNick(inbox.nick)) {
		throw failed('That is you; ask another member.');
	}

	const question = isMentioned(text, who.nick) ? text : `${who.nick}: ${text}`;
	const options = waitOptionsOf(context, seconds);
	const {receipt, outcome} = await member.ask(question, who, options);
	if (outcome === 'ended') {
		throw member.ending;
	}

	const {seq, at} = receipt;
	const asked = {...(seq !== undefined && {seq}), at};
	const unread = inbox.unreadCount;
	if (typeof outcome === 'string') {
		const why =
			outcome === 'left'
				? `${toDisplay(who.nick)} has left the room.`
				: `${toDisplay(who.nick)} has not answered within ${options.seconds} s; wait with from "${toDisplay(who.nick)}" goes on waiting.`;
		return {
			text: `${why}${unreadWords(inbox)}`,
			structured: {
				...asked,
				...(outcome === 'left' && {hasLeft: true}),
				unread,
				note: peersNote,
			},
		};
	}

	const {line} = await lineOf(member, outcome.heard);
	return {
		text: `${peersNote}\n\n${layOut(line)}\n${unreadWords(inbox)}`.trimEnd(),
		structured: {
			...asked,
			answer: schemas.messageOf(line),
			unread,
			note: peersNote,
		},
	};
};
