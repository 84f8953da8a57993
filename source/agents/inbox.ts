/**
 * What an agent has not read, and what no wait has returned yet.
 *
 * Two things move apart. The *cursor* says how far the agent has read; reading
 * moves it. *Handed* is what a wait has returned: each message once, and never
 * one that was read. So a wait changes nothing about what is unread.
 *
 * Whatever comes is bounded: of what waits, the newest is kept, and what is
 * dropped is counted. It stays in the room's log, and can be read there.
 */
import type {Message, ServerFrame} from '../protocol/frame.js';
import {reduceOwnNick, unnamed} from '../protocol/own-nick.js';
import {isMentioned} from '../protocol/mention.js';
import type {Kept, KeptWhisper} from './kept.js';

/** A message of somebody else, or a whisper, which has no seq. */
export type Heard = {
	readonly seq: number | undefined;
	readonly at: number;
	readonly from: string;
	readonly id: string;
	readonly text: string;
};

/** Which messages a wait is for; by default those that call the agent. */
export type Wanted = (heard: Heard) => boolean;

type Whisper = Heard & {
	readonly seq: undefined;
	readonly after: number;
	isHanded: boolean;
};

/** Of messages, of whispers and of seqs that are remembered one by one. */
const most = 1000;

const mostWhispers = 200;

// About as many characters as `most` messages of people.
const mostCharacters = 1_000_000;

const later =
	(seq: number) =>
	({seq: other}: {readonly seq: number}): boolean =>
		other > seq;

const inOrder = (messages: readonly Message[]): Message[] =>
	messages.toSorted((a, b) => a.seq - b.seq);

export class Inbox {
	/** The log that the seqs are of; undefined before the first welcome. */
	log: string | undefined;
	/** The cursor. */
	read = 0;
	/** The newest entry. */
	head = 0;
	/** Messages up to this seq are looked at by no wait any more. */
	droppedUpTo = 0;
	/** The same, of those that called the agent. */
	droppedCallsUpTo = 0;
	readonly #id: string;
	#own = unnamed('');
	#floor = 0;
	#handed = new Set<number>();
	/** The seqs of the messages that were not read. */
	#unread: number[] = [];
	/** Messages that may be handed, oldest first. */
	#recent: Message[] = [];
	#characters = 0;
	/** Those of them that name the agent; kept for longer. */
	#calls: Message[] = [];
	#whispers: Whisper[] = [];
	#droppedWhispers = 0;

