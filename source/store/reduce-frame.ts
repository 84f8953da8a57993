/** Applies a frame of the server to the model. Pure. */
import {typable} from '../protocol/offered-commands.js';
import {assertNever} from '../errors.js';
import type {
	Entry,
	Found,
	Message as MessageFrame,
	ServerFrame,
	Welcome,
	Whispered,
} from '../protocol/frame.js';
import {reduceOwnNick} from '../protocol/own-nick.js';
import {reducePresence} from '../protocol/presence.js';
import {hide} from './hiding.js';
import {
	isCall,
	type Item,
	type Mark,
	type Message,
	type Notice,
	type Whisper,
} from './item.js';
import {flushItems, type ModelUpdate} from './model.js';
import {answerText, foundLines, returnWords, wordsOf} from './notice.js';
import {applyPage, itemOf, itemsOf} from './older-entries.js';
import {enterLog as readLog} from './reading.js';
import {outageText, reduceOutage} from './relay-outage.js';
import {addFound, addNew} from './search.js';
import {clearTranscript, itemsFrom} from './transcript.js';
import {
	addUnshared,
	dropUnshared,
	forgetUnshared,
	giveUp,
	share,
} from './unshared.js';

// Whatever of the log is still to come, it is not what was said before.
const endsReplay: ReadonlySet<ServerFrame['type']> = new Set([
	'pong',
	'error',
	'bye',
]);

export const applyFrame = (
	update: ModelUpdate,
	frame: ServerFrame,
	at: number,
	isReplay = false,
): void => {
	update.presence = reducePresence(update.presence, frame);
	nameSelf(update, frame);
	if (endsReplay.has(frame.type)) {
		greet(update);
	}

	if (frame.type === 'message') {
		share(update, frame);
	}

	const isOutage = seeOutage(update, frame);

	if ('seq' in frame) {
		passOpening(update, frame);
		// What came before the first entry here, may have been a message.
		update.hasTalk ||= update.newestSeq === 0 && frame.seq > 1;
		update.newestSeq = frame.seq;
	}

	const {isHidden, hiding} = hide(update.hiding, frame, update.id);
	update.hiding = hiding;
	if (isHidden) {
		keepHidden(update, frame);
	} else {
		show(update, frame, at, isReplay);
	}

	if (frame.type === 'message' || frame.type === 'past') {
		const entries = frame.type === 'past' ? frame.entries : [frame];
		update.hasTalk ||= entries.some(({type}) => type === 'message');
	}

	wordInvitation(update);
	if (isOutage) {
		tellOutage(update, at);
	}

	if (update.greeting && update.newestSeq >= update.greeting.head) {
		greet(update);
	}
};

const nameSelf = (update: ModelUpdate, frame: ServerFrame): void => {
	const own = {nick: update.nick, head: update.welcomeHead};
	const {nick, head} = reduceOwnNick(own, update.id, frame);
	update.nick = nick;
	update.welcomeHead = head;
};

/** Until it is shown again; it counts for nothing until then. */
const keepHidden = (update: ModelUpdate, frame: ServerFrame): void => {
	const items = hiddenItems(update, frame);
	for (const item of items) {
		update.items.push(item);
		update.hidden.add(item);
	}
};

const hiddenItems = (
	update: ModelUpdate,
	frame: ServerFrame,
): readonly Item[] => {
	switch (frame.type) {
		case 'message':
		case 'joined':
		case 'left':
		case 'renamed': {
			return itemsOf(frame, update);
		}

		case 'whispered': {
			return [whisperOf(frame, undefined)];
		}

		default: {
			return [];
		}
	}
};

/** @returns Whether one begins, of which nobody here has read yet. */
const seeOutage = (update: ModelUpdate, frame: ServerFrame): boolean => {
	if (frame.type === 'welcome') {
		update.isInMemory = frame.inMemory === true;
	}

	const before = update.outage;
	update.outage = reduceOutage(before, frame);
	// Who opened the room has read it from the relay itself.
	return Boolean(update.outage && !before && !update.relay);
};

