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
import {Remains} from '../chat/remains.js';
import type {SockchatError} from '../errors.js';
import type {ChatEvent} from '../event/event.js';
import type {Options} from '../options/options.js';
import {systemClock} from '../socket/clock.js';
import {unreadable} from './input.js';
import {Printer, type Streams} from './printer.js';
import {Progress} from './progress.js';
import {RawSession} from './raw/session.js';
import {openSession, startPrompt} from './room/open.js';
import {runPipedMessage} from './room/piped-message.js';
import {Replay, replayWanted} from './room/replay.js';
import {roomSteps} from './room/script.js';
import {mayInterrupt, type RoomSession} from './room/session.js';
import {MessageWait} from './room/wait.js';
import {Script} from './script.js';

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
	const raw =
		options.mode === 'raw'
			? new RawSession({options, printer, progress, prompt, streams})
			: undefined;
	let session: RoomSession | undefined;
	const remains = new Remains();
	const show = (event: ChatEvent) => {
		if (!printer.print(event)) {
			void raw?.hold();
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
		raw?.see(event);
		printer.nick = progress.nick;
	};

	const open = async () => {
		if (options.mode === 'raw') {
			return raw!.open(emit);
		}

		const parts = {options, printer, progress, prompt, replay, streams, wait};
		session = await openSession(parts, emit);
		await startPrompt(session);
		replay.start(session.chat);
		return {chat: session.chat, script: new Script(roomSteps(session))};
	};

	const {chat, script} = await open();
	if (options.events?.includes('wire')) {
		chat.setTap(true);
	}

	/** What `--timeout` waits for. */
	const missing = (): string | undefined => {
		if (!progress.hasOpened) {
			return 'Not connected';
		}

		if (raw) {
			return raw.missing();
		}

		return hasTask || hasInputEnded() ? script.missing() : undefined;
	};

	/** Lines that were piped in are asked for, once they are all there. */
	const hasInputEnded = (): boolean =>
		options.mode === 'room' &&
		options.input !== 'none' &&
		!streams.isTyped &&
		streams.stdin.readableEnded;

	const advice = () =>
		raw ? raw.advice() : session && keptAdvice(session.chat);
	let late: SockchatError | undefined;
	const cancelDeadline = startDeadline({
		timeoutMs: options.timeoutMs,
		elapsedMs,
		clock: systemClock,
		missing,
		advice,
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

	const report = (error: SockchatError | undefined) => {
		if (error) {
			printer.printError(error);
		}
	};

	const closeInput = () => {
		prompt?.close();
		if (options.message === undefined) {
			streams.stdin.destroy();
			session?.reopened?.destroy();
		}
	};

	const end = async (): Promise<Ending> => {
		const cause = await (raw ? raw.untilOver() : chat.closed);
		isOver = true;
		cancelDeadline();
		closeInput();
		const hasLost = await raw?.hasLost();
		// A host answers for its members' lines, too, whatever it was asked for.
		const undone =
			script.missing() ?? (session && unconfirmedLines(session.chat));
		if (late) {
			report(late);
		} else if (undone !== undefined && cause === undefined && !raw) {
			report(unfinished(undone, advice()));
		}

		report(raw?.notSent(cause));
		for (const error of raw?.cutOff ?? []) {
			report(error);
		}

		// It says so itself.
		const lost = await chat.endCapture();
		const unanswered = raw?.tooFewReplies(cause);
		report(late ? undefined : unanswered);
		await printer.printRemains(async () => remains.read());
		await streams.stdout.flush();
		return {
			hasFailed:
				progress.hasFailed ||
				(cause ?? lost ?? unanswered) !== undefined ||
				raw?.isInputCut === true,
			isLate: late !== undefined,
			isUnfinished:
				undone !== undefined || raw?.isCut === true || hasLost === true,
		};
	};

	return {
		ended: end(),
		leave() {
			raw?.leave();
			chat.leave();
		},
		mayInterrupt: () => (session ? mayInterrupt(session) : raw!.mayInterrupt()),
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
