/**
 * An agent's side of a room: it joins at its first request, stays, and knows
 * what it has read.
 *
 * The connection may be lost and come back meanwhile: the client of the room
 * resumes, and what waits goes on waiting.
 */
import {SockchatError} from '../errors.js';
import type {ChatEvent} from '../event/event.js';
import type {
	Entry,
	Found,
	LeaveReason,
	MemberList,
	PresentMember,
	ServerFrame,
	Welcome,
} from '../protocol/frame.js';
import {foldNick} from '../protocol/nick.js';
import {isMentioned} from '../protocol/mention.js';
import {nobody, reducePresence} from '../protocol/presence.js';
import type {Clock} from '../socket/clock.js';
import {Inbox, type Heard} from './inbox.js';
import type {Kept} from './kept.js';
import {Receipts, type Receipt} from './receipts.js';
import {Requests} from './requests.js';
import type {AgentHome, AgentRoom, FindHome} from './room.js';
import {Waits, type Handed, type Unmet, type WaitOptions} from './waits.js';

export type AgentMemberOptions = {
	readonly findHome: FindHome;
	readonly clock: Clock;
	/** Something was said: the transcript has changed. */
	readonly onSaid: () => void;
};

/** What is known of a member by its id. */
type Marks = Pick<PresentMember, 'agent' | 'sameUser'>;

type Joined = {
	readonly home: AgentHome;
	readonly inbox: Inbox;
	readonly receipts: Receipts;
	readonly room: AgentRoom;
};

/** Coming back would not be what the host wants. */
const isForGood = ({code}: SockchatError): boolean =>
	code === 'ERR_KICKED' || code === 'ERR_BANNED';

// One that was dropped, as when the server was killed, comes back by itself.
const goneFor: ReadonlySet<LeaveReason> = new Set(['quit', 'kicked', 'banned']);

// A room that is opened again by another member is back within a few seconds.
const welcomeMs = 10_000;

const rememberedMarks = 1000;

const notWelcome = (cause: string | undefined) =>
	new SockchatError(
		'ERR_LOST',
		`The room can't be reached now${cause === undefined ? '' : ` (${cause.replace(/\.$/, '')})`}; it is tried again all the time, so try this again in a while.`,
	);

const left = () =>
	new SockchatError('ERR_LOST', 'This agent has left the room.');

export class AgentMember {
	readonly #options: AgentMemberOptions;
	readonly #requests: Requests;
	readonly #waits: Waits;
	readonly #marks = new Map<string, Marks>();
	#clientName: string | undefined;
	#presence = nobody;
	#welcome: Welcome | undefined;
	/** Whether the connection stands, with its welcome. */
	#isOpen = false;
	#joined: Promise<Joined> | undefined;
	/** The last that was joined, which may be over. */
	#current: Joined | undefined;
	readonly #onWelcome: Array<() => void> = [];
	/** Those who ask a member, to be ended when it leaves. */
	readonly #asking = new Map<string, Set<AbortController>>();
	#turn: Promise<unknown> = Promise.resolve();
	#lastCause: string | undefined;
	/** Why the last room that was joined is over. */
	#ending: SockchatError | undefined;
	#gone: SockchatError | undefined;

	constructor(options: AgentMemberOptions) {
		this.#options = options;
		this.#requests = new Requests(options.clock);
		this.#waits = new Waits(options.clock);
	}

	/** What the client calls itself, which counts until the first request. */
	introduce(name: string | undefined): void {
		this.#clientName ??= name;
	}

	get members(): MemberList {
		return this.#presence.members;
	}

	/** Why nothing more is heard. */
	get ending(): SockchatError {
		return this.#ending ?? left();
	}

	get welcome(): Welcome | undefined {
		return this.#welcome;
	}

	/**
	 * Joins, unless it has.
	 *
	 * @throws {SockchatError} If the room can't be joined or opened.
	 */
	async join(): Promise<Joined> {
		if (this.#gone) {
			throw this.#gone;
		}

		this.#joined ??= this.#open();
		const joining = this.#joined;
		let joined: Joined;
		try {
			joined = await joining;
		} catch (error) {
			// Another that waited for it too may be trying again by now.
			if (this.#joined === joining) {
				this.#joined = undefined;
			}

			throw error;
		}

		if (!this.#welcome) {
			await this.#untilWelcome();
		}

		return joined;
	}

	/** Joins, and waits until the room is there. */
	async enter(): Promise<Joined> {
		const joined = await this.join();
		if (!this.#isOpen) {
			await this.#untilWelcome();
		}

		return joined;
	}

	/**
	 * @param to One member, who alone gets it.
	 * @param onStored Called before anything that was said later is heard.
	 */
	async say(
		text: string,
		to?: string,
		onStored?: () => void,
	): Promise<Receipt> {
		const {receipts, room} = await this.join();
		return receipts.wait(() => {
			if (to === undefined) {
				room.say(text);
			} else {
				room.whisper(to, text);
			}
		}, onStored);
	}

