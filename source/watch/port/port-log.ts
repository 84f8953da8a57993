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
import {finReceivedStates} from '../../tcp/followed-end.js';
import {between} from '../../tcp/step-time.js';
import type {TcpState} from '../../tcp/tcp.js';
import type {
	EndName,
	PortEvent,
	SocketsEvent,
	WatchedEnd,
	WatchedListener,
} from '../../event/port-event.js';
import {inOrderOfQueue, orderOfAccept} from './accept-order.js';
import {BlockedCalls, isReceived, type SocketPlace} from './blocked-calls.js';
import {isAccept, type CallStep} from './call-steps.js';
import {ConnectionLog, type RowPair} from './connection-log.js';
import {withReads} from './event-order.js';
import {Listeners} from './listeners.js';
import type {PortReading} from './port-reading.js';
import {ReturnedCalls} from './returned-calls.js';

/** How many connections are followed at once. */
export const maxFollowed = 100;

/** How many of them a `sockets` event lists. */
export const maxListed = 20;

type Watched = {
	readonly holder: SocketHolder;
	readonly end: EndName;
	/** Undefined until it was looked at. */
	state: ProcessState | undefined;
	/** Whose connections it held at the last reading. */
	peers: ReadonlySet<string>;
};

/** Until then nobody may have listened; and TIME-WAIT tells it by its timer. */
const unopened = new Set<TcpState>(['SYN-SENT', 'SYN-RECEIVED', 'TIME-WAIT']);

/** For how long Linux keeps an end in TIME-WAIT. */
const timeWaitMs = 60_000;

const hasOpened = (
	row: TcpRow | undefined,
	{tableAt}: PortReading,
	since: number,
): boolean => {
	const {state, timer} = row?.socket ?? {};
	if (state === 'TIME-WAIT' && timer?.name === 'time-wait') {
		return tableAt + timer.inMs - timeWaitMs >= since;
	}

	return state !== undefined && !unopened.has(state);
};

/** Over loopback an open end has another one. */
const lacksOpenEnd = ({local, remote}: RowPair): boolean =>
	(local ?? remote)?.socket.state === 'ESTABLISHED' &&
	(local === undefined || remote === undefined);

