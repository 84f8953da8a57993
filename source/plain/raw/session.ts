/** Raw mode without a screen: how it opens, and whether it carried everything. */
import type {RawChat} from '../../chat/open-raw.js';
import type {SockchatError} from '../../errors.js';
import type {ChatEvent} from '../../event/event.js';
import type {RawModeOptions} from '../../options/options.js';
import {checkDatagrams} from '../../raw/messages/fits.js';
import {quietMs} from '../../raw/pipe.js';
import {systemClock} from '../../socket/clock.js';
import {cutOff} from '../../raw/peer-end.js';
import {twoTurns} from '../../socket/stream/turns.js';
import {notReached} from '../../raw/unheard.js';
import {emptyTranscript} from '../../store/transcript.js';
import type {Printer, Streams} from '../printer.js';
import type {Progress} from '../progress.js';
import type {Prompt} from '../prompt.js';
import {Script} from '../script.js';
import type {Typing} from './by-hand.js';
import {adviceOf, missingOf} from './late.js';
import {isFile} from './pooled-input.js';
import {ReplyCount} from './reply-count.js';
import {
	notSent,
	notSentWithoutReader,
	sendRaw,
	tooFewReplies,
	type Sending,
} from './script.js';

export type RawSessionOptions = {
	readonly options: RawModeOptions;
	readonly printer: Printer;
	readonly progress: Progress;
	/** The input line, on a terminal. */
	readonly prompt: Prompt | undefined;
	readonly streams: Streams;
};