	/** @param id The agent's public id, which marks its own messages. */
	constructor(id: string, kept: Kept | undefined) {
		this.#id = id;
		if (kept) {
			this.log = kept.log;
			this.read = kept.read;
			this.head = kept.read;
			this.#floor = Math.max(kept.floor, kept.read);
			this.#handed = new Set(kept.handed);
			this.#whispers = kept.whispers.map(whisper => ({
				...whisper,
				seq: undefined,
			}));
		}
	}

	get nick(): string {
		return this.#own.nick;
	}

	get unreadCount(): number {
		return this.#unread.length + this.#whispers.length;
	}

	kept(): Kept | undefined {
		const whispers = this.#whispers.map(
			({after, at, from, id, text, isHanded}): KeptWhisper => ({
				after,
				at,
				from,
				id,
				text,
				isHanded,
			}),
		);
		return this.log === undefined
			? undefined
			: {
					log: this.log,
					read: this.read,
					floor: this.#floor,
					handed: [...this.#handed],
					whispers,
				};
	}

	/** @returns What was heard just now, if anything. */
	take(frame: ServerFrame): Heard | undefined {
		this.#own = reduceOwnNick(this.#own, this.#id, frame);
		switch (frame.type) {
			case 'welcome': {
				this.#enter(frame.log, frame.head);
				return undefined;
			}

			case 'joined':
			case 'left':
			case 'renamed': {
				this.head = Math.max(this.head, frame.seq);
				return undefined;
			}

			case 'gap': {
				this.head = Math.max(this.head, frame.to);
				return undefined;
			}

			case 'message': {
				return this.#hear(frame);
			}

			case 'whispered': {
				return this.#hearWhisper(frame);
			}

			default: {
				return undefined;
			}
		}
	}

	/** Whether it calls the agent: by a whisper, or by its nick. */
	isCall({seq, text, id}: Heard): boolean {
		return (
			id !== this.#id && (seq === undefined || isMentioned(text, this.nick))
		);
	}

	/** The first that a wait may return. */
	next(wanted?: Wanted): Heard | undefined {
		const whisper = this.#whispers.find(
			each => !each.isHanded && (wanted?.(each) ?? true),
		);
		const message = wanted
			? this.#recent.find(each => wanted(each))
			: this.#calls[0];
		if (!whisper || !message) {
			return whisper ?? message;
		}

		return whisper.after < message.seq ? whisper : message;
	}

	/**
	 * A wait returns it.
	 *
	 * @returns Takes that back.
	 */
	hand(heard: Heard): () => void {
		const {seq} = heard;
		if (seq === undefined) {
			const whisper = heard as Whisper;
			whisper.isHanded = true;
			return () => {
				whisper.isHanded = false;
			};
		}

		const isOther = (each: Message) => each.seq !== seq;
		const message = this.#recent.find(each => each.seq === seq);
		this.#handed.add(seq);
		this.#recent = this.#recent.filter(each => isOther(each));
		this.#calls = this.#calls.filter(each => isOther(each));
		this.#foldHanded();
		return () => {
			this.#handed.delete(seq);
			if (message && seq > this.#floor) {
				this.#recent = inOrder([...this.#recent, message]);
				this.#calls = this.isCall(message)
					? inOrder([...this.#calls, message])
					: this.#calls;
			}
		};
	}

	/** How many whispers were dropped since it was asked last. */
	takeDropped(): number {
		const dropped = this.#droppedWhispers;
		this.#droppedWhispers = 0;
		return dropped;
	}

	/** Those that were not read. */
	get whispers(): readonly Heard[] {
		return this.#whispers;
	}

	/**
	 * The agent has read all up to a seq, and some whispers.
	 *
	 * @returns Takes that back.
	 */
	advance(seq: number, whispers: readonly Heard[]): () => void {
		const undo = this.#snapshot();
		const isRead = new Set(whispers);
		this.read = seq;
		this.#unread = this.#unread.filter(each => each > seq);
		this.#whispers = this.#whispers.filter(each => !isRead.has(each));
		this.#raiseFloor(seq);
		return undo;
	}

	#enter(log: string, head: number): void {
		if (this.log === undefined) {
			// It joins for the first time: what was said before isn't for it.
			this.read = head;
			this.head = head;
			this.#floor = head;
		} else if (log !== this.log) {
			// Seqs of another log can't be compared: all of it is unread.
			this.read = 0;
			this.head = 0;
			this.#floor = 0;
			this.#handed.clear();
			this.#unread = [];
			this.#recent = [];
			this.#calls = [];
			this.#whispers = this.#whispers.map(each => ({...each, after: 0}));
		}

		this.log = log;
	}

	#hear(message: Message): Heard | undefined {
		const {seq, id, text} = message;
		if (seq <= this.head) {
			return undefined;
		}

		this.head = seq;
		if (id === this.#id) {
			return undefined;
		}

		if (seq > this.read) {
			this.#unread.push(seq);
		}

		if (seq <= this.#floor || this.#handed.has(seq)) {
			return undefined;
		}

		this.#recent.push(message);
		this.#characters += text.length;
		if (this.#recent.length > most || this.#characters > mostCharacters) {
			this.#dropOldest();
		}

		if (this.isCall(message)) {
			this.#calls.push(message);
			if (this.#calls.length > most) {
				this.droppedCallsUpTo = this.#calls.shift()!.seq;
			}
		}

		return message;
	}

	#hearWhisper({
		at,
		from,
		id = '',
		text,
	}: Extract<ServerFrame, {type: 'whispered'}>): Heard | undefined {
		if (id === this.#id) {
			return undefined;
		}

		const whisper: Whisper = {
			seq: undefined,
			after: this.head,
			at,
			from,
			id,
			text,
			isHanded: false,
		};
		this.#whispers.push(whisper);
		if (this.#whispers.length > mostWhispers) {
			this.#whispers.shift();
			this.#droppedWhispers++;
		}

		return whisper;
	}

	#foldHanded(): void {
		if (this.#handed.size > most) {
			const seqs = [...this.#handed].toSorted((a, b) => a - b);
			this.#raiseFloor(seqs[most / 2]!);
		}
	}

	#raiseFloor(seq: number): void {
		if (seq <= this.#floor) {
			return;
		}

		this.#floor = seq;
		this.#handed = new Set([...this.#handed].filter(each => each > seq));
		this.#recent = this.#recent.filter(later(seq));
		this.#calls = this.#calls.filter(later(seq));
	}

	/** What was handed, or read, made it fewer meanwhile. */
	#dropOldest(): void {
		let kept = 0;
		let characters = 0;
		for (const {text} of this.#recent.toReversed()) {
			characters += text.length;
			if (kept === most || characters > mostCharacters) {
				break;
			}

			kept++;
		}

		const dropped = this.#recent.slice(0, this.#recent.length - kept);
		this.droppedUpTo = dropped.at(-1)?.seq ?? this.droppedUpTo;
		this.#recent = this.#recent.slice(dropped.length);
		this.#characters = this.#recent.reduce(
			(sum, {text}) => sum + text.length,
			0,
		);
	}

	/** @returns Restores all but what came since. */
	#snapshot(): () => void {
		const {log, read, head} = this;
		const floor = this.#floor;
		const handed = new Set(this.#handed);
		const unread = [...this.#unread];
		const recent = [...this.#recent];
		const calls = [...this.#calls];
		const whispers = [...this.#whispers];
		return () => {
			if (this.log !== log) {
				return;
			}

			const since = later(head);
			this.read = read;
			this.#floor = floor;
			this.#handed = new Set([...handed, ...this.#handed]);
			this.#unread = [...unread, ...this.#unread.filter(seq => seq > head)];
			const isLeft = ({seq}: Message) => !this.#handed.has(seq);
			this.#recent = [...recent, ...this.#recent.filter(since)].filter(isLeft);
			this.#calls = [...calls, ...this.#calls.filter(since)].filter(isLeft);
			this.#whispers = [
				...whispers,
				...this.#whispers.filter(each => !whispers.includes(each)),
			];
		};
	}
}
