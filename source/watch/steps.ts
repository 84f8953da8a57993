/**
 * The events of a TCP socket in node:net, as steps of its connection.
 *
 * It only listens. Node reports calls and received segments; the states that they
 * lead to are inferred in step-log.ts, where the kernel's table overrides them.
 * A Unix domain socket has no such states: don't watch one.
 */
import {errorMonitor, type EventEmitter} from 'node:events';
import type {Socket} from 'node:net';
import process from 'node:process';
import {between} from '../tcp/step-time.js';
import {
	lingerZero,
	type Call,
	type Step,
	type StepTime,
	type TcpState,
} from '../tcp/tcp.js';
import type {Clock} from '../socket/clock.js';
import {onShutdown} from '../socket/stream/shutdown.js';

export type WatchStepsOptions = {
	readonly side: 'client' | 'server';
	/** The server's peer; undefined on a client. */
	readonly peer: string | undefined;
	readonly clock: Clock;
	/** When the connection was not there; ms since the epoch. */
	readonly notBefore?: number | undefined;
	/** A client: the address that it binds before connect(). */
	readonly bound?: string | undefined;
	/** A client: the address that it connects to. */
	readonly dialled?: string | undefined;
	/** How long what is reported now may have waited for it, in milliseconds. */
	readonly lateMs: () => number;
	readonly onStep: (step: Step) => void;
};

export type StepWatch = {
	/**
	 * Records a call for which node:net has no event, or a late one:
	 * setsockopt(), pause(), resume(), close(). Call it before the call itself.
	 */
	readonly called: (call: Call, facts?: CallFacts) => void;
};

/** What is known of a call besides. */
export type CallFacts = {
	readonly errno?: string | undefined;
	readonly result?: string | undefined;
	readonly unreadBytes?: number | undefined;
};

/**
 * The error codes for an RST on Linux: in answer to a SYN, while open, and on a
 * write after the peer's FIN or after a read has reported the RST.
 */
const resetCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE']);

/** The clock counts whole milliseconds. */
const clockStepMs = 1;

/** What may be later than this has bounds. A busy screen takes about as long. */
const exactMs = 20;

const afterNextTick = (report: () => void): void => {
	process.nextTick(() => {
		process.nextTick(report);
	});
};

/** errorMonitor only observes; the socket's owner handles the error. */
const errorsOf = (socket: Socket): EventEmitter => socket;

/**
 * Turns a socket's events into steps, from now to its 'close'.
 *
 * Call it before anyone else listens to the socket, to report a segment before
 * the reaction to it; best in the turn of connect() or accept().
 */
