/** `sockchat replay`: plays a recording, and says where an answer differs. */
import {setTimeout} from 'node:timers';
import type {Writable} from 'node:stream';
import type {Ending, Running} from '../../chat/ending.js';
import {SockchatError} from '../../errors.js';
import {
	replayAddress,
	type ReplayOptions,
	type ReplaySide,
} from '../../options/replay.js';
import {display, toDisplay} from '../../protocol/display.js';
import {connected} from '../../raw/reach.js';
import {play, type Difference, type Played} from '../../recording/player.js';
import {readRecording, surveyRecording} from '../../recording/reader.js';
import type {LoopbackAddress} from '../../socket/address.js';
import {systemClock} from '../../socket/clock.js';
import {dial, rawConnectionFailed} from '../../socket/dial.js';
import type {SocketLink} from '../../socket/link.js';
import {Listener} from '../../socket/listener.js';
import {wordsOf} from '../../store/notice.js';
import type {Output} from '../output.js';

type Streams = {readonly stdout: Output; readonly stderr: Writable};

type Opening = {
	readonly open: () => Promise<SocketLink>;
	readonly close: () => Promise<void>;
};

const dialling = (address: LoopbackAddress, signal: AbortSignal): Opening => ({
	async open() {
		const link = dial(address);
		link.stream.on('error', () => undefined);
		await connected(link, signal).catch((error: unknown) => {
			throw rawConnectionFailed(address, undefined, error as Error);
		});
		return link;
	},
	async close() {},
});

const listening = async (
	address: LoopbackAddress,
	signal: AbortSignal,
	stderr: Writable,
): Promise<Opening> => {
	const waiting: SocketLink[] = [];
	let onLink = () => {};
	const endWaiting = () => {
		for (const {stream} of waiting) {
			stream.destroy();
		}
	};

	const listener = new Listener({
		address,
		clock: systemClock,
		onEvent(event) {
			if (event.type !== 'listening' || event.state.phase !== 'listening') {
				return;
			}

			const words = wordsOf(event);
			if (words) {
				stderr.write(display`${words.text}\n`);
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

const hexRow = (seen: Difference['now']): string =>
	typeof seen === 'string'
		? seen
		: `${seen
				.toString('hex')
				.replaceAll(/..(?=.)/g, '$& ')
				.padEnd(
					47,
				)}  ${seen.toString('latin1').replaceAll(/[^\u0020-\u007E]/g, '.')}`;

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

/** @throws {SockchatError} If the recording can't be read, or is none. */
export const runReplay = async (
	{file, side: wanted, isFast, timeoutMs, given}: ReplayOptions,
	{stdout, stderr}: Streams,
): Promise<Running> => {
	const {head, connections, lines, cutBytes} = await surveyRecording(file);
	const recordedSide: ReplaySide = head.side === 'serve' ? 'serve' : 'connect';
	const side = wanted ?? recordedSide;
	const address = replayAddress(given, side, head.address);
	if (address instanceof Error) {
		throw address;
	}

	if (connections === 0) {
		throw new SockchatError(
			'ERR_RECORDING',
			`The recording ${file} has no connection to play.`,
		);
	}

	if (cutBytes > 0) {
		stderr.write(
			display`The recording ends amid a line: it is played up to line ${String(lines)}.\n`,
		);
	}

	const over = new AbortController();
	const {signal} = over;
	const opening =
		side === 'serve'
			? await listening(address, signal, stderr)
			: dialling(address, signal);
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
				recordedSide: head.side,
				side,
				isFast,
				open: opening.open,
				signal,
			});
			hasFailed = played.difference !== undefined;
			stdout.write(`${toDisplay(wordsFor(played), {lines: 'keep'})}\n`);
		} catch (error) {
			if (isLate) {
				stderr.write(
					`Not all of the recording was played within ${timeoutMs! / 1000} s. A longer --timeout may help.\n`,
				);
			} else if (!signal.aborted) {
				stderr.write(`${toDisplay((error as Error).message)}\n`);
			}
		} finally {
			clearTimeout(timer);
			await opening.close();
		}

		await stdout.flush();
		return {hasFailed, isLate, isUnfinished: signal.aborted && !isLate};
	};

	return {
		ended: run(),
		leave() {
			over.abort();
		},
	};
};
