/**
 * Raw mode by hand without a screen: typed lines are bytes or commands, as on the
 * screen. The transcript is kept for /save.
 */
import type {RawHands} from '../../commands/hands.js';
import {help} from '../../commands/help.js';
import {parseRawLine} from '../../commands/parse.js';
import {SockchatError} from '../../errors.js';
import type {ChatEvent, SendingFile, Tone} from '../../event/event.js';
import {openByHand, type Opened} from '../../hand/open.js';
import {noTypedLines, openTypedLines} from '../../keyboard/typed-file.js';
import type {RawModeOptions} from '../../options/options.js';
import {systemClock} from '../../socket/clock.js';
import {createModel} from '../../store/model.js';
import {reduce} from '../../store/reduce.js';
import {sendingText} from '../../store/sending.js';
import {readLines} from '../input.js';
import type {Printer, Streams} from '../printer.js';
import type {Progress} from '../progress.js';
import type {Prompt} from '../prompt.js';
import type {Step} from '../script.js';
import {viewsInLines} from '../views.js';

export type TypingOptions = {
	readonly options: RawModeOptions;
	readonly emit: (event: ChatEvent) => void;
	/** Called after a silence of --idle. */
	readonly onSilent: () => void;
	readonly printer: Printer;
	readonly progress: Progress;
	readonly prompt: Prompt | undefined;
	readonly streams: Streams;
};

export type Typing = Pick<Opened, 'chat'> &
	Pick<Opened['hand'], 'lost'> & {
		/** Reads lines to their end. */
		readonly step: Step;
		/** Ctrl-C: stops a file. @returns Whether it leaves; if not, it stopped one. */
		readonly mayLeave: () => boolean;
		/** Settles when the last connection has ended, and nobody types any more. */
		readonly untilOver: () => Promise<SockchatError | undefined>;
		/** A person leaves. */
		readonly noteLeft: () => void;
	};

// A smaller file is sent before anybody could read how far it is.
const smallBytes = 1024 * 1024;
const parts = 4;

/** Says how far a file is, at each quarter of a large one. */
const createQuarters = (say: (text: string) => void) => {
	let said = 0;
	return (file: SendingFile | undefined): void => {
		if (!file || file.totalBytes < smallBytes) {
			said = 0;
			return;
		}

		const part = Math.floor((file.sentBytes / file.totalBytes) * parts);
		if (part > said && part < parts) {
			said = part;
			say(sendingText(file));
		}
	};
};

/** @throws {SockchatError} If it can't be opened. */
export const openTyping = async ({
	options,
	emit,
	onSilent,
	printer,
	progress,
	prompt,
	streams,
}: TypingOptions): Promise<Typing> => {
	let model = createModel({mode: 'raw', where: ''});
	let dials = 0;
	let hasEnded = false;
	let wake = () => {};
	const tellQuarter = createQuarters(text => {
		printer.answer(text);
	});
	const see = (event: ChatEvent) => {
		model = reduce(model, [event]);
		if (event.type === 'sending') {
			tellQuarter(event.file);
		}

		if (
			event.type === 'connection' &&
			event.connection.phase === 'connecting' &&
			event.connection.attempt === 1
		) {
			dials++;
			wake();
		}

		emit(event);
	};

	const opened = await openByHand({
		options,
		raw: {isPipe: false, onSilent},
		emit: see,
		transcript: () => model.transcript,
	});
	const {chat, hand} = opened;
	const kept = options.typed;
	const typed = kept ? openTypedLines(kept.file, kept.purpose) : noTypedLines;
	const notice = (tone: Tone, text: string) => {
		opened.emit({type: 'notice', at: systemClock.wallMs(), tone, text});
	};

	const hands: RawHands = {
		...hand,
		notice,
		control: async (action, peer) =>
			progress.during(chat.control(action, peer)),
		leave() {
			hasEnded = true;
			wake();
			chat.leave();
		},
		...viewsInLines(chat, options, notice),
		help(topic) {
			help(topic, chat, notice);
		},
	};

	/** Settles once another connection is dialled, or nobody types any more. */
	const untilWoken = async () =>
		new Promise<void>(resolve => {
			wake = resolve;
		});
	const mayLeave = () => !hand.stop();
	await prompt?.start({
		mode: 'raw',
		history: typed.lines,
		nick: () => '',
		nicks: () => [],
		commands: () => [],
		mayLeave,
		stay() {},
		onPaste(lineCount) {
			printer.answer(
				`${lineCount} lines are pasted. Enter sends them, Ctrl-C clears them.`,
			);
		},
	});

	const step: Step = {
		async run() {
			const lines = prompt?.texts ?? readLines(streams.stdin);
			for await (const line of lines) {
				if (line instanceof SockchatError) {
					notice('bad', line.message);
					continue;
				}

				typed.add(line);
				parseRawLine(line)(hands);
				if (hasEnded) {
					return;
				}
			}

			hasEnded = true;
			wake();
			chat.finish();
		},
		missing: () => undefined,
	};

	return {
		chat,
		lost: hand.lost,
		step,
		mayLeave,
		noteLeft() {
			hasEnded = true;
			wake();
		},
		async untilOver() {
			for (;;) {
				const dialled = dials;
				// eslint-disable-next-line no-await-in-loop -- one after the other
				const cause = await chat.closed;
				const isOver = hasEnded || !progress.hasOpened || chat.role === 'serve';
				if (isOver) {
					return cause;
				}

				if (dials > dialled) {
					continue;
				}

				notice(
					'info',
					'The connection has ended; /connect dials again, Ctrl-C or /quit leaves.',
				);
				// eslint-disable-next-line no-await-in-loop -- as long as it is read
				await untilWoken();
				if (hasEnded) {
					return cause;
				}
			}
		},
	};
};
