/**
 * One connection as a pipe: stdin to the other side, and what it says to
 * stdout, one `pipeline` each way. Bytes aren't looked at.
 *
 * A FIN ends one direction (RFC 9293, 3.6). So the pipe is done when the input
 * has ended and was sent, and the other side has ended too, in either order.
 */
import type {Buffer} from 'node:buffer';
import type {Readable} from 'node:stream';
import {pipeline} from 'node:stream/promises';
import {setImmediate} from 'node:timers';
import type {Recorder} from '../recording/recorder.js';
import type {SocketLink} from '../socket/link.js';
import type {Answers} from './answers.js';
import type {Unmet} from './chat-script.js';
import {Conversation} from './conversation.js';
import {lineEndTransform, type LineEnding} from './line-ends.js';
import {receive, type Receiving} from './receive.js';
import type {ScriptStep} from './script-steps.js';
import {Silence} from './silence.js';
import {createSink, type Sink} from './sink.js';

/** What is sent. */
export type Input = {
	readonly stream: Readable;
	/** Whether it ends by itself: a file, or a text. */
	readonly isFinite: boolean;
	/** Replaces each line end; without it nothing is touched. */
	readonly lineEnding: LineEnding | undefined;
	/** Whether its end sends FIN. */
	readonly isShutdown: boolean;
};

/** When to end before both directions have. */
export type Limits = {
	/** After this long without a byte. */
	readonly idleMs?: number | undefined;
	/** After this many chunks from the other side. */
	readonly replies?: number | undefined;
};

export type PipeOptions = {
	/** Connected. */
	readonly link: SocketLink;
	/** Undefined: nothing is sent, and FIN answers that of the other side. */
	readonly input: Input | undefined;
	readonly output: Omit<Receiving, 'onChunk' | 'onHeard'>;
	readonly limits: Limits;
	/** What comes before the input. */
	readonly script?: readonly ScriptStep[] | undefined;
	/** What answers the other side; its FIN is then answered after that. */
	readonly answers?: Answers | undefined;
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
	readonly hasInputEnded: boolean;
	/** How the connection broke. */
	readonly linkError: Error | undefined;
	/** Why the input can't be read. */
	readonly inputError: Error | undefined;
	/** Whether it was left amid a direction in which bytes had moved. */
	readonly isCutOff: boolean;
	/** How many of the replies that were asked for did not come. */
	readonly missingReplies: number;
	/** Why the script didn't come to its end. */
	readonly unmet: Unmet | undefined;
};

/** What was read of an input, and where it is read. */
const followInput = ({stream, lineEnding}: Input) => {
	const ends = lineEnding === undefined ? [] : [lineEndTransform(lineEnding)];
	const last = ends.at(-1) ?? stream;
	let bytesPassed = 0;
	last.on('data', (chunk: Buffer) => {
		bytesPassed += chunk.length;
	});
	return {
		stages: [stream, ...ends] as const,
		last,
		/** What waits in a stream was read, too. */
		bytesRead: () =>
			[stream, ...ends].reduce(
				(sum, {readableLength}) => sum + readableLength,
				bytesPassed,
			),
	};
};

class LinkPipe {
	readonly ended: Promise<PipeEnd>;
	readonly #options: PipeOptions;
	readonly #sink: Sink;
	readonly #silence: Silence;
	readonly #conversation: Conversation;
	#unmet: Unmet | undefined;
	#source: ReturnType<typeof followInput> | undefined;
	#linkError: Error | undefined;
	#inputError: Error | undefined;
	#hasInputEnded = false;
	/** Whether the kernel took all of the script and the input. */
	#isSent: boolean;
	/** Whether nothing that the other side said is still to be answered. */
	#isAnswered: boolean;
	#isLeaving = false;
	#isCutOff = false;
	#missingReplies: number;

