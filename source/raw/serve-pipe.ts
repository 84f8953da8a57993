/**
 * `serve --raw` as a pipe: the first peer gets stdin, and the output gets what
 * all peers say, in the order in which it was read.
 *
 * The end of stdin sends FIN to all peers, and to those who come later. A peer
 * that leaves before makes room for the next: an input that goes on is then for
 * that one; the rest of a file is not, as it would be half a file.
 */
import {setImmediate} from 'node:timers';
import type {Buffer} from 'node:buffer';
import {Writable} from 'node:stream';
import {SockchatError} from '../errors.js';
import type {LeaveReason} from '../protocol/frame.js';
import type {NoticeEvent, ServerEvent} from '../event/event.js';
import type {LoopbackAddress} from '../socket/address.js';
import type {Recorder} from '../recording/recorder.js';
import {systemClock} from '../socket/clock.js';
import {roomForPeers} from '../socket/descriptors.js';
import type {AnyListener} from '../socket/listener.js';
import {datagramFacts, type OuterLink} from '../socket/link.js';
import {plainListener, type ListenerMaker} from '../socket/link/transport.js';
import {
	createAnswers,
	type Answering,
	type Answers,
} from './answers/answers.js';
import type {Unmet} from './chat-script.js';
import {Conversation} from './conversation.js';
import {SearchPace} from './heard.js';
import {giveBackOf, type Input} from './feed.js';
import type {Limits, PipeOutput} from './pipe.js';
import {PeerInput} from './peer-input.js';
import {peersNamed} from './peer-name.js';
import {receive} from './receive.js';
import type {ScriptStep} from './script-steps.js';
import {Silence} from './silence.js';
import {createSink, type Sink} from './sink.js';
import {answerTelnet} from './telnet.js';

export type ServePipeOptions = {
	readonly address: LoopbackAddress;
	/** A listening socket that was passed to us; then nothing is bound. */
	readonly descriptor?: number | undefined;
	readonly backlog?: number | undefined;
	readonly input: Input | undefined;
	readonly output: PipeOutput;
	readonly limits: Limits;
	/** Whether a peer's FIN is not answered before we leave. */
	readonly isHalfOpen?: boolean | undefined;
	/** Whether telnet's requests are answered. */
	readonly isTelnet?: boolean | undefined;
	/** Set if all is recorded. */
	readonly recorder?: Recorder | undefined;
	readonly onEvent: (event: ServerEvent | NoticeEvent) => void;
	/** For TCP and Unix domain sockets by default. */
	readonly createListener?: ListenerMaker | undefined;
	/** What each peer gets first. */
	readonly script?: readonly ScriptStep[] | undefined;
	readonly onUnmet?: (unmet: Unmet, peer: string) => void;
	/** Which peer gets the input, instead of the first. */
	readonly to?: string | undefined;
	/** What answers the peers. */
	readonly answering?: Answering | undefined;
	/** Called if a peer can't be served any longer. */
	readonly onFailure?: (error: SockchatError) => void;
};

export type ServePipeEnd = {
	readonly bytesRead: number;
	/** How much of that the kernel took, for any peer. */
	readonly bytesTaken: number;
	readonly hasInputEnded: boolean;
	readonly inputError: Error | undefined;
	/** Whether a peer was cut off that was still sending. */
	readonly isCutOff: boolean;
	readonly missingReplies: number;
	/** Whether a peer's script was under way when we left. */
	readonly isAmidScript: boolean;
};

export type ServePipe = {
	/** Where it listens; a port of 0 is replaced by the real one. */
	readonly address: LoopbackAddress;
	/** Sends FIN to all and ends within 3 seconds; again: at once. */
	readonly leave: () => void;
	readonly destroy: () => void;
	readonly ended: Promise<ServePipeEnd>;
};