	/** The first message that is wanted, now or within the time. */
	async wait({wanted, ...options}: WaitOptions): Promise<Handed | Unmet> {
		const {inbox} = await this.join();
		const found = inbox.next(wanted);
		const outcome = found
			? {heard: found, undo: inbox.hand(found)}
			: await this.#waits.wait(
					wanted ?? (heard => inbox.isCall(heard)),
					options,
				);
		return typeof outcome === 'string'
			? outcome
			: this.#deliver(outcome, options.signal);
	}

	/**
	 * Says a text, and waits for what a member says after it.
	 *
	 * @param who The member; by nick if the room gives no ids.
	 */
	async ask(
		text: string,
		who: {readonly id: string | undefined; readonly nick: string},
		options: Omit<WaitOptions, 'wanted'>,
	): Promise<{receipt: Receipt; outcome: Handed | Unmet | 'left'}> {
		const {inbox} = await this.join();
		const leaving = new AbortController();
		const {id = '', nick} = who;
		const asking = this.#asking.get(id) ?? new Set();
		this.#asking.set(id, asking.add(leaving));
		const isFrom = (heard: Heard) =>
			id === '' ? foldNick(heard.from) === foldNick(nick) : heard.id === id;
		const signal = AbortSignal.any([options.signal, leaving.signal]);
		let isAsked = false;
		try {
			// It waits from before: the answer may come in one chunk with the receipt.
			const answer = this.#waits.wait(
				heard => isAsked && isFrom(heard) && this.#isForUs(heard, inbox),
				{...options, signal, isFirst: true},
			);
			const receipt = await this.say(text, undefined, () => {
				isAsked = true;
			});
			const outcome = await answer;
			if (typeof outcome === 'string') {
				const isLeft = outcome === 'aborted' && !options.signal.aborted;
				return {receipt, outcome: isLeft ? 'left' : outcome};
			}

			return {receipt, outcome: this.#deliver(outcome, options.signal)};
		} finally {
			leaving.abort();
			asking.delete(leaving);
			if (asking.size === 0) {
				this.#asking.delete(id);
			}
		}
	}

	/** One after the other: each goes on where the one before ended. */
	async inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
		const result = this.#turn.then(work);
		this.#turn = result.catch(() => undefined);
		return result;
	}

	/** It is read, unless the request is cancelled before its answer has gone. */
	async advance(
		seq: number,
		whispers: readonly Heard[],
		signal: AbortSignal,
	): Promise<void> {
		const {inbox} = await this.join();
		if (signal.aborted) {
			return;
		}

		const undo = inbox.advance(seq, whispers);
		this.#keep();
		this.#untilSent(signal, undo);
	}

	/**
	 * The entries of a part of the log.
	 *
	 * @returns They end at `to`, and begin at `from`, or at the oldest kept.
	 */
	async entries(from: number, to: number): Promise<readonly Entry[]> {
		await this.enter();
		const parts: Array<readonly Entry[]> = [];
		let before = to + 1;
		while (before > from) {
			// In turn: each page ends where the next one begins.
			// eslint-disable-next-line no-await-in-loop
			const {entries, oldest} = await this.#requests.past(before);
			const end = before;
			parts.unshift(entries.filter(({seq}) => seq >= from && seq < end));
			const first = entries[0]?.seq ?? 0;
			if (first <= oldest || first >= before) {
				break;
			}

			before = first;
		}

		return parts.flat();
	}

	async find(text: string, before: number | undefined): Promise<Found> {
		await this.enter();
		return this.#requests.find(text, before);
	}

	/** The members present, with ids; undefined if the room gives no ids. */
	async roll(): Promise<readonly PresentMember[] | undefined> {
		await this.enter();
		const present = await this.#requests.roll();
		return present?.members;
	}

	/** What is known of those who said something; the room is asked if need be. */
	async marksOf(ids: readonly string[]): Promise<ReadonlyMap<string, Marks>> {
		if (ids.some(id => !this.#marks.has(id)) && this.#isOpen) {
			await this.roll();
			for (const id of ids) {
				// It has left, or the answer is late: it need not be asked for again.
				if (!this.#marks.has(id)) {
					this.#marks.set(id, {});
				}
			}
		}

		return this.#marks;
	}

	/** Leaves for good; settles when it has. */
	async leave(): Promise<void> {
		this.#end(left());
		this.#gone ??= left();
		try {
			const {room} = (await this.#joined) ?? {};
			room?.leave();
			await room?.closed;
		} catch {
			// It never came in.
		}
	}

	/** The same at once. */
	destroy(): void {
		this.#current?.room.leave();
		this.#current?.room.leave();
	}

	async #open(): Promise<Joined> {
		const home = await this.#options.findHome(this.#clientName);
		const {id, kept = this.#keptSoFar(id)} = home;
		const inbox = new Inbox(id, kept);
		const receipts = new Receipts(id, this.#options.clock);
		const held: ChatEvent[] = [];
		let take = (event: ChatEvent) => {
			held.push(event);
		};

		const room = await home.open(
			event => {
				take(event);
			},
			{
				log: kept?.log,
				since: kept?.read,
				last: kept ? undefined : 0,
			},
		);
		const joined = {home, inbox, receipts, room};
		this.#current = joined;
		take = event => {
			this.#take(event, joined);
		};

		for (const event of held) {
			take(event);
		}

		void this.#watchEnd(joined);
		return joined;
	}

	/** What this process knows, if nothing is kept on disk. */
	#keptSoFar(id: string): Kept | undefined {
		return this.#current?.home.id === id
			? this.#current.inbox.kept()
			: undefined;
	}

	async #watchEnd({room}: Joined): Promise<void> {
		const error = (await room.closed) ?? left();
		this.#joined = undefined;
		this.#welcome = undefined;
		this.#isOpen = false;
		if (isForGood(error)) {
			this.#gone = error;
		}

		this.#end(error);
	}

	#end(error: SockchatError): void {
		this.#ending = error;
		this.#requests.end(error);
		this.#current?.receipts.end(error);
		this.#waits.end();
		for (const resolve of this.#onWelcome.splice(0)) {
			resolve();
		}
	}

	async #untilWelcome(): Promise<void> {
		// A room that is over says welcome no more.
		if (!this.#isOpen && this.#joined) {
			await new Promise<void>(resolve => {
				const cancel = this.#options.clock.setTimer(resolve, welcomeMs);
				this.#onWelcome.push(() => {
					cancel();
					resolve();
				});
			});
		}

		if (!this.#isOpen) {
			throw this.#joined
				? notWelcome(this.#lastCause)
				: (this.#ending ?? notWelcome(this.#lastCause));
		}
	}

	#take(event: ChatEvent, joined: Joined): void {
		joined.receipts.take(event);
		if (event.type === 'frame') {
			this.#takeFrame(event.frame, joined);
		} else if (event.type === 'connection') {
			const {connection} = event;
			const {phase} = connection;
			if (phase !== 'open' && phase !== 'silent') {
				this.#isOpen = false;
				this.#requests.interrupt();
			}

			if ('cause' in connection && connection.cause) {
				this.#lastCause = connection.cause.message;
			}
		}
	}

	#takeFrame(frame: ServerFrame, joined: Joined): void {
		const {inbox} = joined;
		this.#presence = reducePresence(this.#presence, frame);
		this.#requests.take(frame);
		if (frame.type === 'welcome') {
			this.#enter(frame, joined);
			return;
		}

		if (frame.type === 'present') {
			this.#mark(frame.members);
		} else if (frame.type === 'joined') {
			this.#marks.delete(frame.id);
		} else if (frame.type === 'left' && goneFor.has(frame.reason)) {
			for (const leaving of this.#asking.get(frame.id) ?? []) {
				leaving.abort();
			}
		}

		const heard = inbox.take(frame);
		if (heard) {
			this.#waits.offer(heard, () => inbox.hand(heard));
			if (heard.seq === undefined) {
				// The room keeps no whisper.
				this.#keep();
			}
		}

		if (frame.type === 'message') {
			this.#options.onSaid();
		}
	}

	/** Also from an answer that nobody waits for any more. */
	#mark(members: readonly PresentMember[]): void {
		// Before these go in: those present are the ones to remember.
		if (this.#marks.size > rememberedMarks) {
			this.#marks.clear();
		}

		for (const {id, agent, sameUser} of members) {
			this.#marks.set(id, {
				...(agent && {agent}),
				...(sameUser && {sameUser}),
			});
		}
	}

	#enter(welcome: Welcome, joined: Joined): void {
		this.#welcome = welcome;
		joined.inbox.take(welcome);
		this.#isOpen = true;
		this.#lastCause = undefined;
		this.#keep();
		this.#requests.begin(joined.room);
		for (const resolve of this.#onWelcome.splice(0)) {
			resolve();
		}
	}

	/** An answer is for us unless it is addressed to somebody else. */
	#isForUs(heard: Heard, inbox: Inbox): boolean {
		return (
			inbox.isCall(heard) ||
			this.members.names.every(
				name =>
					foldNick(name) === foldNick(heard.from) ||
					!isMentioned(heard.text, name),
			)
		);
	}

	/**
	 * Records that a wait returned it, unless the request was cancelled
	 * meanwhile.
	 */
	#deliver({heard, undo}: Handed, signal: AbortSignal): Handed | Unmet {
		if (signal.aborted) {
			undo();
			return 'aborted';
		}

		this.#keep();
		this.#untilSent(signal, undo);
		return {heard, undo};
	}

	/** The signal of a request means nothing once its answer has gone. */
	#untilSent(signal: AbortSignal, undo: () => void): void {
		signal.addEventListener(
			'abort',
			() => {
				undo();
				this.#keep();
			},
			{once: true},
		);
	}

	#keep(): void {
		const {home, inbox} = this.#current ?? {};
		const kept = inbox?.kept();
		if (kept) {
			home!.keep(kept);
		}
	}
}
