/** `sockchat replay`: plays a recording, and says where an answer differs. */
import {setTimeout} from 'node:timers';
import type {Writable} from 'node:stream';
import type {Ending, Running} from '../../chat/ending.js';
import {SockchatError} from '../../errors.js';
import {
	replayAddress,
	replayLink,
	type ReplayOptions,
	type ReplaySide,
} from '../../options/replay.js';
import type {NoticeEvent, ServerEvent} from '../../event/event.js';
import {display, jsonSafe, toDisplay} from '../../protocol/display.js';
import {connected} from '../../raw/reach.js';
import {
	play,
	unopened,
	type Difference,
	type Played,
} from '../../recording/player.js';
import {
	readRecording,
	surveyRecording,
	type Summary,
} from '../../recording/reader.js';
import type {LoopbackAddress} from '../../socket/address.js';
import {systemClock} from '../../socket/clock.js';
import {requirePlace} from '../../socket/dial.js';
import type {OuterLink} from '../../socket/link.js';
import {
	certificateNotice,
	prepareDial,
	prepareListening,
	type Dialler,
	type Listening,
} from '../../socket/link/transport.js';
import {wordsOf} from '../../store/notice.js';
import {jsonError, jsonLine} from '../json.js';
import type {Output} from '../output.js';
import {runExport} from './export.js';

type Streams = {readonly stdout: Output; readonly stderr: Writable};

type Opening = {
	readonly open: () => Promise<OuterLink>;
	readonly close: () => Promise<void>;
};

const dialling = (
	{dial, describe}: Dialler,
	address: LoopbackAddress,
	signal: AbortSignal,
): Opening => ({
	async open() {
		requirePlace(address);
		const link = dial();
		link.stream.on('error', () => undefined);
		await connected(link, signal).catch((error: unknown) => {
			throw describe(error as Error);
		});
		return link;
	},
	async close() {},
});

const listening = async (
	{createListener, fingerprint}: Listening,
	address: LoopbackAddress,
	signal: AbortSignal,
	onShown: (event: ServerEvent | NoticeEvent) => void,
): Promise<Opening> => {
	const waiting: OuterLink[] = [];
	let onLink = () => {};
	const endWaiting = () => {
		for (const {stream} of waiting) {
			stream.destroy();
		}
	};

	const listener = createListener({
		address,
		clock: systemClock,
		onEvent(event) {
			const isShown =
				event.type === 'notice' ||
				(event.type === 'listening' && event.state.phase === 'listening');
			if (isShown) {
				onShown(event);
			}
		},
		onLink(link) {
			link.stream.on('error', () => undefined);
			waiting.push(link);
			onLink();
		},
		onDrain: endWaiting,
		onCutOff: endWaiting,
	});
	const untilLink = async (): Promise<void> =>
		new Promise(resolve => {
			onLink = resolve;
			signal.addEventListener('abort', () => {
				resolve();
			});
		});
	await listener.listen();
	if (fingerprint !== undefined) {
		onShown(certificateNotice(fingerprint, systemClock.wallMs()));
	}

	return {
		async open() {
			while (waiting.length === 0) {
				signal.throwIfAborted();
				// eslint-disable-next-line no-await-in-loop -- until somebody comes
				await untilLink();
			}

			return waiting.shift()!;
		},
		async close() {
			await listener.drain();
			await listener.closed;
		},
	};
};

const hexOf = (bytes: Buffer): string =>
	bytes.toString('hex').replaceAll(/..(?=.)/g, '$& ');

const hexRow = (seen: Difference['now']): string =>
	typeof seen === 'string'
		? seen
		: `${hexOf(seen).padEnd(47)}  ${seen.toString('latin1').replaceAll(/[^\u0020-\u007E]/g, '.')}`;

const bytesOf = (count: number): string =>
	count === 1 ? '1 byte' : `${count} bytes`;

const wordsFor = ({
	connections,
	bytesSent,
	bytesSame,
	difference,
}: Played): string => {
	if (!difference) {
		return `No difference: ${bytesOf(bytesSent)} sent, ${bytesOf(bytesSame)} received as recorded, ${connections === 1 ? '1 connection' : `${connections} connections`}.`;
	}

	const {connection, equalBytes, recorded, now} = difference;
	return [
		`The answer differs after ${bytesOf(equalBytes)} on connection ${connection}:`,
		`  recorded  ${hexRow(recorded)}`,
		`  now       ${hexRow(now)}`,
	].join('\n');
};

/** Bytes in hex, or how it ended. */
const jsonSeen = (seen: Difference['now']) =>
	typeof seen === 'string'
		? {end: seen}
		: {bytes: seen.length, hex: seen.toString('hex')};

/** What came of it, as one object. */
const jsonPlayed = (played: Played): string => {
	const {difference, ...counts} = played;
	const event = {
		type: 'replayed',
		...counts,
		difference: difference && {
			connection: difference.connection,
			equalBytes: difference.equalBytes,
			recorded: jsonSeen(difference.recorded),
			now: jsonSeen(difference.now),
		},
	};
	return `${jsonSafe(JSON.stringify(event))}\n`;
};

/** What happens, as the options want it printed. */
class ReplayPrinter {
	readonly #options: ReplayOptions;
	readonly #streams: Streams;

