/**
 * What the program of one end has read, from the end's receive queue: bytes that
 * the kernel had received, and that are not in the queue any more, a call has
 * taken. Which one, how often, and with which arguments, is not known. Pure.
 *
 * A count of what was received is only older than the queue, never newer, so
 * what was taken is never said to be more than it was.
 */
import type {TcpRow} from '../../socket/tcp-table.js';
import {finReceivedStates} from '../../tcp/followed-end.js';
import {between} from '../../tcp/step-time.js';
import type {StepTime} from '../../tcp/tcp.js';

/** At least one call that took bytes, or the end of them. */
export type Read = {
	/** How many bytes this end has taken by then, at least. */
	readonly taken: number;
	/** Whether it returned the end of them instead. */
	readonly isEnd: boolean;
	readonly time: StepTime;
};

export type ReadTimes = {
	/** When the reading of the table before this one began. */
	readonly since: number;
	readonly begunAt: number;
	readonly tableAt: number;
	/** Whether a call that receives was seen to return: a step of its own. */
	readonly hasReturned: boolean;
};

export class ReadCounts {
	/** When nothing was taken that wasn't said, as far as known. */
	#notBefore: number | undefined;
	/** Bytes that were received by some reading, at least. */
	#received = 0;
	/** Of them, those that were taken, at least; and by the last step. */
	#taken = 0;
	#said = 0;
	/** Whether #said counts from the beginning of the connection. */
	#isBased: boolean;
	/** Whether a call that has returned may have taken what is taken now. */
	#isExplained = false;
	#last: TcpRow | undefined;
	/** Whether the last row may be older than the return of a call. */
	#isLastOld = false;

	/** @param isNew Whether the connection began after the watch did. */
	constructor(isNew: boolean) {
		this.#isBased = isNew;
	}

	/**
	 * @param row Of this end; undefined if it has none.
	 * @param received What ss counted after the table was read, if it ran.
	 */
	take(
		row: TcpRow | undefined,
		received: number | undefined,
		times: ReadTimes,
	): readonly Read[] {
		this.#notBefore ??= times.since;
		this.#isExplained ||= times.hasReturned;
		const last = this.#last;
		this.#last = row;
		if (row === undefined || row.socket.state === 'TIME-WAIT') {
			return [];
		}

		const reads = this.#lookAt(row, last, times);
		this.#count(row, received, times);
		return reads;
	}

	#lookAt(
		row: TcpRow,
		last: TcpRow | undefined,
		{since, tableAt, hasReturned}: ReadTimes,
	): readonly Read[] {
		const unread = row.socket.receiveQueueBytes;
		const before = last?.socket.receiveQueueBytes ?? 0;
		const isFinNew =
			finReceivedStates.has(row.socket.state) &&
			!finReceivedStates.has(last?.socket.state);
		// A FIN that has just come may have been counted as a byte.
		const control = isFinNew ? 1 : 0;
		const fewer = Math.max(0, before - unread - control);
		this.#received -= Math.min(this.#received, control);
		this.#taken = Math.max(this.#taken + fewer, this.#received - unread);
		this.#received = Math.max(this.#received, this.#taken + unread);
		const isMore = this.#taken > this.#said;
		this.#said = Math.max(this.#said, this.#taken);
		// What was in the queue after a call had returned, it didn't take.
		const isAnother = !this.#isLastOld && !hasReturned;
		this.#isLastOld = hasReturned;
		// Once nothing but a FIN is in the queue, the next call returns the end.
		const isEnd =
			isAnother && last?.isEndUnread && before === 0 && !row.isEndUnread;
		const notBefore = fewer > 0 ? since : this.#notBefore!;
		const isNews = !this.#isExplained || (fewer > 0 && isAnother);
		return [
			...(isMore && isNews
				? [
						{
							taken: this.#taken,
							isEnd: false,
							time: between(notBefore, tableAt),
						},
					]
				: []),
			...(isEnd
				? [{taken: this.#taken, isEnd, time: between(since, tableAt)}]
				: []),
		];
	}

	#count(
		row: TcpRow,
		received: number | undefined,
		{begunAt}: ReadTimes,
	): void {
		// Where ss is late, a call may have returned some readings ago.
		if (received === undefined) {
			return;
		}

		this.#received = Math.max(this.#received, received);
		// No more than that was taken when the table was read.
		const most = received - row.socket.receiveQueueBytes;
		if (this.#isExplained || !this.#isBased) {
			const known = this.#isExplained ? received : most;
			this.#said = Math.max(this.#said, known);
			this.#isExplained = false;
			this.#isBased = true;
		}

		if (most <= this.#said) {
			this.#notBefore = begunAt;
		}
	}
}
