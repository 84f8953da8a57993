/**
 * The sockets on one port, from one reading to the next: the steps of each
 * connection and of the listener, the calls that block, and what becomes of the
 * programs. Pure.
 *
 * A hundred connections are followed; the others are only counted, so that a
 * busy port costs and prints little.
 */
import type {ProcessState, SocketHolder} from '../../socket/socket-holders.js';
import type {TcpRow} from '../../socket/tcp-table.js';
import {between, seenBy, timeOf, withTime} from '../../tcp/step-time.js';
import {
	nameOfCall,
	type Call,
	type CallName,
	type Step,
	type StepTime,
	type TcpState,
} from '../../tcp/tcp.js';
import type {
	EndName,
	PortEvent,
	SocketsEvent,
	WatchedEnd,
	WatchedListener,
} from '../../event/port-event.js';
import {ConnectionLog, type RowPair} from './connection-log.js';
import type {PortReading} from './port-reading.js';

/** How many connections are followed at once. */
export const maxFollowed = 100;

/** How many of them a `sockets` event lists. */
export const maxListed = 20;

type Listener = {
	row: TcpRow;
	backlog: number | undefined;
	/** Readings since its row was there. */
	missed: number;
};

/** A call that blocks, and on whose socket. */
type Blocked = {
	readonly pid: number;
	readonly call: Call;
	readonly inode: string;
	readonly end: EndName;
	readonly peer: string | undefined;
};

type Watched = {
	readonly holder: SocketHolder;
	readonly end: EndName;
	state: ProcessState;
	/** Whose connections it held at the last reading. */
	peers: ReadonlySet<string>;
};

type CallStep = Extract<Step, {kind: 'call'}>;

const receiving = new Set<CallName>(['recv', 'read', 'recvmsg']);

const asStep = (step: Step): PortEvent => ({type: 'step', step});

export class PortLog {
	readonly #address: string;
	readonly #places: ReadonlySet<string>;
	readonly #connections = new Map<string, ConnectionLog>();
	/** Connections that are only counted. */
	#counted = new Set<string>();
	readonly #listeners = new Map<string, Listener>();
	/** One whose row no reading has had, and how many readings ago that was. */
	#unseen: {readings: number} | undefined;
	#blocked = new Map<string, Blocked>();
	readonly #processes = new Map<number, Watched>();
	#holders: PortReading['holders'] = new Map();
	/** When the last reading began. */
	#since: number | undefined;
	#isReadable = true;

	/**
	 * @param address As the table has it, such as 127.0.0.1:5001.
	 * @param port Wildcard addresses with it are watched too.
	 */
	constructor(address: string, port: number) {
		this.#address = address;
		this.#places = new Set([address, `0.0.0.0:${port}`, `[::]:${port}`]);
	}

