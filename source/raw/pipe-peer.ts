/**
 * One peer of a server that is a pipe: what it says, what is said to it, and how
 * it ended.
 */
import type {Buffer} from 'node:buffer';
import {Writable} from 'node:stream';
import type {SockchatError} from '../errors.js';
import type {ServerEvent} from '../event/event.js';
import type {Recorder} from '../recording/recorder.js';
import {systemClock} from '../socket/clock.js';
import {datagramFacts, type OuterLink} from '../socket/link.js';
import type {Arrivals} from '../socket/stream/arrivals.js';
import type {Answers} from './answers/answers.js';
import {Conversation} from './conversation.js';
import {giveBackOf, type Input} from './feed.js';
import type {SearchPace} from './heard.js';
import type {Holder} from './peer-input.js';
import {answersLost, endOf, failureOf} from './peer-end.js';
import type {PipeOutput} from './pipe.js';
import {receive, type Replies} from './receive.js';
import type {ScriptStep} from './script-steps.js';
import {createSink, type Sink} from './sink.js';
import {answerTelnet} from './telnet.js';

/** What all peers of a server have in common. */
export type PipeSite = {
	readonly input: Input | undefined;
	readonly output: PipeOutput;
	readonly script: readonly ScriptStep[] | undefined;
	readonly answers: Answers | undefined;
	/** Of the searches in what all peers say. */
	readonly pace: SearchPace;
	readonly arrivals: Arrivals;
	readonly recorder: Recorder | undefined;
	readonly isTelnet: boolean | undefined;
	/** Set if the chunks of all peers are counted. */
	readonly replies: Replies | undefined;
};

/** One of several that write to the same output; its end isn't the output's. */
const shareOf = (output: Writable): Writable => {
	const share = new Writable({
		write(chunk: Buffer, _encoding, done) {
			output.write(chunk, done);
		},
	});
	// Each write hears of its failure, and the output's owner reports it.
	share.on('error', () => undefined);
	return share;
};

export class PipePeer implements Holder {
	readonly link: OuterLink;
	readonly name: string;
	readonly sink: Sink;
	bytesGiven = 0;
	/** Whether it has ended, and nothing that it said is still to be answered. */
	isAnswered = false;
	/** How its connection broke. */
	error: Error | undefined;
	readonly #site: PipeSite;
	readonly #conversation: Conversation;
	/** What it had sent when we were asked to leave. */
	#bytesAtLeave: number | undefined;

	constructor(link: OuterLink, name: string, site: PipeSite) {
		const {stream} = link;
		const {input, recorder, script, answers, pace, arrivals} = site;
		this.link = link;
		this.name = name;
		this.#site = site;
		link.checkSending({
			isReadFirst: !answers && (script ?? []).length === 0,
			arrivals,
		});
		// Before the recorder, which puts its listener in front.
		if (site.isTelnet) {
			stream.prependListener(
				'data',
				answerTelnet(stream, bytes => recorded?.sent(bytes)),
			);
		}

		const recorded = recorder?.follow(link, name);
		this.sink = createSink(stream, {
			onWrite: recorded?.sent,
			onTaken: input && giveBackOf(input),
		});
		this.#conversation = new Conversation({
			name,
			sink: this.sink,
			disconnect() {
				stream.destroy();
			},
			script,
			answers,
			pace,
		});
	}

	/** Whether its script is under way. */
	get isAmidScript(): boolean {
		return this.#conversation.pending !== undefined;
	}

	/** Whether it can be given the input. */
	get isReady(): boolean {
		return (
			!this.isAmidScript &&
			this.link.stream.writable &&
			this.sink.writable.writable
		);
	}

	/** How much of the input the kernel took for it. */
	get bytesTaken(): number {
		return this.sink.bytesTaken() - this.#conversation.bytesSaid;
	}

	/**
	 * Whether it has not ended, and went on sending after we were asked to leave,
	 * or is held back by our output.
	 */
	get isStillSending(): boolean {
		const {stream} = this.link;
		return (
			!stream.readableEnded &&
			this.#bytesAtLeave !== undefined &&
			(stream.bytesRead > this.#bytesAtLeave || stream.readableLength > 0)
		);
	}

	/** Whether an answer, or a part of one, was not sent. */
	get isAmidAnswer(): boolean {
		return (
			this.#conversation.isAnswering &&
			this.#conversation.bytesToSay > this.#conversation.bytesSaid
		);
	}

	/** Why what was said to it, or by it, may not be all. */
	get failure(): SockchatError | undefined {
		const {link, name, error} = this;
		const conversation = this.#conversation;
		return (
			failureOf(link, name, error) ??
			// A script says itself what of it was not sent.
			(conversation.isAnswering ? answersLost(name, conversation) : undefined)
		);
	}

	/** How it ended. */
	get ended(): Extract<ServerEvent, {type: 'ended'}> {
		const {link, name, error, sink} = this;
		return {
			type: 'ended',
			at: systemClock.wallMs(),
			peer: name,
			...endOf(link, error),
			bytesIn: link.stream.bytesRead,
			bytesOut: sink.bytesTaken(),
			...datagramFacts(link),
		};
	}

	/** Runs the script, and begins to answer. */
	async begin() {
		return this.#conversation.begin();
	}

	/**
	 * Settles when it has ended, and all that it said is with the output and
	 * answered.
	 *
	 * @returns Whether that went well; the output, or the link, says why not.
	 */
	async receive(): Promise<boolean> {
		const {stream} = this.link;
		const {output, replies} = this.#site;
		try {
			await receive(stream, {
				...output,
				format: output.createFormat?.(this.link),
				...(!this.#conversation.isEmpty && {
					onHeard: async (chunk: Buffer) => this.#conversation.hear(chunk),
				}),
				output: shareOf(output.output),
				replies,
			});
		} catch {
			stream.destroy();
			return false;
		}

		await this.#conversation.endHearing();
		if (!stream.readableEnded) {
			// Enough has come. What else comes is for nobody, but not read it would
			// become RST.
			stream.resume();
		}

		this.isAnswered = true;
		return true;
	}

	/** Sends FIN after all that is on its way to it. */
	endSending(): void {
		this.sink.writable.end(() => {
			this.link.stream.end();
		});
	}

	/** We were asked to leave. */
	noteLeave(): void {
		this.#bytesAtLeave = this.link.stream.bytesRead;
	}

	/** The connection is gone. */
	abandon(): void {
		this.#conversation.abandon();
	}
}
