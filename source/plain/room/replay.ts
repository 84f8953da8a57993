/**
 * `--last` and `--since`: which of the entries from before this client joined
 * are printed, in order, before what happens now.
 *
 * `--since` is the hello's own `since`. For `--last` the log is read by `past`
 * frames: first back from the head, to find the entry to begin with, then
 * forward, page by page, at the pace of stdout. What happens meanwhile is held;
 * if that becomes too much, it is dropped here and read from the log too.
 */
import type {RoomChat} from '../../chat/room-chat.js';
import type {ChatEvent} from '../../event/event.js';
import type {Options} from '../../options/options.js';
import {
	maxPageEntries,
	type Entry,
	type PastPage,
	type ServerFrame,
} from '../../protocol/frame.js';
import {systemClock} from '../../socket/clock.js';

type FrameEvent = Extract<ChatEvent, {type: 'frame'}>;

/** `last` counts messages; without either, all that the server sends. */
export type ReplayWanted = {
	readonly last: number | undefined;
	readonly since: number | undefined;
};

/** Nothing is read that would not be printed. */
export const replayWanted = (options: Options): ReplayWanted => {
	if (options.mode === 'raw') {
		return {last: undefined, since: undefined};
	}

	const {lastMessages, since, output, isQuiet} = options;
	return output === 'plain' && isQuiet
		? {last: 0, since: undefined}
		: {last: lastMessages, since};
};

export type ReplayOutput = {
	readonly emit: (event: ChatEvent) => void;
	/** Settles when stdout takes more. */
	readonly drained: () => Promise<void>;
};

type Source = Pick<RoomChat, 'id' | 'readPast'>;

/** A page that is on its way. */
type Asked = {
	readonly before: number;
	id: number;
	readonly answer: (page: PastPage) => void;
};

// In characters of text; an entry without one counts as a short one.
const maxHeld = 4 * 1024 * 1024;
const shortText = 100;

const sizeOf = (entry: Entry): number =>
	shortText + (entry.type === 'message' ? entry.text.length : 0);

const isEntry = (frame: ServerFrame): frame is Entry =>
	frame.type === 'message' ||
	frame.type === 'joined' ||
	frame.type === 'left' ||
	frame.type === 'renamed';

export class Replay {
	/** Settles when all that was asked for has been printed. */
	readonly done: Promise<void>;
	readonly #wanted: ReplayWanted;
	readonly #output: ReplayOutput;

	#finish: () => void = () => undefined;

	#isDone = false;
	#source: Source | undefined;
	/** Of the first welcome. */
	#first: {readonly head: number; readonly log: string} | undefined;
	#asked: Asked | undefined;
	#held: FrameEvent[] = [];
	#heldSize = 0;
	/** The highest seq that the room is known to have. */
	#seen = 0;