	/** The inodes of all sockets that are followed and not closed yet. */
	get inodes(): ReadonlySet<string> {
		return new Set([
			...[...this.#listeners.values()].map(({row}) => row.inode),
			...[...this.#connections.values()].flatMap(({inodes}) => inodes),
		]);
	}

	/** What has happened since the last reading. */
	take(reading: PortReading): readonly PortEvent[] {
		this.#isReadable = reading.rows !== undefined;
		if (!reading.rows) {
			return [];
		}

		this.#holders = reading.holders;
		const since = this.#since;
		const hadListener = this.#listeners.size > 0;
		const {begun, over} = this.#listen(reading, since);
		const missed = hadListener ? [] : this.#listenUnseen(reading, since);
		const connected = this.#connect(reading, since);
		const hasAccepted = connected.some(event => isAccept(event));
		const called = this.#call(reading, since ?? reading.begunAt, hasAccepted);
		const processed = this.#process(reading, since ?? reading.begunAt);
		const read = this.#read(reading, since ?? 0, called);
		const again = this.#callAgain(read, called, reading);
		this.#since = reading.begunAt;
		return [
			...begun,
			...missed,
			// In the order of looking: the table, then what the programs do.
			...withReads(connected, read),
			...over,
			...called,
			...again,
			...processed,
		];
	}

	/** All sockets, as they are now. */
	sockets(at: number): SocketsEvent {
		const followed = [...this.#connections.values()];
		return {
			type: 'sockets',
			at,
			isReadable: this.#isReadable,
			address: this.#address,
			listening: [...this.#listeners.values()].map(
				({row, backlog}): WatchedListener => ({
					address: row.socket.local,
					waiting: row.socket.receiveQueueBytes,
					backlog,
					...this.#holderOf(row),
				}),
			),
			connections: followed
				.slice(0, maxListed)
				.map(({peer, isAccepted, rows}) => ({
					peer,
					isAccepted,
					local: rows.local && this.#endOf(rows.local),
					remote: rows.remote && this.#endOf(rows.remote),
				})),
			more: Math.max(0, followed.length - maxListed) + this.#counted.size,
		};
	}

	#holderOf({inode}: TcpRow): Pick<WatchedEnd, 'program' | 'pid' | 'call'> {
		const holder = this.#holders.get(inode);
		const call = this.#callOn(inode);
		return {program: holder?.name, pid: holder?.pid, call};
	}

	/** A call that blocks on a socket. */
	#callOn(inode: string): Call | undefined {
		for (const blocked of this.#blocked.values()) {
			if (blocked.inode === inode) {
				return blocked.call;
			}
		}

		return undefined;
	}

	#endOf(row: TcpRow): WatchedEnd {
		return {
			state: row.socket.state,
			unreadBytes: row.socket.receiveQueueBytes,
			sendQueueBytes: row.socket.sendQueueBytes,
			timer: row.socket.timer,
			...this.#holderOf(row),
		};
	}

