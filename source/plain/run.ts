/**
 * The front end without a screen: lines or JSON out, lines in. It loads no
 * React.
 */
import type {ViewName} from '../commands/hands.js';
import {helpLines} from '../commands/help.js';
import {parseLine} from '../commands/parse.js';
import type {SockchatError} from '../errors.js';
import {systemClock} from '../socket/clock.js';
import {startDeadline} from '../chat/deadline.js';
import {openRaw, type RawChat} from '../chat/open-raw.js';
import {openRoom, type RoomChat} from '../chat/open-room.js';
import type {Options} from '../options/options.js';
import type {ChatEvent} from '../event/event.js';
import {readLines, readRaw} from './input.js';
import {Printer, type Streams} from './printer.js';

export type Running = {
	/** Settles with the exit code. */
	readonly exitCode: Promise<number>;
	/** Leaves in good order; called again, at once. */
	readonly leave: () => void;
};

/** Watches the events for what the exit code and the input depend on. */
class Watch {
	hasFailed = false;
	isOpen = false;
	#waiting: Array<() => void> = [];

	see(event: ChatEvent): void {
		if (event.type === 'failed') {
			this.hasFailed = true;
		} else if (event.type === 'connection') {
			this.isOpen = event.connection.phase === 'open';
		}

		const waiting = this.#waiting;
		this.#waiting = [];
		for (const look of waiting) {
			look();
		}
	}

	/** Settles once a condition holds; it is looked at after each event. */
	async until(condition: () => boolean): Promise<void> {
		while (!condition()) {
			// eslint-disable-next-line no-await-in-loop -- one event after the other
			await new Promise<void>(resolve => {
				this.#waiting.push(resolve);
			});
		}
	}
}

// Lines typed ahead of their receipts; more of a pipe is read as they come.
const maxAhead = 512;

const talk = async (
	chat: RoomChat,
	options: Options,
	watch: Watch,
	printer: Printer,
	streams: Streams,
): Promise<void> => {
	const {message} = options;
	if (message !== undefined) {
		chat.say(message);
		await watch.until(() => chat.unstored() === 0);
		chat.leave();
		return;
	}

	let isTapped = false;

	const hands = {
		...chat,
		notice(tone: 'info' | 'bad', text: string) {
			printer.print({type: 'notice', at: systemClock.wallMs(), tone, text});
		},
		clear() {
			hands.notice('info', '/clear is for the screen; lines stay.');
		},
		view(view: ViewName) {
			if (view === 'wire' && options.isWatched) {
				isTapped = !isTapped;
				chat.setTap(isTapped);
			} else {
				hands.notice(
					'info',
					`/${view} is for the screen; --json tells the same as events.`,
				);
			}
		},
		help(topic: string | undefined) {
			for (const line of helpLines(topic, chat)) {
				hands.notice('info', line);
			}
		},
	};
	for await (const line of readLines(streams.stdin)) {
		parseLine(line, 'room')(hands);
		await watch.until(() => chat.unstored() < maxAhead);
	}

	if (chat.role === 'connect') {
		// An input that ends at once must not hide that nobody was there.
		await watch.until(() => watch.isOpen && chat.unstored() === 0);
		chat.leave();
	}
};

const talkRaw = async (
	chat: RawChat,
	options: Options,
	streams: Streams,
): Promise<void> => {
	const input =
		options.message === undefined
			? readRaw(streams.stdin, options.eol)
			: readRaw([`${options.message}\n`], options.eol);
	for await (const bytes of input) {
		if (bytes === 'quit') {
			chat.leave();
			return;
		}

		await chat.write(bytes);
	}

	chat.finish();
};

/**
 * Opens the chat and runs it until its end.
 *
 * @throws {SockchatError} Where it can't be opened.
 */
export const runPlain = async (
	options: Options,
	streams: Streams,
): Promise<Running> => {
	const watch = new Watch();
	const printer = new Printer(options, streams);
	const emit = (event: ChatEvent) => {
		printer.print(event);
		watch.see(event);
	};

	const chat = options.isRaw
		? await openRaw({...options, command: rawCommand(options)}, emit)
		: await openRoom(
				{...options, isDeaf: options.isQuiet && options.output === 'plain'},
				emit,
			);
	if (chat.mode === 'room') {
		printer.id = chat.id;
	}

	let late: SockchatError | undefined;
	const cancelDeadline = startDeadline({
		timeoutMs: options.timeoutMs,
		clock: systemClock,
		missing() {
			if (!watch.isOpen) {
				return 'Not connected';
			}

			return options.message === undefined
				? undefined
				: 'The message was not stored';
		},
		onLate(error) {
			late = error;
			// Twice, as whoever is late may not say goodbye either.
			chat.leave();
			chat.leave();
		},
	});

	const talking =
		chat.mode === 'room'
			? talk(chat, options, watch, printer, streams)
			: talkRaw(chat, options, streams);
	// An input that fails ends like one that is over.
	talking.catch(() => {
		chat.leave();
	});

	const finish = async (): Promise<number> => {
		const cause = await chat.closed;
		cancelDeadline();
		streams.stdin.destroy();
		if (late) {
			printer.printError(late);
		}

		await printer.flush();
		const error = late ?? cause;
		return error !== undefined || watch.hasFailed ? 1 : 0;
	};

	return {
		exitCode: finish(),
		leave() {
			chat.leave();
		},
	};
};

const rawCommand = ({command}: Options): 'serve' | 'connect' =>
	command === 'serve' ? 'serve' : 'connect';
