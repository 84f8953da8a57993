/**
 * The front end without a screen: lines in, lines or JSON out. It does not load
 * React.
 */
import {startDeadline} from '../chat/deadline.js';
import {
	keptAdvice,
	unconfirmedLines,
	unfinished,
	type Ending,
	type Running,
} from '../chat/ending.js';
import type {RawChat} from '../chat/open-raw.js';
import {openRoom} from '../chat/open-room.js';
import {Remains} from '../chat/remains.js';
import type {SockchatError} from '../errors.js';
import type {ChatEvent} from '../event/event.js';
import type {Options} from '../options/options.js';
import {systemClock} from '../socket/clock.js';
import {emptyTranscript} from '../store/transcript.js';
import {adviceOf, missingOf} from './raw/late.js';
import {isFile} from './raw/pooled-input.js';
import {unreadable} from './input.js';
import {runPipedMessage} from './room/piped-message.js';
import {Printer, type Streams} from './printer.js';
import {Progress} from './progress.js';
import {notSent, sendRaw, tooFewReplies, type Sending} from './raw/script.js';
import {Replay, replayWanted} from './room/replay.js';
import {ReplyCount} from './raw/reply-count.js';
import {roomSteps} from './room/script.js';
import {
	mayInterrupt,
	mayLeave,
	pasteNotice,
	type RoomSession,
} from './room/session.js';
import {Script} from './script.js';
import type {Typing} from './raw/by-hand.js';
import {MessageWait} from './room/wait.js';

/** Loaded only for people: a one-shot has no use for it. */
const openPrompt = async (options: Options, streams: Streams) => {
	if (!options.isPrompted) {
		return undefined;
	}

	const {Prompt} = await import('./prompt.js');
	return new Prompt(streams);
};

