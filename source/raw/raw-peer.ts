/**
 * One peer of `serve --raw`: what it sends is reported chunk by chunk, as read,
 * and answered if the server has answers.
 */
import type {Buffer} from 'node:buffer';
import type {SockchatError} from '../errors.js';
import type {
	ControlEvent,
	NoticeEvent,
	RawEvent,
	ServerEvent,
} from '../event/event.js';
import type {PeerRow} from '../event/peer-row.js';
import type {Recorded, Recorder} from '../recording/recorder.js';
import type {Clock} from '../socket/clock.js';
import type {SocketOwner} from '../socket/control.js';
import {datagramFacts, type OuterLink} from '../socket/link.js';
import type {Origin} from '../socket/origin.js';
import type {TcpTable} from '../socket/tcp-table.js';
import type {Arrivals} from '../socket/stream/arrivals.js';
import {whetherTaken, writeTo} from '../socket/stream/write.js';
import type {SocketWatch} from '../watch/socket-watch.js';
import type {Answerer} from './answers/answerer.js';
import type {Answers} from './answers/answers.js';
import {Heard, type SearchPace} from './heard.js';
import {answersLost, endOf, failureOf} from './peer-end.js';
import {followControls} from './messages/controls.js';
import {answerTelnet} from './telnet.js';

type Ended = Extract<ServerEvent, {type: 'ended'}>;

/** What all peers of a server have in common. */
export type RawSite = {
	readonly clock: Clock;
	readonly onEvent: (
		event: ServerEvent | RawEvent | ControlEvent | NoticeEvent,
	) => void;
	readonly watch: SocketWatch | undefined;
	readonly recorder: Recorder | undefined;
	/** Whether telnet's requests are answered. */
	readonly isTelnet: boolean;
	/** What answers the peers, if anything. */
	readonly answers: Answers | undefined;
	/** Of the searches in what all peers say. */
	readonly searches: SearchPace;
	readonly arrivals: Arrivals;
	/** Whether ours follows the FIN of a peer, which has its answers. */
	readonly isEndAnswered: (peer: RawPeer) => boolean;
	/** Whether nobody hears what comes. */
	readonly isUnheard: () => boolean;
	/** Its FIN isn't answered now. */
	readonly onHalfClosed: (peer: RawPeer) => void;
	/** @param ended The event that reports it. */
	readonly onClosed: (peer: RawPeer, ended: Ended) => void;
};

export class RawPeer {
	readonly link: OuterLink;
	readonly name: string;
	/** How much of what was written is for it. */
	bytesGiven = 0;
	/** How much of that the kernel took. */
	bytesTaken = 0;
	readonly #site: RawSite;
	readonly #origin: Origin;
	/** Monotonic milliseconds of its accept. */
	readonly #since: number;
	readonly #recorded: Recorded | undefined;
	readonly #answerer: Answerer | undefined;
	/** Why it is not read now. */
	readonly #pauses = new Set<'all' | 'by-hand' | 'answer'>();
	#bytesIn = 0;
	#isHalfClosed = false;
	/** How its connection broke. */
	#error: Error | undefined;
	/** Whether we reset it. */
	#wasReset = false;
	/** Of the answers. */
	readonly #answered = {bytesToSay: 0, bytesSaid: 0};
	/** What it had sent when we were asked to leave. */
	#bytesAtLeave: number | undefined;

