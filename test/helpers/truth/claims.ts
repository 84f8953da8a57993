/** Holds what sockchat said of a connection against what happened. Pure. */
import type {Step} from '../../../source/tcp/tcp.js';
import type {Segment} from './pcap.js';
import type {Entry} from './tcp-model.js';

/** A step, and whose it is. */
export type Claim = {
	readonly step: Step;
	/** The address of this end; undefined if it was never known. */
	readonly local: string | undefined;
	readonly remote: string;
};

export type Verdict = 'right' | 'false' | 'late';

export type Judged = {readonly claim: Claim; readonly verdict: Verdict};

/** How long after it happened a time may be that claims to be exact. */
const exactMs = 50;

/** Clocks that count whole milliseconds. */
const slackMs = 2;

type Happened = {readonly from: number; readonly to: number};

const isAtThatTime = ({step}: Claim, {from, to}: Happened): boolean =>
	step.at === undefined
		? from <= step.seenAt + slackMs && to >= step.notBefore - slackMs
		: from <= step.at + slackMs && step.at <= to + exactMs;

const isEnd = (
	end: string,
	local: string | undefined,
	remote: string | undefined,
): boolean => {
	const [from, to] = end.split(' ');
	return (
		(local === undefined || from === local) &&
		(remote === undefined || to === remote)
	);
};

/** Everything that the claim may mean. */
const happenedOf = (
	{step, local, remote}: Claim,
	entries: readonly Entry[],
	segments: readonly Segment[],
): readonly Happened[] | undefined => {
	switch (step.kind) {
		case 'call': {
			return undefined;
		}

		case 'segment': {
			return segments
				.filter(({isFin, isRst}) => (step.segment === 'FIN' ? isFin : isRst))
				.filter(({from, to}) => isEnd(`${to} ${from}`, local, remote))
				.map(({at}) => ({from: at, to: at}));
		}

		case 'state': {
			return entries
				.filter(({state}) => state === step.state)
				.filter(({end}) =>
					step.end === 'local'
						? isEnd(end, local, remote)
						: isEnd(end, remote, local),
				);
		}
	}
};

/** @returns A verdict on each claim about a state or a segment. */
export const judge = (
	claims: readonly Claim[],
	entries: readonly Entry[],
	segments: readonly Segment[],
): readonly Judged[] =>
	claims.flatMap(claim => {
		const happened = happenedOf(claim, entries, segments);
		if (!happened) {
			return [];
		}

		const isRight = happened.some(time => isAtThatTime(claim, time));
		const verdict = isRight
			? 'right'
			: happened.length === 0
				? 'false'
				: 'late';
		return [{claim, verdict}];
	});
