/** A room without a screen: what its steps and commands share. */
import type {Readable} from 'node:stream';
import {losableLines, unstoredTexts} from '../../chat/ending.js';
import {farewellTexts} from '../../chat/farewell.js';
import type {RoomChat} from '../../chat/room-chat.js';
import type {RoomModeOptions} from '../../options/options.js';
import type {Printer, Streams} from '../printer.js';
import type {Prompt} from '../prompt.js';
import type {Progress} from '../progress.js';
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
	/** A person was asked whether to leave others, or unstored lines, behind. */
	wasAsked: boolean;
	/** The terminal, read again after Ctrl-D. */
	reopened: Readable | undefined;
	/** Whether the input asked to leave. */
	hasQuit: boolean;
};

/**
 * Whether it may leave now. A person is asked once: a host that leaves others
 * behind, and anybody with lines that are not stored yet.
 *
 * @param isEchoed Whether the terminal has shown ^C in the row.
 */
export const mayLeave = (session: RoomSession, isEchoed = false): boolean => {
	const {chat, printer, progress, streams} = session;
	if (!isTyped(session) || session.wasAsked) {
		return true;
	}

	const [ofCompany] = farewellTexts(chat.company() ?? {others: 0, heirs: []});
	const [ofLines] = unstoredTexts(losableLines(chat));
	const question = ofCompany ?? ofLines;
	if (question === undefined) {
		return true;
	}

	session.wasAsked = true;
	if (isEchoed) {
		streams.stdout.write('\n');
	}

	printer.answer(question);
	if (ofCompany === undefined) {
		// A line followed at once by /quit is stored a moment later.
		void progress
			.until(() => losableLines(chat) === 0 || !session.wasAsked)
			.then(() => {
				if (session.wasAsked) {
					chat.leave();
				}
			});
	}

	return false;
};

/**
 * Ctrl-C where the terminal itself edits the line: it comes as a signal.
 *
 * @returns Whether it leaves; if not, it asked.
 */
export const mayInterrupt = (session: RoomSession): boolean =>
	session.prompt !== undefined || mayLeave(session, true);

const isTyped = ({streams}: RoomSession): boolean =>
	streams.isTyped && streams.stdout.isTerminal;

/** What a person who pasted several lines is asked. */
export const pasteNotice = (
	lineCount: number,
	{options}: RoomSession,
): string =>
	options.input === 'json'
		? `${lineCount} lines are pasted. Enter sends them, Ctrl-C clears them.`
		: `${lineCount} lines are pasted, as one message. Enter sends it, Ctrl-C clears it.`;
