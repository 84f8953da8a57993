/**
 * `serve --raw`: exact bytes, no names, no frames, no sniffing. Typed text goes
 * to every peer; received data is reported chunk by chunk, as read.
 */
import type {Buffer} from 'node:buffer';
import type {Duplex} from 'node:stream';
import {refused, type Answer, type SocketAction} from '../tcp/socket-action.js';
import type {SockchatError} from '../errors.js';
import type {LeaveReason} from '../protocol/frame.js';
import type {
	ControlEvent,
	NoticeEvent,
	RawEvent,
	ServerEvent,
} from '../event/event.js';
import type {PeerRow} from '../event/peer-row.js';
import {formatAddress, type LoopbackAddress} from '../socket/address.js';
import type {Recorded, Recorder} from '../recording/recorder.js';
import {systemClock, type Clock} from '../socket/clock.js';
import {roomForPeers} from '../socket/descriptors.js';
import type {AnyListener} from '../socket/listener.js';
import {plainListener, type ListenerMaker} from '../socket/link/transport.js';
import {controlSocket, type SocketOwner} from '../socket/control.js';
import {datagramFacts, type Link, type OuterLink} from '../socket/link.js';
import type {Origin} from '../socket/origin.js';
import type {SocketWatch} from '../watch/socket-watch.js';
import type {TcpTable} from '../socket/tcp-table.js';
import {createAnswers, type Answering} from './answers.js';
import {followControls} from './messages/controls.js';
import {untilFlushed} from './flushed.js';
import {Heard, SearchPace} from './heard.js';
import {peersNamed} from './peer-name.js';
import type {Silence} from './silence.js';
import {answerTelnet} from './telnet.js';

export type RawServerOptions = {
	readonly address: LoopbackAddress;
	/** A listening socket that was passed to us; then nothing is bound. */
	readonly descriptor?: number | undefined;
	/** How many connections may wait for accept(); the kernel caps it. */
	readonly backlog?: number | undefined;
	readonly onEvent: (
		event: ServerEvent | RawEvent | ControlEvent | NoticeEvent,
	) => void;
	/** For TCP and Unix domain sockets by default. */
	readonly createListener?: ListenerMaker | undefined;
	/**
	 * Whether what is written is an input for the first peer alone, whose FIN
	 * doesn't end it. Else it goes to all, and FIN is answered by FIN.
	 */
	readonly isPipe?: boolean | undefined;
	/** Whether a peer's FIN is left for a person to answer. */
	readonly isHalfOpen?: boolean | undefined;
	/** Whether telnet's requests are answered. */
	readonly isTelnet?: boolean | undefined;
	/** Whether it serves one peer, and ends. */
	readonly isOnce?: boolean | undefined;
	/** What answers the peers; the FIN of one is then answered after that. */
	readonly answering?: Answering | undefined;
	/** Called if a peer can't be served any longer. */
	readonly onFailure?: ((error: SockchatError) => void) | undefined;
	/** Set if a front end watches the sockets. */
	readonly watch?: SocketWatch | undefined;
	/** Set if all is recorded. */
	readonly recorder?: Recorder | undefined;
	/** Set if silence is to end it. */
	readonly silence?: Silence | undefined;
	readonly clock?: Clock | undefined;
};

