/**
 * `serve --raw` as a pipe: the first peer gets stdin, and the output gets what
 * all peers say, in the order in which it was read.
 *
 * The end of stdin sends FIN to all peers, and to those who come later. A peer
 * that leaves before makes room for the next: an input that goes on is then for
 * that one; the rest of a file is not, as it would be half a file.
 */
import type {SockchatError} from '../errors.js';
import type {NoticeEvent, ServerEvent} from '../event/event.js';
import type {LoopbackAddress} from '../socket/address.js';
import type {Recorder} from '../recording/recorder.js';
import {systemClock} from '../socket/clock.js';
import {roomForPeers} from '../socket/descriptors.js';
import type {AnyListener} from '../socket/listener.js';
import type {OuterLink} from '../socket/link.js';
import {plainListener, type ListenerMaker} from '../socket/link/transport.js';
import {Arrivals} from '../socket/stream/arrivals.js';
import {leftBehind} from '../socket/send-queue.js';
import {twoTurns} from '../socket/stream/turns.js';
import {createAnswers, type Answering} from './answers/answers.js';
import type {Unmet} from './chat-script.js';
import {SearchPace} from './heard.js';
import type {Input} from './feed.js';
import type {Limits, PipeOutput} from './pipe.js';
import {PeerInput} from './peer-input.js';
import {inputLost, type CutOff} from './peer-end.js';
import {peersNamed} from './peer-name.js';
import {Replies} from './receive.js';
import {PipePeer, type PipeSite} from './pipe-peer.js';
import type {ScriptStep} from './script-steps.js';
import {Silence} from './silence.js';

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
	/** Called if a peer can't be served any longer, or broke off. */
	readonly onFailure?: (error: SockchatError) => void;
};

