/**
 * Steps as a ladder, as textbooks draw them: a segment between the two ends,
 * what they call and the states that they reach at its sides. Pure.
 *
 * The order is that of cause and effect, as times alone don't have it: a call is
 * reported after its segment was captured, and a state is seen later than it was
 * reached. So captured segments keep their order, and each call and each state
 * stands with or next to the segment that is its effect or its cause.
 */
import {
	isAbout,
	otherRole,
	roleOf,
	type Role,
	type SegmentStep,
} from './captured.js';
import {matchCounts} from './counted-transfers.js';
import {merge, placesOf, type Place} from './places.js';
import {Rungs, type Rung} from './rungs.js';
import {seenBy} from './step-time.js';
import {nameOfCall, type Step} from './tcp.js';

export type LadderSteps = {
	/** Calls and states, and FIN and RST as they were read, in their order. */
	readonly steps: readonly Step[];
	/** Each send() and recv(). */
	readonly transfers: readonly Step[];
	/** What was captured. */
	readonly segments: readonly Step[];
};

export type LadderOptions = {
	/** Which end this process is. */
	readonly side: Role;
	/** Only this peer's; undefined for all. */
	readonly peer?: string | undefined;
};

/** The segment that comes no earlier than a step. */
const followedBy = ({before, ahead, beside}: Place): number | undefined =>
	before ?? ahead ?? beside;

/** Those of another process say how they are known. */
const isOwnCall = (step: Step): boolean =>
	step.kind === 'call' && step.evidence === undefined;

/** The rungs, in the order of cause and effect; linear but for the peers. */
export const ladderOf = (
	given: LadderSteps,
	{side, peer}: LadderOptions,
): readonly Rung[] => {
	const ofPeer = (steps: readonly Step[]): readonly Step[] =>
		peer === undefined ? steps : steps.filter(step => isAbout(step, peer));
	const segments = ofPeer(given.segments) as readonly SegmentStep[];
	const {transfers, covered, ...counts} = matchCounts(
		ofPeer(given.transfers),
		given.steps,
	);
	const steps = merge(ofPeer(given.steps), transfers, side);
	const places = placesOf(steps, segments, side);
	const ladder = new Rungs(side, covered);
	const beside = new Map<number, Step[]>();
	// The last step that has to come before a segment, or beside it.
	const forced = new Map<number, number>();
	for (const [index, place] of places.entries()) {
		const cause = followedBy(place);
		if (place.beside !== undefined) {
			const all = beside.get(place.beside) ?? [];
			beside.set(place.beside, [...all, place.step]);
		}

		// A state may have been seen long after its segment.
		if (cause !== undefined && place.step.kind === 'call') {
			forced.set(cause, index);
		}
	}

	const done = new Set<number>();
	/** By caller, the last segment that has a call of it beside it. */
	const reached = new Map<string, number>();
	const callerOf = (step: Step): string =>
		`${roleOf(step, side)} ${step.peer ?? ''}`;
	/** What a server calls on the socket that listens follows all its calls. */
	const ownListener = `${side} `;
	const reach = (caller: string, segment: number): void => {
		reached.set(caller, Math.max(reached.get(caller) ?? -1, segment));
	};

	const isSender = (caller: string, {direction, peer: other}: SegmentStep) =>
		caller === `${direction === 'out' ? side : otherRole(side)} ${other ?? ''}`;
	/** By call, the first segment that a later one of its caller needs, but a send(). */
	const followedAt = new Map<number, number>();
	const firstAt = new Map<string, number>();
	for (const [index, place] of [...places.entries()].toReversed()) {
		const {step} = place;
		if (step.kind !== 'call') {
			continue;
		}

		const caller = callerOf(step);
		const first = firstAt.get(caller) ?? Infinity;
		followedAt.set(index, first);
		if (nameOfCall(step.call) !== 'send') {
			firstAt.set(caller, Math.min(first, followedBy(place) ?? Infinity));
		}
	}

	let next = 0;
	const add = (index: number): void => {
		const {step, isSame, isCaptured, before} = places[index]!;
		const {beside: segment} = places[index]!;
		done.add(index);
		if (segment !== undefined && step.kind === 'call') {
			reach(callerOf(step), segment);
			if (isOwnCall(step)) {
				reach(ownListener, segment);
			}
		}

		if (isSame === true || segment !== undefined) {
			return;
		}

		if (!isCaptured) {
			const counted = counts.after.get(step);
			for (const each of [
				...(counts.before.get(step) ?? []),
				step,
				...(counted ? [counted] : []),
			]) {
				ladder.addInferred(each);
			}

			return;
		}

		// It caused what was captured before it was reported.
		const at = seenBy(step);
		const effectAt = before === undefined ? at : seenBy(segments[before]!);
		ladder.addAlone(
			step,
			effectAt < at ? {notBefore: 0, seenAt: effectAt} : step,
		);
	};

	const isReady = (index: number, segment: number): boolean =>
		(places[index]!.after ?? -1) < segment;
	/** Whether an earlier call of the same caller is beside this segment or a later one. */
	const isBehind = ({step}: Place, segment: number): boolean =>
		step.kind === 'call' && (reached.get(callerOf(step)) ?? -1) >= segment;
	const isDue = (index: number, segment: number, at: number): boolean => {
		const place = places[index]!;
		const isInTime = seenBy(place.step) < at && !isBehind(place, segment);
		return done.has(index) || (isReady(index, segment) && isInTime);
	};

	/**
	 * Whether a call wasn't yet seen to block when its program sent a segment: a
	 * program sends before it blocks.
	 */
	const isYetToBlock = (index: number, upTo: number): boolean => {
		const {step} = places[index]!;
		const segment = segments[upTo]!;
		return (
			step.kind === 'call' &&
			step.isBlocked === true &&
			seenBy(step) >= seenBy(segment) &&
			isSender(callerOf(step), segment) &&
			(followedAt.get(index) ?? Infinity) > upTo
		);
	};

	for (const [index, segment] of segments.entries()) {
		const at = seenBy(segment);
		const last = forced.get(index) ?? -1;
		for (let ahead = next; ahead <= last; ahead++) {
			// What belongs to a later segment may have been seen before this one's cause.
			const {before, beside: own} = places[ahead]!;
			const isOfLater = (before ?? own ?? index) > index;
			const isDueNow = !done.has(ahead) && !isOfLater && isReady(ahead, index);
			if (isDueNow && !isYetToBlock(ahead, index)) {
				add(ahead);
			}
		}

		while (next < places.length && isDue(next, index, at)) {
			if (!done.has(next)) {
				add(next);
			}

			next++;
		}

		ladder.addSegment(segment, beside.get(index) ?? []);
	}

	for (; next < places.length; next++) {
		if (!done.has(next)) {
			add(next);
		}
	}

	return ladder.all.filter(
		({arrow, client, server}) => arrow ?? client ?? server,
	);
};
