/**
 * `serve --raw`: exact bytes, no names, no frames, no sniffing. What is written
 * goes to every peer; as a pipe, to the first alone.
 */
import type {Buffer} from 'node:buffer';
import type {Duplex} from 'node:stream';
import {refused, type Answer, type SocketAction} from '../tcp/socket-action.js';
import {lingerZero} from '../tcp/tcp.js';
import type {SockchatError} from '../errors.js';
import type {
	ControlEvent,
	NoticeEvent,
	RawEvent,
	ServerEvent,
} from '../event/event.js';
import {formatAddress, type LoopbackAddress} from '../socket/address.js';
import type {Recorder} from '../recording/recorder.js';
import {systemClock, type Clock} from '../socket/clock.js';
import {roomForPeers} from '../socket/descriptors.js';
import type {AnyListener} from '../socket/listener.js';
import {plainListener, type ListenerMaker} from '../socket/link/transport.js';
import {controlSocket} from '../socket/control.js';
import {refusedDatagrams} from '../socket/link/datagram.js';
import type {OuterLink} from '../socket/link.js';
import type {Origin} from '../socket/origin.js';
import {Arrivals} from '../socket/stream/arrivals.js';
import type {SocketWatch} from '../watch/socket-watch.js';
import {leftBehind} from '../socket/send-queue.js';
import {createAnswers, type Answering} from './answers/answers.js';
import {untilFlushed} from './flushed.js';
import {SearchPace} from './heard.js';
import {halfClosedWords, inputLost, type CutOff} from './peer-end.js';
import {receiversAmong, type Receivers, type Track} from './peer-name.js';
import {RawPeer, type RawSite} from './raw-peer.js';
import type {Silence} from './silence.js';
import {endUnheard} from './unheard.js';

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
	/** Whether that input ends by itself: then it is for one peer, whole or not. */
	readonly isInputFinite?: boolean | undefined;
	/** Which peer gets that input, instead of the first. */
	readonly to?: string | undefined;
	/** Whether a peer's FIN is left for a person to answer. */
	readonly isHalfOpen?: boolean | undefined;
	/** Whether telnet's requests are answered. */
	readonly isTelnet?: boolean | undefined;
	/** Whether it serves one peer, and ends. */
	readonly isOnce?: boolean | undefined;
	/** What answers the peers; the FIN of one is then answered after that. */
	readonly answering?: Answering | undefined;
	/** Called if a peer can't be served any longer; of a pipe, if it broke off. */
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
	 * @param to Only to these.
	 * @returns How many there were.
	 */
	readonly write: (bytes: Buffer, to?: Receivers, track?: Track) => number;
	/** The addresses of those who are connected. */
	readonly peers: () => readonly string[];
	/** How many bytes were written, and how many of those the kernel took. */
	readonly bytesTaken: () => number;
	/** How many it didn't take for peers that broke off, which was said. */
	readonly bytesLost: () => number;
	/** What of it waited in the kernel as we closed connections. */
	readonly unreachedBytes: () => number;
	/** What comes from now on, from anybody, is read, and dropped. */
	readonly hearNoMore: () => void;
	/** Sends FIN, hears nothing more, and waits so long for all to arrive. */
	readonly arrive: (patienceMs: number) => Promise<void>;
	/** Whether the one peer of a finite input left amid it: nobody gets the rest. */
	readonly isInputCut: () => boolean;
	/** Peers that were cut off as it left, though they were still sending. */
	readonly cutOff: () => readonly CutOff[];
	/** Whether an answer was under way as it left. */
	readonly isAmidAnswer: () => boolean;
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
	readonly count: (to?: Receivers) => {
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
	isInputFinite = false,
	to: wantedPeer,
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
	const peers = new Set<RawPeer>();
	let unreachedBytes = 0;
	const destroy = () => {
		for (const {link} of peers) {
			unreachedBytes += leftBehind(link);
			link.stream.destroy();
		}
	};

	const cutOff: CutOff[] = [];
	let isLeaving = false;
	let isAmidAnswer = false;

	let isPaused = false;
	/** Whether nobody hears what peers say. */
	let isUnheard = false;
	let bytesTaken = 0;
	let bytesLost = 0;
	let isInputCut = false;
	/** What the end of the input does to peers; undefined until it ends. */
	let hasShutdown: boolean | undefined;
	/** Set with the first peer. */
	let firstPeer: string | undefined;
	const answers = answering && createAnswers(answering, onFailure);
	const site: RawSite = {
		clock,
		onEvent,
		watch,
		recorder,
		isTelnet,
		answers,
		searches: new SearchPace(),
		arrivals: new Arrivals(),
		isUnheard: () => isUnheard,
		isEndAnswered(peer) {
			// The first of a file may still be on its way from the disk.
			const isNext = () =>
				isInputFinite &&
				meant(wantedPeer).find(({link}) => link.stream.writable) === peer;
			const isReceiving =
				!answers &&
				hasShutdown === undefined &&
				(isOnce || peer.bytesGiven > 0 || isNext());
			// Nobody types who could answer it later.
			const isUnanswered =
				isHalfOpen &&
				!(isPipe && (answers !== undefined || hasShutdown !== undefined));
			const isKept = isUnanswered || (isPipe && isReceiving);
			return !isKept || hasShutdown === true;
		},
		onHalfClosed({name, link}) {
			// In a pipe nobody types, and if our side has ended, nothing is left.
			if (isHalfOpen && !isPipe && link.stream.writable) {
				const text = halfClosedWords(name, ' to it', `/end ${name}`);
				onEvent({type: 'notice', at: clock.wallMs(), tone: 'info', text});
			}
		},
		onClosed(peer, ended) {
			peers.delete(peer);
			onEvent(ended);
			isAmidAnswer ||= isLeaving && peer.isAmidAnswer;
			noteFailure(peer);
			isInputCut ||=
				isPipe &&
				isInputFinite &&
				!isLeaving &&
				peer.bytesGiven > 0 &&
				hasShutdown === undefined;
			if (isOnce) {
				reportDropped();
				void listener.drain();
			}
		},
	};

	/** Datagrams to a server of one peer, from others. */
	let dropped = 0;
	const reportDropped = () => {
		if (dropped > 0) {
			const text = refusedDatagrams(dropped);
			onEvent({type: 'notice', at: clock.wallMs(), tone: 'warn', text});
		}
	};

	const noteTaken = (peer: RawPeer, count: number) => {
		bytesTaken += count;
		peer.bytesTaken += count;
	};

	/** Says why what was said to a peer, or by it, may not be all. */
	const noteFailure = ({
		name,
		failure,
		bytesGiven,
		bytesTaken: taken,
	}: RawPeer) => {
		if (!failure) {
			return;
		}

		if (!isPipe) {
			// Of a reset, its end is all that there is to say.
			if (failure.code !== 'ERR_RESET') {
				const text = failure.message;
				onEvent({type: 'notice', at: clock.wallMs(), tone: 'bad', text});
			}

			return;
		}

		onFailure(failure);
		if (bytesGiven > 0) {
			const isOver = hasShutdown !== undefined;
			bytesLost += bytesGiven - taken;
			if (!isInputFinite || isOver) {
				onFailure(inputLost(name, bytesGiven, taken, isOver));
			}
		}
	};

	/** All, or those that a name is for. */
	const meant = (to: Receivers): readonly RawPeer[] => {
		const all = [...peers];
		const names = receiversAmong(
			all.map(({name}) => name),
			to,
		);
		return all.filter(({name}) => names.includes(name));
	};

	const accept = (link: OuterLink, origin: Origin) => {
		if (isOnce && firstPeer !== undefined) {
			// Each datagram of another is its first here.
			dropped += link.kind === 'udp' ? 1 : 0;
			link.stream.on('error', () => undefined);
			watch?.called(lingerZero, link);
			link.reset();
			return;
		}

		firstPeer ??= origin.name;
		watch?.follow(link, 'server', origin.name);
		silence?.follow(link);
		const peer = new RawPeer(link, origin, site);
		peers.add(peer);
		if (isPaused) {
			peer.setPaused('all', true);
		}

		if (hasShutdown) {
			link.stream.end();
		}
	};

	const listener: AnyListener = createListener({
		address,
		descriptor,
		clock,
		onEvent(event) {
			const isTurnedAway =
				isOnce && event.type === 'accepted' && event.peer !== firstPeer;
			if (!isTurnedAway) {
				onEvent(event);
			}
		},
		onLink: accept,
		onSocket(link, {name}) {
			watch?.follow(link, 'server', name);
		},
		onDrain() {
			watch?.called('close()');
			for (const {link} of peers) {
				link.stream.end();
			}
		},
		onCutOff() {
			for (const {isStillSending, name: peer, bytesIn} of peers) {
				if (isStillSending) {
					cutOff.push({peer, bytesIn});
				}
			}

			destroy();
		},
	});
	const listen = async () => listener.listen(backlog);
	await (watch ? watch.listening(listen, () => listener.calls) : listen());
	watch?.sample((table, at) => ({
		type: 'peers',
		at,
		rows: [...peers].map(peer => peer.row(table)),
		listening: table?.listening(formatAddress(listener.address)),
		backlog: listener.backlog,
		refused: 0,
	}));
	for (const call of listener.calls) {
		watch?.called(call);
	}

	const closed = listener.closed.then(async () => {
		await watch?.closed();
		watch?.stop();
	});
	return {
		address: listener.address,
		write(bytes, to, track) {
			let count = 0;
			for (const peer of meant(to)) {
				const {link} = peer;
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

				const settle = track?.(peer.name);
				peer.send(bytes, isTaken => {
					if (isTaken) {
						noteTaken(peer, bytes.length);
					}

					settle?.(isTaken);
				});
				if (isPipe) {
					break;
				}
			}

			return count;
		},
		peers: () => [...peers].map(({name}) => name),
		bytesTaken: () => bytesTaken,
		bytesLost: () => bytesLost,
		unreachedBytes: () => unreachedBytes,
		hearNoMore() {
			isUnheard = true;
		},
		async arrive(patienceMs) {
			isUnheard = true;
			await Promise.all(
				[...peers].map(async ({link}) => endUnheard(link, patienceMs)),
			);
		},
		isInputCut: () => isInputCut,
		cutOff: () => cutOff,
		isAmidAnswer: () => isAmidAnswer,
		finish(isShutdown) {
			hasShutdown = isShutdown;
			for (const {link, isHalfClosed} of peers) {
				if (isShutdown || isHalfClosed) {
					link.stream.end();
				}
			}
		},
		count(to) {
			const named = meant(to);
			const receiving = named.filter(({link}) => link.stream.writable);
			const queuedBytes = Math.max(
				0,
				...receiving.map(({link}) => link.stream.writableLength),
			);
			return {
				connected: named.length,
				receiving: receiving.length,
				queuedBytes,
			};
		},
		async drained() {
			await Promise.all(
				[...peers].map(async ({link}) => untilDrained(link.stream)),
			);
		},
		async flushed() {
			await Promise.all(
				[...peers].map(async ({link}) => untilFlushed(link.stream)),
			);
		},
		setPaused(wanted) {
			isPaused = wanted;
			for (const peer of peers) {
				peer.setPaused('all', wanted);
			}
		},
		async control(action, wanted) {
			const [found, another] = meant(wanted);
			if (!found || another) {
				if (peers.size === 0) {
					return refused('Nobody is connected.');
				}

				return refused(
					wanted === undefined
						? `Whose socket? There are ${peers.size} peers; name one by its address: /peers lists them.`
						: `${found ? 'More than one peer' : 'No peer'} is called "${wanted}"; /peers lists them.`,
				);
			}

			return controlSocket(found.owner, action, `${found.name}'s`);
		},
		async drain() {
			for (const peer of peers) {
				peer.noteLeave(isOnce);
			}

			isLeaving = true;

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
