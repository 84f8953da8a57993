/**
 * One connection between two other programs: its states (StepLog), and the
 * calls that must have led to them. Pure.
 *
 * A socket has no inode before accept() returned it, and none once no process
 * holds it. So the table tells accept() and close(), but not their arguments.
 */
import type {TcpRow} from '../../socket/tcp-table.js';
import {sentFinStates} from '../../tcp/followed-end.js';
import {StepLog} from '../../tcp/step-log.js';
import {between, seenBy} from '../../tcp/step-time.js';
import type {Call, Step, StepTime, TcpState} from '../../tcp/tcp.js';
import type {
	EndName,
	PortEvent,
	UncountedEvent,
} from '../../event/port-event.js';
import {openedStates, withRst, type Found} from '../unseen-reset.js';
import {asStep, type CallStep} from './call-steps.js';
import {withClientFirst, withData} from './event-order.js';
import type {PortReading} from './port-reading.js';
import {ReadCounts, type Read} from './read-counts.js';
import {countedSince, type ResetCounts} from './reset-counts.js';
import {hasClosed, SentCounts} from './sent-counts.js';

type StateStep = Extract<Step, {kind: 'state'}>;

type End = {
	readonly name: EndName;
	row: TcpRow | undefined;
	/** Whether any reading had its row, or the other one's showed that it was. */
	wasSeen: boolean;
	/** The last that its row had; undefined until a process held it. */
	inode: string | undefined;
	hasSentFin: boolean;
	/** Whether its close() was reported, or can't be. */
	isClosed: boolean;
	/** Whether the process that held it has ended: the kernel closes what is left. */
	hasExited: boolean;
	/** When it was first seen that the process no longer held it. */
	releasedAt: StepTime | undefined;
};

/** The rows of both ends; one that is missing is undefined. */
export type RowPair = Readonly<Record<EndName, TcpRow | undefined>>;

const endNames = ['remote', 'local'] as const;

const otherOf = (name: EndName): EndName =>
	name === 'local' ? 'remote' : 'local';

const createEnd = (name: EndName): End => ({
	name,
	row: undefined,
	wasSeen: false,
	inode: undefined,
	hasSentFin: false,
	isClosed: false,
	hasExited: false,
	releasedAt: undefined,
});

/** If nothing was counted for longer than that before its end, that is said. */
const longestUncountedMs = 1000;

/** As ss lists it. */
const keyOf = (row: TcpRow | undefined): string =>
	row ? `${row.socket.local} ${row.socket.remote}` : '';

/** Whether ss can still count what an end has sent. */
const isCountable = (row: TcpRow | undefined): boolean =>
	row !== undefined && row.socket.state !== 'TIME-WAIT';

const isOwnState = (step: Step): boolean =>
	step.kind === 'state' && step.end === 'local';

const isAcceptable = (row: TcpRow | undefined): boolean =>
	row?.socket.state === 'ESTABLISHED' || row?.socket.state === 'CLOSE-WAIT';

/** What a client calls before its server can accept. */
const beforeAccept = new Set<Call>(['socket()', 'connect()']);

const openingStates = new Set<TcpState>(['SYN-SENT', 'SYN-RECEIVED']);

export class ConnectionLog {
	readonly peer: string;
	readonly #log: StepLog;
	readonly #sent: SentCounts;
	readonly #reads: Readonly<Record<EndName, ReadCounts>>;
	readonly #ends = {local: createEnd('local'), remote: createEnd('remote')};
	/** Whether it began after the watch did. */
	readonly #isNew: boolean;
	/** Whether its one socket is connected to itself: then it is `local`. */
	readonly #isSelf: boolean;
	#isAccepted: boolean;
	/** When the reading began that showed first that accept() may return it. */
	#openSince: number | undefined;
	#isFirst = true;
	/** When the reading began before the one that showed it first. */
	#begunSince: number | undefined;
	/** Readings since a row of it was there. */
	#missed = 0;
	/** Whether this reading was the first one without the row of an end. */
	#isTorn = false;
	/** The RSTs before both ends were last seen open. */
	#resetsWhenOpen: ResetCounts | undefined;
	/** When all that it had sent was counted, as far as known. */
	#countedAt: number | undefined;
	/** Whether anything of it was counted. */
	#wasCounted = false;
	/** Whether nothing of it can be counted any more. */
	#isCountOver = false;
	/** Whether the last count had either end. */
	#isInCount = true;
	/** What ended both ends at once, since a reading that had neither. */
	#reset: Found | undefined;