export class RawSession {
	readonly #given: RawSessionOptions;
	readonly #replies: ReplyCount;
	readonly #sending: Sending = {
		bytesRead: 0,
		heldBytes: () => 0,
		hasEnded: false,
		isOver: false,
	};

	#chat: RawChat | undefined;
	/** Set if a person types. */
	#typing: Typing | undefined;
	#isHeld = false;
	#isEnough = false;
	#hasReceived = false;
	#wasLeft = false;
	#isCutOff = false;

	constructor(given: RawSessionOptions) {
		this.#given = given;
		this.#replies = new ReplyCount(given.options.replies, () => {
			this.#chat?.hearNoMore();
			this.#stopSoon();
		});
	}

	see(event: ChatEvent): void {
		this.#replies.see(event);
		this.#hasReceived ||= event.type === 'chunk' && event.direction === 'in';
	}

	/** @throws {SockchatError} If it can't be opened. */
	async open(
		emit: (event: ChatEvent) => void,
	): Promise<{readonly chat: RawChat; readonly script: Script}> {
		const {options, printer, progress, streams} = this.#given;
		const onSilent = () => {
			this.#stop(quietMs);
		};

		if (options.isByHand) {
			const {openTyping} = await import('./by-hand.js');
			const typing = await openTyping({...this.#given, emit, onSilent});
			const {chat, step} = typing;
			this.#typing = typing;
			this.#chat = chat;
			return {chat, script: new Script([step])};
		}

		checkDatagrams(options);
		const {openByHand} = await import('../../hand/open.js');
		const {chat} = await openByHand({
			options,
			raw: {
				isPipe: !(streams.isTyped && streams.stdout.isTerminal),
				isInputFinite: options.message !== undefined || isFile(0),
				isHeld: () => this.#isHeld,
				onSilent,
			},
			emit,
			transcript: () => emptyTranscript,
		});
		this.#chat = chat;
		const sending = this.#sending;
		const step = sendRaw({chat, options, printer, progress, streams, sending});
		return {chat, script: new Script([step])};
	}

	/** Pauses reading until stdout has drained. */
	async hold(): Promise<void> {
		const chat = this.#chat;
		if (!chat || this.#isHeld) {
			return;
		}

		this.#isHeld = true;
		chat.setPaused(true);
		await this.#given.streams.stdout.drained();
		this.#isHeld = false;
		chat.setPaused(false);
	}

	/** What `--timeout` waits for; undefined if for nothing. */
	missing(): string | undefined {
		const {options} = this.#given;
		// Whoever types ends it.
		return options.isByHand && options.replies === undefined
			? undefined
			: missingOf(options);
	}

	/** What to do once `--timeout` has passed. */
	advice(): string | undefined {
		const {options, progress} = this.#given;
		return progress.hasOpened && !options.isByHand
			? adviceOf(options)
			: undefined;
	}

	/** Settles when the connection has ended, and nobody types any more. */
	async untilOver(): Promise<SockchatError | undefined> {
		const cause = await (this.#typing?.untilOver() ?? this.#chat!.closed);
		this.#sending.isOver = true;
		if (
			this.#chat!.role === 'serve' &&
			this.#wasLeft &&
			this.#sending.bytesRead > 0
		) {
			// By then what waited in the kernel was read, and is counted; nobody takes
			// it up while a write or stdout is waited for.
			await twoTurns();
			if (this.#given.options.message === undefined) {
				this.#sending.bytesRead += this.#given.streams.stdin.readableLength;
			}
		}

		return cause;
	}

	/** It is left: what has not come by now is cut off. */
	leave(): void {
		this.#wasLeft = true;
		this.#isCutOff ||=
			this.#chat!.role === 'connect' &&
			!this.#mayBeCut &&
			this.#hasReceived &&
			!this.#chat!.hasPeerEnded();
		this.#sending.isOver = true;
		this.#typing?.noteLeft();
	}

	/** At Ctrl-C. At the prompt it is a key, and was asked before. */
	mayInterrupt(): boolean {
		return (
			this.#given.prompt !== undefined || this.#typing?.mayLeave() !== false
		);
	}

	/** Whether a file or a line by hand was lost; a notice has said so. */
	async hasLost(): Promise<boolean> {
		return (await this.#typing?.lost()) !== undefined;
	}

	/**
	 * What was read and not sent.
	 *
	 * @param cause Why the connection ended, if it failed.
	 */
	notSent(cause: SockchatError | undefined): SockchatError | undefined {
		const taken = this.#chat!.bytesTaken();
		const bytesRead = this.#bytesRead;
		if (this.#isUnsentWithoutReader) {
			return notSentWithoutReader(bytesRead, taken);
		}

		const isOver = this.#isOneConnection && cause !== undefined;
		if (
			bytesRead <= taken &&
			!(this.#isCutShort && (this.#isWanted || isOver))
		) {
			const unreached = this.#unreachedBytes;
			return unreached > 0 ? notReached(unreached) : undefined;
		}

		const hasEnded =
			this.#sending.hasEnded ||
			this.#isEnough ||
			(this.#wasLeft && !this.isInputCut);
		return notSent({bytesRead, hasEnded}, taken);
	}

	/** The replies that did not come before the end. */
	tooFewReplies(cause: SockchatError | undefined): SockchatError | undefined {
		return this.#isUnanswered && cause === undefined
			? tooFewReplies(
					this.#replies.missing,
					this.#given.options.replies!,
					this.#wasLeft || this.#isEnough,
				)
			: undefined;
	}

	/** Whether bytes of either direction were cut off as it was left. */
	get isCut(): boolean {
		return (
			(this.#isWanted && this.#isCutShort && !this.isInputCut) ||
			this.#isUnsentWithoutReader ||
			(this.#wasLeft && (this.#isFileUnread || this.#isUnanswered)) ||
			(this.#isEnough && this.#sending.heldBytes() > 0) ||
			this.#unreachedBytes > 0 ||
			this.cutOff.length > 0 ||
			(this.#wasLeft && this.#chat!.isAmidAnswer()) ||
			this.#isCutOff
		);
	}

	/** One of each peer of a server that had not ended as it was left. */
	get cutOff(): readonly SockchatError[] {
		return this.#wasLeft && !this.#isEnough
			? this.#chat!.cutOff().map(peer => cutOff(peer))
			: [];
	}

	/** Whether a peer broke off before it had all of the input. */
	get isInputCut(): boolean {
		return this.#chat!.isInputCut();
	}

	get #bytesRead(): number {
		return this.#sending.bytesRead + this.#sending.heldBytes();
	}

	/** A reader that went away ends it at once. */
	get #unreachedBytes(): number {
		return this.#given.streams.stdout.failure === 'gone'
			? 0
			: this.#chat!.unreachedBytes();
	}

	/** Whether stdin was cut short. */
	get #isCutShort(): boolean {
		return this.#bytesRead > 0 && !this.#sending.hasEnded;
	}

	/**
	 * Whether more was to be sent as the reader of stdout went away, who wants no
	 * more of the answer; the input is another matter.
	 */
	get #isUnsentWithoutReader(): boolean {
		const {hasEnded} = this.#sending;
		return (
			this.#given.streams.stdout.failure === 'gone' &&
			(this.#bytesRead > this.#chat!.bytesTaken() ||
				(this.#isInputFinite && !hasEnded))
		);
	}

	/** Whether the end of one connection is the end of all. */
	get #isOneConnection(): boolean {
		const {options} = this.#given;
		return (
			options.command === 'connect' ||
			('isOnce' in options && options.isOnce === true)
		);
	}

	/** Whether all of the input is for one peer. */
	get #isForOne(): boolean {
		return (
			this.#isOneConnection ||
			this.#given.options.message !== undefined ||
			isFile(0)
		);
	}

	/**
	 * A person who types may leave at any time, and a reader that went away wants
	 * no more.
	 */
	get #mayBeCut(): boolean {
		const {streams} = this.#given;
		return streams.isTyped || streams.stdout.failure !== undefined;
	}

	get #isWanted(): boolean {
		return (
			this.#isForOne &&
			!this.#mayBeCut &&
			!this.#isEnough &&
			(!this.#hasReplies || this.#isInputFinite)
		);
	}

	/** Whether a file, of which nothing was read yet, was for the other side. */
	get #isFileUnread(): boolean {
		return (
			this.#given.options.command === 'connect' &&
			this.#isWanted &&
			this.#isInputFinite &&
			!this.#sending.hasEnded
		);
	}

	/** Whether as many chunks came as were asked for. */
	get #hasReplies(): boolean {
		return (
			this.#given.options.replies !== undefined && this.#replies.missing <= 0
		);
	}

	/** Whether replies that are still wanted did not come. */
	get #isUnanswered(): boolean {
		return this.#replies.missing > 0 && !(this.#wasLeft && this.#mayBeCut);
	}

	get #isInputFinite(): boolean {
		const {message, isInputRead} = this.#given.options;
		return message !== undefined || (isInputRead && isFile(0));
	}

	/** All replies have come. A pipe is left once it gives no more. */
	#stopSoon(): void {
		const {bytesRead, hasEnded, isOver} = this.#sending;
		const {options, streams} = this.#given;
		const hasInput = options.isInputRead || options.message !== undefined;
		const isSent = bytesRead === (this.#chat?.bytesTaken() ?? 0);
		if (isOver || streams.isTyped || !hasInput || (hasEnded && isSent)) {
			this.#stop(Infinity);
			return;
		}

		systemClock.setTimer(() => {
			// A file is there, however slowly it is read, and so is what waits until
			// our own output is read.
			const isMoreThere =
				(this.#isInputFinite && !this.#sending.hasEnded && !this.isInputCut) ||
				streams.stdout.stream.writableNeedDrain;
			const isQuiet =
				isSent && bytesRead === this.#sending.bytesRead && !isMoreThere;
			if (isQuiet) {
				this.#stop(Infinity);
			} else {
				this.#stopSoon();
			}
		}, quietMs);
	}

	/**
	 * All replies have come, or `--idle` has passed.
	 *
	 * @param patienceMs For how long what was sent may be on its way.
	 */
	#stop(patienceMs: number): void {
		this.#isEnough = true;
		this.#typing?.noteLeft();
		this.#chat?.setPaused(true);
		// One turn, for what is on its way to the kernel.
		setImmediate(() => {
			const chat = this.#chat;
			void chat?.arrive(patienceMs).then(() => {
				chat.leave();
				chat.leave();
			});
		});
	}
}