type Peer = {
	readonly link: OuterLink;
	readonly name: string;
	readonly sink: Sink;
	readonly conversation: Conversation;
	/** Whether it has ended, and nothing that it said is still to be answered. */
	isAnswered: boolean;
	/** See `Holder`. */
	bytesGiven: number;
	reason: LeaveReason;
	/** What it had sent when we were asked to leave. */
	bytesAtLeave: number | undefined;
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

class PeersPipe {
	readonly ended: Promise<ServePipeEnd>;
	#settle!: (end: ServePipeEnd) => void;
	readonly #options: ServePipeOptions;
	readonly #listener: AnyListener;
	readonly #silence: Silence;
	/** In the order in which they came. */
	readonly #peers = new Map<OuterLink, Peer>();
	readonly #answers: Answers | undefined;
	/** Of the searches in what all peers say. */
	readonly #pace = new SearchPace();
	readonly #input: PeerInput<Peer> | undefined;
	#bytesTaken = 0;
	#missingReplies: number;
	#isLeaving = false;
	#isCutOff = false;
	#isAmidScript = false;
	/** What peers said is on its way to the output, though they may have left. */
	readonly #receiving = new Set<Promise<void>>();

	constructor(options: ServePipeOptions) {
		this.#options = options;
		const {address, descriptor, limits, output, onEvent} = options;
		const {answering, onFailure = () => undefined} = options;
		this.#answers = answering && createAnswers(answering, onFailure);
		const {input, createListener = plainListener} = options;
		this.#input =
			input &&
			new PeerInput(
				input,
				() => {
					this.#finishInput(input.isShutdown);
				},
				() => {
					this.leave();
				},
			);
		this.#missingReplies = limits.replies ?? 0;
		this.ended = new Promise(resolve => {
			this.#settle = resolve;
		});
		this.#listener = createListener({
			address,
			descriptor,
			clock: systemClock,
			onEvent,
			onLink: (link, {name}) => {
				this.#accept(link, name);
			},
			onDrain: () => {
				for (const peer of this.#peers.values()) {
					this.#endSending(peer);
				}
			},
			onCutOff: () => {
				this.destroy();
			},
		});
		this.#silence = new Silence(
			limits.idleMs,
			() => output.output.writableLength > 0,
			() => {
				this.leave();
			},
		);
	}

	get address(): LoopbackAddress {
		return this.#listener.address;
	}

	async listen(): Promise<void> {
		await this.#listener.listen(this.#options.backlog);
		void this.#end();
	}

	leave(): void {
		if (this.#isLeaving) {
			this.destroy();
			return;
		}

		this.#isLeaving = true;
		for (const peer of this.#peers.values()) {
			peer.bytesAtLeave = peer.link.stream.bytesRead;
			this.#isAmidScript ||= peer.conversation.currentStep !== undefined;
		}

		this.#silence.stop();
		this.#input?.takeBack();
		void this.#listener.drain();
	}

	destroy(): void {
		for (const {link, bytesAtLeave} of this.#peers.values()) {
			const {stream} = link;
			this.#isCutOff ||=
				!stream.readableEnded &&
				bytesAtLeave !== undefined &&
				stream.bytesRead > bytesAtLeave;
			stream.destroy();
		}

		if (!this.#isLeaving) {
			this.leave();
		}
	}

	async #end(): Promise<void> {
		await this.#listener.closed;
		await Promise.all(this.#receiving);
		this.#silence.stop();
		this.#input?.close();
		this.#settle({
			bytesRead: this.#input?.bytesRead ?? 0,
			bytesTaken: this.#bytesTaken,
			hasInputEnded: this.#input?.hasEnded ?? false,
			inputError: this.#input?.error,
			isCutOff: this.#isCutOff,
			missingReplies: this.#missingReplies,
			isAmidScript: this.#isAmidScript,
		});
	}

	/** FIN to all, now and from now on, unless that isn't wanted. */
	#finishInput(isShutdown: boolean): void {
		for (const peer of this.#peers.values()) {
			const isToEnd = isShutdown || peer.link.stream.readableEnded;
			if (isToEnd && !peer.conversation.currentStep) {
				this.#endSending(peer);
			}
		}
	}

	#accept(link: OuterLink, name: string): void {
		const {stream} = link;
		const {input, script, recorder, isTelnet} = this.#options;
		// Before the recorder, which puts its listener in front.
		if (isTelnet) {
			stream.prependListener(
				'data',
				answerTelnet(stream, bytes => recorded?.sent(bytes)),
			);
		}

		const recorded = recorder?.follow(link, name);
		const sink = createSink(stream, {
			onWrite: recorded?.sent,
			onTaken: input && giveBackOf(input),
		});
		const peer: Peer = {
			link,
			name,
			sink,
			conversation: new Conversation({
				name,
				sink,
				disconnect() {
					stream.destroy();
				},
				script,
				answers: this.#answers,
				pace: this.#pace,
			}),
			isAnswered: false,
			bytesGiven: 0,
			reason: 'closed',
			bytesAtLeave: undefined,
		};
		this.#peers.set(link, peer);
		stream.on('error', error => {
			peer.reason = 'reset';
			this.#blame(peer, error);
		});
		if (link.kind === 'udp') {
			stream.on('arrived', () => {
				this.#prefer(peer);
			});
		}

		stream.once('close', () => {
			peer.conversation.abandon();
			this.#part(peer);
		});
		this.#silence.follow(link);
		const received = this.#receive(peer);
		this.#receiving.add(received);
		void received.then(() => this.#receiving.delete(received));
		void this.#begin(peer);
	}

	/** The script, then the input. */
	async #begin(peer: Peer): Promise<void> {
		const hasScript = peer.conversation.currentStep !== undefined;
		const unmet = await peer.conversation.begin();
		if (unmet) {
			if (!this.#isLeaving) {
				this.#options.onUnmet?.(unmet, peer.name);
			}

			peer.link.stream.end(() => {
				peer.link.stream.destroy();
			});
			return;
		}

		if (hasScript && peer.link.stream.readableEnded) {
			this.#answer(peer);
		}

		if (this.#isLeaving) {
			this.#endSending(peer);
		} else if (this.#input?.isOver) {
			if (this.#options.input!.isShutdown) {
				this.#endSending(peer);
			}
		} else {
			this.#give();
		}
	}

	async #receive(peer: Peer): Promise<void> {
		const {stream} = peer.link;
		const {output, limits} = this.#options;
		try {
			await receive(stream, {
				...output,
				format: output.createFormat?.(peer.link),
				...(!peer.conversation.isEmpty && {
					onHeard: async (chunk: Buffer) => peer.conversation.hear(chunk),
				}),
				output: shareOf(output.output),
				...(limits.replies !== undefined && {
					onChunk: () => this.#countReply(),
				}),
			});
		} catch {
			stream.destroy();
			return;
		}

		await peer.conversation.endHearing();
		peer.isAnswered = true;
		// One turn, as what was written to our input before may just arrive.
		setImmediate(() => {
			setImmediate(() => {
				this.#answer(peer);
			});
		});
	}

	#countReply(): boolean {
		this.#missingReplies--;
		if (this.#missingReplies === 0) {
			this.leave();
		}

		return this.#missingReplies > 0;
	}

	/** The peer has sent FIN: ours follows what it still has to get. */
	#answer(peer: Peer): void {
		if (peer.conversation.currentStep !== undefined || !peer.isAnswered) {
			return;
		}

		const {input} = this.#options;
		const isHolder = peer === this.#input?.holder;
		const isTyped = (input?.stream as {isTTY?: boolean} | undefined)?.isTTY;
		if (isHolder && !isTyped && (input!.isFinite || peer.bytesGiven > 0)) {
			return;
		}

		const isKept = this.#options.isHalfOpen && !this.#input?.isOver;
		if (isKept) {
			return;
		}

		if (isHolder) {
			this.#input.takeBack();
		}

		this.#endSending(peer);
		this.#give();
	}

	/** For UDP: the input goes to the peer that spoke last. */
	#prefer(peer: Peer): void {
		if (this.#input?.holder !== peer) {
			this.#input?.takeBack();
			this.#give([peer]);
		}
	}

	/** The input goes to the first peer that can take it. */
	#give(preferred: Iterable<Peer> = this.#peers.values()): void {
		const {to} = this.#options;
		const input = this.#input;
		const isGivable = input && !input.isOver && !input.holder;
		if (!isGivable || this.#isLeaving) {
			return;
		}

		const peers = [...preferred].filter(
			({name}) => to === undefined || peersNamed([name], to).length > 0,
		);
		for (const peer of peers) {
			const {writable} = peer.sink;
			const isReady = !peer.conversation.currentStep;
			if (isReady && peer.link.stream.writable && writable.writable) {
				input.giveTo(peer);
				return;
			}
		}
	}

	#endSending({link, sink}: Peer): void {
		sink.writable.end(() => {
			link.stream.end();
		});
	}

	/** What went wrong on a link that isn't a socket as it is. */
	#blame({name}: Peer, error: Error | undefined): void {
		if (error instanceof SockchatError) {
			const {code, message} = error;
			this.#options.onFailure?.(new SockchatError(code, `${name}: ${message}`));
		}
	}

	#part(peer: Peer): void {
		const {link, name, reason, bytesGiven, sink} = peer;
		this.#peers.delete(link);
		this.#blame(peer, link.flaw);
		const bytesTaken = sink.bytesTaken();
		this.#bytesTaken += bytesTaken - peer.conversation.bytesSaid;
		this.#options.onEvent({
			type: 'ended',
			at: systemClock.wallMs(),
			peer: name,
			reason,
			bytesIn: link.stream.bytesRead,
			bytesOut: bytesTaken,
			...datagramFacts(link),
		});
		const input = this.#input;
		if (input?.holder !== peer) {
			return;
		}

		if (this.#options.input!.isFinite && bytesGiven > 0) {
			input.finish();
		} else {
			input.takeBack();
			this.#give();
		}
	}
}

/**
 * Binds, listens and accepts.
 *
 * @throws {SockchatError} See `listen()` and `roomForPeers()`.
 */
export const startServePipe = async (
	options: ServePipeOptions,
): Promise<ServePipe> => {
	roomForPeers();
	const pipe = new PeersPipe(options);
	await pipe.listen();
	return {
		address: pipe.address,
		leave() {
			pipe.leave();
		},
		destroy() {
			pipe.destroy();
		},
		ended: pipe.ended,
	};
};