	constructor(options: ReplayOptions, streams: Streams) {
		this.#options = options;
		this.#streams = streams;
	}

	event(event: ServerEvent | NoticeEvent): void {
		const {isJson, isQuiet} = this.#options;
		const {stdout, stderr} = this.#streams;
		const words = wordsOf(event);
		if (isJson) {
			stdout.write(jsonLine(event)!);
		} else if (words && !isQuiet) {
			stderr.write(display`${words.text}\n`);
		}
	}

	notice(text: string): void {
		this.event({type: 'notice', at: systemClock.wallMs(), tone: 'warn', text});
	}

	played(played: Played): void {
		const {isJson, isQuiet} = this.#options;
		const {stdout} = this.#streams;
		if (isJson) {
			stdout.write(jsonPlayed(played));
		} else if (!isQuiet || played.difference) {
			stdout.write(`${toDisplay(wordsFor(played), {lines: 'keep'})}\n`);
		}
	}

	error(error: SockchatError): void {
		const {stdout, stderr} = this.#streams;
		if (this.#options.isJson) {
			stdout.write(jsonError(error));
		} else {
			stderr.write(`${toDisplay(error.message)}\n`);
		}
	}
}

/** What was missing when it was stopped. */
const waitedFor = ({connection, equalBytes, recorded}: Difference): string => {
	if (recorded === unopened) {
		return `Connection ${connection} was waited for.`;
	}

	const what = typeof recorded === 'string' ? recorded : hexOf(recorded);
	return `Connection ${connection} had ${bytesOf(equalBytes)} as recorded, and waited for ${what}.`;
};

const tooLate = (timeoutMs: number, missing: Difference | undefined) =>
	new SockchatError(
		'ERR_TIMEOUT',
		[
			`Not all of the recording was played within ${timeoutMs / 1000} s.`,
			...(missing ? [waitedFor(missing)] : []),
			'A longer --timeout may help.',
		].join(' '),
	);

/** @throws {SockchatError} If there is nothing to play, or nowhere to. */
const placeOf = (options: ReplayOptions, {head, connections}: Summary) => {
	const {file, side: wanted, typed} = options;
	const recordedSide: ReplaySide = head.side === 'serve' ? 'serve' : 'connect';
	const side = wanted ?? recordedSide;
	const address = replayAddress(typed, side, head.address, head.link);
	if (address instanceof Error) {
		throw address;
	}

	const link = replayLink(options, side, head);
	if (link instanceof Error) {
		throw link;
	}

	if (connections === 0) {
		throw new SockchatError(
			'ERR_RECORDING',
			`The recording ${file} has no connection to play.`,
		);
	}

	return {side, address, link};
};

const playRecording = async (
	options: ReplayOptions,
	summary: Summary,
	printer: ReplayPrinter,
): Promise<Running> => {
	const {file, isFast, timeoutMs} = options;
	const {side, address, link} = placeOf(options, summary);
	const over = new AbortController();
	const {signal} = over;
	const opening =
		side === 'serve'
			? await listening(
					await prepareListening(address, link),
					address,
					signal,
					event => {
						printer.event(event);
					},
				)
			: dialling(await prepareDial(address, undefined, link), address, signal);
	let isLate = false;
	const timer =
		timeoutMs === undefined
			? undefined
			: setTimeout(() => {
					isLate = true;
					over.abort();
				}, timeoutMs);
	const run = async (): Promise<Ending> => {
		let hasFailed = true;
		try {
			const played = await play({
				lines: readRecording(file),
				recordedSide: summary.head.side,
				side,
				isFast,
				open: opening.open,
				signal,
			});
			const {difference} = played;
			hasFailed = difference !== undefined;
			if (isLate) {
				printer.error(tooLate(timeoutMs!, difference));
			} else if (difference && signal.aborted) {
				printer.notice(
					`Not all of the recording was played. ${waitedFor(difference)}`,
				);
			} else {
				printer.played(played);
			}
		} catch (error) {
			if (isLate) {
				printer.error(tooLate(timeoutMs!, undefined));
			} else if (!signal.aborted) {
				printer.error(error as SockchatError);
			}
		} finally {
			clearTimeout(timer);
			await opening.close();
		}

		return {hasFailed, isLate, isUnfinished: signal.aborted && !isLate};
	};

	return {
		ended: run(),
		leave() {
			over.abort();
		},
	};
};

/**
 * Plays it, or writes it as packets.
 *
 * @throws {SockchatError} If the file can't be read, or isn't a recording.
 */
export const runReplay = async (
	options: ReplayOptions,
	streams: Streams,
): Promise<Running> => {
	const summary = await surveyRecording(options.file);
	const printer = new ReplayPrinter(options, streams);
	if (summary.cutBytes > 0) {
		const done = options.pcapng === undefined ? 'played' : 'written';
		printer.notice(
			`The recording ends amid a line: it is ${done} up to line ${summary.lines}.`,
		);
	}

	const {pcapng} = options;
	const running =
		pcapng === undefined
			? await playRecording(options, summary, printer)
			: runExport(options, pcapng, summary, streams.stdout);
	const end = async (): Promise<Ending> => {
		try {
			return await running.ended;
		} finally {
			await streams.stdout.flush();
		}
	};

	return {...running, ended: end()};
};
