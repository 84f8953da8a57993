/** Opens raw bytes for a front end: as a server, or as a client. */
import type {Buffer} from 'node:buffer';
import {
	done,
	refused,
	type Answer,
	type SocketAction,
} from '../tcp/socket-action.js';
import {bytesOf, SockchatError} from '../errors.js';
import type {ChatEvent} from '../event/event.js';
import {formatAddress, type LoopbackAddress} from '../socket/address.js';
import {systemClock} from '../socket/clock.js';
import type {Answering} from '../raw/answers/answers.js';
import {requirePlace} from '../socket/dial.js';
import {
	certificateNotice,
	prepareDial,
	prepareListening,
	type Dialler,
	type LinkWish,
	type Listening,
} from '../socket/link/transport.js';
import {RawClient} from '../raw/client.js';
import type {Receivers, Track} from '../raw/peer-name.js';
import type {Limits} from '../raw/pipe.js';
import {halfClosedWords, type CutOff} from '../raw/peer-end.js';
import {startRawServer} from '../raw/server.js';
import {Silence} from '../raw/silence.js';
import {Recorder} from '../recording/recorder.js';
import {SocketWatch} from '../watch/socket-watch.js';
import {beginCapture, type CaptureWish} from './capture.js';
import {drainOnce} from './drain-once.js';
import {onlyOwnSocket} from './member.js';
import {withNotice, type ServiceNotice} from './service-notice.js';

/** All but what stdin and stdout decide. */
export type RawSocketOptions = {
	readonly address: LoopbackAddress;
	/** Whether somebody shows what the sockets do. */
	readonly isWatched: boolean;
	/** Whether that may be sampled less often while nothing happens. */
	readonly isRestful?: boolean | undefined;
	/** Whether the segments are captured, too. */
	readonly capture?: CaptureWish | undefined;
	/** Set if a service manager started us and waits for a report. */
	readonly notify?: ServiceNotice | undefined;
	/** What the bytes are carried by, if not TCP or a Unix domain socket alone. */
	readonly link?: LinkWish | undefined;
	/** A file that gets every chunk. */
	readonly record?: string | undefined;
	/** Whether the end of the input sends FIN; true by default. */
	readonly isShutdown?: boolean | undefined;
	/** Whether the other side's FIN is left for a person to answer. */
	readonly isHalfOpen?: boolean | undefined;
	/** Whether telnet's requests are answered. */
	readonly isTelnet?: boolean | undefined;
} & Limits &
	(
		| {
				readonly command: 'serve';
				readonly backlog: number | undefined;
				/** A listening socket that was passed to us; `address` says where. */
				readonly descriptor?: number | undefined;
				/** Whether it serves one peer, and ends. */
				readonly isOnce?: boolean | undefined;
				/** Which peer gets the input, instead of the first, or all. */
				readonly to?: string | undefined;
				/** What answers the peers. */
				readonly answering?: Answering | undefined;
		  }
		| {
				readonly command: 'connect';
				readonly localPort: number | undefined;
				/** Whether to dial again while nobody listens. */
				readonly isWaiting?: boolean | undefined;
				/** Whether to dial again whenever the connection has ended. */
				readonly isRetrying?: boolean | undefined;
				/** How long connect() may take; 10 s by default. */
				readonly connectTimeoutMs?: number | undefined;
		  }
	);

export type RawOptions = RawSocketOptions & {
	/** Whether a FIN ends only its own direction, and a server's first peer gets the input. */
	readonly isPipe: boolean;
	/** Whether the input is a file or a text, which goes to one connection. */
	readonly isInputFinite?: boolean | undefined;
	/** Whether nothing is read, as our own output is slow. */
	readonly isHeld?: (() => boolean) | undefined;
	/** Called after a silence of `idleMs`. */
	readonly onSilent?: (() => void) | undefined;
};

