/** Tools that look: at what was said, and at who is here. */
import type {ServerContext} from '@modelcontextprotocol/server';
import type * as z from 'zod';
import {toDisplay} from '../protocol/display.js';
import type {Inbox} from './inbox.js';
import {
	counted,
	layOut,
	maxAnswer,
	peersNote,
	unreadWords,
	type Answer,
	type Line,
} from './layout.js';
import type {AgentMember} from './member.js';
import {Reading, type Passage} from './reading.js';
import * as schemas from './schemas.js';

/** In a search, a long message is shown by its beginning. */
const mostFound = 2000;

const gapWords = ({from, to}: {from: number; to: number}): string =>
	from === to
		? `Entry ${from} is missing: the room no longer keeps it.`
		: `Entries ${from} to ${to} are missing: the room no longer keeps them.`;

const catchUp = async (
	member: AgentMember,
	inbox: Inbox,
	reading: Reading,
	signal: AbortSignal,
): Promise<Passage> => {
	const filter = {isOthersOnly: true};
	const passage = await reading.after(inbox.read, filter, inbox.whispers);
	await member.advance(passage.end, passage.whispers, signal);
	return passage;
};

export const read = async (
	member: AgentMember,
	{since, last, from, mentions = false}: z.infer<typeof schemas.read.input>,
	{mcpReq: {signal}}: ServerContext,
): Promise<Answer<z.infer<typeof schemas.read.output>>> => {
	const {inbox, home} = await member.enter();
	const reading = new Reading(member, inbox, home.id);
	const isCatchingUp =
		since === undefined &&
		last === undefined &&
		from === undefined &&
		!mentions;
	const filter = {from, isOnlyCalls: mentions};
	let passage: Passage;
	let {unreadCount: left} = inbox;
	if (isCatchingUp) {
		passage = await member.inTurn(async () =>
			catchUp(member, inbox, reading, signal),
		);
		left = inbox.unreadCount;
	} else {
		passage =
			last === undefined
				? await reading.after(
						since ?? inbox.read,
						{...filter, isOthersOnly: since === undefined},
						[],
					)
				: await reading.last(last, since ?? 0, filter);
		left = passage.left;
	}

	const {lines, blocks, gaps, end, isLeftAtLeast} = passage;
	const dropped = isCatchingUp ? inbox.takeDropped() : 0;
	const what = isCatchingUp ? 'unread message' : 'message';
	const isMore = left > 0 || isLeftAtLeast;
	const atLeast = isLeftAtLeast ? 'At least ' : '';
	const more =
		last === undefined
			? isCatchingUp
				? `${counted(left, 'more message')} unread: call read again.`
				: `${atLeast}${counted(left, 'more message')}: call read with since ${end}.`
			: `${counted(left, 'older message')} of these left out: ask for fewer.`;
	return {
		text: [
			lines.length === 0
				? `No ${what}s.`
				: `${counted(lines.length, what)}. ${peersNote}`,
			...gaps.map(gap => gapWords(gap)),
			...(dropped > 0
				? [
						`${counted(dropped, 'older whisper')} dropped: too many came before you read them.`,
					]
				: []),
			...(blocks.length > 0 ? ['', blocks.join('\n\n'), ''] : []),
			...(isMore ? [more] : []),
		]
			.join('\n')
			.trimEnd(),
		structured: {
			messages: lines.map(line => schemas.messageOf(line)),
			gaps: [...gaps],
			left,
			...(isMore && last === undefined && {next: end}),
			cursor: inbox.read,
			note: peersNote,
		},
	};
};

export const who = async (
	member: AgentMember,
): Promise<Answer<z.infer<typeof schemas.who.output>>> => {
	const {inbox, home} = await member.enter();
	const present = await member.roll();
	const {names, agents = [], elsewhere = [], count} = member.members;
	const members = (
		present ??
		names.map(nick => ({
			nick,
			id: '',
			agent: agents.includes(nick) ? (true as const) : undefined,
			machine: elsewhere.find(each => each.names.includes(nick))?.machine,
			sameUser: undefined,
		}))
	).map(({nick, id, agent, machine, sameUser}) => {
		const isOwn = id === home.id || nick === inbox.nick;
		return {
			nick,
			...(isOwn && {you: true as const}),
			...(agent && {agent: true as const}),
			...(machine !== undefined && {machine}),
			...(sameUser && !isOwn && {sameUser: true as const}),
		};
	});
	const {room = '', name, host, limits} = member.welcome ?? {};
	const left = Math.max(0, count - members.length);
	const perMinute = limits?.agentRate;
	const rows = members.map(
		({nick, you, agent, machine, sameUser}) =>
			`${toDisplay(nick)}${you ? ' (you)' : ''}${agent ? ' (agent)' : ''}${machine === undefined ? '' : ` (on ${toDisplay(machine)})`}${sameUser ? ' (same user)' : ''}`,
	);
	return {
		text:
			[
				`${count} here, in ${toDisplay(room)}:`,
				...rows,
				...(left > 0 ? [`and ${left} more, not named here`] : []),
			].join('\n') + unreadWords(inbox),
		structured: {
			you: inbox.nick,
			room,
			...(name !== undefined && {name}),
			...(host !== undefined && {host}),
			count,
			members,
			left,
			...(perMinute !== undefined && {messagesPerMinute: perMinute}),
			unread: inbox.unreadCount,
		},
	};
};

export const search = async (
	member: AgentMember,
	{text, before}: z.infer<typeof schemas.search.input>,
): Promise<Answer<z.infer<typeof schemas.search.output>>> => {
	const {inbox, home} = await member.enter();
	const found = await member.find(text, before);
	const reading = new Reading(member, inbox, home.id);
	const all = await reading.linesOf(found.entries);
	const lines: Line[] = [];
	const blocks: string[] = [];
	let room = maxAnswer;
	for (const line of all.toReversed()) {
		const block = layOut(line, mostFound);
		if (block.length > room) {
			break;
		}

		room -= block.length;
		lines.unshift(line);
		blocks.unshift(block);
	}

	const next = lines.length < all.length ? lines[0]!.seq : found.next;
	return {
		text: [
			lines.length === 0
				? 'No message has these words.'
				: `${counted(lines.length, 'message')}, the oldest first. ${peersNote}`,
			...(blocks.length > 0 ? ['', blocks.join('\n\n'), ''] : []),
			...(next === undefined
				? []
				: [`Older ones may be found: search with before ${next}.`]),
		]
			.join('\n')
			.trimEnd(),
		structured: {
			messages: lines.map(line => schemas.messageOf(line, mostFound)),
			...(next !== undefined && {next}),
			note: peersNote,
		},
	};
};
