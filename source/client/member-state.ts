/**
 * What a client keeps across connections: the last seq, the log's id, the nick,
 * the members, the outbox.
 *
 * It drops entries seen before and reports every gap; it knows no socket.
 */
import {Buffer} from 'node:buffer';
import {Outbox, type Outgoing} from '../connection/outbox.js';
import {SockchatError} from '../errors.js';
import {
	wireVersion,
	type Entry,
	type ErrorFrame,
	type Gap,
	type Hello,
	type MemberList,
	type PendingMessage,
	type ServerFrame,
	type Welcome,
	type Whispered,
} from '../protocol/frame.js';
import {
	foldNick,
	maxNickBytes,
	suggestNick,
	type Nick,
} from '../protocol/nick.js';
import {reduceOwnNick, unnamed, type OwnNick} from '../protocol/own-nick.js';
import {noSuchMember} from '../protocol/room-refusals.js';
import {checkText} from '../protocol/text.js';
import type {ClientEvent} from '../event/event.js';
import {nobody, reducePresence} from '../protocol/presence.js';
import {trace} from '../trace.js';
import type {Clock} from '../socket/clock.js';
import type {Identity} from './identity.js';

export type MemberStateOptions = {
	readonly identity: Identity;
	readonly nick: Nick;
	/** The first hello's `since`. */
	readonly since?: number | undefined;
	/** The log of `since`. */
	readonly log?: string | undefined;
	/** The first hello's `last`. */
	readonly last?: number | undefined;
	/** Whether it joins to say one thing, as its hello then says. */
	readonly isOneShot?: boolean | undefined;
	/** Whether it acts for somebody, as its hello then says. */
	readonly isAgent?: boolean | undefined;
	readonly clock: Clock;
	readonly emit: (event: ClientEvent) => void;
};

const unanswered = () =>
	new SockchatError(
		'ERR_NOT_STORED',
		'The connection broke before the server confirmed it.',
	);

const repeated = (n: number, stored: number) =>
	new SockchatError(
		'ERR_NOT_STORED',
		`It was numbered ${n}, but the room has messages of yours up to ${stored}, and would take it for a repeat. Say it again.`,
	);

/** A nick that is too long for any member needs no request. */
const checkReceiver = (to: string | undefined): SockchatError | undefined =>
	to !== undefined && Buffer.byteLength(to) > maxNickBytes
		? noSuchMember(to)
		: undefined;

export class MemberState {
	/** The public id, which marks one's own entries. */
	readonly id: string;
	readonly #options: MemberStateOptions;
	readonly #outbox: Outbox;
	readonly #takenNicks = new Set<string>();
	#own: OwnNick;
	#log: string | undefined;
	#lastSeq: number | undefined;
	#presence = nobody;
	/** As the last welcome says. */
	#isInMemory = false;
	/** Whether a welcome has come, on any connection. */
	#wasWelcome = false;
	/** Keys of hello that came later, newest first, as far as the server has them. */
	#laterKeys: ReadonlyArray<keyof Hello> = ['agent', 'oneShot', 'last'];
	/** The head of the first welcome: entries up to it are a replay. */
	#replayHead: number | undefined;
	/** Whether entries have gone missing since the welcome. */
	#hasGap = false;
	/** A nick that no hello has asked for yet. */
	#wish: string | undefined;
	/** The current connection's; undefined until it comes. */
	#welcome: Welcome | undefined;

	constructor(options: MemberStateOptions) {
		this.#options = options;
		this.#own = unnamed(options.nick);
		this.#lastSeq = options.since;
		this.#log = options.log;
		this.#outbox = new Outbox(options.identity.lastN);
		this.id = options.identity.id;
	}

	/** The nick in the room, or the one to ask for. */
	get nick(): string {
		return this.#own.nick;
	}

	get isWelcome(): boolean {
		return this.#welcome !== undefined;
	}

	/** Who is in the room. */
	get members(): MemberList {
		return this.#presence.members;
	}

	/** How many of one's own messages are not yet confirmed as stored. */
	get unstored(): number {
		return this.#outbox.size;
	}

	/** How many of these the room keeps until its relay is back. */
	get kept(): number {
		return this.#outbox.kept;
	}