/** Below what was said before, if that is still coming. */
const tellOutage = (update: ModelUpdate, at: number): void => {
	const text = outageText(update.isInMemory, ' (◌)');
	const notice = {kind: 'notice', at, tone: 'warn', text} as const;
	const {greeting} = update;
	if (greeting) {
		update.greeting = {...greeting, notices: [...greeting.notices, notice]};
	} else {
		update.items.push(notice);
	}
};

const whisperOf = (
	{at, from, to, text}: Whispered,
	mark: Mark | undefined,
): Whisper => ({kind: 'whisper', at, from, to, text, mark});

const show = (
	update: ModelUpdate,
	frame: ServerFrame,
	at: number,
	isReplay: boolean,
): void => {
	const words =
		'seq' in frame || frame.type === 'welcome'
			? undefined
			: wordsOf({type: 'frame', at, frame});
	if (words) {
		update.items.push({kind: 'notice', at, ...words});
	}

	if ('seq' in frame) {
		update.newestSeq = frame.seq;
	}

	switch (frame.type) {
		case 'welcome': {
			forgetUnshared(update);
			update.roomName = frame.name;
			update.isBack = update.log !== undefined;
			enterLog(update, frame, at);
			invite(update, at);
			greet(update);
			update.greeting = update.isTakingOver
				? undefined
				: {notices: [welcomeNotice(update, frame, at)], head: frame.head};
			update.isTakingOver = false;
			break;
		}

		case 'message': {
			addMessage(update, frame, isReplay);
			break;
		}

		case 'whispered': {
			addWhisper(update, frame);
			break;
		}

		case 'past': {
			applyPage(update, frame);
			break;
		}

		case 'found': {
			addHits(update, frame, at);

			break;
		}

		case 'renamed': {
			update.items.push(...itemsOf(frame, update));
			break;
		}

		case 'joined':
		case 'left': {
			// That the server went, and that one is back, was said by notices.
			if (!(update.isBack && frame.id === update.id)) {
				update.items.push(...itemsOf(frame, update));
			}

			break;
		}

		case 'pending': {
			addUnshared(update, frame);
			break;
		}

		case 'dropped': {
			dropUnshared(update, frame);
			break;
		}

		case 'commands': {
			update.offered = typable(frame.offered);
			break;
		}

		case 'answered': {
			const {from, failed} = frame;
			if (from !== undefined) {
				update.items.push({
					kind: 'bot',
					at,
					direction: 'in',
					bot: from,
					text: answerText(frame),
					hasFailed: failed === true,
				});
			}

			break;
		}

		case 'offered':
		case 'command':
		case 'members':
		case 'gap':
		case 'error':
		case 'bye':
		case 'status':
		case 'challenge':
		case 'present':
		case 'ping':
		case 'pong': {
			break;
		}

		default: {
			assertNever(frame);
		}
	}

	if (update.greeting && update.newestSeq >= update.greeting.head) {
		greet(update);
	}
};

const welcomeNotice = (
	{isBack}: ModelUpdate,
	frame: Welcome,
	at: number,
): Notice =>
	isBack
		? {kind: 'notice', at, ...returnWords(frame), isReturn: true}
		: {kind: 'notice', at, ...wordsOf({type: 'frame', at, frame})!};

/** In another log, seqs begin again. */
const enterLog = (
	update: ModelUpdate,
	{log, head}: Welcome,
	at: number,
): void => {
	if (update.log !== log) {
		const isFirst = update.log === undefined;
		flushItems(update);
		update.log = log;
		update.newestSeq = 0;
		update.reading = readLog(update.reading, {log, head, isFirst}, at);
		update.clearedSeq = undefined;
		update.hasTalk = false;
	}
};

/**
 * What a start says, such as where the room is kept, goes below what was said
 * before it: above, it would part two days of the room.
 */
