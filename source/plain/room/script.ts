/**
 * The steps of a room without a screen: send the message, or read stdin; then
 * wait until all of it is stored, and leave.
 */
import {losableLines, unconfirmedLines} from '../../chat/ending.js';
import {parseLine} from '../../commands/parse.js';
import {SockchatError} from '../../errors.js';
import type {InputMode} from '../../options/options.js';
import {readLines, reopenTerminal} from '../input.js';
import type {Step} from '../script.js';
import {handsOf} from './hands.js';
import {parseRequest} from './request.js';
import {answered, perform, settled} from './requests.js';
import {mayLeave, type RoomSession} from './session.js';

// Lines sent but not yet stored; at this many, reading of stdin waits.
const maxAhead = 512;

// Their answers depend on the room, and on what was said before.
const isQuestion = (line: string): boolean =>
	/^\/(?:nick|who|search|msg)(?:\s|$)/i.test(line);

const isCommand = (line: string): boolean => /^\/(?!\/)/.test(line);

// It waits in its own way: for all that was said.
const isQuit = (line: string): boolean => /^\s*\/?quit\s*$/i.test(line);

type TakeLine = (line: string, number: number) => Promise<void>;

const takeText =
	({chat}: RoomSession): TakeLine =>
	async line => {
		if (line.trim() !== '') {
			chat.say(line);
		}
	};

const takeCommand = (session: RoomSession): TakeLine => {
	const {chat, progress, streams} = session;
	const hands = handsOf(session);
	// A person sees each answer; waiting for one would hold up a /resume.
	const {isTyped} = streams;
	return async line => {
		if (isCommand(line) && !isQuit(line)) {
			await progress.until(
				() =>
					progress.hasOpened && (isTyped || chat.bots.offered !== undefined),
			);
		}

		if (isQuestion(line) && !isTyped) {
			await settled(session);
		}

		if (!isQuit(line)) {
			session.wasAsked = false;
		}

		parseLine(line, 'room', chat.bots.offered)(hands);
		if (!isTyped) {
			await answered(session);
			await progress.until(() => chat.bots.unanswered === 0);
		}
	};
};

const takeJson =
	(session: RoomSession): TakeLine =>
	async (line, number) => {
		// A blank line asks for nothing.
		if (line.trim() === '') {
			return;
		}

		const request = parseRequest(line);
		if (request instanceof SockchatError) {
			session.progress.hasFailed = true;
			session.printer.printError(request, number);
		} else {
			await perform(request, number, session);
		}
	};

const takers: Readonly<
	Record<Exclude<InputMode, 'none'>, (session: RoomSession) => TakeLine>
> = {text: takeText, commands: takeCommand, json: takeJson};

/** What `--message` is missing, as the start of a sentence. */
export const notConfirmed = 'The message was not confirmed as stored';

const sayMessage = ({chat, progress}: RoomSession, text: string): Step => {
	let isSaid = false;
	return {
		async run() {
			isSaid = true;
			chat.say(text);
			await progress.until(() => chat.unstored() === 0);
		},
		missing: () => (isSaid && chat.unstored() === 0 ? undefined : notConfirmed),
	};
};

/** Stdin; at Ctrl-D on a terminal, it is read on if one was only asked. */
async function* readStdin(
	session: RoomSession,
): AsyncGenerator<string | SockchatError> {
	const {stdin, isTyped} = session.streams;
	yield* readLines(stdin);
	const isToLeave = () => !isTyped || session.hasQuit || mayLeave(session);
	while (!isToLeave()) {
		// eslint-disable-next-line no-await-in-loop -- one Ctrl-D after the other
		const again = await reopenTerminal();
		session.reopened = again;
		yield* readLines(again);
	}
}

/** A request is a line, so pasted ones are taken apart. */
async function* readPrompt(
	texts: AsyncIterable<string>,
	mode: InputMode,
): AsyncGenerator<string> {
	for await (const text of texts) {
		yield* mode === 'json' ? text.split('\n') : [text];
	}
}

const readInput = (
	session: RoomSession,
	mode: Exclude<InputMode, 'none'>,
): Step => {
	const {chat, printer, progress, prompt, streams} = session;
	let isHeld = false;
	return {
		async run() {
			const take = takers[mode](session);
			let number = 0;
			const lines =
				prompt === undefined
					? readStdin(session)
					: readPrompt(prompt.texts, mode);
			for await (const line of lines) {
				number++;
				if (line instanceof SockchatError) {
					progress.hasFailed = true;
					printer.printError(line, number);
					continue;
				}

				isHeld = true;
				await take(line, number);
				isHeld = false;
				if (session.hasQuit) {
					break;
				}

				await progress.until(() => chat.unstored() < maxAhead);
			}

			// Nobody could type any more, as after Ctrl-D.
			session.hasQuit ||= streams.isTyped;
			if (session.wasAsked) {
				return;
			}

			if (session.hasQuit || chat.role === 'connect') {
				// If stdin ends at once, it must still be reported that nobody listens.
				// A person who leaves waits for no relay.
				const left = () =>
					streams.isTyped ? losableLines(chat) : chat.unstored();
				await progress.until(
					() =>
						progress.isWelcome && left() === 0 && chat.bots.unanswered === 0,
				);
			}
		},
		missing() {
			const lines = unconfirmedLines(chat);
			if (lines !== undefined) {
				return lines;
			}

			return isHeld || progress.isAsking || chat.bots.unanswered > 0
				? 'The last command was not answered'
				: undefined;
		},
	};
};

const awaitMessage = ({progress, wait}: RoomSession): Step => ({
	async run() {
		await progress.until(() => !wait.isWaiting || progress.hasFailed);
	},
	// Without the question there is no answer, and that was said.
	missing: () =>
		wait.isWaiting && !progress.hasFailed ? 'No message matched' : undefined,
});

const leave = (session: RoomSession): Step => ({
	async run() {
		const {chat, options, replay} = session;
		if (
			session.hasQuit ||
			options.message !== undefined ||
			options.awaited !== undefined ||
			chat.role === 'connect'
		) {
			await replay.done;
			chat.leave();
		}
	},
	missing: () => undefined,
});

export const roomSteps = (session: RoomSession): readonly Step[] => {
	const {options, streams} = session;
	const {message, input = streams.isTyped ? 'commands' : 'text'} = options;
	if (message !== undefined || options.awaited !== undefined) {
		return [
			...(message === undefined ? [] : [sayMessage(session, message)]),
			awaitMessage(session),
			leave(session),
		];
	}

	return input === 'none' ? [] : [readInput(session, input), leave(session)];
};