	#isListener({socket}: TcpRow): boolean {
		return socket.state === 'LISTEN' && this.#places.has(socket.local);
	}

	#listen(
		{rows, tableAt, figures}: PortReading,
		since: number | undefined,
	): Readonly<Record<'begun' | 'over', readonly PortEvent[]>> {
		const time = between(since ?? 0, tableAt);
		const begun: PortEvent[] = [];
		const over: PortEvent[] = [];
		const step = (state: 'LISTEN' | 'CLOSED') =>
			asStep({
				kind: 'state',
				end: 'local',
				state,
				evidence: 'read',
				peer: undefined,
				...time,
			});
		const there = new Map(
			rows!
				.filter(row => this.#isListener(row))
				.map(row => [row.socket.local, row] as const),
		);
		for (const [place, listener] of this.#listeners) {
			const row = there.get(place);
			listener.missed = row ? 0 : listener.missed + 1;
			// A table that changes while being read may miss a row once.
			if (!(listener.missed > 1 || (row && row.inode !== listener.row.inode))) {
				continue;
			}

			this.#listeners.delete(place);
			(row ? begun : over).push(step('CLOSED'));
		}

		for (const [place, row] of there) {
			const known = this.#listeners.get(place);
			const backlog = figures?.backlogs.get(place) ?? known?.backlog;
			this.#listeners.set(place, {row, backlog, missed: 0});
			if (known) {
				continue;
			}

			if (this.#unseen) {
				// That was said before a connection of it.
				this.#unseen = undefined;
				continue;
			}

			const called =
				since === undefined ? [] : callsToListen(time, between(0, tableAt));
			begun.push(...called, step('LISTEN'));
		}

		if (this.#unseen && ++this.#unseen.readings > 2) {
			this.#unseen = undefined;
			over.push(step('CLOSED'));
		}

		return {begun, over};
	}

	/**
	 * Whoever connects, somebody listens: a table that changes while being read may
	 * have the connection and not the listener, which may be gone by the next one.
	 */
	#listenUnseen(
		{rows, tableAt}: PortReading,
		since: number | undefined,
	): readonly PortEvent[] {
		const isUnseen =
			since !== undefined &&
			this.#listeners.size === 0 &&
			!this.#unseen &&
			[...this.#pairs(rows!)].some(
				([peer, {local, remote}]) =>
					local !== undefined &&
					remote !== undefined &&
					peer !== this.#address &&
					!this.#connections.has(peer) &&
					!this.#counted.has(peer),
			);
		if (!isUnseen) {
			return [];
		}

		this.#unseen = {readings: 0};
		const time = between(since, tableAt);
		return [
			...callsToListen(time, between(0, tableAt)),
			asStep({
				kind: 'state',
				end: 'local',
				state: 'LISTEN',
				evidence: 'inferred',
				peer: undefined,
				...time,
			}),
		];
	}

	#connect(
		reading: PortReading,
		since: number | undefined,
	): readonly PortEvent[] {
		const pairs = this.#pairs(reading.rows!);
		const events: PortEvent[] = [];
		const observe = (log: ConnectionLog, pair: RowPair) => {
			events.push(...log.observe(pair, reading, since ?? 0));
		};

		for (const [peer, log] of this.#connections) {
			const pair = pairs.get(peer);
			observe(log, pair ?? {local: undefined, remote: undefined});
			if (log.isOver) {
				this.#connections.delete(peer);
			}
		}

		this.#counted = new Set([...this.#counted].filter(peer => pairs.has(peer)));
		const fresh = [...pairs].toSorted(([, one], [, other]) =>
			orderOfAccept(one, other, reading),
		);
		for (const [peer, pair] of fresh) {
			if (this.#connections.has(peer) || this.#counted.has(peer)) {
				continue;
			}

			if (this.#connections.size >= maxFollowed) {
				this.#counted.add(peer);
				continue;
			}

			const log = new ConnectionLog(peer, since, peer === this.#address);
			this.#connections.set(peer, log);
			observe(log, pair);
		}

		return this.#inOrderOfQueue(events, reading.rows!);
	}

	/**
	 * A queue is first in, first out: who came before one that was accepted was
	 * accepted before, even if the row was read before that.
	 */
	#inOrderOfQueue(
		events: readonly PortEvent[],
		rows: readonly TcpRow[],
	): readonly PortEvent[] {
		// Each of several listeners has a queue of its own (SO_REUSEPORT).
		if (rows.filter(row => this.#isListener(row)).length > 1) {
			return events;
		}

		return events.flatMap(event => {
			if (!isAccept(event)) {
				return [event];
			}

			const accepted = this.#connections.get(event.step.result!);
			const before = [...this.#connections.values()].filter(
				log => log.isQueued && log.openSince < (accepted?.openSince ?? 0),
			);
			return [
				...before.map(log => asStep(log.accept(timeOf(event.step)))),
				event,
			];
		});
	}

	/** Both ends of each connection, by the client's address. */
	#pairs(rows: readonly TcpRow[]): ReadonlyMap<string, RowPair> {
		const pairs = new Map<string, RowPair>();
		for (const row of rows) {
			const {state, local, remote} = row.socket;
			if (state === 'LISTEN') {
				continue;
			}

			const end =
				local === this.#address
					? ('local' as const)
					: remote === this.#address
						? ('remote' as const)
						: undefined;
			if (end === undefined) {
				continue;
			}

			const peer = end === 'local' ? remote : local;
			const known = pairs.get(peer) ?? {local: undefined, remote: undefined};
			pairs.set(peer, {...known, [end]: row});
		}

		return pairs;
	}

	/**
	 * What a socket with this inode belongs to: a connection, or the listener.
	 */
	#socketOf(inode: string): Pick<Blocked, 'end' | 'peer'> | undefined {
		for (const {row} of this.#listeners.values()) {
			if (row.inode === inode) {
				return {end: 'local', peer: undefined};
			}
		}

		for (const log of this.#connections.values()) {
			const end = log.endOf(inode);
			if (end !== undefined) {
				return {end, peer: log.peer};
			}
		}

		return undefined;
	}

	/**
	 * Calls that began to block, and those that have returned.
	 *
	 * @param hasAccepted Whether a connection was accepted meanwhile: if only one
	 * thread does that, and is in accept() again, it has called it again.
	 */
	#call(
		{calls, processes, at}: PortReading,
		since: number,
		hasAccepted: boolean,
	): readonly PortEvent[] {
		const time = between(since, at);
		const now = new Map<string, Blocked>();
		for (const [pid, threads] of calls) {
			for (const {thread, call, inode} of threads) {
				const socket = this.#socketOf(inode);
				if (socket) {
					now.set(`${pid} ${thread}`, {pid, call, inode, ...socket});
				}
			}
		}

		const events: PortEvent[] = [];
		for (const [thread, before] of this.#blocked) {
			const state = processes.get(before.pid);
			const after = now.get(thread);
			if (state === 'stopped') {
				// It is still in the call, once it goes on.
				now.set(thread, before);
			} else if (
				state === 'running' &&
				!isSame(before, after) &&
				// It returned a connection, which is a step of its own.
				before.call !== 'accept()'
			) {
				events.push(callStep(before, time, false));
			}
		}

		const accepting = [...now.values()].filter(({call}) => call === 'accept()');
		for (const [thread, after] of now) {
			const isAgain =
				hasAccepted && accepting.length === 1 && after === accepting[0];
			if (isAgain || !isSame(after, this.#blocked.get(thread))) {
				events.push(callStep(after, time, true));
			}
		}

		this.#blocked = now;
		return events;
	}

	/** Who has read, and is still seen in a call that receives, called it again. */
	#callAgain(
		reads: readonly CallStep[],
		called: readonly PortEvent[],
		{processes, begunAt, at}: PortReading,
	): readonly PortEvent[] {
		const time = between(this.#since ?? begunAt, at);
		const blocked = [...this.#blocked.values()].filter(
			({pid}) => processes.get(pid) === 'running',
		);
		return reads.flatMap(read => {
			const [own, ...others] = blocked.filter(
				({call, end, peer}) =>
					end === read.end &&
					peer === read.peer &&
					receiving.has(nameOfCall(call)),
			);
			const isSaid = called.some(
				event => event.type === 'step' && isOfCall(event.step, own),
			);
			return own === undefined || others.length > 0 || isSaid
				? []
				: [callStep(own, time, true)];
		});
	}

	/** What was read without a call that was seen to return. */
	#read(
		reading: PortReading,
		since: number,
		called: readonly PortEvent[],
	): readonly CallStep[] {
		return [...this.#connections.values()].flatMap(log => {
			const returned = called.flatMap(event =>
				event.type === 'step' &&
				event.step.kind === 'call' &&
				event.step.peer === log.peer &&
				event.step.end !== undefined &&
				!event.step.isBlocked &&
				receiving.has(nameOfCall(event.step.call))
					? [event.step.end]
					: [],
			);
			return log.reads(reading, since, new Set(returned));
		});
	}

	/** Programs that were stopped, went on, or ended. */
	#process(
		{holders, processes, at}: PortReading,
		since: number,
	): readonly PortEvent[] {
		const time = between(since, at);
		const peersOf = new Map<number, Set<string>>();
		for (const [inode, holder] of holders) {
			const socket = this.#socketOf(inode);
			if (!socket) {
				continue;
			}

			const {pid} = holder;
			const {end, peer} = socket;
			const peers = peersOf.get(pid) ?? new Set();
			peersOf.set(pid, peer === undefined ? peers : peers.add(peer));
			if (!this.#processes.has(pid)) {
				this.#processes.set(pid, {holder, end, state: 'running', peers});
			}
		}

		const events: PortEvent[] = [];
		for (const [pid, watched] of this.#processes) {
			const state = processes.get(pid);
			const held = peersOf.get(pid) ?? new Set();
			if (state === undefined) {
				this.#processes.delete(pid);
			} else if (state !== watched.state) {
				watched.state = state;
				const {holder, end} = watched;
				events.push({
					type: 'process',
					state,
					pid,
					program: holder.name,
					end,
					peers: [...new Set([...watched.peers, ...held])],
					...time,
				});
			}

			watched.peers = held;
		}

		return events;
	}
}