const passOpening = (update: ModelUpdate, {at}: Entry): void => {
	const {greeting, newestSeq} = update;
	if (!greeting || newestSeq > 0) {
		return;
	}

	flushItems(update);
	const {whole, transcript} = update;
	const opening = itemsFrom(whole, whole.first).filter(
		item => item.kind === 'notice',
	);
	if (opening.length === whole.length && opening.every(one => one.at > at)) {
		update.greeting = {...greeting, notices: [...opening, ...greeting.notices]};
		update.transcript = clearTranscript(transcript);
		update.whole =
			whole === transcript ? update.transcript : clearTranscript(whole);
		update.lastDay = undefined;
	}
};

/** Says what the welcome said, now that nothing older follows. */
export const greet = (update: ModelUpdate): void => {
	if (update.greeting) {
		update.items.push(...update.greeting.notices);
		update.greeting = undefined;
	}
};

/** The screen shows hits in their place; others list them. */
const addHits = (update: ModelUpdate, frame: Found, at: number): void => {
	const {search} = update;
	if (search?.text === frame.text) {
		update.search = addFound(search, frame);
		return;
	}

	for (const text of foundLines(frame)) {
		update.items.push({kind: 'notice', at, tone: 'info', text});
	}
};

const addMessage = (
	update: ModelUpdate,
	frame: MessageFrame,
	isReplay: boolean,
): void => {
	const {id, n, seq} = frame;
	// What was said before doesn't help somebody who is alone now.
	if (seq > update.presence.replayHead) {
		endInvitation(update);
	}

	if (id === update.id) {
		update.pending.delete(n);
	}

	update.search &&= addNew(update.search, frame);
	const item = itemOf(frame, update);
	update.items.push(item);
	if (!isReplay) {
		countCall(update, item);
	}
};

const countCall = (update: ModelUpdate, item: Message | Whisper): void => {
	if (isCall(item)) {
		const {from, text} = item;
		update.calls = {count: update.calls.count + 1, latest: {from, text}};
	}
};

const invite = (update: ModelUpdate, at: number): void => {
	const {invitation: text} = update;
	if (text !== undefined) {
		update.shownInvitation = {kind: 'notice', at, tone: 'info', text};
	}
};

/** In an empty room of which the transcript shows talk, it claims no silence. */
const wordInvitation = (update: ModelUpdate): void => {
	const {shownInvitation, invitation, hasTalk, presence} = update;
	if (shownInvitation === undefined || invitation === undefined) {
		return;
	}

	if (hasTalk && presence.members.count > 1) {
		endInvitation(update);
		return;
	}

	const text = hasTalk
		? invitation
		: `Nobody has said anything yet. ${invitation}`;
	if (text !== shownInvitation.text) {
		update.shownInvitation = {...shownInvitation, text};
	}
};

/** From now on it stands where it is, and what comes next below it. */
export const placeInvitation = (update: ModelUpdate): void => {
	const {shownInvitation} = update;
	if (shownInvitation) {
		update.items.push(shownInvitation);
		endInvitation(update);
	}
};

/** Somebody has said something. */
export const endInvitation = (update: ModelUpdate): void => {
	update.invitation = undefined;
	update.shownInvitation = undefined;
};

const addWhisper = (update: ModelUpdate, frame: Whispered): void => {
	endInvitation(update);
	const {from, id, n} = frame;
	const isOwn = id === undefined ? from === update.nick : id === update.id;
	if (isOwn) {
		update.pending.delete(n);
	}

	const item = whisperOf(frame, isOwn ? 'stored' : undefined);
	update.items.push(item);
	countCall(update, item);
};

/** Moves one's own message to the transcript, with its final mark. */
export const settle = (
	update: ModelUpdate,
	n: number,
	mark: Mark,
	reason?: string,
): void => {
	const item = update.pending.get(n);
	if (item) {
		update.pending.delete(n);
		giveUp(update, n);
		update.items.push({
			...item,
			mark,
			...(reason === undefined ? {} : {reason}),
		});
	}
};