const runChat = async (
	options: Options,
	given: Streams,
	elapsedMs = 0,
): Promise<Running> => {
	const hasTask =
		options.message !== undefined || options.awaited !== undefined;
	const progress = new Progress(given.isTyped && !hasTask);
	const prompt = await openPrompt(options, given);
	const streams = prompt?.streams ?? given;
	const printer = new Printer(options, streams);
	const sending: Sending = {bytesRead: 0, hasEnded: false, isOver: false};
	let raw: RawChat | undefined;
	let session: RoomSession | undefined;
	let typing: Typing | undefined;
	let isHeld = false;
	/** Pauses reading until stdout has drained. */
	const holdRaw = async () => {
		if (!raw || isHeld) {
			return;
		}

		isHeld = true;
		raw.setPaused(true);
		await streams.stdout.drained();
		isHeld = false;
		raw.setPaused(false);
	};

	let isEnough = false;
	const endRaw = () => {
		isEnough = true;
		typing?.noteLeft();
		raw?.setPaused(true);
		// One turn, for what is on its way to the kernel.
		setImmediate(() => {
			raw?.leave();
			raw?.leave();
		});
	};

	const replies =
		options.mode === 'raw'
			? new ReplyCount(options.replies, endRaw)
			: undefined;
	let hasReceived = false;
	let isCutOff = false;
	let wasLeft = false;
	const remains = new Remains();
	const show = (event: ChatEvent) => {
		if (!printer.print(event)) {
			void holdRaw();
		}
	};

	const replay = new Replay(replayWanted(options), {
		emit: show,
		drained: async () => streams.stdout.drained(),
	});
	const wait = new MessageWait(options, {
		onFound(event) {
			printer.printFound(event);
		},
		onFailed(error) {
			progress.hasFailed = true;
			printer.printError(error);
			session?.chat.leave();
		},
	});
	const emit = (event: ChatEvent) => {
		remains.see(event);
		replay.take(event);
		wait.see(event);
		progress.see(event);
		replies?.see(event);
		hasReceived ||= event.type === 'chunk' && event.direction === 'in';
		printer.nick = progress.nick;
	};

	const open = async () => {
		if (options.mode === 'raw') {
			if (options.isByHand) {
				const {openTyping} = await import('./raw/by-hand.js');
				typing = await openTyping({
					options,
					emit,
					onSilent: endRaw,
					printer,
					progress,
					prompt,
					streams,
				});
				raw = typing.chat;
				return {chat: raw, script: new Script([typing.step])};
			}

			const isPipe = !(streams.isTyped && streams.stdout.isTerminal);
			const {openByHand} = await import('../hand/open.js');
			const {chat} = await openByHand({
				options,
				raw: {
					isPipe,
					isInputFinite: options.message !== undefined || isFile(0),
					isHeld: () => isHeld,
					onSilent: endRaw,
				},
				emit,
				transcript: () => emptyTranscript,
			});
			raw = chat;
			const step = sendRaw({
				chat,
				options,
				printer,
				progress,
				streams,
				sending,
			});
			return {chat, script: new Script([step])};
		}

		const isReceiptsOnly = options.isQuiet && options.output === 'plain';
		const isOneShot = options.message !== undefined;
		const isHearingCommands =
			options.input === 'commands' ||
			options.events?.includes('commands') === true ||
			(options.input === undefined && streams.isTyped);
		const chat = await openRoom(
			{...options, isReceiptsOnly, isOneShot, isHearingCommands},
			emit,
		);
		printer.id = chat.id;
		progress.id = chat.id;
		wait.id = chat.id;
		const opened: RoomSession = {
			chat,
			options,
			printer,
			progress,
			prompt,
			replay,
			streams,
			wait,
			wasAsked: false,
			reopened: undefined,
			hasQuit: false,
		};
		session = opened;
		await prompt?.start({
			mode: 'room',
			nick: () => progress.nick || chat.nick,
			nicks: () => chat.members().names,
			commands: () => chat.bots.offered?.map(({name}) => name) ?? [],
			mayLeave: () => mayLeave(opened),
			stay() {
				opened.wasAsked = false;
			},
			onPaste(lineCount) {
				printer.answer(pasteNotice(lineCount, opened));
			},
		});
		replay.start(chat);
		return {chat, script: new Script(roomSteps(opened))};
	};

	const {chat, script} = await open();
	if (options.events?.includes('wire')) {
		chat.setTap(true);
	}

	const advice = () => session && keptAdvice(session.chat);
	let late: SockchatError | undefined;
	const cancelDeadline = startDeadline({
		timeoutMs: options.timeoutMs,
		elapsedMs,
		clock: systemClock,
		missing() {
			if (!progress.hasOpened) {
				return 'Not connected';
			}

			if (options.mode === 'raw') {
				// Whoever types ends it.
				return options.isByHand && options.replies === undefined
					? undefined
					: missingOf(options);
			}

			return options.message === undefined && options.awaited === undefined
				? undefined
				: script.missing();
		},
		advice: () =>
			options.mode === 'raw' && progress.hasOpened && !options.isByHand
				? adviceOf(options)
				: advice(),
		onLate(error) {
			late = error;
			// Twice, as a peer that is late may not answer a goodbye either.
			chat.leave();
			chat.leave();
		},
	});

	let isOver = false;
	script.run().catch((error: unknown) => {
		// Its end destroys stdin too. A terminal that was hung up fails with EIO.
		if (!isOver && !streams.isTyped) {
			progress.hasFailed = true;
			printer.printError(unreadable(error as Error));
		}

		chat.leave();
	});

	const end = async (): Promise<Ending> => {
		const cause = await (typing?.untilOver() ?? chat.closed);
		isOver = true;
		sending.isOver = true;
		cancelDeadline();
		prompt?.close();
		if (options.message === undefined) {
			streams.stdin.destroy();
			session?.reopened?.destroy();
		}

		// It says so itself, by a notice.
		const isLostByHand = (await typing?.lost()) !== undefined;
		// A host answers for its members' lines, too, whatever it was asked for.
		const missing =
			script.missing() ?? (session && unconfirmedLines(session.chat));
		if (late) {
			printer.printError(late);
		} else if (missing !== undefined && cause === undefined && !raw) {
			printer.printError(unfinished(missing, advice()));
		}

		const taken = raw?.bytesTaken() ?? 0;
		const isShort = sending.bytesRead > taken;
		const isCutShort = sending.bytesRead > 0 && !sending.hasEnded;
		// A person who types may leave at any time, and a reader that went away
		// wants no more.
		const isTransfer =
			raw?.role === 'connect' &&
			!streams.isTyped &&
			!isEnough &&
			streams.stdout.failure === undefined;
		if (isShort || (isCutShort && (isTransfer || cause !== undefined))) {
			printer.printError(notSent(sending, taken));
		}

		// It says so itself, too.
		const lost = await chat.endCapture();
		const missingReplies = replies?.missing ?? 0;
		const isMissing = missingReplies > 0 && !wasLeft && cause === undefined;
		if (isMissing && options.mode === 'raw' && !late) {
			printer.printError(tooFewReplies(missingReplies, options.replies!));
		}

		await printer.printRemains(async () => remains.read());
		await streams.stdout.flush();
		return {
			hasFailed:
				progress.hasFailed || (cause ?? lost) !== undefined || isMissing,
			isLate: late !== undefined,
			isUnfinished:
				missing !== undefined ||
				(isTransfer && isCutShort) ||
				isCutOff ||
				isLostByHand,
		};
	};

	return {
		ended: end(),
		leave() {
			wasLeft = true;
			isCutOff ||=
				raw?.role === 'connect' &&
				hasReceived &&
				!raw.hasPeerEnded() &&
				!streams.isTyped &&
				streams.stdout.failure === undefined;
			sending.isOver = true;
			typing?.noteLeft();
			chat.leave();
		},
		mayInterrupt() {
			if (session) {
				return mayInterrupt(session);
			}

			// At the prompt, Ctrl-C is a key, and was asked before.
			return prompt !== undefined || typing?.mayLeave() !== false;
		},
	};
};

/**
 * Opens the chat and runs its script until the end.
 *
 * @throws {SockchatError} If it can't be opened; by `ended`, if stdin is to be
 * read before.
 */
export const runPlain = async (
	options: Options,
	streams: Streams,
): Promise<Running> =>
	options.mode === 'room' && options.message === '-'
		? runPipedMessage(options, streams, async (message, elapsedMs) =>
				runChat({...options, message}, streams, elapsedMs),
			)
		: runChat(options, streams);
