/**
 * Holds what `--capture` reports against tcpdump's own words for what it wrote:
 * the same segments, in the same order, with the same numbers. Pure.
 */
import type {Step} from '../../../source/tcp/tcp.js';

export type SegmentStep = Extract<Step, {kind: 'segment'}>;

/** A segment, as tcpdump spells it. */
export type Spelled = {
	/** Milliseconds since the epoch. */
	readonly at: number;
	readonly from: string;
	readonly to: string;
	/** In the order of its letters: S, F, R, P and a dot for ACK. */
	readonly flags: string;
	readonly seq: number;
	readonly ack: number | undefined;
	readonly length: number;
};

const line =
	/^(?<at>\d+\.\d+) IP6? (?<from>\S+)\.(?<fromPort>\d+) > (?<to>\S+)\.(?<toPort>\d+): Flags \[(?<flags>[^\]]+)\],(?<numbers>.*) length (?<length>\d+)/;

const numberIn = (text: string, pattern: RegExp): number | undefined => {
	const [, found] = pattern.exec(text) ?? [];
	return found === undefined ? undefined : Number(found);
};

const addressOf = (host = '', port = ''): string =>
	host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

/** @param text Of `tcpdump -n -tt -S`: numbers as they are on the wire. */
export const parseSpelled = (text: string): readonly Spelled[] => {
	const bases = new Map<string, number>();
	return text.split('\n').flatMap((written): readonly Spelled[] => {
		const {groups} = line.exec(written) ?? {};
		if (!groups) {
			return [];
		}

		const {flags = '', numbers = '', at, length} = groups;
		const from = addressOf(groups['from'], groups['fromPort']);
		const to = addressOf(groups['to'], groups['toPort']);
		const [way, back] = [`${from} ${to}`, `${to} ${from}`];
		const ack = numberIn(numbers, / ack (\d+),/);
		// Of an ACK without data tcpdump leaves it out.
		const seq = numberIn(numbers, / seq (\d+)/);
		const isAnswer = flags.includes('R') && !bases.has(way);
		if (seq !== undefined && (flags.includes('S') || isAnswer)) {
			bases.set(way, seq);
		}

		const [base = 0, other] = [bases.get(way), bases.get(back)];
		return [
			{
				at: Number(at) * 1000,
				from,
				to,
				flags,
				seq: seq === undefined ? NaN : (seq - base) >>> 0,
				ack:
					ack === undefined || other === undefined
						? undefined
						: (ack - other) >>> 0,
				length: Number(length),
			},
		];
	});
};

const letterOf = {SYN: 'S', FIN: 'F', RST: 'R', PSH: 'P', ACK: '.'} as const;
const names = ['SYN', 'FIN', 'RST', 'PSH', 'ACK'] as const;

const lineOf = (
	isOut: boolean,
	flags: readonly string[],
	[seq, ack, length]: ReadonlyArray<number | undefined>,
	at: number | undefined,
): string =>
	`${isOut ? 'out' : 'in'} ${flags.join('+')} seq=${seq} ack=${ack} len=${length} at ${at}`;

/** Two captures stamp the same packet. */
const sameMs = 5;

export const isSameTime = (
	claimed: number | undefined,
	seen: number,
): boolean => claimed !== undefined && Math.abs(claimed - seen) < sameMs;

/**
 * Two processors may send on one connection in the same moment, and give their
 * segments to two captures in another order: 21 microseconds apart were seen.
 */
const turnsMs = 0.1;

/** What tcpdump saw, with segments of one moment in the order of the claims. */
const inTurns = (
	spelled: readonly Spelled[],
	isClaimed: (segment: Spelled, index: number) => boolean,
): readonly Spelled[] => {
	const ordered = [...spelled];
	for (let index = 0; index < ordered.length; index++) {
		const latest = ordered[index]!.at + turnsMs;
		for (let next = index; (ordered[next]?.at ?? Infinity) <= latest; next++) {
			if (isClaimed(ordered[next]!, index)) {
				ordered.splice(index, 0, ...ordered.splice(next, 1));
				break;
			}
		}
	}

	return ordered;
};

/**
 * Both as one line of text each; what tcpdump leaves out is left out of both.
 *
 * @param isOut Whether the end that reports has sent it.
 */
export const linesOf = (
	claimed: readonly SegmentStep[],
	spelled: readonly Spelled[],
	isOut: (segment: Spelled) => boolean,
): {readonly claimed: readonly string[]; readonly seen: readonly string[]} => {
	const claimOf = (
		{direction, flags = [], seq, ack, length, at}: SegmentStep,
		other: Spelled | undefined,
	): string =>
		lineOf(
			direction === 'out',
			names.filter(name => flags.includes(name)),
			[other && Number.isNaN(other.seq) ? undefined : seq, ack, length],
			other && isSameTime(at, other.at) ? other.at : at,
		);
	const seenAs = (segment: Spelled): string =>
		lineOf(
			isOut(segment),
			names.filter(name => segment.flags.includes(letterOf[name])),
			[
				Number.isNaN(segment.seq) ? undefined : segment.seq,
				segment.ack,
				segment.length,
			],
			segment.at,
		);
	const ordered = inTurns(spelled, (segment, index) => {
		const step = claimed[index];
		return step !== undefined && claimOf(step, segment) === seenAs(segment);
	});
	return {
		claimed: claimed.map((step, index) => claimOf(step, ordered[index])),
		seen: ordered.map(segment => seenAs(segment)),
	};
};