export type RawServer = {
	/** Where it listens; a port of 0 is replaced by the real one. */
	readonly address: LoopbackAddress;
	/**
	 * Sends exactly these bytes to every peer.
	 *
	 * @param to Only to this one.
	 * @returns How many there were.
	 */
	readonly write: (bytes: Buffer, to?: string) => number;
	/** The addresses of those who are connected. */
	readonly peers: () => readonly string[];
	/** How many bytes were written, and how many of those the kernel took. */
	readonly bytesTaken: () => number;
	/**
	 * Nothing more is written.
	 *
	 * @param isShutdown Whether all peers get FIN, those who come later too.
	 */
	readonly finish: (isShutdown: boolean) => void;
	/**
	 * How many peers are connected, and how many of them get what is written.
	 *
	 * @param to Of those that are meant by it.
	 */
	readonly count: (to?: string) => {
		readonly connected: number;
		readonly receiving: number;
		/** The most that waits in Node for the kernel, of any peer. */
		readonly queuedBytes: number;
	};
	/** Settles once no peer's queue is full; the slowest peer sets the pace. */
	readonly drained: () => Promise<void>;
	/** Settles once no peer's bytes wait for the kernel. */
	readonly flushed: () => Promise<void>;
	/** Pauses or resumes reading, from all peers. */
	readonly setPaused: (isPaused: boolean) => void;
	/**
	 * Does to a peer's socket what a person asks for.
	 *
	 * @param peer Its address; undefined if there is only one.
	 */
	readonly control: (
		action: SocketAction,
		peer: string | undefined,
	) => Promise<Answer>;
	/** Sends FIN to all; after 3 seconds the remaining peers are disconnected. */
	readonly drain: () => Promise<void>;
	readonly destroy: () => void;
	readonly closed: Promise<void>;
};

/**
 * Binds, listens and accepts; sends nothing of its own.
 *
 * @throws {SockchatError} See `listen()` and `roomForPeers()`.
 */
