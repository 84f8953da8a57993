/**
 * Raw mode in a pipe: one connection, one after another, or as a server.
 */
import {lostWithConnection, prepareRaw} from '../../chat/open-raw.js';
import type {Ending} from '../../chat/ending.js';
import {SockchatError} from '../../errors.js';
import type {RawModeOptions} from '../../options/options.js';
import {acceptOne} from '../../raw/accept-one.js';
import {createAnswers} from '../../raw/answers/answers.js';
import type {Unmet} from '../../raw/chat-script.js';
import {answersLost, cutOff, endOf} from '../../raw/peer-end.js';
import {startPipe, type Pipe} from '../../raw/pipe.js';
import {reach} from '../../raw/reach.js';
import {endedWords} from '../../raw/redial.js';
import {startRetryPipe} from '../../raw/retry-pipe.js';
import {startServePipe} from '../../raw/serve-pipe.js';
import {formatAddress} from '../../socket/address.js';
import {systemClock} from '../../socket/clock.js';
import {connectionLost, requirePlace} from '../../socket/dial.js';
import {
	certificateNotice,
	type Dialler,
	type ListenerMaker,
} from '../../socket/link/transport.js';
import {datagramFacts} from '../../socket/link.js';
import {watchReader} from '../../socket/stream/reader-gone.js';
import {checkDatagrams} from '../../raw/messages/fits.js';
import {checkFiles, notMet} from '../../raw/script-failure.js';
import {PipeSession, type PipeStreams} from './pipe-session.js';

export type RunningPipe = {
	readonly ended: Promise<Ending>;
	/** The first call leaves in good order, the second at once. */
	readonly leave: () => void;
};

const nothingMoved = {
	bytesRead: 0,
	bytesTaken: 0,
	unreachedBytes: 0,
	hasInputEnded: false,
	inputError: undefined,
	isEnough: true,
	missingReplies: 0,
	unmet: undefined,
};

/** Runs one connection to its end. */
const runLink = async (
	session: PipeSession,
	pipe: Pipe,
	describe: (cause: Error) => SockchatError,
): Promise<Ending> => {
	const end = await pipe.ended;
	const {linkError, isCutOff} = end;
	if (linkError && !session.isReaderGone && !session.late) {
		session.fail(describe(linkError));
	}

	const isCutShort =
		(isCutOff || linkError !== undefined) &&
		!session.isReaderGone &&
		!session.isOfDatagrams;
	return session.finish(end, isCutShort, isCutOff);
};

type ConnectOptions = Extract<RawModeOptions, {command: 'connect'}>;

const finalCodes = new Set(['ERR_PORT_FORBIDDEN', 'ERR_SOCKET_PATH']);

/** `--retry`: one connection after another. */
const startRetrying = (
	options: ConnectOptions,
	session: PipeSession,
	{dial, describe}: Dialler,
): Pipe => {
	const {address, connectTimeoutMs, isWaiting = false} = options;
	const place = formatAddress(address);
	const because = (
		cause: Error | undefined,
		unmet: Unmet | undefined,
	): string => {
		if (cause === undefined) {
			return unmet ? notMet(unmet).message : endedWords(address.kind === 'tcp');
		}

		const {code, message} = describe(cause);
		// It advises what to start, which is being waited for.
		return code === 'ERR_REFUSED' ? `Nobody listens on ${place}.` : message;
	};

	const {input, output, limits, script, recorder, isTelnet} = session;
	return startRetryPipe({
		dial,
		isWaiting,
		connectTimeoutMs,
		isFinal: cause => finalCodes.has(describe(cause).code),
		onConnected(isAgain) {
			session.hasConnected = true;
			if (isAgain) {
				session.note(`Connected to ${place} again.`);
			}
		},
		onLost(cause, unsentBytes, unmet) {
			if (unsentBytes > 0) {
				session.fail(lostWithConnection(unsentBytes));
			}

			session.note(`${because(cause, unmet)} Trying again.`);
		},
		input,
		output,
		limits,
		script,
		recorder,
		isTelnet,
	});
};

const connectPipe = (
	options: ConnectOptions,
	session: PipeSession,
	{dial, describe}: Dialler,
): RunningPipe => {
	const {address, connectTimeoutMs, isWaiting = false} = options;
	if (!isWaiting) {
		requirePlace(address);
	}

	const attempt = new AbortController();
	let pipe: Pipe | undefined;
	const leave = () => {
		session.wasLeft = true;
		attempt.abort();
		if (session.isReaderGone) {
			pipe?.destroy();
		} else {
			pipe?.leave();
		}
	};

	const run = async (): Promise<Ending> => {
		const cancelDeadline = session.startDeadline(
			() => {
				attempt.abort();
				pipe?.destroy();
			},
			() => pipe?.pending,
		);
		try {
			if (options.isRetrying) {
				pipe = startRetrying(options, session, {dial, describe});
				return await runLink(session, pipe, describe);
			}

			const link = await reach({
				dial,
				isWaiting,
				connectTimeoutMs,
				signal: attempt.signal,
			});
			if (!link) {
				// What was to be sent or received was not.
				return await session.finish(nothingMoved, false, true);
			}

			session.hasConnected = true;
			const {input, output, limits, script, recorder, isTelnet} = session;
			pipe = startPipe({
				link,
				input,
				output,
				limits,
				script,
				recorder,
				isTelnet,
			});
			return await runLink(session, pipe, describe);
		} catch (error) {
			session.fail(describe(error as Error));
			return await session.finish(nothingMoved, false, false);
		} finally {
			cancelDeadline();
		}
	};

	return {ended: run(), leave};
};