export class PortLog {
	readonly #address: string;
	readonly #listeners: Listeners;
	readonly #connections = new Map<string, ConnectionLog>();
	/** Connections that are only counted. */
	#counted = new Set<string>();
	readonly #blocked = new BlockedCalls();
	readonly #returned = new ReturnedCalls();
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
		this.#listeners = new Listeners(
			new Set([address, `0.0.0.0:${port}`, `[::]:${port}`]),
		);
	}

	/** The inodes of all sockets that are followed and not closed yet. */
	get inodes(): ReadonlySet<string> {
		return new Set([
			...this.#listeners.all.map(({row}) => row.inode),
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
		const hadListener = this.#listeners.all.length > 0;
		const {begun, over} = this.#listeners.take(reading, since);
		const missed =
			hadListener ||
			since === undefined ||
			!this.#hasNewConnection(reading, since)
				? []
				: this.#listeners.infer(reading, since);
		const connected = this.#connect(reading, since);
		const hasAccepted = connected.some(event => isAccept(event));
		const lookedAt = since ?? reading.begunAt;
		const called = this.#blocked.take(reading, lookedAt, {
			hasAccepted,
			socketOf: inode => this.#socketOf(inode),
		});
		const processed = this.#process(reading, lookedAt);
		const read = this.#read(reading, since ?? 0, called);
		const again = this.#blocked.again(read, called, reading, lookedAt);
		this.#since = reading.begunAt;
		const said = this.#returned.take(
			{
				connected: withReads(connected, read),
				called: [...called, ...again],
			},
			{
				isDue: peer =>
					reading.isCountDue || this.#connections.get(peer)?.isTorn === true,
				isEnded: (peer, end) => this.#isEnded(peer, end),
				sentTo: (peer, end) =>
					this.#connections.get(peer)?.sentTo(end) ?? Infinity,
			},
		);
		return [
			...begun,
			...missed,
			// In the order of looking: the table, then what the programs do.
			...said.connected,
			...over,
			...said.called,
			...processed,
		];
	}

	/**
	 * Whether a table that changed while it was read may have missed a row, so
	 * that its end would be listed as gone.
	 */
	get isTorn(): boolean {
		for (const {isTorn, peer, rows} of this.#connections.values()) {
			if (isTorn || (peer !== this.#address && lacksOpenEnd(rows))) {
				return true;
			}
		}

		return false;
	}

	/** All sockets, as they are now. */
	sockets(at: number): SocketsEvent {
		const followed = [...this.#connections.values()];
		return {
			type: 'sockets',
			at,
			isReadable: this.#isReadable,
			address: this.#address,
			listening: this.#listeners.all.map(({row, backlog}): WatchedListener => ({
				address: row.socket.local,
				waiting: row.socket.receiveQueueBytes,
				backlog,
				...this.#holderOf(row),
			})),
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

	#holderOf({
		inode,
	}: TcpRow): Pick<WatchedEnd, 'program' | 'pid' | 'call' | 'isStopped'> {
		const {name: program, pid} = this.#holders.get(inode) ?? {};
		const call = this.#blocked.on(inode);
		const isStopped = this.#processes.get(pid ?? -1)?.state === 'stopped';
		return {program, pid, call, ...(isStopped && {isStopped})};
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

		// Each of several listeners has a queue of its own (SO_REUSEPORT).
		return this.#listeners.rowsIn(reading.rows!).length > 1
			? events
			: inOrderOfQueue(events, this.#connections);
	}

	/**
	 * Whether a connection is there that was not there before, and that somebody
	 * must have listened for. Its table may have missed one of its ends.
	 */
	#hasNewConnection(reading: PortReading, since: number): boolean {
		return [...this.#pairs(reading.rows!)].some(
			([peer, {local, remote}]) =>
				((local !== undefined && remote !== undefined) ||
					hasOpened(local, reading, since) ||
					hasOpened(remote, reading, since)) &&
				peer !== this.#address &&
				!this.#connections.has(peer) &&
				!this.#counted.has(peer),
		);
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
	#socketOf(inode: string): SocketPlace | undefined {
		for (const {row} of this.#listeners.all) {
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

	/** What was read without a call that was seen to return. */
	#read(
		reading: PortReading,
		since: number,
		called: readonly PortEvent[],
	): readonly CallStep[] {
		return [...this.#connections.values()].flatMap(log => {
			const returned = called.flatMap(event =>
				isReceived(event) &&
				event.step.peer === log.peer &&
				event.step.end !== undefined
					? [event.step.end]
					: [],
			);
			return log.reads(reading, since, new Set(returned));
		});
	}

	/** Whether an end's row shows that it has received a FIN. */
	#isEnded(peer: string, end: EndName): boolean {
		const row = this.#connections.get(peer)?.rows[end];
		return finReceivedStates.has(row?.socket.state);
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
				this.#processes.set(pid, {holder, end, state: undefined, peers});
			}
		}

		const events: PortEvent[] = [];
		for (const [pid, watched] of this.#processes) {
			const state = processes.get(pid);
			const held = peersOf.get(pid) ?? new Set();
			if (state === undefined) {
				this.#processes.delete(pid);
			} else if (state !== (watched.state ?? 'running')) {
				const {holder, end} = watched;
				// Who is found stopped may be so for long.
				const isOld = watched.state === undefined && state === 'stopped';
				events.push({
					type: 'process',
					state,
					pid,
					program: holder.name,
					end,
					peers: [...new Set([...watched.peers, ...held])],
					...(isOld ? between(0, at) : time),
				});
			}

			watched.state = state;
			watched.peers = held;
		}

		return events;
	}
}