	/** Whether the room ends with its server, as far as that says so. */
	get isInMemory(): boolean {
		return this.#isInMemory;
	}

	/** Messages that the server has not answered yet, oldest first. */
	get unanswered(): readonly Outgoing[] {
		return this.#outbox.after(this.#welcome?.stored ?? 0);
	}

	hello(): Hello {
		this.#wish = undefined;
		const {last} = this.#options;
		// Without a replay there may be no entry yet since the welcome.
		const since = this.#lastSeq ?? (last === 0 ? this.#replayHead : undefined);
		const known =
			since === undefined
				? last === undefined || !this.#laterKeys.includes('last')
					? {}
					: {last}
				: {
						since,
						...(this.#log === undefined ? {} : {log: this.#log}),
					};
		const isOneShot =
			this.#options.isOneShot === true && this.#laterKeys.includes('oneShot');
		const isAgent =
			this.#options.isAgent === true && this.#laterKeys.includes('agent');
		return {
			type: 'hello',
			v: wireVersion,
			client: this.#options.identity.secret,
			nick: this.nick,
			...known,
			...(isOneShot ? {oneShot: true} : {}),
			...(isAgent ? {agent: true} : {}),
		};
	}

	/** @param nick The nick to ask for: in the next hello, or after the welcome. */
	wish(nick: string): void {
		this.#own = {...this.#own, nick};
		this.#wish = nick;
	}

	/** The nick that was wished for after the hello had gone. */
	takeWish(): string | undefined {
		const wish = this.#wish;
		this.#wish = undefined;
		return wish;
	}

	/**
	 * The server may be older than a key of hello: omits the newest one.
	 *
	 * @returns Whether hello was sent with one.
	 */
	useOldHello(): boolean {
		const hello = this.hello();
		const newest = this.#laterKeys.findIndex(key => hello[key] !== undefined);
		this.#laterKeys = newest === -1 ? [] : this.#laterKeys.slice(newest + 1);
		return newest !== -1;
	}

	/** The nick was taken: picks the next similar one. */
	wishAnother(): void {
		this.#takenNicks.add(foldNick(this.nick));
		const nick = suggestNick(this.#options.nick, key =>
			this.#takenNicks.has(key),
		);
		this.#own = {...this.#own, nick};
	}

	/** @returns What to send; undefined if no server would accept it. */
	queue(text: string, to: string | undefined): Outgoing | undefined {
		// A lone surrogate can't be encoded as UTF-8.
		const frame = this.#outbox.add(text.toWellFormed(), to?.toWellFormed());
		const {n} = frame;
		this.#options.identity.use(n);
		const error = checkText(frame.text) ?? checkReceiver(to);
		this.#emit({type: 'queued', at: this.#at, n, text: frame.text, to});
		if (!error) {
			return frame;
		}

		this.#outbox.settle(n);
		this.#emit({type: 'failed', at: this.#at, n, error});
		return undefined;
	}

	/**
	 * The connection ended; unanswered messages wait for the next one.
	 *
	 * @param isKeeping Whether the server still keeps what it kept: if it ended
	 * too, its memory is gone.
	 */
	interrupt(isKeeping: boolean): void {
		this.#welcome = undefined;
		if (!isKeeping) {
			this.#outbox.forgetKept();
		}
	}

	takeWelcome(frame: Welcome): void {
		const isOther =
			frame.log !== this.#log || frame.head < (this.#lastSeq ?? 0);
		if (this.#replayHead === undefined) {
			this.#replayHead = frame.head;
			const isOtherLog = this.#log !== undefined && this.#log !== frame.log;
			if (isOtherLog || (this.#lastSeq ?? 0) > frame.head) {
				// Asked for what comes after a seq that isn't there.
				this.#lastSeq = undefined;
			}
		} else if (isOther && this.#lastSeq !== undefined) {
			// Seqs of another log can't be compared, so no gap can be computed.
			this.#lastSeq = undefined;
			this.#replayHead = 0;
			this.#emit({
				type: 'notice',
				at: this.#at,
				tone: 'warn',
				text: 'The room continues in another log: some messages may be missing here, and some may appear twice.',
			});
		}

		this.#log = frame.log;
		this.#hasGap = false;
		this.#welcome = frame;
		this.#isInMemory = frame.inMemory === true;
		this.emitFrame(frame);
		this.#goOnFrom(frame.stored ?? 0);
		this.#settleReplayed(this.#lastSeq ?? 0);
	}