export type RawChat = {
	readonly mode: 'raw';
	readonly role: 'serve' | 'connect';
	/** The server's address, as people write it. */
	readonly where: string;
	/**
	 * Sends exactly these bytes, a server to every peer.
	 *
	 * @param to To these peers alone.
	 * @param track Learns whom it is for, and what becomes of it there.
	 * @returns Settles when more may be sent. A server's slowest peer sets the
	 * pace: what it doesn't take would pile up here.
	 */
	readonly write: (
		bytes: Buffer,
		to?: Receivers,
		track?: Track,
	) => Promise<void>;
	/** How many get what is written, and the most that waits here for one. */
	readonly receivers: (to?: Receivers) => {
		readonly count: number;
		readonly queuedBytes: number;
	};
	/** Settles once nothing that was written waits for the kernel. */
	readonly flushed: () => Promise<void>;
	/**
	 * Why nobody would get what is written now; undefined if somebody would.
	 *
	 * @param to As of `write`.
	 */
	readonly whyNotSent: (to?: Receivers) => string | undefined;
	/** The addresses of a server's peers. */
	readonly peers: () => readonly string[];
	/** Reads no more until it is called with false: a slow output sets the pace. */
	readonly setPaused: (isPaused: boolean) => void;
	/** What a server's peers that broke off didn't get of it, which was said. */
	readonly bytesLost: () => number;
	/** What of it waited in the kernel as we closed, and may not arrive. */
	readonly unreachedBytes: () => number;
	/** What comes from now on is read, and dropped. */
	readonly hearNoMore: () => void;
	/** Sends FIN, hears nothing more, and waits so long for all to arrive. */
	readonly arrive: (patienceMs: number) => Promise<void>;
	/** Whether a server's one peer left amid a finite input: nobody gets the rest. */
	readonly isInputCut: () => boolean;
	/** A server's peers that were cut off as it left, though still sending. */
	readonly cutOff: () => readonly CutOff[];
	/** Whether an answer of a server was under way as it left. */
	readonly isAmidAnswer: () => boolean;
	/**
	 * What of all that `write` was given the kernel took: at least, as the last
	 * write before a failure counts as a whole or not at all.
	 */
	readonly bytesTaken: () => number;
	/** @returns One sentence on what was done to a socket, or why not. */
	readonly control: (
		action: SocketAction,
		peer: string | undefined,
	) => Promise<Answer>;
	/** The input has ended: FIN says so, if that is wanted, and we go on reading. */
	readonly finish: (isShutdown?: boolean) => void;
	/** Whether the other side of a client has ended. */
	readonly hasPeerEnded: () => boolean;
	/** Leaves in good order; called again, at once. */
	readonly leave: () => void;
	/** Whether the chunks on the wire are reported too. */
	readonly setTap: (isOn: boolean) => void;
	/**
	 * After the end: why the file of the capture, if there is one, lacks
	 * something.
	 */
	readonly endCapture: () => Promise<SockchatError | undefined>;
	/** Dials again, once `closed` has settled; there is another `closed` then. */
	readonly reconnect: () => Answer;
	/** Settles when it is over: with the cause, or none if that was wanted. */
	readonly closed: Promise<SockchatError | undefined>;
};

/** With --retry, said at once: the next connection may last for days. */
export const lostWithConnection = (bytes: number) =>
	new SockchatError(
		'ERR_NOT_SENT',
		`The connection ended amid ${bytesOf(bytes)} that ${bytes === 1 ? 'was to be sent; it is not sent again, as it' : 'were to be sent; they are not sent again, as a part of them'} may have arrived.`,
	);

/**
 * Gets ready to dial or to listen; no socket is opened.
 *
 * @throws {SockchatError} `ERR_USAGE` if a file is wrong.
 */
export const prepareRaw = async (
	options: RawSocketOptions,
): Promise<{readonly dialler?: Dialler; readonly listening?: Listening}> => {
	const {address, link} = options;
	return options.command === 'connect'
		? {dialler: await prepareDial(address, options.localPort, link)}
		: {listening: await prepareListening(address, link)};
};