	constructor(link: OuterLink, origin: Origin, site: RawSite) {
		const {name} = origin;
		const {stream} = link;
		const {clock, onEvent, watch, searches, arrivals} = site;
		this.link = link;
		this.name = name;
		this.#site = site;
		this.#origin = origin;
		this.#since = clock.monotonicMs();
		link.checkSending({isReadFirst: !site.answers, arrivals});
		this.#recorded = site.recorder?.follow(link, name);
		const negotiate = site.isTelnet
			? answerTelnet(stream, bytes => {
					this.#report('out', bytes);
				})
			: undefined;
		this.#answerer = site.answers?.(
			{
				name,
				write: async bytes => {
					this.#answered.bytesToSay += bytes.length;
					const isTaken =
						stream.writable &&
						(await whetherTaken(stream, done => {
							this.send(bytes, done);
						}));
					this.#answered.bytesSaid += isTaken ? bytes.length : 0;
					return isTaken;
				},
				disconnect() {
					stream.destroy();
				},
			},
			new Heard(searches),
		);
		stream.on('data', (bytes: Buffer) => {
			if (site.isUnheard()) {
				return;
			}

			this.#bytesIn += bytes.length;
			this.#report('in', bytes, link.messageKind(bytes));
			negotiate?.(bytes);
			if (this.#answerer) {
				void this.#answer(this.#answerer, bytes);
			}
		});
		followControls(link, name, clock, onEvent, watch);
		stream.on('end', () => {
			void this.#answerEnd();
		});
		stream.on('error', error => {
			this.#error ??= error;
		});
		stream.on('close', () => {
			this.#close();
		});
	}

	get isHalfClosed(): boolean {
		return this.#isHalfClosed;
	}

	/** Why what was said to it, or by it, may not be all. */
	get failure(): SockchatError | undefined {
		return (
			failureOf(this.link, this.name, this.#error) ??
			answersLost(this.name, this.#answered)
		);
	}

	/**
	 * Whether it has not ended, and went on sending after we were asked to leave,
	 * or is held back by our output.
	 */
	get isStillSending(): boolean {
		return (
			!this.#isHalfClosed &&
			this.#bytesAtLeave !== undefined &&
			(this.#bytesIn > this.#bytesAtLeave ||
				this.link.stream.readableLength > 0)
		);
	}

	/** What it has sent. */
	get bytesIn(): number {
		return this.#bytesIn;
	}

	/** Whether an answer, or a part of one, was not sent. */
	get isAmidAnswer(): boolean {
		return this.#answered.bytesToSay > this.#answered.bytesSaid;
	}

	/** @param isOnly Whether what it has sent so far is to be all, too. */
	noteLeave(isOnly: boolean): void {
		this.#bytesAtLeave = isOnly ? 0 : this.#bytesIn;
	}

	/** @param done Called with whether the kernel took all of it. */
	send(bytes: Buffer, done: (isTaken: boolean) => void): void {
		const frame = this.link.messageKind(bytes);
		this.#chunk('out', bytes, frame);
		writeTo(this.link.stream, bytes, error => {
			if (!error) {
				// As a call, it is said once it was made.
				this.#site.watch?.tap.note('out', this.name, bytes, frame);
			}

			done(!error);
		});
	}

	/** Pauses or resumes reading; it is read when nothing pauses it. */
	setPaused(cause: 'all' | 'by-hand' | 'answer', isPaused: boolean): void {
		if (isPaused) {
			this.#pauses.add(cause);
		} else {
			this.#pauses.delete(cause);
		}

		if (this.#pauses.size > 0) {
			this.link.stream.pause();
		} else {
			this.link.stream.resume();
		}
	}

	row(table: TcpTable | undefined): PeerRow {
		const {stream, bytesOut} = this.link;
		const origin = this.#origin;
		return {
			peer: this.name,
			nick: undefined,
			dialect: 'raw',
			phase: this.#isHalfClosed ? 'half-closed' : 'open',
			since: this.#since,
			rttMs: undefined,
			bytesIn: this.#bytesIn,
			bytesOut,
			queuedBytes: stream.writableLength,
			lagEntries: 0,
			isPaused: stream.isPaused(),
			kernel:
				origin.kind === 'tcp'
					? table?.pair(origin.local, origin.name)
					: undefined,
		};
	}

	/** A raw socket has no protocol, so there is only the socket to act on. */
	get owner(): SocketOwner {
		const {link} = this;
		const {watch} = this.#site;
		return {
			link,
			setPaused: isPaused => {
				this.setPaused('by-hand', isPaused);
			},
			onCall(call) {
				watch?.called(call, link);
			},
			reset: () => {
				this.#wasReset = true;
				link.reset();
			},
			close(unreadBytes) {
				watch?.called('close()', link, {unreadBytes});
				link.stream.destroy();
			},
		};
	}

	#report(
		direction: 'in' | 'out',
		bytes: Buffer,
		frame?: RawEvent['frame'],
	): void {
		this.#site.watch?.tap.note(direction, this.name, bytes, frame);
		this.#chunk(direction, bytes, frame);
	}

	#chunk(
		direction: 'in' | 'out',
		bytes: Buffer,
		frame: RawEvent['frame'],
	): void {
		const {clock, onEvent} = this.#site;
		const {name: peer} = this;
		if (direction === 'out') {
			this.#recorded?.sent(bytes);
		}

		const at = clock.wallMs();
		onEvent({type: 'chunk', at, direction, peer, bytes, frame});
	}

	async #answer(answerer: Answerer, bytes: Buffer): Promise<void> {
		this.setPaused('answer', true);
		await answerer.hear(bytes);
		this.setPaused('answer', false);
	}

	async #answerEnd(): Promise<void> {
		this.#isHalfClosed = true;
		await this.#answerer?.endHearing();
		if (this.#site.isEndAnswered(this)) {
			this.link.stream.end();
		} else {
			this.#site.onHalfClosed(this);
		}
	}

	#close(): void {
		const {link, name: peer} = this;
		const {clock, onClosed} = this.#site;
		this.#answerer?.leave();
		onClosed(this, {
			type: 'ended',
			at: clock.wallMs(),
			peer,
			...endOf(link, this.#error),
			...(this.#wasReset && {reason: 'reset'}),
			bytesIn: this.#bytesIn,
			bytesOut: link.bytesOut,
			...datagramFacts(link),
		});
	}
}