const servePipe = async (
	options: Extract<RawModeOptions, {command: 'serve'}>,
	session: PipeSession,
	createListener: ListenerMaker,
): Promise<RunningPipe> => {
	const {input, output, limits, recorder} = session;
	const server = await startServePipe({
		...options,
		createListener,
		input,
		output,
		limits,
		recorder,
		onEvent(event) {
			session.tell(event);
			options.notify?.(event);
		},
		onUnmet(unmet, peer) {
			if (!session.isReaderGone) {
				session.fail(notMet(unmet, peer));
			}
		},
		onFailure(error) {
			if (!session.isReaderGone) {
				session.fail(error);
			}
		},
	});
	recorder?.begin();
	const run = async (): Promise<Ending> => {
		const end = await server.ended;
		const isCutShort = input?.isFinite === true && !session.isReaderGone;
		const isUnsent = end.isUnsent && !session.isReaderGone;
		if (session.wasLeft && !session.isReaderGone) {
			for (const peer of end.cutOff) {
				session.fail(cutOff(peer));
			}
		}

		return session.finish(
			{...nothingMoved, ...end},
			isCutShort,
			session.wasLeft &&
				(end.cutOff.length > 0 ||
					end.isAmidScript ||
					isUnsent ||
					end.unreachedBytes > 0),
		);
	};

	return {
		ended: run(),
		leave() {
			session.wasLeft = true;
			if (session.isReaderGone) {
				server.destroy();
			} else {
				server.leave();
			}
		},
	};
};

const serveOnce = async (
	options: Extract<RawModeOptions, {command: 'serve'}>,
	session: PipeSession,
	createListener: ListenerMaker,
): Promise<RunningPipe> => {
	const listening = await acceptOne({
		...options,
		createListener,
		onEvent(event) {
			session.tell(event);
			options.notify?.(event);
		},
	});
	session.recorder?.begin();
	let pipe: Pipe | undefined;
	const run = async (): Promise<Ending> => {
		const accepted = await listening.accepted;
		if (!accepted) {
			await listening.closed;
			return session.finish(nothingMoved, false, true);
		}

		const {link, name} = accepted;
		const {input, output, limits, script, recorder, isTelnet} = session;
		const {answering} = options;
		pipe = startPipe({
			link,
			input,
			output,
			limits,
			script,
			answers:
				answering &&
				createAnswers(answering, error => {
					session.fail(error);
				}),
			recorder,
			isTelnet,
			peer: name,
		});
		const {linkError, answered, isCutOff} = await pipe.ended;
		session.tell({
			type: 'ended',
			at: systemClock.wallMs(),
			peer: name,
			...endOf(link, linkError),
			bytesIn: link.stream.bytesRead,
			bytesOut: link.bytesOut,
			...datagramFacts(link),
		});
		const lost = answered && answersLost(name, answered);
		if (!linkError && !session.isReaderGone) {
			const {bytesRead: bytesIn, readableEnded} = link.stream;
			if (lost) {
				session.fail(lost);
			} else if (isCutOff && bytesIn > 0 && !readableEnded) {
				session.fail(cutOff({peer: name, bytesIn}));
			}
		}

		await listening.closed;
		return runLink(session, pipe, cause =>
			cause instanceof SockchatError
				? cause
				: connectionLost(`from ${name}`, cause, link.transport),
		);
	};

	return {
		ended: run(),
		leave() {
			session.wasLeft = true;
			listening.stop();
			if (session.isReaderGone) {
				pipe?.destroy();
			} else {
				pipe?.leave();
			}
		},
	};
};

/** @throws {SockchatError} If the socket can't be opened. */
export const runPipe = async (
	options: RawModeOptions,
	streams: PipeStreams,
): Promise<RunningPipe> => {
	checkFiles(options.script);
	checkDatagrams(options);
	const {dialler, listening} = await prepareRaw(options);
	const session = new PipeSession(options, streams);
	const stopWatching = watchReader(1, () => {
		streams.stdout.noteGone();
	});
	if (listening?.fingerprint !== undefined) {
		session.tell(certificateNotice(listening.fingerprint));
	}

	const running =
		options.command === 'connect'
			? connectPipe(options, session, dialler!)
			: await (options.isOnce ? serveOnce : servePipe)(
					options,
					session,
					listening!.createListener,
				);
	return {
		...running,
		ended: running.ended.finally(stopWatching),
	};
};