	/**
	 * @param notBefore When it didn't exist yet; undefined if it may have.
	 * @param isSelf Whether its two addresses are the same.
	 */
	constructor(peer: string, notBefore: number | undefined, isSelf = false) {
		this.peer = peer;
		this.#isSelf = isSelf;
		// Nobody listened: both SYNs crossed.
		this.#isAccepted = isSelf;
		this.#log = new StepLog(peer, notBefore);
		this.#isNew = notBefore !== undefined;
		this.#sent = new SentCounts(peer, this.#isNew);
		this.#reads = {
			local: new ReadCounts(this.#isNew),
			remote: new ReadCounts(this.#isNew),
		};
	}

	get isAccepted(): boolean {
		return this.#isAccepted;
	}

	/** Since when accept() could return it, as far as known; else Infinity. */
	get openSince(): number {
		return this.#openSince ?? Infinity;
	}

	/** Whether its row says that accept() has not returned it. */
	get isQueued(): boolean {
		const {row} = this.#ends.local;
		return !this.#isAccepted && isAcceptable(row) && row?.inode === '0';
	}

	/** It was returned, as one that came later was, whatever its row says. */
	accept(time: StepTime): Step {
		this.#isAccepted = true;
		return {
			...this.#call('accept()', 'local', time),
			result: this.peer,
			peer: undefined,
		};
	}

	/** Whether nothing can follow. */
	get isOver(): boolean {
		return this.#log.isOver || this.#missed > 2;
	}

	/** Whether an end may be gone, or only be missing: the next reading tells. */
	get isTorn(): boolean {
		return this.#isTorn;
	}

	/** How many bytes the other end has sent, as far as counted. */
	sentTo(end: EndName): number {
		return this.#sent.bytesOf(otherOf(end));
	}

	/** As it was read last. */
	get rows(): RowPair {
		return {local: this.#ends.local.row, remote: this.#ends.remote.row};
	}

	/** The inodes that its ends have or had, until they were closed. */
	get inodes(): readonly string[] {
		return endNames.flatMap(name => {
			const {inode, isClosed} = this.#ends[name];
			return inode === undefined || isClosed ? [] : [inode];
		});
	}

	/** The end that holds a socket of this inode. */
	endOf(inode: string): EndName | undefined {
		return endNames.find(name => this.#ends[name].inode === inode);
	}

	/** @param since When the reading before this one began. */
	observe(
		pair: RowPair,
		reading: PortReading,
		since: number,
	): readonly PortEvent[] {
		const time = between(since, reading.tableAt);
		this.#isTorn = endNames.some(
			name => this.#ends[name].row !== undefined && pair[name] === undefined,
		);
		for (const name of endNames) {
			const end = this.#ends[name];
			end.row = pair[name];
			end.wasSeen ||= end.row !== undefined;
			if (end.row !== undefined && end.row.inode !== '0') {
				end.inode = end.row.inode;
			}
		}

		if (isAcceptable(pair.local)) {
			this.#openSince ??= reading.begunAt;
		}

		this.#missed =
			pair.local !== undefined || pair.remote !== undefined
				? 0
				: this.#missed + 1;
		this.#lookForExit(reading);
		this.#lookForReset(reading);
		this.#begunSince ??= since;
		const begun = [...this.#begin(time), ...this.#missedOpen(reading)];
		const other = this.#isSelf ? pair.local : pair.remote;
		const followed = this.#log.observe(
			{local: pair.local?.socket, remote: other?.socket},
			reading.tableAt,
			reading.begunAt,
			reading.tableAt - reading.begunAt,
		);
		const steps = [
			...begun,
			...(this.#isSelf ? followed.filter(step => isOwnState(step)) : followed),
		];
		if (this.#log.isReplaced) {
			// The rows are another connection's.
			return asEvents(steps);
		}

		const ordered =
			this.#isFirst || steps.some(step => isClientOpen(step))
				? withClientFirst(steps)
				: steps;
		this.#isFirst = false;
		const bytes = this.#sent
			.take(this.rows, reading, since)
			.filter(({from}) => !this.#isSelf || from === 'local');
		const hasSent = bytes.some(({from}) => from === 'local');
		const called = this.#withCalls(ordered, reading, since, hasSent);
		return withData(
			asEvents(this.#withReset(called)),
			[...bytes, ...this.#uncounted(reading, since)],
			end => hasClosed(this.#ends[end].row),
		);
	}

	/**
	 * Says once that it ended long after what it had sent was counted, or before
	 * anything was.
	 */
	#uncounted(reading: PortReading, since: number): readonly UncountedEvent[] {
		this.#countedAt ??= this.#isNew ? since : reading.begunAt;
		const countedAt = this.#countedAt;
		if (endNames.some(name => isCountable(this.#ends[name].row))) {
			const {figures, isCountDue, hasCountFailed} = reading;
			if (figures) {
				this.#isInCount = endNames.some(name =>
					figures.ends.has(keyOf(this.#ends[name].row)),
				);
			}

			const isCounted = this.#isInCount && !isCountDue && !hasCountFailed;
			this.#wasCounted ||= isCounted;
			this.#countedAt = isCounted ? reading.begunAt : countedAt;
			return [];
		}

		const isEnded =
			this.#log.isOver ||
			endNames.some(name => this.#ends[name].row !== undefined);
		if (!isEnded) {
			// The rows may only have been missed.
			return [];
		}

		const {tableAt} = reading;
		const isSaid = this.#isCountOver;
		this.#isCountOver = true;
		const isShort = tableAt - countedAt <= longestUncountedMs;
		const hasOpened = this.#openSince !== undefined || this.#isWaiting;
		const hasMissedAll = this.#isNew && hasOpened && !this.#wasCounted;
		if (isSaid || (isShort && !hasMissedAll)) {
			return [];
		}

		return [
			{
				type: 'uncounted',
				peer: this.peer,
				notBefore: countedAt,
				seenAt: tableAt,
			},
		];
	}

	/**
	 * What the programs have read, as far as no call was seen to do it. Call it
	 * after `observe()`.
	 *
	 * @param returned The ends on which a call that receives was seen to return.
	 */
	reads(
		reading: PortReading,
		since: number,
		returned: ReadonlySet<EndName>,
	): readonly CallStep[] {
		return endNames.flatMap(name => {
			const {row} = this.#ends[name];
			const key = row && `${row.socket.local} ${row.socket.remote}`;
			const received = reading.figures?.ends.get(key ?? '')?.receivedBytes;
			return this.#reads[name]
				.take(row, received, {
					...reading,
					since,
					hasReturned: returned.has(name),
				})
				.map(read => this.#read(read, name));
		});
	}

	#read({taken, isEnd, time}: Read, name: EndName): CallStep {
		return {
			...this.#call('recv()', name, time),
			...(isEnd ? {result: '0'} : {taken}),
		};
	}

	/** The call it began with, and the states that it must have passed. */
	#begin(time: StepTime): readonly Step[] {
		if (!this.#isFirst || !this.#isNew) {
			return [];
		}

		const dialling = this.#isSelf ? 'local' : 'remote';
		const {row} = this.#ends[dialling];
		const isOpening = row?.socket.state === 'SYN-SENT';
		const opening: Extract<Step, {kind: 'state'}> = {
			kind: 'state',
			end: dialling,
			state: 'SYN-SENT',
			evidence: 'inferred',
			peer: this.peer,
			...time,
		};
		const passed = endNames.flatMap(end => {
			const state = this.#ends[end].row?.socket.state;
			if (state === undefined && this.#isWaiting) {
				this.#ends[end].wasSeen = true;
				return this.#log.reportOpen(end, time);
			}

			return state === undefined ||
				state === 'ESTABLISHED' ||
				openingStates.has(state)
				? []
				: this.#log.report(
						{...opening, end, state: 'ESTABLISHED' as const},
						-Infinity,
					);
		});
		return [
			// A socket that isn't connected yet is in no table.
			this.#call('socket()', dialling, between(0, time.seenAt ?? time.at)),
			this.#call('connect()', dialling, time),
			// It has passed it even if this reading missed its row.
			...(isOpening ? [] : [opening]),
			...(isOpening || !this.#isSelf
				? []
				: [{...opening, state: 'SYN-RECEIVED' as const}]),
			...(this.#isSelf ? passed.filter(step => isOwnState(step)) : passed),
		];
	}

	/** An end that was open, and whose row no reading had while it was there. */
	#missedOpen({tableAt}: PortReading): readonly Step[] {
		const unseen = endNames.find(name => !this.#ends[name].wasSeen);
		const isMissed =
			unseen !== undefined &&
			this.#isNew &&
			!this.#isSelf &&
			!this.#isFirst &&
			this.#ends[otherOf(unseen)].row?.socket.state === 'TIME-WAIT';
		if (!isMissed) {
			return [];
		}

		this.#ends[unseen].wasSeen = true;
		return this.#log.reportOpen(unseen, between(this.#begunSince!, tableAt));
	}

	#call(call: Call, end: EndName, time: StepTime): CallStep {
		return {
			kind: 'call',
			call,
			end,
			evidence: 'inferred',
			peer: this.peer,
			...time,
		};
	}

	#withCalls(
		steps: readonly Step[],
		reading: PortReading,
		since: number,
		hasSent: boolean,
	): readonly Step[] {
		let all = steps;
		for (const name of endNames) {
			all = this.#withEnding(all, this.#ends[name], reading, since);
		}

		// On a connection that nobody accepted the kernel sends no FIN, but RST.
		const {inode, hasSentFin} = this.#ends.local;
		const isShown = inode !== undefined || hasSentFin || this.#isWaiting;
		// Only what accept() returned can send: ss may count that after the table.
		if (this.#isAccepted || !(isShown || hasSent)) {
			return all;
		}

		const accept = this.accept(
			between(since, isShown ? reading.tableAt : reading.at),
		);
		if (!this.#isNew) {
			return all;
		}

		const place = all.findIndex(
			step =>
				(step.kind === 'state' && sentFinStates.has(step.state)) ||
				(step.kind === 'call' && !beforeAccept.has(step.call)),
		);
		return place === -1 ? [...all, accept] : all.toSpliced(place, 0, accept);
	}

	/** With the shutdown() or close() that made an end send its FIN. */
	#withEnding(
		steps: readonly Step[],
		end: End,
		reading: PortReading,
		since: number,
	): readonly Step[] {
		const isOf = (step: Step): step is StateStep =>
			step.kind === 'state' && step.end === end.name;
		const place = steps.findIndex(
			step => isOf(step) && sentFinStates.has(step.state),
		);
		const isFin = !end.hasSentFin && place !== -1;
		end.hasSentFin ||= isFin;
		if (end.isClosed || end.inode === undefined) {
			return steps;
		}

		const holding = this.#holding(end, reading);
		if (holding === 'released') {
			// That was looked at after the table, which may show its FIN or its RST.
			const isShown = isFin || this.#resetBy === end.name;
			end.releasedAt ??= between(since, isShown ? reading.tableAt : reading.at);
		}

		// A missing row may only have been missed, until the state is CLOSED.
		const isOver = steps.some(step => isOf(step) && step.state === 'CLOSED');
		if (!isOver && !end.hasSentFin) {
			return steps;
		}

		if (end.releasedAt) {
			end.isClosed = true;
			const isReset = this.#hasReset(end, reading);
			const isEffect = (step: Step) =>
				step.kind === 'state' && step.state === 'CLOSED';
			const effect = isFin ? place : isReset ? steps.findIndex(isEffect) : -1;
			const closed = end.releasedAt;
			return effect === -1
				? [...steps, this.#call('close()', end.name, closed)]
				: steps.toSpliced(
						effect,
						0,
						this.#call('close()', end.name, notAfter(closed, steps[effect]!)),
					);
		}

		// What a process leaves behind, the kernel closes.
		end.isClosed = holding === 'ended';
		return isFin && holding === 'held'
			? steps.toSpliced(
					place,
					0,
					this.#call(
						'shutdown(SHUT_WR)',
						end.name,
						between(since, reading.tableAt),
					),
				)
			: steps;
	}

	/** Whether an end is in TIME-WAIT: both were open, and have sent FIN. */
	get #isWaiting(): boolean {
		return endNames.some(
			name => this.#ends[name].row?.socket.state === 'TIME-WAIT',
		);
	}

	/** Whether its close() must have ended both ends. */
	#hasReset(end: End, reading: PortReading): boolean {
		if (this.#resetBy !== undefined) {
			return this.#resetBy === end.name;
		}

		const other = this.#ends[otherOf(end.name)];
		// Who still holds its socket has sent no RST.
		return (
			!end.hasSentFin &&
			other.inode !== undefined &&
			this.#holding(other, reading) === 'held'
		);
	}

	/** Whose RST has ended both ends; undefined if that isn't known. */
	get #resetBy(): EndName | undefined {
		const {direction} = this.#reset ?? {};
		return direction && (direction === 'out' ? 'local' : 'remote');
	}

	/**
	 * Finds out whether an RST has ended both ends at once. A FIN would have left
	 * one of them in TIME-WAIT, unless the kernel had no room for that.
	 */
	#lookForReset(reading: PortReading): void {
		const {resets} = reading;
		const before = this.#resetsWhenOpen;
		const isOpen = endNames.every(name =>
			openedStates.has(this.#ends[name].row?.socket.state),
		);
		this.#resetsWhenOpen = isOpen ? resets?.before : undefined;
		if (this.#missed === 0) {
			this.#reset = undefined;
		}

		if (this.#missed !== 1 || before === undefined || resets === undefined) {
			return;
		}

		const {sent, unread, unwaited} = countedSince(before, resets.after);
		if (sent === 0 || unwaited > 0) {
			return;
		}

		// Who still holds its socket hasn't closed it.
		const [holder, ...others] = endNames.filter(
			name => this.#holding(this.#ends[name], reading) === 'held',
		);
		// If each RST came from a close() with unread bytes, so did this one.
		const isUnread =
			sent === unread && holder !== undefined && others.length === 0;
		this.#reset = isUnread
			? {reason: 'unread', direction: holder === 'local' ? 'in' : 'out'}
			: {reason: 'unknown'};
	}

	/** With the RST that ended both ends. */
	#withReset(steps: readonly Step[]): readonly Step[] {
		const completed = this.#reset && withRst(steps, this.#reset, this.peer);
		if (!completed) {
			return steps;
		}

		this.#reset = undefined;
		return completed;
	}

	/** Looked at after the table, whose rows may be older than the end. */
	#lookForExit({holders, processes}: PortReading): void {
		for (const name of endNames) {
			const end = this.#ends[name];
			const holder = holders.get(end.inode ?? '');
			const state = holder && processes.get(holder.pid);
			if (state) {
				end.hasExited = state === 'ended';
			}
		}
	}

	/** Whether a process still holds the socket of an end. */
	#holding(
		{inode, row, hasExited}: End,
		{ending, held, holders}: PortReading,
	): 'held' | 'released' | 'ended' | 'unknown' {
		const isGone = row === undefined || row.socket.state === 'TIME-WAIT';
		const hasInode = !isGone && row.inode !== '0';
		if (hasInode && !ending.has(row.inode)) {
			return 'held';
		}

		if (hasExited) {
			return 'ended';
		}

		if (!isGone && !hasInode) {
			return 'released';
		}

		if (!holders.has(inode!)) {
			return 'unknown';
		}

		// While close() sends the FIN, the row has its inode for a moment more.
		return held.has(inode!) ? 'held' : 'released';
	}
}

const asEvents = (steps: readonly Step[]): readonly PortEvent[] =>
	steps.map(step => asStep(step));

/** A call had been made by the time that its effect was seen. */
const notAfter = (time: StepTime, effect: StepTime): StepTime => {
	const {at, notBefore = at} = time;
	return between(notBefore!, Math.min(seenBy(time), seenBy(effect)));
};

const isClientOpen = (step: Step): boolean =>
	step.kind === 'state' &&
	step.end === 'remote' &&
	step.state === 'ESTABLISHED';
