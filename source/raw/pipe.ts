/**
 * One connection as a pipe: stdin to the other side, and what it says to
 * stdout, one `pipeline` each way. Bytes aren't looked at.
 *
 * A FIN ends one direction (RFC 9293, 3.6). So the pipe is done when the input
 * has ended and was sent, and the other side has ended too, in either order.
 */
import type {Buffer} from 'node:buffer';
import type {Duplex} from 'node:stream';
import {clearInterval, setImmediate, setInterval} from 'node:timers';
import {SockchatError} from '../errors.js';
import type {Recorder} from '../recording/recorder.js';
import type {OuterLink} from '../socket/link.js';
import {Arrivals} from '../socket/stream/arrivals.js';
import {queueRead} from '../socket/stream/turns.js';
import {leftBehind} from '../socket/send-queue.js';
import type {Answers} from './answers/answers.js';
import type {Pending, Unmet} from './chat-script.js';
import {Conversation} from './conversation.js';
import {giveBackOf, OwnFeed, type Feed, type Input} from './feed.js';
import {receive, Replies, type Receiving} from './receive.js';
import type {ScriptStep} from './script-steps.js';
import {Silence} from './silence.js';
import {createSink, type Sink} from './sink.js';
import {answerTelnet} from './telnet.js';
import {endUnheard} from './unheard.js';

/** What writes into a pipe has its turn in less, unless it waits for us. */
export const quietMs = 100;

/** When to end before both directions have. */
export type Limits = {
	/** After this long without a byte. */
	readonly idleMs?: number | undefined;
	/** After this many chunks from the other side. */
	readonly replies?: number | undefined;
};

export type PipeOutput = Pick<
	Receiving,
	'output' | 'isDirect' | 'createDisplay'
> & {
	/** Makes bytes of messages, for a link that has them. */
	readonly createFormat?: ((link: OuterLink) => Duplex) | undefined;
};

export type PipeOptions = {
	/** Connected. */
	readonly link: OuterLink;
	/** Undefined: nothing is sent, and FIN answers that of the other side. */
	readonly input: Input | Feed | undefined;
	/** Whether the other side's FIN is answered, whatever is left of the input. */
	readonly isEndedByPeer?: boolean | undefined;
	readonly output: PipeOutput;
	readonly limits: Limits;
	/** What comes before the input. */
	readonly script?: readonly ScriptStep[] | undefined;
	/** What answers the other side; its FIN is then answered after that. */
	readonly answers?: Answers | undefined;
	/** Whether telnet's requests are answered. */
	readonly isTelnet?: boolean | undefined;
	/** Set if all is recorded. */
	readonly recorder?: Recorder | undefined;
	/** Its name in the recording; undefined on a client. */
	readonly peer?: string | undefined;
};

export type PipeEnd = {
	/** How much of the input was read; line ends count as they are sent. */
	readonly bytesRead: number;
	/** How much of that the kernel took. */
	readonly bytesTaken: number;
	/** How much was still in our kernel as we closed it. */
	readonly unreachedBytes: number;
	readonly hasInputEnded: boolean;
	/** How the connection broke. */
	readonly linkError: Error | undefined;
	/** Why the input can't be read or cut. */
	readonly inputError: Error | undefined;
	/** Whether we ended it: nothing more is wanted. */
	readonly isEnough: boolean;
	/** Whether it was left amid a direction in which bytes had moved. */
	readonly isCutOff: boolean;
	/** How many of the replies that were asked for did not come. */
	readonly missingReplies: number;
	/** Why the script didn't come to its end. */
	readonly unmet: Unmet | undefined;
	/** How many bytes of answers there were, and how many the kernel took. */
	readonly answered?: Pick<Conversation, 'bytesToSay' | 'bytesSaid'>;
};

const endedAmid = () =>
	new SockchatError(
		'ERR_WEBSOCKET',
		'The other side closed the WebSocket before all was sent.',
	);

class LinkPipe {
	readonly ended: Promise<PipeEnd>;
	readonly #options: PipeOptions;
	readonly #sink: Sink;
	readonly #silence: Silence;
	readonly #conversation: Conversation;
	#unmet: Unmet | undefined;
	readonly #feed: Feed | undefined;
	/** What others were given of it. */
	readonly #bytesBefore: number;
	#linkError: Error | undefined;
	/** Whether the kernel took all of the script and the input. */
	#isSent: boolean;
	/** Whether nothing that the other side said is still to be answered. */
	#isAnswered: boolean;
	#isLeaving = false;
	/** Whether somebody else wanted it to end. */
	#wasAsked = false;
	#isEnough = false;
	#isCutOff = false;
	readonly #replies: Replies | undefined;
	/** What of that waited in the kernel as it was closed. */
	#unreachedBytes = 0;

