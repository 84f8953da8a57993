/**
 * Watches sockets for a front end that shows them: calls and segments as steps,
 * the kernel's states, and chunks on the wire. A front end that doesn't show
 * them creates no watch, and pays nothing.
 */
import type {Socket} from 'node:net';
import type {Duplex} from 'node:stream';
import {between, seenBy} from '../tcp/step-time.js';
import type {SockchatError} from '../errors.js';
import type {Segment} from '../tcp/segment.js';
import {
	nameOfCall,
	type Call,
	type KernelPair,
	type KernelSocket,
	type Step,
} from '../tcp/tcp.js';
import type {SocketEvent, WireEvent} from '../event/event.js';
import {formatAddress, type Address} from '../socket/address.js';
import type {Clock} from '../socket/clock.js';
import type {Endpoints, Link} from '../socket/link.js';
import {readPortFigures} from '../socket/ss.js';
import {
	readTcpTable,
	tableFiles,
	type TableFile,
	type TcpTable,
} from '../socket/tcp-table.js';
import {FollowedSocket} from './followed-socket.js';
import {stepsOfFailure} from './listen-failure.js';
import {TcpTablePoller} from './tcp-table-poller.js';
import type {OtherRow} from './other-calls.js';
import {StandingQueues} from './standing-queues.js';
import {startLoopWatch, type LoopWatch} from './loop-watch.js';
import {watchSteps, type CallFacts, type StepWatch} from './steps.js';
import {startCapture, type Capture, type CaptureOptions} from './capture.js';
import {ofServer, SegmentOwners} from './segment-owners.js';
import {readResetCounts, type ResetCounts} from './port/reset-counts.js';
import {WireTap} from './wire-tap.js';

type Emit = (event: SocketEvent | WireEvent) => void;

/** How often to sample if there is no table to read. */
const sampleEveryMs = 1000;

/** The table can be read, but there is no connection to look up. */
const nothingYet: KernelPair = {local: undefined, remote: undefined};

/** Makes a server's or client's own event at each read of the table. */
export type Sampler = (
	table: TcpTable | undefined,
	at: number,
) => SocketEvent | undefined;

/** @param files Where sockets may be. */
type ReadTable = (files: readonly TableFile[]) => Promise<TcpTable | undefined>;

/** With more connections, segments are not counted: ss takes too long. */
const maxCounted = 100;

/** So that ss takes at most a tenth of the time. */
const restsPerCount = 10;

/** One that fails, or isn't there, takes no time. */
const failedRestMs = 1000;

/** A few heartbeats may be on their way; a peer that stopped has more unread. */
const heartbeatsBytes = 100;

/** They arrive meanwhile: a screen shall not show them until the next reading. */
const heartbeatsRestMs = 1000;

/** The kernel may end TIME-WAIT late, but not early. */
const beforeEndMs = 1000;

/** For how long nothing will happen to an end by itself, in milliseconds. */
const restOfEnd = ({
	state,
	sendQueueBytes,
	receiveQueueBytes,
	timer,
}: KernelSocket): number => {
	if (state === 'TIME-WAIT' && timer?.name === 'time-wait') {
		return Math.max(0, timer.inMs - beforeEndMs);
	}

	const queuedBytes = Math.max(sendQueueBytes, receiveQueueBytes);
	if (state !== 'ESTABLISHED' || queuedBytes > heartbeatsBytes) {
		return 0;
	}

	return queuedBytes > 0 ? heartbeatsRestMs : Infinity;
};

/** The same for a connection: that of the end that moves first. */
const restOf = ({local, remote}: KernelPair = nothingYet): number =>
	Math.min(...[local, remote].map(end => (end ? restOfEnd(end) : Infinity)));

const rowIn = (
	table: TcpTable | undefined,
	{remote}: KernelPair,
	time: Pick<OtherRow, 'begunAt' | 'at'>,
): OtherRow | undefined => {
	const inode = remote && table?.inodeOf(remote);
	return inode === undefined
		? undefined
		: {...time, state: remote!.state, inode};
};