export const startRawServer = async ({
	address,
	descriptor,
	backlog,
	isPipe = false,
	isHalfOpen = false,
	isTelnet = false,
	isOnce = false,
	answering,
	onFailure = () => undefined,
	onEvent,
	createListener = plainListener,
	watch,
	recorder,
	silence,
	clock = systemClock,
}: RawServerOptions): Promise<RawServer> => {
	// Called for its error only: raw mode has no way to refuse a surplus peer.
	roomForPeers();
	const peers = new Map<OuterLink, RawPeer>();
	const destroy = () => {
		for (const {stream} of peers.keys()) {
			stream.destroy();
		}
	};

	const answers = answering && createAnswers(answering, onFailure);
	const searches = new SearchPace();
	let isPaused = false;
	let bytesTaken = 0;
	/** @param done Called with whether the kernel took all of it. */
	const send = (
		link: Link,
		{name, recorded}: RawPeer,
		bytes: Buffer,
		done: (isTaken: boolean) => void,
	) => {
		const frame = link.messageKind(bytes);
		watch?.tap.note('out', name, bytes, frame);
		recorded?.sent(bytes);
		link.stream.write(bytes, error => {
			done(!error);
		});
		const at = clock.wallMs();
		onEvent({type: 'chunk', at, direction: 'out', peer: name, bytes, frame});
	};

	/** Reads a peer, unless somebody paused it or its answer is under way. */
	const read = ({stream}: Link, peer: RawPeer) => {
		if (isPaused || peer.isPaused || peer.isBeingAnswered) {
			stream.pause();
		} else {
			stream.resume();
		}
	};

	/** All, or those that a name is for. */
	const meant = (to: string | undefined): ReadonlyArray<[Link, RawPeer]> => {
		const all = [...peers];
		if (to === undefined) {
			return all;
		}

		const names = peersNamed(
			all.map(([, {name}]) => name),
			to,
		);
		return all.filter(([, {name}]) => names.includes(name));
	};

	/** What the end of the input does to peers; undefined until it ends. */
	let hasShutdown: boolean | undefined;
	let hasServed = false;
	const accept = (link: OuterLink, origin: Origin) => {
		const {name} = origin;
		const {stream} = link;
		if (isOnce && hasServed) {
			stream.on('error', () => undefined);
			link.reset();
			return;
		}

		hasServed = true;
		watch?.follow(link, 'server', name);
		silence?.follow(link);
		const peer: RawPeer = {
			name,
			origin,
			since: clock.monotonicMs(),
			bytesIn: 0,
			isHalfClosed: false,
			bytesGiven: 0,
			reason: 'closed',
			recorded: recorder?.follow(link, name),
			isPaused: false,
			isBeingAnswered: false,
		};
		const negotiate = isTelnet
			? answerTelnet(stream, bytes => {
					watch?.tap.note('out', name, bytes);
					peer.recorded?.sent(bytes);
					const at = clock.wallMs();
					onEvent({type: 'chunk', at, direction: 'out', peer: name, bytes});
				})
			: undefined;
		peers.set(link, peer);
		if (isPaused) {
			stream.pause();
		}

		const answerer = answers?.(
			{
				name,
				write: async bytes =>
					stream.writable &&
					new Promise(resolve => {
						send(link, peer, bytes, resolve);
					}),
				disconnect() {
					stream.destroy();
				},
			},
			new Heard(searches),
		);
		const answer = async (bytes: Buffer) => {
			peer.isBeingAnswered = true;
			read(link, peer);
			await answerer?.hear(bytes);
			peer.isBeingAnswered = false;
			read(link, peer);
		};

		if (hasShutdown) {
			stream.end();
		}

		stream.on('data', (bytes: Buffer) => {
			peer.bytesIn += bytes.length;
			const frame = link.messageKind(bytes);
			watch?.tap.note('in', name, bytes, frame);
			const at = clock.wallMs();
			onEvent({type: 'chunk', at, direction: 'in', peer: name, bytes, frame});
			negotiate?.(bytes);
			if (answerer) {
				void answer(bytes);
			}
		});
		followControls(link, name, clock, onEvent, watch);
		const answerEnd = async () => {
			peer.isHalfClosed = true;
			await answerer?.endHearing();
			const isReceiving =
				!answerer &&
				hasShutdown === undefined &&
				(isOnce || peer.bytesGiven > 0);
			const isKept = isHalfOpen || (isPipe && isReceiving);
			if (!isKept || hasShutdown) {
				stream.end();
			}
		};

		// Its FIN is answered by ours: an empty read ends a peer.
		stream.on('end', () => {
			void answerEnd();
		});
		stream.on('error', () => {
			peer.reason = 'reset';
		});
		stream.on('close', () => {
			answerer?.leave();
			if (link.flaw) {
				const text = `${name}: ${link.flaw.message}`;
				const at = clock.wallMs();
				onEvent({type: 'notice', at, tone: 'bad', text});
			}

			peers.delete(link);
			const {bytesIn, reason} = peer;
			const {bytesOut} = link;
			const at = clock.wallMs();
			onEvent({
				type: 'ended',
				at,
				peer: name,
				reason,
				bytesIn,
				bytesOut,
				...datagramFacts(link),
			});
			if (isOnce) {
				void listener.drain();
			}
		});
	};

	const listener: AnyListener = createListener({
		address,
		descriptor,
		clock,
		onEvent,
		onLink: accept,
		onSocket(link, {name}) {
			watch?.follow(link, 'server', name);
		},
		onDrain() {
			for (const {stream} of peers.keys()) {
				stream.end();
			}
		},
		onCutOff: destroy,
	});
	await listener.listen(backlog);
	watch?.sample((table, at) => ({
		type: 'peers',
		at,
		rows: [...peers].map(([link, peer]) => rowOf(link, peer, table)),
		listening: table?.listening(formatAddress(listener.address)),
		backlog: listener.backlog,
		refused: 0,
	}));
	for (const call of listener.calls) {
		watch?.called(call);
	}

	const closed = listener.closed.then(() => {
		watch?.stop();
	});
	return {
		address: listener.address,
		write(bytes, to) {
			let count = 0;
			const countTaken = (isTaken: boolean) => {
				bytesTaken += isTaken ? bytes.length : 0;
			};

			for (const [link, peer] of meant(to)) {
				// Both have sent FIN: a write would drop what is still queued.
				if (!link.stream.writable) {
					continue;
				}

				count++;
				peer.bytesGiven += bytes.length;
				const refusal = link.refusal(bytes);
				if (refusal) {
					const text = refusal.message;
					onEvent({type: 'notice', at: clock.wallMs(), tone: 'bad', text});
					continue;
				}

				send(link, peer, bytes, countTaken);
				if (isPipe) {
					break;
				}
			}

			return count;
		},
		peers: () => [...peers.values()].map(({name}) => name),
		bytesTaken: () => bytesTaken,
		finish(isShutdown) {
			hasShutdown = isShutdown;
			for (const [{stream}, {isHalfClosed}] of peers) {
				if (isShutdown || isHalfClosed) {
					stream.end();
				}
			}
		},
		count(to) {
			const named = meant(to);
			const receiving = named.filter(([{stream}]) => stream.writable);
			const queuedBytes = Math.max(
				0,
				...receiving.map(([{stream}]) => stream.writableLength),
			);
			return {
				connected: named.length,
				receiving: receiving.length,
				queuedBytes,
			};
		},
		async drained() {
			await Promise.all(
				[...peers.keys()].map(async ({stream}) => untilDrained(stream)),
			);
		},
		async flushed() {
			await Promise.all(
				[...peers.keys()].map(async ({stream}) => untilFlushed(stream)),
			);
		},
		setPaused(wanted) {
			isPaused = wanted;
			for (const [link, peer] of peers) {
				read(link, peer);
			}
		},
		async control(action, wanted) {
			const [found, another] = meant(wanted);
			if (!found || another) {
				return refused(
					wanted === undefined
						? `Whose socket? There are ${peers.size} peers; name one by its address: /peers lists them.`
						: `${found ? 'More than one peer' : 'No peer'} is called "${wanted}"; /peers lists them.`,
				);
			}

			const [link, peer] = found;
			return controlSocket(
				ownerOf(link, peer, watch, isWanted => {
					peer.isPaused = isWanted;
					read(link, peer);
				}),
				action,
				`${peer.name}'s`,
			);
		},
		async drain() {
			await listener.drain();
			return closed;
		},
		destroy,
		closed,
	};
};