	constructor(wanted: ReplayWanted, output: ReplayOutput) {
		this.#wanted = wanted;
		this.#output = output;
		this.done = new Promise(resolve => {
			this.#finish = () => {
				this.#isDone = true;
				resolve();
			};
		});
		if (wanted.last === undefined && wanted.since === undefined) {
			this.#finish();
		}
	}

	/** The room is open; events may have come before. */
	start(source: Source): void {
		this.#source = source;
		this.#begin();
	}

	take(event: ChatEvent): void {
		if (event.type !== 'frame') {
			this.#output.emit(event);
			return;
		}

		const {frame} = event;
		if (frame.type === 'past' && frame.id === this.#asked?.id) {
			const {answer} = this.#asked;
			this.#asked = undefined;
			answer(frame);
			return;
		}

		if (this.#wanted.last !== undefined) {
			this.#takeBesidePages(event);
		} else if (!this.#isTooOld(event)) {
			this.#output.emit(event);
		}

		if (frame.type === 'welcome') {
			this.#welcome(frame.head, frame.log);
		} else if (!this.#isDone && this.#wanted.since !== undefined) {
			this.#lookForHead(frame);
		}
	}

	/** A server that doesn't know `since` sends its last entries. */
	#isTooOld({frame, isReplay}: FrameEvent): boolean {
		const {since} = this.#wanted;
		return (
			isReplay === true &&
			since !== undefined &&
			isEntry(frame) &&
			frame.seq <= since
		);
	}

	#welcome(head: number, log: string): void {
		if (!this.#first) {
			this.#first = {head, log};
			this.#seen = Math.max(this.#seen, head);
			this.#begin();
		} else if (this.#first.log !== log && !this.#isDone) {
			// The pages of that log are gone.
			this.#release(0);
		} else if (this.#asked) {
			this.#asked.id = this.#source!.readPast(this.#asked.before);
		}
	}

	#begin(): void {
		const {last, since = 0} = this.#wanted;
		if (!this.#first || !this.#source || this.#isDone) {
			return;
		}

		if (last === undefined) {
			if (since >= this.#first.head) {
				this.#finish();
			}
		} else if (last === 0) {
			this.#release(0);
		} else {
			void this.#readBack(last);
		}
	}

	#lookForHead(frame: ServerFrame): void {
		const reached = isEntry(frame)
			? frame.seq
			: frame.type === 'gap'
				? frame.to
				: 0;
		if (this.#first && reached >= this.#first.head) {
			this.#finish();
		}
	}

	#takeBesidePages(event: FrameEvent): void {
		const {frame, isReplay} = event;
		if (isReplay) {
			return;
		}

		if (this.#isDone || !(isEntry(frame) || frame.type === 'gap')) {
			this.#output.emit(event);
			return;
		}

		this.#seen = Math.max(
			this.#seen,
			frame.type === 'gap' ? frame.to : frame.seq,
		);
		if (frame.type === 'gap') {
			// The log may still have it, and is read up to there.
			this.#drop();
			return;
		}

		this.#heldSize += sizeOf(frame);
		this.#held.push(event);
		if (this.#heldSize > maxHeld) {
			this.#drop();
		}
	}

	#drop(): void {
		this.#held = [];
		this.#heldSize = 0;
	}

	async #ask(before: number): Promise<PastPage> {
		return new Promise(answer => {
			const id = this.#source!.readPast(before);
			this.#asked = {before, id, answer};
		});
	}

	/** @returns The seq to begin with; 1 to begin with all that there is. */
	async #findStart(count: number): Promise<number> {
		let missing = count;
		for (let before = this.#first!.head + 1; ;) {
			// eslint-disable-next-line no-await-in-loop -- each page ends before the last
			const {entries, oldest} = await this.#ask(before);
			for (const {type, seq} of entries.toReversed()) {
				missing -= type === 'message' ? 1 : 0;
				if (missing === 0) {
					return seq;
				}
			}

			const first = entries[0]?.seq;
			if (first === undefined || first <= oldest) {
				return 1;
			}

			before = first;
		}
	}

	/** The entries from a seq on, a page's worth; a frame may hold fewer. */
	async #readPage(from: number): Promise<Entry[]> {
		const page: Entry[] = [];
		for (let before = from + maxPageEntries; ;) {
			// eslint-disable-next-line no-await-in-loop -- each part ends before the last
			const {entries, oldest} = await this.#ask(before);
			page.unshift(...entries.filter(({seq}) => seq >= from));
			const first = entries[0]?.seq;
			if (first === undefined || first <= Math.max(from, oldest)) {
				return page;
			}

			before = first;
		}
	}

	async #readBack(count: number): Promise<void> {
		let next = await this.#findStart(count);
		while (!this.#isReached(next)) {
			// eslint-disable-next-line no-await-in-loop -- in order
			const page = await this.#readPage(next);
			const from = page[0]?.seq ?? this.#seen + 1;
			if (from > next) {
				this.#emit({type: 'gap', from: next, to: from - 1});
			}

			for (const entry of page) {
				this.#emit(entry);
			}

			next = (page.at(-1)?.seq ?? this.#seen) + 1;
			// eslint-disable-next-line no-await-in-loop -- stdout sets the pace
			await this.#output.drained();
		}

		this.#release(next);
	}

	/** Whether what is held goes on from a seq. */
	#isReached(next: number): boolean {
		const first = this.#held[0]?.frame;
		return first && 'seq' in first ? first.seq <= next : next > this.#seen;
	}

	#emit(frame: Entry | Extract<ServerFrame, {type: 'gap'}>): void {
		const {head} = this.#first!;
		const isOwnJoin =
			frame.type === 'joined' &&
			frame.seq === head &&
			frame.id === this.#source!.id;
		const event = {type: 'frame', at: systemClock.wallMs(), frame} as const;
		this.#output.emit(
			isEntry(frame) && frame.seq <= head && !isOwnJoin
				? {...event, isReplay: true}
				: event,
		);
	}

	/** Prints what is held from a seq on; from now on all comes as it happens. */
	#release(from: number): void {
		if (this.#isDone) {
			return;
		}

		const held = this.#held;
		this.#drop();
		this.#finish();
		for (const event of held) {
			if ('seq' in event.frame && event.frame.seq >= from) {
				this.#output.emit(event);
			}
		}
	}
}
