/**
 * `--message -`: all of stdin is read before the room is joined. Nobody sees a
 * member come for a message that isn't whole yet, or that no room would take.
 */
import {startDeadline} from '../../chat/deadline.js';
import {unfinished, type Ending, type Running} from '../../chat/ending.js';
import {SockchatError} from '../../errors.js';
import type {RoomModeOptions} from '../../options/options.js';
import {checkText} from '../../protocol/text.js';
import {systemClock} from '../../socket/clock.js';
import {readMessage, unreadable} from '../input.js';
import {Printer, type Streams} from '../printer.js';
import {notConfirmed} from './script.js';

const readText = async ({stdin}: Streams): Promise<string | SockchatError> => {
	const text = await readMessage(stdin).catch((error: unknown) =>
		unreadable(error as Error),
	);
	return text instanceof SockchatError ? text : (checkText(text) ?? text);
};

/**
 * @param send Opens the chat and says the text.
 * @param send.elapsedMs How much of `--timeout` has passed by then.
 */
export const runPipedMessage = (
	options: RoomModeOptions,
	streams: Streams,
	send: (text: string, elapsedMs: number) => Promise<Running>,
): Running => {
	const printer = new Printer(options, streams);
	const startedAt = systemClock.monotonicMs();
	let running: Running | undefined;
	let isReading = true;
	let hasLeft = false;
	let stop: (ending: Ending) => void = () => undefined;
	const stopped = new Promise<Ending>(resolve => {
		stop = resolve;
	});
	const cancelDeadline = startDeadline({
		timeoutMs: options.timeoutMs,
		clock: systemClock,
		missing: () => notConfirmed,
		onLate(error) {
			printer.printError(error);
			stop({hasFailed: false, isLate: true, isUnfinished: true});
		},
	});

	const say = async (): Promise<Ending> => {
		const text = await Promise.race([readText(streams), stopped]);
		isReading = false;
		cancelDeadline();
		if (text instanceof SockchatError) {
			printer.printError(text);
			return {hasFailed: true, isLate: false, isUnfinished: false};
		}

		if (typeof text !== 'string') {
			return text;
		}

		running = await send(text, systemClock.monotonicMs() - startedAt);
		if (hasLeft) {
			running.leave();
		}

		return running.ended;
	};

	return {
		ended: say(),
		leave() {
			running?.leave();
			if (isReading && !hasLeft) {
				printer.printError(unfinished(notConfirmed));
				stop({hasFailed: false, isLate: false, isUnfinished: true});
			}

			hasLeft = true;
		},
	};
};
