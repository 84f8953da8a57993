/** A room without a screen: what its steps and commands share. */
import {farewellTexts} from '../chat/farewell.js';
import type {RoomChat} from '../chat/room-chat.js';
import type {RoomModeOptions} from '../options/options.js';
import type {Printer, Streams} from './printer.js';
import type {Prompt} from './prompt.js';
import type {Progress} from './progress.js';
import type {Replay} from './replay.js';
import type {MessageWait} from './wait.js';

export type RoomSession = {
	readonly chat: RoomChat;
	readonly options: RoomModeOptions;
	readonly printer: Printer;
	readonly progress: Progress;
	/** What was said before, if it was asked for. */
	readonly replay: Replay;
	readonly streams: Streams;
	/** The input line, on a terminal. */
	readonly prompt: Prompt | undefined;
	/** The message to wait for. */
	readonly wait: MessageWait;
	/** A host at a terminal was asked whether to leave others behind. */
	wasAsked: boolean;
	/** Whether the input asked to leave. */
	hasQuit: boolean;
};

/**
 * Whether it may leave now. A host at a terminal is asked once, if it leaves
 * others behind.
 */
export const mayLeave = (session: RoomSession): boolean => {
	const {chat, printer, streams} = session;
	const [question] = farewellTexts(chat.company() ?? {others: 0, heirs: []});
	const isTyped = streams.stdin.isTTY === true && streams.stdout.isTerminal;
	if (!isTyped || session.wasAsked || question === undefined) {
		return true;
	}

	session.wasAsked = true;
	printer.answer(question);
	return false;
};

/** What a person who pasted several lines is told. */
export const pasteNotice = (
	lineCount: number,
	{options}: RoomSession,
): string =>
	options.input === 'json'
		? `${lineCount} lines are pasted. Enter sends them, Ctrl-C clears them.`
		: `${lineCount} lines are pasted, as one message. Enter sends it, Ctrl-C clears it.`;
