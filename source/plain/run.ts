/**
 * The front end without a screen: lines in, lines or JSON out. It does not load
 * React.
 */
import type {ViewName} from '../commands/hands.js';
import {helpLines} from '../commands/help.js';
import {parseLine} from '../commands/parse.js';
import {SockchatError} from '../errors.js';
import {systemClock} from '../socket/clock.js';
import {startDeadline} from '../chat/deadline.js';
import {openRaw, type RawChat} from '../chat/open-raw.js';
import {openRoom} from '../chat/open-room.js';
import type {RoomChat} from '../chat/room-chat.js';
import type {
	Options,
	RawModeOptions,
	RoomModeOptions,
} from '../options/options.js';
import type {ChatEvent} from '../event/event.js';
import {readLines, readRaw} from './input.js';
import {Printer, type Streams} from './printer.js';

export type Running = {
	/** Settles with the exit code. */
	readonly exitCode: Promise<number>;
	/** The first call leaves in good order, the second at once. */
	readonly leave: () => void;
};

/** Keeps what the exit code and the input depend on. */
class Watch {
	hasFailed = false;
	isOpen = false;
	/** The number of peers of a server. */
	peers = 0;
	#waiting: Array<() => void> = [];

	see(event: ChatEvent): void {
		switch (event.type) {
			case 'failed': {
				this.hasFailed = true;
				break;
			}

			case 'connection': {
				this.isOpen = event.connection.phase === 'open';
				break;
			}

			case 'accepted': {
				this.peers++;
				break;
			}

			case 'ended': {
				this.peers--;
				break;
			}

			default: {
				break;
			}
		}

		const waiting = this.#waiting;
		this.#waiting = [];
		for (const look of waiting) {
			look();
		}
	}

	/** Settles once a condition holds; it is checked after each event. */
	async until(condition: () => boolean): Promise<void> {
		while (!condition()) {
			// eslint-disable-next-line no-await-in-loop -- one event after the other
			await new Promise<void>(resolve => {
				this.#waiting.push(resolve);
			});
		}
	}
}

// Lines sent but not yet stored; at this many, reading of stdin waits.
const maxAhead = 512;

const talkRoom = async (
	chat: RoomChat,
	options: RoomModeOptions,
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
			hands.notice('info', '/clear works only on the screen.');
		},
		view(view: ViewName) {
			if (view === 'wire' && options.isWatched) {
				isTapped = !isTapped;
				chat.setTap(isTapped);
			} else {
				hands.notice(
					'info',
					`/${view} works only on the screen; --json prints the same as events.`,
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
		if (line instanceof SockchatError) {
			printer.printError(line);
			watch.hasFailed = true;
			continue;
		}

		parseLine(line, 'room')(hands);
		await watch.until(() => chat.unstored() < maxAhead);
	}

	if (chat.role === 'connect') {
		// If stdin ends at once, it must still be reported that nobody listens.
		await watch.until(() => watch.isOpen && chat.unstored() === 0);
		chat.leave();
	}
};

/** How much of stdin was read; line ends count as they are sent. */
type Sending = {
	bytesRead: number;
	/** Whether stdin has ended. */
	hasEnded: boolean;
	/** Whether nothing more will be sent. */
	isOver: boolean;
};

const notSent = ({bytesRead, hasEnded}: Sending, taken: number) =>
	new SockchatError(
		'ERR_NOT_SENT',
		`${hasEnded ? 'Not all of stdin was sent' : 'The connection ended before stdin did'}: ${bytesRead} bytes were read, and the kernel took ${taken} of them.`,
	);

const talkRaw = async (
	chat: RawChat,
	options: RawModeOptions,
	watch: Watch,
	streams: Streams,
	sending: Sending,
): Promise<void> => {
	const isPiped = streams.stdin.isTTY !== true;
	const input =
		options.message === undefined
			? readRaw(streams.stdin, options.eol)
			: readRaw([`${options.message}\n`], options.eol);
	for await (const bytes of input) {
		if (bytes === 'quit') {
			chat.leave();
			return;
		}

		if (isPiped && chat.role === 'serve') {
			// Without a peer the bytes would be lost.
			await watch.until(() => watch.peers > 0);
		}

		if (sending.isOver) {
			return;
		}

		sending.bytesRead += bytes.length;
		await chat.write(bytes);
		if (options.output === 'json') {
			// Each sent chunk is also a line on stdout.
			await streams.stdout.drained();
		}
	}

	sending.hasEnded = true;
	chat.finish();
};

/**
 * Opens the chat and runs it until its end.
 *
 * @throws {SockchatError} If it can't be opened.
 */
export const runPlain = async (
	options: Options,
	streams: Streams,
): Promise<Running> => {
	const watch = new Watch();
	const printer = new Printer(options, streams);
	const sending: Sending = {bytesRead: 0, hasEnded: false, isOver: false};
	let raw: RawChat | undefined;
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

	const emit = (event: ChatEvent) => {
		const takesMore = printer.print(event);
		watch.see(event);
		if (!takesMore) {
			void holdRaw();
		}
	};

	const open = async () => {
		if (options.mode === 'raw') {
			const isPipe = !(
				streams.stdin.isTTY === true && streams.stdout.isTerminal
			);
			const chat = await openRaw({...options, isPipe}, emit);
			raw = chat;
			return {
				chat,
				talk: async () => talkRaw(chat, options, watch, streams, sending),
			};
		}

		const isDeaf = options.isQuiet && options.output === 'plain';
		const chat = await openRoom({...options, isDeaf}, emit);
		printer.id = chat.id;
		return {
			chat,
			talk: async () => talkRoom(chat, options, watch, printer, streams),
		};
	};

	const {chat, talk} = await open();
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
			// Twice, as a peer that is late may not answer a goodbye either.
			chat.leave();
			chat.leave();
		},
	});

	const talking = talk();
	// If stdin fails, the chat ends as if stdin had ended.
	talking.catch(() => {
		chat.leave();
	});

	const finish = async (): Promise<number> => {
		const cause = await chat.closed;
		sending.isOver = true;
		cancelDeadline();
		if (options.message === undefined) {
			streams.stdin.destroy();
		}

		if (late) {
			printer.printError(late);
		}

		const taken = raw?.bytesTaken() ?? 0;
		const isShort = sending.bytesRead > taken;
		const isCutOff = sending.bytesRead > 0 && !sending.hasEnded;
		if (isShort || (cause !== undefined && isCutOff)) {
			printer.printError(notSent(sending, taken));
		}

		await streams.stdout.flush();
		const isUnstored =
			chat.mode === 'room' &&
			streams.stdout.failure !== undefined &&
			chat.unstored() > 0;
		const hasFailed = watch.hasFailed || isShort || isUnstored;
		return hasFailed || late !== undefined || cause !== undefined ? 1 : 0;
	};

	return {
		exitCode: finish(),
		leave() {
			sending.isOver = true;
			chat.leave();
		},
	};
};