	constructor(options: PipeOptions) {
		this.#options = options;
		const {link, output, limits, script, answers, recorder} = options;
		const {peer = ''} = options;
		this.#missingReplies = limits.replies ?? 0;
		this.#sink = createSink(
			link.stream,
			recorder?.follow(link, options.peer).sent,
		);
		this.#conversation = new Conversation({
			name: peer,
			sink: this.#sink,
			disconnect() {
				link.stream.destroy();
			},
			script,
			answers,
		});
		this.#isSent = !options.input && this.#conversation.isEmpty;
		this.#isAnswered = !this.#conversation.isAnswering;
		this.#silence = new Silence(
			limits.idleMs,
			() => output.output.writableLength > 0,
			() => {
				this.#stop();
			},
		);
		this.ended = this.#run();
	}

	/** The step of the script under way; undefined once all are done. */
	get currentStep(): ScriptStep | undefined {
		return this.#conversation.currentStep;
	}

	get #stream() {
		return this.#options.link.stream;
	}

	/** Leaves in good order, as far as that takes no waiting; again: at once. */
	leave(): void {
		this.#noteCutOff();
		if (this.#isLeaving) {
			this.#stream.destroy();
		} else {
			this.#stop();
		}
	}

	/** Closes at once. */
	destroy(): void {
		this.#noteCutOff();
		this.#stream.destroy();
	}

	async #run(): Promise<PipeEnd> {
		const stream = this.#stream;
		const {input} = this.#options;
		const closed = new Promise<void>(resolve => {
			stream.once('close', () => {
				this.#conversation.abandon();
				input?.stream.destroy();
				resolve();
			});
		});
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
		return {
			bytesRead: this.#bytesRead,
			bytesTaken: this.#sink.bytesTaken() - this.#conversation.bytesSaid,
			hasInputEnded: this.#hasInputEnded,
			linkError: this.#linkError,
			inputError: this.#inputError,
			isCutOff: this.#isCutOff,
			missingReplies: this.#missingReplies,
			unmet: this.#unmet,
		};
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

		const {input} = this.#options;
		if (input && !this.#isLeaving) {
			await this.#send(input);
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
		return this.#source?.bytesRead() ?? 0;
	}

	async #send(input: Input): Promise<void> {
		const stream = this.#stream;
		const source = followInput(input);
		this.#source = source;
		input.stream.on('error', error => {
			// A pipeline that breaks behind it destroys it with that error.
			if (!this.#sink.writable.destroyed) {
				this.#inputError ??= error;
			}
		});
		input.stream.once('end', () => {
			this.#hasInputEnded = true;
		});
		try {
			await pipeline([...source.stages, this.#sink.writable]);
		} catch {
			// Either of them has said why, unless we left.
			if (!this.#isLeaving) {
				stream.destroy();
			}

			return;
		}

		this.#isSent = true;
		if (input.isShutdown || stream.readableEnded) {
			stream.end();
		}
	}

	async #receive(): Promise<void> {
		const stream = this.#stream;
		const {output, limits} = this.#options;
		try {
			await receive(stream, {
				...output,
				...(!this.#conversation.isEmpty && {
					onHeard: async (chunk: Buffer) => this.#conversation.hear(chunk),
				}),
				...(limits.replies !== undefined && {
					onChunk: () => {
						this.#missingReplies--;
						return this.#missingReplies > 0;
					},
				}),
			});
		} catch {
			// The connection or the output has said why.
			stream.destroy();
			return;
		}

		await this.#conversation.endHearing();
		this.#isAnswered = true;
		this.#answerEnd();
		if (limits.replies !== undefined && this.#missingReplies === 0) {
			this.#stopSoon();
		}
	}

	/** Enough has come; what is there of the input is sent before the end. */
	#stopSoon(): void {
		const {input} = this.#options;
		if (input && !this.#isSent && (input.isFinite || this.#hasInputEnded)) {
			this.#sink.writable.once('close', () => {
				this.#close();
			});
			return;
		}

		// A turn later, as what was written to a pipe before may just arrive.
		setImmediate(() => {
			setImmediate(() => {
				this.#close();
			});
		});
	}

	/** Stops, whatever is left. */
	#stop(): void {
		if (this.#sink.writable.writableLength > 0) {
			// The other side doesn't read, and the sum at the end says so.
			this.#isLeaving = true;
			this.#stream.destroy();
		} else {
			this.#close();
		}
	}

	/** Sends FIN after what was read so far, and doesn't wait for theirs. */
	#close(): void {
		const stream = this.#stream;
		const {writable} = this.#sink;
		this.#isLeaving = true;
		this.#source?.last.unpipe(writable);
		this.#source?.last.pause();
		writable.end(() => {
			stream.end(() => {
				stream.destroy();
			});
		});
	}

	#noteCutOff(): void {
		const stream = this.#stream;
		const isReceiving = stream.bytesRead > 0 && !stream.readableEnded;
		const isSending =
			((this.#bytesRead > 0 || this.currentStep !== undefined) &&
				!this.#isSent) ||
			(stream.bytesRead > 0 && !this.#isAnswered);
		this.#isCutOff ||= (isReceiving || isSending) && !stream.destroyed;
	}
}

export type Pipe = Pick<
	LinkPipe,
	'ended' | 'leave' | 'destroy' | 'currentStep'
>;

export const startPipe = (options: PipeOptions): Pipe => new LinkPipe(options);