	constructor(options: PipeOptions) {
		this.#options = options;
		const {link, input, output, limits, script, answers, recorder} = options;
		const {peer = ''} = options;
		this.#feed = input && ('giveTo' in input ? input : new OwnFeed(input));
		this.#bytesBefore = this.#feed?.bytesRead ?? 0;
		this.#replies =
			limits.replies === undefined ? undefined : new Replies(limits.replies);
		link.checkSending({
			isReadFirst: !answers && (script ?? []).length === 0,
			arrivals: new Arrivals(),
		});
		// Before the recorder, which puts its listener in front.
		if (options.isTelnet) {
			link.stream.prependListener(
				'data',
				answerTelnet(link.stream, bytes => recorded?.sent(bytes)),
			);
		}

		const recorded = recorder?.follow(link, options.peer);
		this.#sink = createSink(link.stream, {
			onWrite: recorded?.sent,
			onTaken: this.#feed && giveBackOf(this.#feed.input),
		});
		this.#conversation = new Conversation({
			name: peer,
			sink: this.#sink,
			disconnect() {
				link.stream.destroy();
			},
			script,
			answers,
		});
		this.#isSent = !input && this.#conversation.isEmpty;
		this.#isAnswered = !this.#conversation.isAnswering;
		this.#silence = new Silence(
			limits.idleMs,
			() => output.output.writableLength > 0,
			() => {
				this.#isEnough = true;
				this.#stop();
			},
		);
		this.ended = this.#run();
	}

	/** The step of the script under way; undefined once all are done. */
	get pending(): Pending | undefined {
		return this.#conversation.pending;
	}

	get #stream() {
		return this.#options.link.stream;
	}

	/** Leaves in good order, as far as that takes no waiting; again: at once. */
	leave(): void {
		this.#noteCutOff();
		this.#wasAsked = true;
		if (this.#isLeaving) {
			this.destroy();
			return;
		}

		this.#isEnough = true;
		if (this.#options.link.kind === 'udp') {
			void queueRead(() => this.#stream.bytesRead).then(() => {
				this.#stop();
			});
		} else {
			this.#stop();
		}
	}

	/** Closes at once. */
	destroy(): void {
		this.#noteCutOff();
		this.#isEnough = true;
		this.#unreachedBytes = leftBehind(this.#options.link);
		this.#stream.destroy();
	}

	async #run(): Promise<PipeEnd> {
		const stream = this.#stream;
		const closed = new Promise<void>(resolve => {
			const abandon = () => {
				this.#conversation.abandon();
				this.#feed?.release();
				resolve();
			};

			if (stream.closed) {
				abandon();
			} else {
				stream.once('close', abandon);
			}
		});
		// An accepted one may have been reset before this turn.
		this.#linkError = stream.errored ?? undefined;
		stream.on('error', error => {
			this.#linkError ??= error;
		});
		stream.once('end', () => {
			this.#answerEnd();
		});
		this.#silence.follow(this.#options.link);
		// Both at once, so that neither waits for the other.
		const received = this.#receive();
		await Promise.all([this.#sendAll(), received]);
		await closed;
		this.#silence.stop();
		// A script says itself what of it was not sent.
		const {isAnswering} = this.#conversation;
		return {
			bytesRead: this.#bytesRead,
			bytesTaken: this.#sink.bytesTaken() - this.#conversation.bytesSaid,
			unreachedBytes: this.#unreachedBytes,
			hasInputEnded: this.#feed?.hasEnded ?? false,
			linkError: this.#linkError ?? this.#shortfall,
			inputError: this.#feed?.error,
			isEnough: this.#isEnough,
			isCutOff: this.#isCutOff || (this.#wasAsked && this.#unreachedBytes > 0),
			missingReplies: this.#replies?.missing ?? 0,
			unmet: this.#unmet,
			...(isAnswering && {answered: this.#conversation}),
		};
	}

	/** Why not all went over a link that ended as it should. */
	get #shortfall(): Error | undefined {
		const {link} = this.#options;
		// If one side of it can't go on alone, its end ends our sending, too.
		const isCutShort =
			link.kind === 'ws' &&
			!this.#isSent &&
			!this.#isLeaving &&
			!this.#feed?.error &&
			(this.#feed?.input.isFinite === true ||
				this.#bytesRead >
					this.#sink.bytesTaken() - this.#conversation.bytesSaid);
		return link.flaw ?? (isCutShort ? endedAmid() : undefined);
	}

	/** The script, then the input. */
	async #sendAll(): Promise<void> {
		this.#unmet = await this.#conversation.begin();
		if (this.#unmet) {
			if (!this.#isLeaving) {
				this.#stop();
			}

			return;
		}

		if (this.#feed && !this.#isLeaving) {
			await this.#send(this.#feed);
			return;
		}

		this.#isSent = true;
		this.#answerEnd();
	}

	/** FIN for theirs, if nothing is left to be sent. */
	#answerEnd(): void {
		const stream = this.#stream;
		if (this.#isSent && this.#isAnswered && stream.readableEnded) {
			this.#sink.writable.end(() => {
				stream.end();
			});
		}
	}

	get #bytesRead(): number {
		return (this.#feed?.bytesRead ?? 0) - this.#bytesBefore;
	}

	async #send(feed: Feed): Promise<void> {
		const stream = this.#stream;
		const isTaken = await feed.giveTo(this.#sink.writable);
		if (!isTaken) {
			// Either of them has said why, unless we left.
			if (!this.#isLeaving) {
				stream.destroy();
			}

			return;
		}

		this.#isSent = true;
		if (feed.input.isShutdown || stream.readableEnded) {
			stream.end();
		}
	}

	async #receive(): Promise<void> {
		const stream = this.#stream;
		const {output} = this.#options;
		try {
			await receive(stream, {
				...output,
				format: output.createFormat?.(this.#options.link),
				...(!this.#conversation.isEmpty && {
					onHeard: async (chunk: Buffer) => this.#conversation.hear(chunk),
				}),
				replies: this.#replies,
			});
		} catch {
			// The connection or the output has said why.
			stream.destroy();
			return;
		}

		await this.#conversation.endHearing();
		this.#isAnswered = true;
		this.#answerEnd();
		if (this.#replies?.missing === 0) {
			this.#isEnough = true;
			this.#stopSoon();
		} else if (this.#options.isEndedByPeer && !this.#isSent) {
			this.#close(quietMs);
		}
	}

	/** Enough has come; what is there of the input is sent before the end. */
	#stopSoon(): void {
		const feed = this.#feed;
		if (feed && !this.#isSent && this.pending === undefined) {
			const timer =
				feed.input.isFinite || feed.hasEnded
					? undefined
					: this.#stopOnceQuiet(feed);
			this.#sink.writable.once('close', () => {
				clearInterval(timer);
				this.#close();
			});
			// Else its end would not be seen.
			this.#stream.resume();
			return;
		}

		// A turn later, as what was written to a pipe before may just arrive.
		setImmediate(() => {
			setImmediate(() => {
				this.#close();
			});
		});
	}

	/** A pipe may never end: it is left once it gives no more. */
	#stopOnceQuiet(feed: Feed): NodeJS.Timeout {
		let bytesRead = this.#bytesRead;
		const timer = setInterval(() => {
			const taken = this.#sink.bytesTaken() - this.#conversation.bytesSaid;
			const isQuiet =
				this.#bytesRead === bytesRead && taken === bytesRead - feed.heldBytes;
			bytesRead = this.#bytesRead;
			if (isQuiet) {
				clearInterval(timer);
				this.#close();
			}
		}, quietMs);
		return timer;
	}

	/** Stops, whatever is left. */
	#stop(): void {
		if (this.#sink.writable.writableLength > 0) {
			// The other side doesn't read, and the sum at the end says so.
			this.#isLeaving = true;
			this.#stream.destroy();
		} else {
			this.#close(quietMs);
		}
	}

	/**
	 * Sends FIN after what was read so far, and doesn't wait for theirs, but until
	 * all of it has arrived.
	 *
	 * @param patienceMs For how long.
	 */
	#close(patienceMs = Infinity): void {
		const {link} = this.#options;
		const {writable} = this.#sink;
		this.#isLeaving = true;
		this.#feed?.takeBack(writable);
		writable.end(() => {
			void endUnheard(link, patienceMs).then(() => {
				this.#unreachedBytes = leftBehind(link);
				link.stream.destroy();
			});
		});
	}

	#noteCutOff(): void {
		const stream = this.#stream;
		const isReceiving =
			this.#options.link.kind !== 'udp' &&
			stream.bytesRead > 0 &&
			!stream.readableEnded;
		const isToSend =
			this.#bytesRead > 0 ||
			this.pending !== undefined ||
			this.#feed?.input.isFinite === true;
		const isSending =
			(isToSend && !this.#isSent) ||
			(stream.bytesRead > 0 && !this.#isAnswered);
		this.#isCutOff ||= (isReceiving || isSending) && !stream.destroyed;
	}
}

export type Pipe = Pick<LinkPipe, 'ended' | 'leave' | 'destroy' | 'pending'>;

export const startPipe = (options: PipeOptions): Pipe => new LinkPipe(options);