const isAccept = (
	event: PortEvent,
): event is Extract<PortEvent, {type: 'step'}> & {readonly step: CallStep} =>
	event.type === 'step' &&
	event.step.kind === 'call' &&
	event.step.call === 'accept()';

/**
 * Of connections that came between two readings: a process's new descriptor is
 * the lowest that is free, and inodes grow, but for one processor each.
 */
const orderOfAccept = (
	{local: one}: RowPair,
	{local: other}: RowPair,
	{holders}: PortReading,
): number => {
	const [inode, next] = [Number(one?.inode), Number(other?.inode)];
	// Those that still wait come last.
	if (!inode || !next) {
		return (inode ? 0 : 1) - (next ? 0 : 1);
	}

	const holder = holders.get(one!.inode);
	const holderOfNext = holders.get(other!.inode);
	return holder !== undefined && holder.pid === holderOfNext?.pid
		? holder.fd - holderOfNext.fd
		: inode - next;
};

/** What an end has read comes before what it sends then, and before it closes. */
const isAfterRead = (event: PortEvent, {peer, end}: CallStep): boolean => {
	if (event.type === 'data') {
		return event.peer === peer && event.from === end;
	}

	if (event.type !== 'step' || event.step.peer !== peer) {
		return false;
	}

	const {step} = event;
	return step.kind === 'call'
		? step.end === end && nameOfCall(step.call) === 'close'
		: step.kind === 'state' && step.end === end && endedStates.has(step.state);
};

