/**
 * What a raw pipe reads and writes, whichever role it has: stdin to the socket,
 * the socket to stdout, and reports to stderr.
 */
import type {Buffer} from 'node:buffer';
import {Readable, Transform, type Duplex, type Writable} from 'node:stream';
import {startDeadline} from '../../chat/deadline.js';
import type {Ending} from '../../chat/ending.js';
import {beginRecording} from '../../chat/open-raw.js';
import type {SockchatError} from '../../errors.js';
import type {NoticeEvent, ServerEvent} from '../../event/event.js';
import type {RawModeOptions} from '../../options/options.js';
import {ByteText} from '../../protocol/byte-text.js';
import {display, toDisplay} from '../../protocol/display.js';
import {textWithCommands} from '../../protocol/foreign/telnet.js';
import type {Input} from '../../raw/feed.js';
import {createMessageLines} from '../../raw/messages/cut.js';
import {messagesOf, spokenMessage} from '../../raw/messages/input.js';
import type {PipeEnd} from '../../raw/pipe.js';
import {adviceOn, notMet, notMetYet} from '../../raw/script-failure.js';
import type {Pending} from '../../raw/chat-script.js';
import type {ScriptStep} from '../../raw/script-steps.js';
import {notReached} from '../../raw/unheard.js';
import {systemClock} from '../../socket/clock.js';
import {BufferPool} from '../../socket/stream/buffer-pool.js';
import {wordsOf} from '../../store/notice.js';
import {unreadable} from '../input.js';
import type {Output} from '../output.js';
import {adviceOf, missingOf} from './late.js';
import {isFile, readFileInput, readPipedInput} from './pooled-input.js';
import {notSent, notSentWithoutReader, tooFewReplies} from './script.js';

export type PipeStreams = {
	readonly stdin: Readable & {readonly isTTY?: boolean};
	readonly stdout: Output;
	readonly stderr: Writable;
};

/** Text that can't control a terminal. */
const createDisplay = (): Duplex => {
	const text = new ByteText(textWithCommands);
	return new Transform({
		transform(chunk: Buffer, _encoding, done) {
			done(undefined, toDisplay(text.push(chunk), {lines: 'keep'}));
		},
		flush(done) {
			done(undefined, toDisplay(text.takeRest(), {lines: 'keep'}));
		},
	});
};

const inputOf = (
	options: RawModeOptions,
	streams: PipeStreams,
): Input | undefined => {
	const {isInputRead, isShutdown = true} = options;
	const spoken = spokenMessage(options);
	if (spoken) {
		const {bytes, ...how} = spoken;
		const stream = Readable.from([bytes], {objectMode: false});
		return {stream, isFinite: true, ...how, isShutdown};
	}

	if (!isInputRead) {
		return undefined;
	}

	const messages = messagesOf(options);
	const how = {
		...messages,
		isShutdown,
		// A cutter makes messages of whole reads.
		...(!messages.createCutter && {pool: new BufferPool()}),
	};
	return isFile(0)
		? {...readFileInput(0), isFinite: true, ...how}
		: {...readPipedInput(streams.stdin), isFinite: false, ...how};
};

/** Everything that both roles need. */
export class PipeSession {
	readonly input: Input | undefined;
	readonly output;
	readonly limits;
	readonly script: readonly ScriptStep[] | undefined;
	readonly recorder;
	readonly isTelnet;
	hasFailed = false;
	late: SockchatError | undefined;
	hasConnected = false;
	/** Whether it was asked to leave, by a signal. */
	wasLeft = false;
	readonly #options: RawModeOptions;
	readonly #streams: PipeStreams;

	constructor(options: RawModeOptions, streams: PipeStreams) {
		this.#options = options;
		this.#streams = streams;
		this.isTelnet = options.isTelnet;
		this.recorder = beginRecording(options, error => {
			this.fail(error);
		});
		this.input = inputOf(options, streams);
		const {stdout} = streams;
		this.output = {
			output: stdout.stream,
			isDirect: true,
			...(stdout.isTerminal && {createDisplay}),
			...(options.link?.ws &&
				!options.link.ws.isBinary && {createFormat: createMessageLines}),
		};
		const {idleMs, replies, script} = options;
		this.script = script;
		this.limits = {idleMs, replies};
	}