const untilDrained = async (stream: Duplex): Promise<void> =>
	new Promise(resolve => {
		if (!stream.writableNeedDrain || stream.destroyed) {
			resolve();
			return;
		}

		const settle = () => {
			stream.off('drain', settle).off('close', settle);
			resolve();
		};

		stream.on('drain', settle).on('close', settle);
	});

type RawPeer = {
	readonly name: string;
	readonly origin: Origin;
	/** Monotonic milliseconds of its accept. */
	readonly since: number;
	bytesIn: number;
	isHalfClosed: boolean;
	/** How much of what was written is for it. */
	bytesGiven: number;
	/** Reported when it ends. */
	reason: LeaveReason;
	readonly recorded: Recorded | undefined;
	/** Whether somebody asked to read it no more. */
	isPaused: boolean;
	isBeingAnswered: boolean;
};

const rowOf = (
	{stream, bytesOut}: Link,
	{name, origin, since, bytesIn, isHalfClosed}: RawPeer,
	table: TcpTable | undefined,
): PeerRow => ({
	peer: name,
	nick: undefined,
	dialect: 'raw',
	phase: isHalfClosed ? 'half-closed' : 'open',
	since,
	rttMs: undefined,
	bytesIn,
	bytesOut,
	queuedBytes: stream.writableLength,
	lagEntries: 0,
	isPaused: stream.isPaused(),
	kernel:
		origin.kind === 'tcp' ? table?.pair(origin.local, origin.name) : undefined,
});

/** A raw socket has no protocol, so there is only the socket to act on. */
const ownerOf = (
	link: Link,
	peer: RawPeer,
	watch: SocketWatch | undefined,
	setPaused: SocketOwner['setPaused'],
): SocketOwner => ({
	link,
	setPaused,
	onCall(call) {
		watch?.called(call, link);
	},
	reset() {
		peer.reason = 'reset';
		link.reset();
	},
	close(unreadBytes) {
		watch?.called('close()', link, {unreadBytes});
		link.stream.destroy();
	},
});
