/**
 * Where to say that a call that receives has returned: below what it received,
 * and above what its program did then. Its cause may be seen later than the
 * return: ss is run seldom, and a table is read before the calls are looked at.
 * So what is said of its connection waits, until the cause is known. Pure.
 */
import type {EndName, PortEvent} from '../../event/port-event.js';
import {finReceivedStates} from '../../tcp/followed-end.js';
import {between, isAfter, seenBy, withTime} from '../../tcp/step-time.js';
import type {TcpState} from '../../tcp/tcp.js';
import {isReceived} from './blocked-calls.js';
import {asStep, type CallStep} from './call-steps.js';

/** What an end is in once its program has ended what it sends. */
const endedStates = new Set<TcpState>(['FIN-WAIT-1', 'CLOSING', 'LAST-ACK']);

const peerOf = (event: PortEvent): string | undefined =>
	event.type === 'step'
		? event.step.peer
		: event.type === 'data' || event.type === 'uncounted'
			? event.peer
			: undefined;

/** Whether its program did that, or it follows from what its program did. */
const isOwn = (event: PortEvent, {peer, end}: CallStep): boolean =>
	event.type === 'step' &&
	event.step.peer === peer &&
	event.step.kind !== 'segment' &&
	event.step.end === end &&
	(event.step.kind === 'call' || endedStates.has(event.step.state));

/** Whether it may be what the call returned. */
const isReceivedData = (event: PortEvent, call: CallStep): boolean =>
	event.type === 'data' &&
	event.peer === call.peer &&
	event.from !== call.end &&
	!isAfter(event, call);

/** Whether it shows the FIN whose end the call may have returned. */
const isFinOf = (event: PortEvent, call: CallStep): boolean =>
	event.type === 'step' &&
	event.step.kind === 'state' &&
	event.step.peer === call.peer &&
	event.step.end === call.end &&
	finReceivedStates.has(event.step.state) &&
	!isAfter(event.step, call);

/**
 * Where its program went on, and so the call had returned.
 *
 * @param first Where what may have come after it begins.
 */
const goesOnAt = (
	events: readonly PortEvent[],
	call: CallStep,
	first = 0,
): number => {
	const place = events.findIndex(
		(event, index) => index >= first && isOwn(event, call),
	);
	return place === -1 ? events.length : place;
};

/** Whether it is a call that had blocked. */
const hasReturned = (
	event: PortEvent,
): event is Extract<PortEvent, {type: 'step'}> & {readonly step: CallStep} =>
	event.type === 'step' &&
	event.step.kind === 'call' &&
	event.step.isBlocked !== true;

/** Whether it took bytes, and it was counted how many. */
const hasTaken = (event: PortEvent): boolean =>
	isReceived(event) && event.step.taken !== undefined;

/**
 * With each call that returned below what it received.
 *
 * @param early Those that took bytes that no reading before had counted.
 */
const withCauses = (
	events: readonly PortEvent[],
	early: WeakSet<PortEvent>,
): readonly PortEvent[] => {
	let all = events;
	const explained = new Set<PortEvent>();
	const returned = events
		.filter(each => isReceived(each))
		.filter(each => each.step.evidence === 'read' || early.has(each));
	for (const event of returned) {
		const {step} = event;
		const place = all.indexOf(event);
		const cause = all.findIndex(
			each => !explained.has(each) && isReceivedData(each, step),
		);
		const data = all[cause];
		if (data?.type === 'data') {
			explained.add(data);
			if (cause < place) {
				continue;
			}

			// What was counted before it may have led to it.
			const counted = all
				.slice(place, cause + 1)
				.filter(each => each.type === 'data' && each.peer === step.peer);
			const {at, notBefore = at} = step;
			const time = between(notBefore!, Math.max(seenBy(step), seenBy(data)));
			const late = asStep({...withTime(step, time)});
			all = [
				...all.slice(0, place),
				...counted,
				late,
				...all.slice(place + 1).filter(each => !counted.includes(each)),
			];
			continue;
		}

		const next = goesOnAt(all, step, place + 1);
		const fin = all.findLastIndex(
			(each, index) => index < next && isFinOf(each, step),
		);
		if (fin <= place || hasTaken(event)) {
			continue;
		}

		all = [
			...all.slice(0, place),
			...all.slice(place + 1, next),
			event,
			...all.slice(next),
		];
	}

	return all;
};

/** How many bytes were counted just now of those that it may have received. */
const countedNow = (events: readonly PortEvent[], call: CallStep): number => {
	let bytes = 0;
	for (const event of events) {
		if (event.type === 'data' && isReceivedData(event, call)) {
			bytes += event.bytes;
		}
	}

	return bytes;
};

export type Said = {
	/** What the table and ss show. */
	readonly connected: readonly PortEvent[];
	/** Calls that began to block, and those that have returned. */
	readonly called: readonly PortEvent[];
};

type Known = {
	/** Whether more will be known of what a connection has done by now. */
	readonly isDue: (peer: string) => boolean;
	/** Whether an end is said to have received a FIN. */
	readonly isEnded: (peer: string, end: EndName) => boolean;
	/** How many bytes were sent to an end, as far as counted. */
	readonly sentTo: (peer: string, end: EndName) => number;
};

export class ReturnedCalls {
	/** By peer, what waits. */
	readonly #held = new Map<string, readonly PortEvent[]>();
	/** What took bytes that no reading before had counted. */
	readonly #early = new WeakSet<PortEvent>();

	take({connected, called}: Said, {isDue, isEnded, sentTo}: Known): Said {
		let all = connected;
		const waiting = new Set([...this.#held.keys()].filter(peer => isDue(peer)));
		for (const event of connected.filter(each => isReceived(each))) {
			const {peer, end, taken = 0} = event.step;
			const counted = sentTo(peer!, end!);
			if (taken > counted - countedNow(connected, event.step)) {
				this.#early.add(event);
			}

			if (taken > counted && isDue(peer!)) {
				waiting.add(peer!);
			}
		}

		const returned = called.filter(event => isReceived(event));
		for (const {step} of returned) {
			const {peer, end} = step;
			all = all.toSpliced(goesOnAt(all, step), 0, asStep(step));
			const isExplained =
				all.some(each => isReceivedData(each, step)) || isEnded(peer!, end!);
			if (isDue(peer!) || !isExplained) {
				waiting.add(peer!);
			}
		}

		const others: PortEvent[] = [];
		for (const event of called.filter(each => !isReceived(each))) {
			const place = hasReturned(event) ? goesOnAt(all, event.step) : all.length;
			if (place < all.length) {
				// It had returned when its program went on.
				all = all.toSpliced(place, 0, event);
			} else {
				others.push(event);
			}
		}

		const isWaiting = (event: PortEvent) => waiting.has(peerOf(event) ?? '');
		const settled = [...this.#held].filter(([peer]) => !waiting.has(peer));
		for (const [peer] of settled) {
			this.#held.delete(peer);
		}

		for (const event of [...all, ...others].filter(each => isWaiting(each))) {
			const peer = peerOf(event)!;
			this.#held.set(peer, [...(this.#held.get(peer) ?? []), event]);
		}

		return {
			connected: withCauses(
				[
					...settled.flatMap(([, held]) => held),
					...all.filter(event => !isWaiting(event)),
				],
				this.#early,
			),
			called: others.filter(event => !isWaiting(event)),
		};
	}
}