export class SocketWatch {
	readonly tap: WireTap;
	readonly #server: Address;
	readonly #clock: Clock;
	readonly #emit: Emit;
	readonly #poller: TcpTablePoller;
	readonly #followed = new Map<Socket, FollowedSocket>();
	readonly #queues = new StandingQueues();
	readonly #calls = new WeakMap<Duplex, StepWatch['called']>();
	#sampler: Sampler = () => undefined;
	#cancelSample: (() => void) | undefined;
	readonly #begunAt: number;
	/** From listen() or the first socket on. */
	#loop: LoopWatch | undefined;
	/** The last reading, and when it began, in milliseconds since the epoch. */
	#lastTable: {
		readonly table: TcpTable | undefined;
		readonly readAt: number;
	};

	#isFinishing = false;
	#isStopped = false;
	/** The RSTs when the reading began, while a closed socket is followed. */
	#resets: ResetCounts | undefined;
	/** Whether bytes went either way since segments were last counted. */
	#hasTraffic = false;
	/** Monotonic; when segments may be counted again. */
	#countsRestedAt = -Infinity;
	#capture: Capture | undefined;
	/** Why its file could not be opened. */
	#captureFailure: SockchatError | undefined;
	readonly #owners = new SegmentOwners();

	/**
	 * @param server Where the server listens, or will; a Unix domain socket has
	 * no TCP states to follow.
	 * @param read Replaces reading the kernel's table.
	 */
	constructor(
		clock: Clock,
		emit: Emit,
		server: Address,
		read: ReadTable = async files =>
			readTcpTable(this.#ports(), undefined, files),
	) {
		this.#server = server;
		this.#clock = clock;
		this.#emit = emit;
		this.#begunAt = clock.wallMs();
		this.#lastTable = {table: undefined, readAt: this.#begunAt};
		this.tap = new WireTap(clock, emit, direction => {
			this.#hasTraffic = true;
			this.#poller.hurry();
			if (direction === 'in') {
				this.#showAccept();
			}
		});
		this.#poller = new TcpTablePoller({
			clock,
			read: async isAtRest => {
				this.#noteTaken();
				this.#countResets();
				return read(isAtRest ? this.#knownFiles() : tableFiles);
			},
			onTable: (table, begunAt) => {
				this.#observe(table, begunAt);
			},
		});
	}

	/**
	 * Reports what is captured as steps, from now on.
	 *
	 * @param port Of the server.
	 * @throws {SockchatError} If the file can't be opened.
	 */
	async capture(
		side: 'client' | 'server',
		options: Omit<CaptureOptions, 'clock' | 'onSegments'>,
	): Promise<void> {
		this.tap.hasCalls = true;
		try {
			this.#capture = startCapture({
				...options,
				clock: this.#clock,
				onSegments: segments => {
					this.#show(
						side === 'server'
							? segments.map(segment => ofServer(segment, options.port))
							: this.#ownSegments(segments),
					);
				},
			});
		} catch (error) {
			this.#captureFailure = error as SockchatError;
			throw error;
		}

		await this.#capture.begun;
	}

	/**
	 * Ends it, once all that it saw is written.
	 *
	 * @returns Why its file lacks what was captured; none if it doesn't.
	 */
	async endCapture(): Promise<SockchatError | undefined> {
		return (await this.#capture?.stop()) ?? this.#captureFailure;
	}

	/** For a screen: reads and samples less often while nothing happens. */
	restWhileQuiet(): void {
		this.#poller.restWhileQuiet();
	}

	/**
	 * Starts polling the kernel's table, as `follow` does.
	 *
	 * @param sampler Called at each read.
	 */
	sample(sampler: Sampler): void {
		this.#sampler = sampler;
		this.#poller.start();
	}

	/** Reports the kernel's view of a client's connection at each read. */
	sampleClient(endpoints: () => Endpoints): void {
		this.sample((table, at) => {
			const {local, remote} = this.#connecting() ?? endpoints();
			const isKnown = local !== undefined && remote !== undefined;
			return {
				type: 'kernel',
				at,
				pair:
					table && this.#isTcp
						? isKnown
							? table.pair(local, remote)
							: nothingYet
						: undefined,
			};
		});
	}

	/**
	 * Follows a socket from now until the kernel has forgotten it; a client's from
	 * the turn that dials, as node:net calls connect() only after it.
	 */
	follow(
		link: Link,
		side: 'client' | 'server',
		peer: string | undefined,
	): void {
		if (link.kind === 'memory') {
			return;
		}

		const {socket, stream} = link;
		const known = socket && this.#calls.get(socket);
		if (known) {
			// Followed since it was accepted; now it carries what is spoken.
			this.#calls.set(stream, known);
			this.#followed.get(socket)!.stream = stream;
			return;
		}

		this.tap.forget(peer);
		stream.once('close', () => {
			this.tap.forget(peer);
		});
		if (!socket || !this.#isTcp) {
			return;
		}

		if (peer === undefined) {
			for (const former of this.#followed.values()) {
				this.#show(former.log.settle(), former);
				former.isFormer = true;
			}
		}

		const clock = this.#clock;
		const notBefore = link.isConnecting ? clock.wallMs() : this.#lackedAt(link);
		const dialled = formatAddress(this.#server);
		const followed = new FollowedSocket(socket, side, peer, {
			dialled,
			notBefore,
			otherNotBefore: link.isConnecting ? notBefore : this.#dialledAt(link),
		});
		const onStep = (reported: Step) => {
			const step = this.#ordered(reported);
			followed.remember();
			if (step.kind === 'segment') {
				followed.other.arrived(step.segment);
			}

			const steps = followed.log.report(step, clock.monotonicMs());
			this.#show(followed.other.complete(steps), followed);
			if (step.kind === 'call' && nameOfCall(step.call) === 'connect') {
				followed.rememberAttempt();
			}

			this.#show(this.#ownSegments([]));
			this.#poller.pollSoon();
		};

		followed.stream = stream;
		this.#followed.set(socket, followed);
		this.#poller.start();
		this.#loop ??= startLoopWatch();
		const {called} = watchSteps(socket, {
			side,
			peer,
			clock,
			notBefore,
			bound:
				link.boundPort === undefined
					? undefined
					: this.#boundTo(link.boundPort),
			dialled,
			lateMs: () => this.#loop?.lateMs() ?? 0,
			onStep,
		});
		this.#calls.set(socket, called);
		this.#calls.set(stream, called);
	}

	/** Records a call that has no socket event; call it before the call itself. */
	called(call: Call, link?: Link, facts?: CallFacts): void {
		if (link) {
			const {stream} = link;
			const socket = link.kind === 'memory' ? undefined : link.socket;
			const followed = socket && this.#followed.get(socket);
			if (followed && (call === 'pause()' || call === 'resume()')) {
				followed.isPaused = call === 'pause()';
			}

			this.#calls.get(stream)?.(call, facts);
			return;
		}

		this.#leaveClients();
		if (nameOfCall(call) === 'listen') {
			// A member became the host: what it kept is of another end.
			this.tap.forgetCalls();
			this.#loop ??= startLoopWatch();
		}

		if (this.#isTcp) {
			const at = this.#clock.wallMs();
			this.#show([this.#ordered({kind: 'call', at, call, peer: undefined})]);
			this.#poller.pollSoon();
		}
	}

	/**
	 * Records what a server called if it can't listen.
	 *
	 * @param attempt Listens, among other things.
	 * @param calls What it calls for that.
	 * @throws What `attempt` throws.
	 */
	async listening<T>(
		attempt: () => Promise<T>,
		calls: () => readonly Call[],
	): Promise<T> {
		const begunAt = this.#clock.wallMs();
		try {
			return await attempt();
		} catch (error) {
			if (this.#isTcp) {
				const time = between(begunAt, this.#clock.wallMs());
				this.#show(stepsOfFailure(calls(), error, time));
			}

			throw error;
		}
	}

	/** Settles once all followed sockets are closed and their last steps reported. */
	async closed(): Promise<void> {
		const isOpen = ([socket]: [Socket, FollowedSocket]) => !socket.closed;
		await Promise.all(
			[...this.#followed].filter(isOpen).map(
				async ([socket]) =>
					new Promise<void>(resolve => {
						socket.once('close', () => {
							resolve();
						});
					}),
			),
		);
		// What the closed sockets leave behind. A row may be missed once, as the
		// table changes while it is read.
		await this.#poller.next();
		if (this.#followed.size > 0) {
			await this.#poller.next();
		}
	}

	/** Stops by itself once the kernel has forgotten all followed sockets. */
	finish(): void {
		this.#isFinishing = true;
		this.#stopIfOver();
	}

	/** After `finish`, another socket is followed. */
	goOn(): void {
		this.#isFinishing = false;
		this.#isStopped = false;
	}

	stop(): void {
		this.#isStopped = true;
		this.#loop?.stop();
		this.#loop = undefined;
		this.#poller.stop();
		this.#cancelSample?.();
		void this.#capture?.stop();
	}

	/** A client's: those of a connection that is known by now. */
	#ownSegments(segments: readonly Segment[]): readonly Step[] {
		if (!this.#capture) {
			return [];
		}

		for (const followed of this.#followed.values()) {
			followed.remember();
			this.#owners.own(followed);
		}

		return this.#owners.take(segments);
	}

	get #isTcp(): boolean {
		return this.#server.kind === 'tcp';
	}

	/** A client binds the address that it dials, as loopback has many. */
	#boundTo(port: number): string {
		return formatAddress({...this.#server, port} as Address);
	}

	/** When a connection that is now here was not yet in the table. */
	#lackedAt({endpoints: {local, remote}}: Link): number {
		const {table, readAt} = this.#lastTable;
		const isThere =
			local !== undefined &&
			remote !== undefined &&
			table?.pair(local, remote).local !== undefined;
		return table && !isThere ? readAt : this.#begunAt;
	}

	/** When a server's peer had not called connect() yet. */
	#dialledAt(link: Link): number {
		const {local, remote} = link.endpoints;
		const {table} = this.#lastTable;
		// While the backlog is full, its SYN is dropped, and it waits.
		const hasDialled =
			local !== undefined &&
			remote !== undefined &&
			table?.pair(local, remote).remote !== undefined;
		return hasDialled ? this.#begunAt : this.#lackedAt(link);
	}

	/** Both ends of a client's connection attempt. */
	#connecting(): Endpoints | undefined {
		const newest = [...this.#followed.values()].at(-1);
		return newest?.connecting;
	}

	/** Ports are reused: a row belongs to the newest socket with its addresses. */
	#newestByAddresses(): ReadonlyMap<string | undefined, FollowedSocket> {
		const newest = new Map<string | undefined, FollowedSocket>();
		for (const followed of this.#followed.values()) {
			followed.remember();
			newest.set(followed.addresses, followed);
		}

		return newest;
	}

	/**
	 * This process is the server now, and the other end of a connection that it had
	 * as a client is gone: the states which that still reaches would be those of
	 * the socket that listens.
	 */
	#leaveClients(): void {
		for (const [socket, followed] of this.#followed) {
			if (followed.peer !== undefined) {
				continue;
			}

			this.#show(followed.log.settle(), followed);
			followed.isLeft = true;
			this.#followed.delete(socket);
		}
	}

	#show(steps: readonly Step[], followed?: FollowedSocket): void {
		if (followed?.isLeft) {
			return;
		}

		for (const step of steps) {
			const named = followed?.named(step) ?? step;
			this.#emit({type: 'step', at: seenBy(step), step: named});
		}
	}

	/** A log may hold it back; its place among the calls is known now. */
	#ordered(step: Step): Step {
		return step.kind === 'call' ? {...step, order: this.tap.nextOrder()} : step;
	}

	/** A new connection is read at once, and then in all files. */
	#knownFiles(): readonly TableFile[] {
		const {files = []} = this.#lastTable.table ?? {};
		return files.length > 0 ? files : tableFiles;
	}

	/** The server's port, once known: other rows are skipped. */
	#ports(): ReadonlySet<number> | undefined {
		if (this.#server.kind === 'tcp' && this.#server.port > 0) {
			return new Set([this.#server.port]);
		}

		for (const {port} of this.#followed.values()) {
			if (port !== undefined) {
				return new Set([port]);
			}
		}

		return undefined;
	}

	#observe(read: TcpTable | undefined, begunAt: number): void {
		const at = this.#clock.wallMs();
		const [port] = this.#ports() ?? [];
		const table = read && this.#queues.complete(read, port, begunAt);
		const tookMs = this.#clock.monotonicMs() - begunAt;
		this.#lastTable = {table, readAt: at - tookMs};
		const newest = this.#newestByAddresses();
		let restMs = Infinity;
		for (const [socket, followed] of this.#followed) {
			const {log, addresses} = followed;
			const isReplaced =
				addresses !== undefined && newest.get(addresses) !== followed;
			const pair = isReplaced ? undefined : followed.pairIn(table);
			restMs = Math.min(restMs, followed.isPaused ? 0 : restOf(pair));
			const row = pair && rowIn(read, pair, {begunAt: at - tookMs, at: at + 1});
			if (row) {
				void followed.other.read(row, this.#looksForHolders);
			}

			this.#show(
				followed.other.complete(
					pair ? this.#stepsIn(followed, pair, at, begunAt) : log.release(),
					row,
				),
				followed,
			);
			const reading = {begunAt: at - tookMs, at: at + 1};
			this.#show(followed.other.afterShutdown(reading, row), followed);
			this.#lookAtQueues(followed, pair, at);

			// Without a row there is nothing to follow after the close.
			if (isReplaced || (pair ? log.isOver : socket.closed)) {
				this.#followed.delete(socket);
			}
		}

		const sample = this.#sampler(table, at);
		if (sample) {
			this.#emit(sample);
		}

		if (restMs === 0) {
			this.#poller.hurry();
		} else {
			this.#poller.restSoon();
			this.#poller.readWithin(restMs);
		}

		if (table && port !== undefined && this.#mayCount(begunAt)) {
			void this.#count(port);
		}

		this.#cancelSample?.();
		this.#cancelSample = table ? undefined : this.#sampleLater();
		this.#stopIfOver();
	}

	/** The counters cost reading two files. */
	#countResets(): void {
		this.#resets = undefined;
		for (const {log} of this.#followed.values()) {
			if (log.isUnreported) {
				this.#resets = readResetCounts();
				return;
			}
		}
	}

	#stepsIn(
		{log, reset, peer}: FollowedSocket,
		pair: KernelPair,
		at: number,
		begunAt: number,
	): readonly Step[] {
		if (log.isUnreported) {
			reset.observe(pair, at, this.#resets, readResetCounts);
		}

		const tookMs = this.#clock.monotonicMs() - begunAt;
		return reset.complete(log.observe(pair, at, begunAt, tookMs), peer);
	}

	/** Only what a ladder shows; captured segments tell more. */
	get #showsSegments(): boolean {
		return this.tap.hasCalls && this.#capture?.program() === undefined;
	}

	/** That takes a while, and only a ladder shows what it is for. */
	get #looksForHolders(): boolean {
		return this.tap.hasCalls && this.#followed.size <= maxCounted;
	}

	/** A client's: its server sends, so it has accepted. */
	#showAccept(): void {
		for (const followed of this.#followed.values()) {
			if (followed.peer !== undefined || followed.isFormer) {
				continue;
			}

			const at = this.#clock.wallMs();
			this.#show(followed.other.received(at), followed);
		}
	}

	/** How many bytes of each connection the kernel has, before it is read. */
	#noteTaken(): void {
		if (!this.#showsSegments) {
			return;
		}

		for (const followed of this.#followed.values()) {
			if (!followed.isFormer) {
				followed.noteTaken(this.tap.sentTo(followed.peer));
			}
		}
	}

	/** What was acknowledged, and that bytes came which nobody reads. */
	#lookAtQueues(
		followed: FollowedSocket,
		pair: KernelPair | undefined,
		at: number,
	): void {
		this.#hasTraffic = followed.hasMoreUnread(pair) || this.#hasTraffic;
		if (pair && this.#showsSegments && !followed.isFormer) {
			// Milliseconds are cut, as below.
			this.#show(followed.acknowledgedIn(pair, at + 1), followed);
		}
	}

	#mayCount(now: number): boolean {
		return (
			this.#showsSegments &&
			this.#hasTraffic &&
			now >= this.#countsRestedAt &&
			this.#followed.size <= maxCounted
		);
	}

	/** Asks ss how many segments there were. */
	async #count(port: number): Promise<void> {
		const {monotonicMs, wallMs} = this.#clock;
		const startedAt = monotonicMs();
		const begunAt = wallMs();
		this.#hasTraffic = false;
		this.#countsRestedAt = Infinity;
		const figures = await readPortFigures(port);
		const tookMs = monotonicMs() - startedAt;
		this.#countsRestedAt = monotonicMs() + restsPerCount * tookMs;
		if (!figures) {
			// What went until then is still to be counted.
			this.#hasTraffic = true;
			this.#countsRestedAt += failedRestMs;
			return;
		}

		if (this.#isStopped) {
			return;
		}

		// Milliseconds are cut; what was counted had happened by the next one.
		const time = {begunAt, at: wallMs() + 1};
		for (const [addresses, followed] of this.#newestByAddresses()) {
			const end = figures.ends.get(addresses ?? '');
			if (end) {
				this.#show(followed.counts.take(end, time, followed.peer), followed);
			}
		}
	}

	#stopIfOver(): void {
		if (this.#isFinishing && this.#followed.size === 0) {
			this.stop();
		}
	}

	/** A missing table is reported once; Node's own figures continue. */
	#sampleLater(): () => void {
		const {setTimer, monotonicMs} = this.#clock;
		return setTimer(() => {
			this.#observe(undefined, monotonicMs());
		}, sampleEveryMs);
	}
}