export type ServePipeEnd = {
	readonly bytesRead: number;
	/** How much of that the kernel took, for any peer. */
	readonly bytesTaken: number;
	/** How much was still in our kernel as we closed connections. */
	readonly unreachedBytes: number;
	/** Whether it was left before all of that, or of a file, was sent. */
	readonly isUnsent: boolean;
	readonly hasInputEnded: boolean;
	readonly inputError: Error | undefined;
	/** Peers that were still sending. */
	readonly cutOff: readonly CutOff[];
	readonly missingReplies: number;
	/** Whether a peer's script, or an answer, was under way when we left. */
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

class PeersPipe {
	readonly ended: Promise<ServePipeEnd>;
	#settle!: (end: ServePipeEnd) => void;
	readonly #options: ServePipeOptions;
	readonly #listener: AnyListener;
	readonly #silence: Silence;
	/** In the order in which they came. */
	readonly #peers = new Set<PipePeer>();
	readonly #site: PipeSite;
	readonly #input: PeerInput<PipePeer> | undefined;
	#bytesTaken = 0;
	#unreachedBytes = 0;
	/** What the kernel didn't take for peers that broke off; that is said. */
	#bytesLost = 0;
	/** Whether the rest of the input is for nobody, as its peer left amid it. */
	#isGivenUp = false;
	readonly #replies: Replies | undefined;
	/** Whether it leaves once the file is sent. */
	#isEnough = false;
	#isLeaving = false;
	readonly #cutOff: CutOff[] = [];
	#isAmidScript = false;
	/** What peers said is on its way to the output, though they may have left. */
	readonly #receiving = new Set<Promise<void>>();

	constructor(options: ServePipeOptions) {
		this.#options = options;
		const {address, descriptor, limits, output, onEvent} = options;
		const {answering, onFailure = () => undefined} = options;
		const {input, createListener = plainListener} = options;
		const {script, recorder, isTelnet} = options;
		this.#replies =
			limits.replies === undefined
				? undefined
				: new Replies(limits.replies, () => {
						this.#stopSoon();
					});
		this.#site = {
			input,
			output,
			script,
			answers: answering && createAnswers(answering, onFailure),
			pace: new SearchPace(),
			arrivals: new Arrivals(),
			recorder,
			isTelnet,
			replies: this.#replies,
		};
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
				for (const peer of this.#peers) {
					peer.endSending();
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
		for (const peer of this.#peers) {
			peer.noteLeave();
			this.#isAmidScript ||= peer.isAmidScript;
		}

		this.#silence.stop();
		this.#input?.takeBack();
		this.#input?.lookForMore();
		void this.#listener.drain();
	}

	destroy(): void {
		for (const peer of this.#peers) {
			if (peer.isStillSending) {
				const {name, link} = peer;
				this.#cutOff.push({peer: name, bytesIn: link.stream.bytesRead});
			}

			this.#unreachedBytes += leftBehind(peer.link);
			peer.link.stream.destroy();
		}

		if (!this.#isLeaving) {
			this.leave();
		}
	}

	async #end(): Promise<void> {
		await this.#listener.closed;
		await Promise.all(this.#receiving);
		await this.#input?.looked();
		this.#silence.stop();
		this.#input?.close();
		this.#settle({
			bytesRead: this.#input?.bytesRead ?? 0,
			bytesTaken: this.#bytesTaken,
			unreachedBytes: this.#unreachedBytes,
			isUnsent: this.#isUnsent,
			hasInputEnded: this.#input?.hasEnded ?? false,
			inputError: this.#input?.error,
			cutOff: this.#cutOff,
			missingReplies: this.#replies?.missing ?? 0,
			isAmidScript: this.#isAmidScript,
		});
	}

	/** Whether it was left amid an input. */
	get #isUnsent(): boolean {
		const input = this.#input;
		if (!input || this.#isGivenUp) {
			return false;
		}

		const {bytesRead, hasEnded} = input;
		const isAmidFile = this.#options.input!.isFinite && !hasEnded;
		return (
			bytesRead > this.#bytesTaken + this.#bytesLost ||
			(isAmidFile && bytesRead > 0)
		);
	}

	/** FIN to all, now and from now on, unless that isn't wanted. */
	#finishInput(isShutdown: boolean): void {
		for (const peer of this.#peers) {
			const isToEnd = isShutdown || peer.link.stream.readableEnded;
			if (isToEnd && !peer.isAmidScript) {
				peer.endSending();
			}
		}

		if (this.#isEnough) {
			this.leave();
		}
	}

	#accept(link: OuterLink, name: string): void {
		const {stream} = link;
		const peer = new PipePeer(link, name, this.#site);
		this.#peers.add(peer);
		stream.on('error', error => {
			peer.error ??= error;
		});
		if (link.kind === 'udp') {
			stream.on('arrived', () => {
				this.#prefer(peer);
			});
		}

		stream.once('close', () => {
			peer.abandon();
			this.#part(peer);
		});
		this.#silence.follow(link);
		const received = this.#receive(peer);
		this.#receiving.add(received);
		void received.then(() => this.#receiving.delete(received));
		void this.#begin(peer);
	}

	/** The script, then the input. */
	async #begin(peer: PipePeer): Promise<void> {
		const hasScript = peer.isAmidScript;
		const unmet = await peer.begin();
		if (unmet) {
			this.#options.onUnmet?.(unmet, peer.name);
			peer.link.stream.end(() => {
				peer.link.stream.destroy();
			});
			return;
		}

		if (hasScript && peer.link.stream.readableEnded) {
			this.#answer(peer);
		}

		if (this.#isLeaving) {
			peer.endSending();
		} else if (this.#input?.isOver) {
			if (this.#options.input!.isShutdown) {
				peer.endSending();
			}
		} else {
			this.#give();
		}
	}

	async #receive(peer: PipePeer): Promise<void> {
		if (!(await peer.receive())) {
			return;
		}

		// As what was written to our input before may just arrive.
		void twoTurns().then(() => {
			this.#answer(peer);
		});
	}

	/** All replies have come. */
	#stopSoon(): void {
		const isAmidFile =
			this.#options.input?.isFinite && this.#input?.holder !== undefined;
		if (isAmidFile) {
			this.#isEnough = true;
		} else {
			this.leave();
		}
	}

	/** The peer has sent FIN: ours follows what it still has to get. */
	#answer(peer: PipePeer): void {
		if (peer.isAmidScript || !peer.isAnswered) {
			return;
		}

		const {input} = this.#options;
		const isHolder = peer === this.#input?.holder;
		const isTyped = (input?.stream as {isTTY?: boolean} | undefined)?.isTTY;
		if (isHolder && !isTyped && (input!.isFinite || peer.bytesGiven > 0)) {
			return;
		}

		const isKept =
			this.#options.isHalfOpen && this.#input && !this.#input.isOver;
		if (isKept) {
			return;
		}

		if (isHolder) {
			this.#input.takeBack();
		}

		peer.endSending();
		this.#give();
	}

	/** For UDP: the input goes to the peer that spoke last. */
	#prefer(peer: PipePeer): void {
		if (this.#input?.holder !== peer) {
			this.#input?.takeBack();
			this.#give([peer]);
		}
	}

	/** The input goes to the first peer that can take it. */
	#give(preferred: Iterable<PipePeer> = this.#peers): void {
		const {to} = this.#options;
		const input = this.#input;
		const isGivable = input && !input.isOver && !input.holder;
		if (!isGivable || this.#isLeaving) {
			return;
		}

		const next = [...preferred].find(
			({name, isReady}) =>
				isReady && (to === undefined || peersNamed([name], to).length > 0),
		);
		if (next) {
			input.giveTo(next);
		}
	}

	#part(peer: PipePeer): void {
		this.#peers.delete(peer);
		const {name, bytesGiven, bytesTaken, failure} = peer;
		const {onEvent, onFailure} = this.#options;
		this.#bytesTaken += bytesTaken;
		this.#isAmidScript ||= this.#isLeaving && peer.isAmidAnswer;
		onEvent(peer.ended);
		if (failure) {
			onFailure?.(failure);
		}

		const input = this.#input;
		const isFinite = this.#options.input?.isFinite === true;
		if (failure && input && bytesGiven > 0) {
			this.#bytesLost += bytesGiven - bytesTaken;
			if (!isFinite || input.isOver) {
				onFailure?.(inputLost(name, bytesGiven, bytesTaken, input.isOver));
			}
		}

		if (input?.holder !== peer) {
			return;
		}

		if (isFinite && bytesGiven > 0) {
			this.#isGivenUp = true;
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