	takeGap(gap: Gap): void {
		this.#hasGap = true;
		this.#lastSeq = gap.to;
		this.emitFrame(gap);
	}

	takeEntry(entry: Entry): void {
		const {seq} = entry;
		const expected = (this.#lastSeq ?? seq - 1) + 1;
		if (seq < expected) {
			trace(`skipped entry ${seq}, which was seen before`);
			return;
		}

		if (seq > expected) {
			// The server reported no gap, so we do.
			this.emitFrame({type: 'gap', from: expected, to: seq - 1});
		}

		this.#lastSeq = seq;
		if (entry.type === 'message' && entry.id === this.id) {
			this.#outbox.settle(entry.n);
		}

		this.emitFrame(entry, this.#isReplay(entry));
		this.#settleReplayed(seq);
	}

	takePending(frame: PendingMessage): void {
		if (frame.id === this.id) {
			this.#outbox.keep(frame.n);
		}

		this.emitFrame(frame);
	}

	takeWhispered(frame: Whispered): void {
		// A server that sends no id: compare nicks.
		const isOwn =
			frame.id === undefined
				? foldNick(frame.from) === foldNick(this.nick)
				: frame.id === this.id;
		if (isOwn) {
			this.#outbox.settle(frame.n);
		}

		this.emitFrame(frame);
	}

	/** @returns The error, if it concerns the connection rather than a message. */
	takeError(frame: ErrorFrame): SockchatError | undefined {
		const error = new SockchatError(frame.code, frame.message);
		if (frame.n === undefined || !this.#outbox.settle(frame.n)) {
			return error;
		}

		this.#emit({type: 'failed', at: this.#at, n: frame.n, error});
		return undefined;
	}

	emitFrame(frame: ServerFrame, isReplay = false): void {
		this.#presence = reducePresence(this.#presence, frame);
		this.#own = reduceOwnNick(this.#own, this.id, frame);
		const event = {type: 'frame', at: this.#at, frame} as const;
		this.#emit(isReplay ? {...event, isReplay} : event);
	}

	/** Its own joined is in the welcome's head, and yet it happens now. */
	#isReplay({type, seq, id}: Entry): boolean {
		const head = this.#replayHead ?? 0;
		return (
			seq < head || (seq === head && !(type === 'joined' && id === this.id))
		);
	}

	get #at(): number {
		return this.#options.clock.wallMs();
	}

	#emit(event: ClientEvent): void {
		this.#options.emit(event);
	}

	/**
	 * Numbers what is said from now on above all that the room has stored of this
	 * client. What waits for the first welcome was never sent, so a number that
	 * the room knows is one of an earlier process: the state folder was restored.
	 */
	#goOnFrom(stored: number): void {
		this.#outbox.goOnFrom(stored);
		const stale = this.#wasWelcome ? [] : this.#outbox.upTo(stored);
		this.#wasWelcome = true;
		for (const {n} of stale) {
			this.#outbox.settle(n);
			this.#emit({type: 'failed', at: this.#at, n, error: repeated(n, stored)});
		}
	}

	/**
	 * After the replay: a message that the server handled but did not echo is in a
	 * gap, if there was one. Otherwise it was refused, and the reason was lost with
	 * the connection. For a whisper there is no way to know.
	 */
	#settleReplayed(seq: number): void {
		const welcome = this.#welcome;
		if (!welcome || seq < welcome.head) {
			return;
		}

		for (const frame of this.#outbox.upTo(welcome.stored ?? 0)) {
			const {n} = frame;
			this.#outbox.settle(n);
			if (frame.type === 'say' && this.#hasGap) {
				this.#emit({type: 'stored', at: this.#at, n});
			} else {
				this.#emit({type: 'failed', at: this.#at, n, error: unanswered()});
			}
		}
	}
}
