/**
 * What a client has seen of the room and what it has said, over any number of
 * connections: the last seq, the log it counts in, the nick, the outbox.
 *
 * It makes sure that nothing is shown twice and that no hole is silent; it
 * knows no socket.
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
import {publicId} from '../protocol/public-id.js';
import {noSuchMember} from '../protocol/room-refusals.js';
import {checkText} from '../protocol/text.js';
import type {ClientEvent} from '../event/event.js';
import {nobody, reducePresence} from '../protocol/presence.js';
import {trace} from '../trace.js';
import type {Clock} from '../socket/clock.js';

export type MemberStateOptions = {
	/** The client's UUID. */
	readonly secret: string;
	readonly nick: Nick;
	readonly clock: Clock;
	readonly emit: (event: ClientEvent) => void;
};

const unanswered = () =>
	new SockchatError(
		'ERR_NOT_STORED',
		'The connection broke before the server said what became of it.',
	);

/** A nick that nobody can have need not be asked for. */
const checkReceiver = (to: string | undefined): SockchatError | undefined =>
	to !== undefined && Buffer.byteLength(to) > maxNickBytes
		? noSuchMember(to)
		: undefined;

export class MemberState {
	/** The public id, by which one's own entries are known. */
	readonly id: string;
	readonly #options: MemberStateOptions;
	readonly #outbox = new Outbox();
	readonly #takenNicks = new Set<string>();
	#nick: string;
	#log: string | undefined;
	#lastSeq: number | undefined;
	#presence = nobody;
	/** Whether entries are missing since the welcome. */
	#hasGap = false;
	/** Of the current connection; undefined before its welcome. */
	#welcome: Welcome | undefined;

	constructor(options: MemberStateOptions) {
		this.#options = options;
		this.#nick = options.nick;
		this.id = publicId(options.secret);
	}

	/** As the room has it, or as it will be asked for. */
	get nick(): string {
		return this.#nick;
	}

	get isWelcome(): boolean {
		return this.#welcome !== undefined;
	}

	/** Who is here. */
	get members(): MemberList {
		return this.#presence.members;
	}

	/** How many of one's own messages are not known to be stored. */
	get unstored(): number {
		return this.#outbox.size;
	}

	/** What the server has not answered yet, oldest first. */
	get unanswered(): readonly Outgoing[] {
		return this.#outbox.after(this.#welcome?.stored ?? 0);
	}

	hello(): Hello {
		const known =
			this.#lastSeq === undefined
				? {}
				: {
						since: this.#lastSeq,
						...(this.#log === undefined ? {} : {log: this.#log}),
					};
		return {
			type: 'hello',
			v: wireVersion,
			client: this.#options.secret,
			nick: this.#nick,
			...known,
		};
	}

	/** @param nick To be asked for with the next hello. */
	wish(nick: string): void {
		this.#nick = nick;
	}

	/** The wished nick was taken: wishes for the next like it. */
	wishAnother(): void {
		this.#takenNicks.add(foldNick(this.#nick));
		this.#nick = suggestNick(this.#options.nick, key =>
			this.#takenNicks.has(key),
		);
	}

	/** @returns What to send; undefined for a text that no server would take. */
	queue(text: string, to: string | undefined): Outgoing | undefined {
		// A lone surrogate has no UTF-8; no server would take it.
		const frame = this.#outbox.add(text.toWellFormed(), to?.toWellFormed());
		const {n} = frame;
		const error = checkText(frame.text) ?? checkReceiver(to);
		this.#emit({type: 'queued', at: this.#at, n, text: frame.text, to});
		if (!error) {
			return frame;
		}

		this.#outbox.settle(n);
		this.#emit({type: 'failed', at: this.#at, n, error});
		return undefined;
	}

	/** The connection is gone; what is unanswered waits for the next. */
	interrupt(): void {
		this.#welcome = undefined;
	}

	takeWelcome(frame: Welcome): void {
		const isOther =
			frame.log !== this.#log || frame.head < (this.#lastSeq ?? 0);
		if (isOther && this.#lastSeq !== undefined) {
			// Its numbers mean something else, so that no gap can be reckoned.
			this.#lastSeq = undefined;
			this.#emit({
				type: 'notice',
				at: this.#at,
				tone: 'warn',
				text: 'The room goes on in another log: what was said meanwhile may be missing here, and what comes now may have been here before.',
			});
		}

		this.#log = frame.log;
		this.#hasGap = false;
		this.#welcome = frame;
		this.#nick = frame.nick;
		this.tell(frame);
		this.#settleReplayed(this.#lastSeq ?? 0);
	}

	takeGap(gap: Gap): void {
		this.#hasGap = true;
		this.#lastSeq = gap.to;
		this.tell(gap);
	}

	takeEntry(entry: Entry): void {
		const {seq} = entry;
		const expected = (this.#lastSeq ?? seq - 1) + 1;
		if (seq < expected) {
			trace(`passed over entry ${seq}, which was here before`);
			return;
		}

		if (seq > expected) {
			// The server said nothing of it, so it is said here.
			this.tell({type: 'gap', from: expected, to: seq - 1});
		}

		this.#lastSeq = seq;
		if (entry.id === this.id) {
			if (entry.type === 'message') {
				this.#outbox.settle(entry.n);
			} else if (entry.type === 'renamed') {
				this.#nick = entry.to;
			}
		}

		this.tell(entry);
		this.#settleReplayed(seq);
	}

	takeWhispered(frame: Whispered): void {
		// A server that names no id: then the nick has to do.
		const isOwn =
			frame.id === undefined
				? foldNick(frame.from) === foldNick(this.#nick)
				: frame.id === this.id;
		if (isOwn) {
			this.#outbox.settle(frame.n);
		}

		this.tell(frame);
	}

	/** @returns The error if it is about the connection, not one message. */
	takeError(frame: ErrorFrame): SockchatError | undefined {
		const error = new SockchatError(frame.code, frame.message);
		if (frame.n === undefined || !this.#outbox.settle(frame.n)) {
			return error;
		}

		this.#emit({type: 'failed', at: this.#at, n: frame.n, error});
		return undefined;
	}

	tell(frame: ServerFrame): void {
		this.#presence = reducePresence(this.#presence, frame);
		this.#emit({type: 'frame', at: this.#at, frame});
	}

	get #at(): number {
		return this.#options.clock.wallMs();
	}

	#emit(event: ClientEvent): void {
		this.#options.emit(event);
	}

	/**
	 * With the replay through, what the server has dealt with but whose echo did
	 * not come fell into a gap. Without a gap it was refused, and the reason lost
	 * with the connection; of a whisper nobody can tell.
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