/** An end whose program may have closed it. */
const endedStates = new Set<TcpState>(['LAST-ACK', 'TIME-WAIT', 'CLOSED']);

/** What ss counted only after the table was read had been sent before. */
const notBeforeSent = (
	read: CallStep,
	events: readonly PortEvent[],
): CallStep => {
	const sentBy = Math.max(
		...events.map(event =>
			event.type === 'data' &&
			event.peer === read.peer &&
			event.from !== read.end
				? seenBy(event)
				: 0,
		),
	);
	const {at, notBefore = at} = read;
	return sentBy > seenBy(read)
		? {...withTime(read, between(notBefore!, sentBy))}
		: read;
};

const withReads = (
	events: readonly PortEvent[],
	reads: readonly CallStep[],
): readonly PortEvent[] => {
	let all = events;
	for (const read of reads) {
		const place = all.findIndex(event => isAfterRead(event, read));
		const event = asStep(notBeforeSent(read, all));
		all = place === -1 ? [...all, event] : all.toSpliced(place, 0, event);
	}

	return all;
};

const isSame = (one: Blocked, other: Blocked | undefined): boolean =>
	one.call === other?.call && one.inode === other.inode;

const isOfCall = (step: Step, blocked: Blocked | undefined): boolean =>
	step.kind === 'call' &&
	step.isBlocked === true &&
	step.end === blocked?.end &&
	step.peer === blocked?.peer;

const callStep = (
	{call, end, peer, pid}: Blocked,
	time: StepTime,
	isBlocked: boolean,
): PortEvent =>
	asStep({
		kind: 'call',
		call,
		end,
		evidence: 'read',
		...(isBlocked ? {isBlocked: true} : {}),
		peer,
		pid,
		...time,
	});

/** @param earlier A socket that doesn't listen yet is in no table. */
const callsToListen = (
	time: StepTime,
	earlier: StepTime,
): readonly PortEvent[] => [
	inferredCall('socket()', earlier),
	inferredCall('bind()', earlier),
	inferredCall('listen()', time),
];

const inferredCall = (call: Call, time: StepTime): PortEvent =>
	asStep({
		kind: 'call',
		call,
		end: 'local',
		evidence: 'inferred',
		peer: undefined,
		...time,
	});
