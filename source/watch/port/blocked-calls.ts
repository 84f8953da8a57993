/**
 * The calls of other programs that block, from one reading to the next: which
 * began, and which have returned. Pure.
 */
import type {EndName, PortEvent} from '../../event/port-event.js';
import {between} from '../../tcp/step-time.js';
import {
	nameOfCall,
	type Call,
	type CallName,
	type Step,
	type StepTime,
} from '../../tcp/tcp.js';
import {asStep, type CallStep} from './call-steps.js';
import type {PortReading} from './port-reading.js';

/** Whose socket it is: of the listener, if there is no peer. */
export type SocketPlace = {
	readonly end: EndName;
	readonly peer: string | undefined;
};

/** A call that blocks, and on whose socket. */
type Blocked = SocketPlace & {
	readonly pid: number;
	readonly call: Call;
	readonly inode: string;
};

type Meanwhile = {
	/**
	 * Whether a connection was accepted: if only one thread does that, and is in
	 * accept() again, it has called it again.
	 */
	readonly hasAccepted: boolean;
	readonly socketOf: (inode: string) => SocketPlace | undefined;
};

const receiving = new Set<CallName>(['recv', 'read', 'recvmsg']);

/** Whether a step is a call that receives, and has returned. */
export const isReceived = (
	event: PortEvent,
): event is Extract<PortEvent, {type: 'step'}> & {readonly step: CallStep} =>
	event.type === 'step' &&
	event.step.kind === 'call' &&
	!event.step.isBlocked &&
	receiving.has(nameOfCall(event.step.call));

export class BlockedCalls {
	#blocked = new Map<string, Blocked>();

	/** A call that blocks on a socket. */
	on(inode: string): Call | undefined {
		for (const blocked of this.#blocked.values()) {
			if (blocked.inode === inode) {
				return blocked.call;
			}
		}

		return undefined;
	}

	/**
	 * Calls that began to block, and those that have returned.
	 *
	 * @param since When the reading before this one began.
	 */
	take(
		{calls, processes, at}: PortReading,
		since: number,
		{hasAccepted, socketOf}: Meanwhile,
	): readonly PortEvent[] {
		const time = between(since, at);
		const now = new Map<string, Blocked>();
		for (const [pid, threads] of calls) {
			for (const {thread, call, inode} of threads) {
				const socket = socketOf(inode);
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
	again(
		reads: readonly CallStep[],
		called: readonly PortEvent[],
		{processes, at}: PortReading,
		since: number,
	): readonly PortEvent[] {
		const time = between(since, at);
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
}

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