/** @throws {SockchatError} `ERR_RECORDING`, if the file can't be opened. */
export const beginRecording = (
	{record, command, address, link}: RawSocketOptions,
	onFailure: (error: SockchatError) => void,
): Recorder | undefined =>
	record === undefined
		? undefined
		: new Recorder({path: record, side: command, address, link, onFailure});

/**
 * Opens the socket; what happens on it from now on comes as events.
 *
 * @throws {SockchatError} If listening fails, or if `connect` is given a path
 * whose folder is missing. Another failed `connect` settles `closed`.
 */
export const openRaw = async (
	options: RawOptions,
	emit: (event: ChatEvent) => void,
): Promise<RawChat> => {
	const told = withNotice(emit, options.notify);
	const {address, link} = options;
	const {dialler, listening} = await prepareRaw(options);
	let failure: SockchatError | undefined;
	const fail = (error: SockchatError) => {
		failure ??= error;
		const at = systemClock.wallMs();
		told({type: 'notice', at, tone: 'bad', text: error.message});
	};

	const recorder = beginRecording(options, fail);
	if (options.command === 'connect' && !options.isWaiting) {
		requirePlace(options.address);
	}

	const watch = options.isWatched
		? new SocketWatch(systemClock, told, options.address)
		: undefined;
	if (watch) {
		// With TLS or a WebSocket, what is sent is not what send() gets.
		watch.tap.hasCalls = !link?.tls && !link?.ws;
	}

	const onEvent = await beginCapture(
		options,
		watch,
		told,
		recorder &&
			(packets => {
				recorder.packets(packets);
			}),
	);
	if (options.isRestful) {
		watch?.restWhileQuiet();
	}

	const silence = new Silence(
		options.idleMs,
		() => options.isHeld?.() === true,
		() => {
			options.onSilent?.();
		},
	);
	const setTap = (isOn: boolean) => {
		if (watch) {
			watch.tap.isOn = isOn;
		}
	};

	const endCapture = async () => watch?.endCapture();
	if (options.command === 'connect') {
		const {
			connectTimeoutMs,
			isPipe,
			isHalfOpen = false,
			isTelnet,
			isWaiting,
			isRetrying,
			isInputFinite,
			isShutdown,
		} = options;
		const where = formatAddress(address);
		const start = () =>
			new RawClient({
				dial: dialler!.dial,
				describe: dialler!.describe,
				isPipe: isPipe || isHalfOpen,
				onHalfClosed() {
					if (isHalfOpen && !isPipe) {
						const text = halfClosedWords('The other side', '', '/end');
						told({
							type: 'notice',
							at: systemClock.wallMs(),
							tone: 'info',
							text,
						});
					}
				},
				isTelnet,
				connectTimeoutMs,
				isWaiting,
				isRetrying,
				isInputFinite,
				onUnsent(bytes) {
					fail(lostWithConnection(bytes));
				},
				onEvent,
				watch,
				recorder,
				silence,
			});
		let isOver = false;
		const end = async (ending: RawClient) => {
			const cause = await ending.closed;
			silence.stop();
			await watch?.closed();
			if (ending === client) {
				isOver = true;
				// A reader may stay, and see TIME-WAIT come and go. What is captured
				// may be wanted of the next connection.
				if (!options.capture) {
					watch?.finish();
				}
			}

			return cause ?? failure;
		};

		let client = start();
		let closed = end(client);
		/** By the connections before. */
		let takenBefore = 0;
		watch?.sampleClient(() => client.endpoints);
		return {
			mode: 'raw',
			role: 'connect',
			where,
			write: async (bytes, _to, track) => client.write(bytes, track),
			receivers: () => ({
				count: client.canWrite ? 1 : 0,
				queuedBytes: client.queuedBytes,
			}),
			flushed: async () => client.flushed(),
			whyNotSent() {
				if (client.canWrite) {
					return undefined;
				}

				if (client.connection.phase === 'closed') {
					return 'The connection has ended: not sent.';
				}

				return isRetrying
					? 'Not connected now: not sent.'
					: 'This side has ended: not sent.';
			},
			peers: () => [],
			setPaused(isPaused) {
				client.setPaused(isPaused);
			},
			bytesTaken: () => takenBefore + client.bytesTaken,
			bytesLost: () => 0,
			unreachedBytes: () => client.unreachedBytes,
			hearNoMore() {
				client.hearNoMore();
			},
			arrive: async patienceMs => client.arrive(patienceMs),
			isInputCut: () => false,
			cutOff: () => [],
			isAmidAnswer: () => false,
			control: async (action, peer) =>
				peer === undefined ? client.control(action) : onlyOwnSocket,
			finish(wanted = isShutdown) {
				client.finish(wanted);
			},
			hasPeerEnded: () => client.hasPeerEnded,
			leave() {
				client.leave();
				if (isOver) {
					watch?.stop();
				}
			},
			setTap,
			endCapture,
			reconnect() {
				if (client.connection.phase !== 'closed') {
					return refused(
						`The connection to ${where} has not ended: /end or /close ends it.`,
					);
				}

				isOver = false;
				takenBefore += client.bytesTaken;
				watch?.goOn();
				onEvent({
					type: 'traffic',
					at: systemClock.wallMs(),
					bytesIn: 0,
					bytesOut: 0,
					queuedBytes: 0,
				});
				client = start();
				closed = end(client);
				return done(`Connecting to ${where} again.`);
			},
			get closed() {
				return closed;
			},
		};
	}

	if (listening?.fingerprint !== undefined) {
		onEvent(certificateNotice(listening.fingerprint, systemClock.wallMs()));
	}

	const server = await startRawServer({
		...options,
		createListener: listening!.createListener,
		onEvent,
		onFailure: fail,
		watch,
		recorder,
		silence,
	}).catch((error: unknown) => {
		watch?.stop();
		throw error;
	});
	recorder?.begin();
	return {
		mode: 'raw',
		role: 'serve',
		where: formatAddress(server.address),
		async write(bytes, to, track) {
			server.write(bytes, to, track);
			await server.drained();
		},
		receivers(to) {
			const {receiving: count, queuedBytes} = server.count(to);
			return {count, queuedBytes};
		},
		flushed: server.flushed,
		whyNotSent(to) {
			const {connected, receiving} = server.count(to);
			if (typeof to === 'string' && connected !== 1) {
				const many = connected === 0 ? 'No peer' : 'More than one peer';
				return `${many} is called "${to}": not sent; /peers lists them.`;
			}

			if (connected === 0) {
				return to === undefined
					? 'Nobody is connected: not sent.'
					: 'The connection has ended: not sent.';
			}

			const whom = typeof to === 'string' ? to : 'all who are connected';
			return receiving === 0
				? `This side has ended to ${whom}: not sent.`
				: undefined;
		},
		peers: server.peers,
		setPaused: server.setPaused,
		bytesTaken: server.bytesTaken,
		bytesLost: server.bytesLost,
		unreachedBytes: server.unreachedBytes,
		hearNoMore: server.hearNoMore,
		arrive: server.arrive,
		isInputCut: server.isInputCut,
		cutOff: server.cutOff,
		isAmidAnswer: server.isAmidAnswer,
		control: server.control,
		finish(wanted = options.isShutdown ?? true) {
			if (options.isPipe) {
				server.finish(wanted);
			}
		},
		hasPeerEnded: () => true,
		leave: drainOnce(server),
		setTap,
		endCapture,
		reconnect: () =>
			refused('A server waits for others to connect; only a client dials.'),
		closed: server.closed.then(() => {
			silence.stop();
			return failure;
		}),
	};
};
