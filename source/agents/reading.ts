/** Reading the log for an agent: as much as fits into an answer, in order. */
import type {Entry, Message} from '../protocol/frame.js';
import {foldNick} from '../protocol/nick.js';
import type {Heard, Inbox} from './inbox.js';
import {layOut, maxAnswer, type Line} from './layout.js';
import type {AgentMember} from './member.js';

/** A range of seqs that the room no longer keeps. */
export type Gap = {readonly from: number; readonly to: number};

export type Passage = {
	readonly lines: readonly Line[];
	/** As text, one for each line. */
	readonly blocks: readonly string[];
	readonly gaps: readonly Gap[];
	/** The whispers among the lines. */
	readonly whispers: readonly Heard[];
	/** The last entry that was looked at. */
	readonly end: number;
	/** How many more messages there are. */
	readonly left: number;
	/** Whether there may be more than that. */
	readonly isLeftAtLeast: boolean;
};

export type Filter = {
	readonly from?: string | undefined;
	readonly isOnlyCalls?: boolean | undefined;
	/** Whether one's own messages are left out. */
	readonly isOthersOnly?: boolean | undefined;
};

/** Entries asked for at a time: what the server answers at once. */
const pageEntries = 100;

// A part of the log that is longer is counted no further.
const mostPages = 20;

const isMessage = (entry: Entry): entry is Message => entry.type === 'message';

export class Reading {
	readonly #member: AgentMember;
	readonly #inbox: Inbox;
	readonly #id: string;

	constructor(member: AgentMember, inbox: Inbox, id: string) {
		this.#member = member;
		this.#inbox = inbox;
		this.#id = id;
	}

	/** The messages after a seq, from the first on. */
	async after(
		since: number,
		filter: Filter,
		whispers: readonly Heard[],
	): Promise<Passage> {
		const {head} = this.#inbox;
		const lines: Line[] = [];
		const blocks: string[] = [];
		const gaps: Gap[] = [];
		const shown: Heard[] = [];
		const waiting = [...whispers];
		let room = maxAnswer;
		let left = 0;
		let end = since;
		let isFull = false;
		const add = async (heard: Heard): Promise<boolean> => {
			const [line] = await this.linesOf([heard]);
			const block = layOut(line!);
			isFull ||= blocks.length > 0 && block.length > room;
			if (isFull) {
				left++;
				return false;
			}

			room -= block.length;
			lines.push(line!);
			blocks.push(block);
			if (heard.seq === undefined) {
				shown.push(heard);
			}

			return true;
		};

		let from = since + 1;
		for (let page = 0; page < mostPages && from <= head; page++) {
			const to = Math.min(head, from + pageEntries - 1);
			// In turn: what fits depends on what came before.
			// eslint-disable-next-line no-await-in-loop
			const entries = await this.#member.entries(from, to);
			const first = entries[0]?.seq ?? to + 1;
			if (first > from) {
				const before = gaps.at(-1)?.to === from - 1 ? gaps.pop()! : {from};
				gaps.push({from: before.from, to: first - 1});
			}

			const wanted = entries.filter(
				(entry): entry is Message =>
					isMessage(entry) && this.#passes(entry, filter),
			);
			// eslint-disable-next-line no-await-in-loop
			await this.#member.marksOf(wanted.map(({id}) => id));
			for (const message of wanted) {
				while (waiting[0] && isBefore(waiting[0], message)) {
					// eslint-disable-next-line no-await-in-loop
					await add(waiting.shift()!);
				}

				// eslint-disable-next-line no-await-in-loop
				const isAdded = await add(message);
				end = isAdded ? message.seq : end;
			}

			from = to + 1;
			end = isFull ? end : to;
		}

		for (const whisper of from > head ? waiting : []) {
			// eslint-disable-next-line no-await-in-loop
			await add(whisper);
		}

		const isLeftAtLeast = from <= head;
		return {lines, blocks, gaps, whispers: shown, end, left, isLeftAtLeast};
	}

	/** The newest messages, at most so many. */
	async last(count: number, since: number, filter: Filter): Promise<Passage> {
		const {head} = this.#inbox;
		const messages: Message[] = [];
		const gaps: Gap[] = [];
		let to = head;
		for (
			let page = 0;
			page < mostPages && to > since && messages.length < count;
			page++
		) {
			const from = Math.max(since + 1, to - pageEntries + 1);
			// eslint-disable-next-line no-await-in-loop
			const entries = await this.#member.entries(from, to);
			messages.unshift(
				...entries.filter(
					(entry): entry is Message =>
						isMessage(entry) && this.#passes(entry, filter),
				),
			);
			const first = entries[0]?.seq ?? to + 1;
			if (first > from) {
				gaps.push({from: since + 1, to: first - 1});
				to = since;
			} else {
				to = from - 1;
			}
		}

		const newest = messages.slice(-count);
		const all = await this.linesOf(newest);
		const lines: Line[] = [];
		const blocks: string[] = [];
		let room = maxAnswer;
		for (const line of all.toReversed()) {
			const block = layOut(line);
			if (blocks.length > 0 && block.length > room) {
				break;
			}

			room -= block.length;
			lines.unshift(line);
			blocks.unshift(block);
		}

		return {
			lines,
			blocks,
			gaps: messages.length < count ? gaps : [],
			whispers: [],
			end: head,
			left: all.length - lines.length,
			isLeftAtLeast: false,
		};
	}

	/** What the agent is shown of messages. */
	async linesOf(messages: readonly Heard[]): Promise<readonly Line[]> {
		const others = messages.filter(({id}) => id !== this.#id);
		const marks = await this.#member.marksOf(others.map(({id}) => id));
		return messages.map((heard): Line => {
			const {seq, at, from, text, id} = heard;
			const isOwn = id === this.#id;
			const {agent, sameUser} = marks.get(id) ?? {};
			return {
				seq,
				at,
				from,
				text,
				isOwn,
				isWhisper: seq === undefined,
				isAgent: !isOwn && agent === true,
				isSameUser: !isOwn && sameUser === true,
				isCall: this.#inbox.isCall(heard),
			};
		});
	}

	#passes(message: Message, filter: Filter): boolean {
		const {from, isOnlyCalls = false, isOthersOnly = false} = filter;
		return (
			(from === undefined || foldNick(message.from) === foldNick(from)) &&
			(!isOnlyCalls || this.#inbox.isCall(message)) &&
			!(isOthersOnly && message.id === this.#id)
		);
	}
}

/** A whisper came before the entries that were newer than it. */
const isBefore = (whisper: Heard, {seq}: Message): boolean =>
	(whisper as {after?: number}).after! < seq;
