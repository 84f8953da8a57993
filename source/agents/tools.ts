/** The tools of an agent. A refusal is one sentence that it can act on. */
import type {McpServer, ServerContext} from '@modelcontextprotocol/server';
import type * as z from 'zod';
import {SockchatError} from '../errors.js';
import {longestMatch, matchInTime} from '../protocol/matching.js';
import {isMentioned} from '../protocol/mention.js';
import {compilePattern} from '../protocol/pattern.js';
import {foldNick} from '../protocol/nick.js';
import {toDisplay} from '../protocol/display.js';
import type {Heard, Inbox, Wanted} from './inbox.js';
import {counted, layOut, maxAnswer, peersNote, type Line} from './layout.js';
import type {AgentMember} from './member.js';
import {Reading, type Passage} from './reading.js';
import * as schemas from './schemas.js';
import type {WaitOptions} from './waits.js';

/** In a search, a long message is shown by its beginning. */
const mostFound = 2000;

/** Names in a refusal. */
const mostNamed = 20;

type Answer<Output> = {
	readonly text: string;
	readonly structured: Output;
};

/** In words for an agent, which has tools, not commands. */
const wordsOf = (error: unknown): string => {
	if (!(error instanceof SockchatError)) {
		return (error as Error).message;
	}

	const {message} = error.inApiWords();
	return error.code === 'ERR_NO_SUCH_MEMBER'
		? message.replace('/who lists the names.', 'The tool who lists the names.')
		: message;
};

const failed = (sentence: string) => new Error(sentence);

const unreadWords = ({unreadCount}: Inbox): string =>
	unreadCount === 0
		? ''
		: `\n${counted(unreadCount, 'message')} unread: read shows ${unreadCount === 1 ? 'it' : 'them'}.`;

const gapWords = ({from, to}: {from: number; to: number}): string =>
	from === to
		? `Entry ${from} is missing: the room no longer keeps it.`
		: `Entries ${from} to ${to} are missing: the room no longer keeps them.`;

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

const read = async (
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

const lineOf = async (
	member: AgentMember,
	heard: Heard,
): Promise<{line: Line; inbox: Inbox}> => {
	const {inbox, home} = await member.join();
	const reading = new Reading(member, inbox, home.id);
	const [line] = await reading.linesOf([heard]);
	return {line: line!, inbox};
};

const wait = async (
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

const say = async (
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

const ask = async (
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

const who = async (
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

const search = async (
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

const answering =
	<Input, Output extends Record<string, unknown>>(
		work: (input: Input, context: ServerContext) => Promise<Answer<Output>>,
	) =>
	async (input: Input, context: ServerContext) => {
		try {
			const {text, structured} = await work(input, context);
			return {
				content: [{type: 'text' as const, text}],
				structuredContent: structured,
			};
		} catch (error) {
			return {
				content: [{type: 'text' as const, text: wordsOf(error)}],
				isError: true,
			};
		}
	};

export const registerTools = (server: McpServer, member: AgentMember): void => {
	server.registerTool(
		'say',
		{
			title: 'Say something in the room',
			description:
				'Says a text to all members of the room, or with to as a whisper to one. Answers once the room has stored it. Name a member in the text to call it. You may send a limited number of messages a minute, and the same text at most twice in a row.',
			inputSchema: schemas.say.input,
			outputSchema: schemas.say.output,
			annotations: {
				readOnlyHint: false,
				destructiveHint: false,
				idempotentHint: false,
				openWorldHint: false,
			},
		},
		answering(async input => say(member, input)),
	);
	server.registerTool(
		'read',
		{
			title: 'Read what was said',
			description:
				'Without arguments: what you have not read yet, the oldest first; nothing is shown twice, also after a restart. With since, last, from or mentions it looks around and marks nothing as read. A long answer says how to get the rest.',
			inputSchema: schemas.read.input,
			outputSchema: schemas.read.output,
			annotations: {readOnlyHint: true, openWorldHint: false},
		},
		answering(async (input, context) => read(member, input, context)),
	);
	server.registerTool(
		'wait',
		{
			title: 'Wait until somebody calls you',
			description:
				'Waits for the next message that mentions you or is whispered to you, and returns at once if there is one that was neither read nor returned before. Each message is returned once. With from or matching it waits for any message of that member, or that matches. It marks nothing as read. Running out of time is no error.',
			inputSchema: schemas.wait.input,
			outputSchema: schemas.wait.output,
			annotations: {readOnlyHint: true, openWorldHint: false},
		},
		answering(async (input, context) => wait(member, input, context)),
	);
	server.registerTool(
		'ask',
		{
			title: 'Ask a member, and wait for the answer',
			description:
				'Says a question to all, naming one member, and waits for what that member says next, unless it is addressed to somebody else. People may take a while.',
			inputSchema: schemas.ask.input,
			outputSchema: schemas.ask.output,
			annotations: {
				readOnlyHint: false,
				destructiveHint: false,
				idempotentHint: false,
				openWorldHint: false,
			},
		},
		answering(async (input, context) => ask(member, input, context)),
	);
	server.registerTool(
		'who',
		{
			title: 'See who is here',
			description:
				'The members of the room, which of them are agents, which are processes of your own user, which are on another machine, and your own nick.',
			inputSchema: schemas.who.input,
			outputSchema: schemas.who.output,
			annotations: {readOnlyHint: true, openWorldHint: false},
		},
		answering(async () => who(member)),
	);
	server.registerTool(
		'search',
		{
			title: 'Search what was said',
			description:
				"Finds the newest messages of the room's log that have all these words, in any order and case; at most 20, the oldest first.",
			inputSchema: schemas.search.input,
			outputSchema: schemas.search.output,
			annotations: {readOnlyHint: true, openWorldHint: false},
		},
		answering(async input => search(member, input)),
	);
};