	/** UDP has no connection that could end before stdin does. */
	get isOfDatagrams(): boolean {
		return this.#options.address.kind === 'udp';
	}

	get isReaderGone(): boolean {
		return this.#streams.stdout.failure !== undefined;
	}

	fail(error: SockchatError): void {
		this.hasFailed = true;
		this.#streams.stderr.write(`${toDisplay(error.message)}\n`);
	}

	tell(event: ServerEvent | NoticeEvent): void {
		const words = wordsOf(event);
		if (words && (!this.#options.isQuiet || words.tone === 'bad')) {
			this.#streams.stderr.write(display`${words.text}\n`);
		}
	}

	note(sentence: string): void {
		if (!this.#options.isQuiet) {
			this.#streams.stderr.write(display`${sentence}\n`);
		}
	}

	/** @param pending The step of the script under way. */
	startDeadline(
		onLate: () => void,
		pending: () => Pending | undefined,
	): () => void {
		const {timeoutMs} = this.#options;
		return startDeadline({
			timeoutMs,
			clock: systemClock,
			missing: () => {
				if (!this.hasConnected) {
					return 'Not connected';
				}

				const amid = pending();
				if (amid && this.script?.some(({type}) => type === 'expect')) {
					return notMetYet(amid.step);
				}

				return missingOf(this.#options);
			},
			advice: () => {
				const amid = pending();
				if (amid) {
					return adviceOn(amid);
				}

				return this.hasConnected ? adviceOf(this.#options) : undefined;
			},
			onLate: error => {
				this.late = error;
				onLate();
			},
		});
	}

	/** Reports input that was not read or not sent. */
	#reportInput(
		end: Pick<
			PipeEnd,
			'bytesRead' | 'bytesTaken' | 'hasInputEnded' | 'inputError'
		>,
		isCutShort: boolean,
		isCutOff: boolean,
	): void {
		const {bytesRead, bytesTaken, hasInputEnded, inputError} = end;
		if (inputError) {
			this.fail(unreadable(inputError));
		}

		const isShort = bytesRead > bytesTaken;
		// Who goes away wants no more of the answer; the input is another matter.
		if (
			this.isReaderGone &&
			(isShort || (this.input?.isFinite === true && !hasInputEnded)) &&
			!inputError
		) {
			this.fail(notSentWithoutReader(bytesRead, bytesTaken));
			return;
		}

		const isCut = isCutShort && bytesRead > 0 && !hasInputEnded;
		if (isShort || (isCut && !inputError)) {
			// One that we ended has not ended before stdin by itself.
			const hasEnded = hasInputEnded || isCutOff || inputError !== undefined;
			this.fail(notSent({bytesRead, hasEnded}, bytesTaken));
		}
	}

	/** @param isCutShort Whether more of the input was to be sent. */
	async finish(
		end: Omit<PipeEnd, 'linkError' | 'isCutOff'>,
		isCutShort: boolean,
		isCutOff: boolean,
	): Promise<Ending> {
		const {stdout} = this.#streams;
		const {replies} = this.#options;
		const {unmet, missingReplies, isEnough} = end;
		const isLeft = isCutOff || unmet?.why === 'left';
		const isUnanswered = this.wasLeft && missingReplies > 0;
		const isTold = unmet !== undefined || this.isReaderGone || this.hasFailed;
		this.#reportInput(end, isCutShort, isCutOff);
		if (this.late) {
			this.fail(this.late);
		} else if (missingReplies > 0 && !isTold) {
			this.fail(tooFewReplies(missingReplies, replies!, isEnough));
		}

		if (unmet && !this.hasFailed) {
			this.fail(notMet(unmet));
		}

		if (end.unreachedBytes > 0 && !this.isReaderGone) {
			this.fail(notReached(end.unreachedBytes));
		}

		await stdout.flush();
		this.input?.stream.destroy();
		return {
			hasFailed: this.hasFailed,
			isLate: this.late !== undefined,
			isUnfinished: (isLeft || isUnanswered) && !this.isReaderGone,
		};
	}
}