export const watchSteps = (
	socket: Socket,
	{
		side,
		peer,
		clock,
		notBefore,
		bound,
		dialled,
		lateMs,
		onStep,
	}: WatchStepsOptions,
): StepWatch => {
	let isOver = false;
	let isClosed = false;
	/** When a reset was asked for that waits for a shutdown() under way. */
	let resetSince: number | undefined;
	let finishedAt = -Infinity;
	/** When the other side's FIN was read. From then on Node reads no more. */
	let endedAt: number | undefined;
	// What arrives while nobody reads is seen later; undefined if reading never
	// paused.
	let lateSince: number | undefined;
	/** Before it, the other end can't have sent anything. */
	const openedAt = notBefore ?? -Infinity;

	const called = (
		call: Call,
		{errno, result, unreadBytes}: CallFacts = {},
		time?: StepTime,
	): void => {
		onStep({
			kind: 'call',
			call,
			peer,
			...(errno && {errno}),
			...(result && {result}),
			...(unreadBytes && {unreadBytes}),
			...(time ?? {at: clock.wallMs()}),
		});
	};

	/** What Node reports now, and what can't have been before a time. */
	const reported = (earliest = openedAt): StepTime => {
		const now = clock.wallMs();
		const late = lateMs();
		return late > exactMs
			? between(Math.max(earliest, Math.floor(now - late)), now)
			: {at: now};
	};

	const received = (segment: 'FIN' | 'RST', errno?: string): void => {
		const since = lateSince ?? endedAt;
		const time =
			since === undefined ? reported() : between(since, clock.wallMs());
		onStep({kind: 'segment', segment, ...(errno && {errno}), peer, ...time});
	};

	const enter = (end: 'local' | 'remote', state: TcpState, time: StepTime) => {
		const evidence = 'inferred';
		onStep({kind: 'state', end, state, evidence, peer, ...time});
	};

	/** node:net calls bind() and connect() only in a later turn. */
	const reportDial = (failed?: NodeJS.ErrnoException): void => {
		const {syscall, code} = failed ?? {};
		called('socket()');
		if (bound !== undefined) {
			called('setsockopt(SO_REUSEADDR, 1)');
			if (bound.startsWith('[')) {
				called('setsockopt(IPV6_V6ONLY, 0)');
			}

			called(`bind(${bound})`, {
				errno: syscall === 'bind' ? code : undefined,
			});
		}

		if (syscall !== 'bind') {
			const isRefusedAtOnce =
				failed !== undefined && !resetCodes.has(code ?? '');
			called(`connect(${dialled ?? ''})`, {
				errno: isRefusedAtOnce ? code : undefined,
			});
			if (!isRefusedAtOnce) {
				enter('local', 'SYN-SENT', {at: clock.wallMs()});
			}
		}
	};

	let isDialled = !socket.connecting;
	if (socket.connecting) {
		const onceDialled = (failed?: NodeJS.ErrnoException): void => {
			if (!isDialled) {
				isDialled = true;
				reportDial(failed);
			}
		};

		process.nextTick(() => {
			if (!socket.destroyed) {
				onceDialled();
			}
		});
		errorsOf(socket).once(errorMonitor, onceDialled);
		socket.once('connect', () => {
			onceDialled();
			enter('local', 'ESTABLISHED', reported());
			called('setsockopt(TCP_NODELAY, 1)');
		});
	} else if (side === 'server') {
		// The kernel finished the handshake on its own, the client first.
		const now = clock.wallMs();
		const time = between(notBefore ?? now, now);
		enter('remote', 'ESTABLISHED', time);
		enter('local', 'ESTABLISHED', time);
		called('accept()', peer === undefined ? {} : {result: peer});
		called('setsockopt(TCP_NODELAY, 1)');
	} else {
		enter('local', 'ESTABLISHED', {at: clock.wallMs()});
	}

	socket.once('pause', () => {
		lateSince = clock.wallMs();
	});
	socket.once('end', () => {
		received('FIN');
		endedAt = clock.wallMs();
	});
	onShutdown(socket, () => {
		// After an RST, shutdown() has nothing to do.
		if (!isOver) {
			called('shutdown(SHUT_WR)');
		}

		finishedAt = clock.wallMs();
	});
	const onError = ({code = '', syscall}: NodeJS.ErrnoException) => {
		if (isDialled && resetCodes.has(code)) {
			isOver = true;
			received('RST', code);
			if (syscall === 'write') {
				called('send()', {errno: code});
			}
		} else if (code === 'ETIMEDOUT') {
			isOver = true;
			enter('local', 'CLOSED', reported());
		}
	};

	errorsOf(socket).once(errorMonitor, onError);
	socket.once('close', () => {
		if (isClosed) {
			return;
		}

		if (resetSince === undefined || finishedAt < resetSince) {
			// Node has made the call some callbacks before.
			const earliest = Math.max(openedAt, finishedAt, endedAt ?? -Infinity);
			called('close()', {}, reported(earliest));
			return;
		}

		const time = between(finishedAt, clock.wallMs());
		called(lingerZero, {}, time);
		called('close()', {}, time);
	});
	return {
		called(call, facts) {
			isClosed ||= call === 'close()';
			if (call === 'pause()' || call === 'resume()') {
				// No calls of the kernel's.
				called(call, facts);
				return;
			}

			// A busy machine may let the process wait before the call is made: what
			// follows from it happened before this turn was over. What was sent before
			// is reported in the next tick, and stands above it.
			const madeAfter = clock.wallMs();
			afterNextTick(() => {
				const now = clock.wallMs();
				const isAtOnce = now - madeAfter <= clockStepMs;
				const time = isAtOnce ? {at: now} : between(madeAfter, now);
				if (call !== lingerZero) {
					called(call, facts, time);
				} else if (socket.destroyed) {
					// Node closes it in the same turn.
					called(call, facts, time);
					if (!isClosed) {
						isClosed = true;
						called('close()', {}, time);
					}
				} else {
					resetSince = madeAfter;
				}
			});
		},
	};
};
