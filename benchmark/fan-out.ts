/**
 * Measures the cost of a delivery: server CPU by members, senders and messages in
 * flight. Rounds are interleaved, so a slow minute of the machine affects all; a
 * ratio is the median of the ratios of the rounds.
 */
import type {Contestant} from './contestants.js';
import {measure, median, type Outcome} from './generator.js';
import type {Tools} from './tools.js';

export type FanOutCell = {
	/** Microseconds of server CPU; also CPU seconds per million. */
	readonly cpuUs: number;
	readonly perSecond: number;
	/** The share of a core that the generator used. */
	readonly generatorShare: number;
};

export type FanOutRow = {
	readonly members: number;
	readonly senders: number;
	readonly window: number;
	readonly cells: Readonly<Record<string, FanOutCell>>;
	/** Deliveries per CPU second of sockchat, as a multiple of each other server's. */
	readonly ratios: Readonly<Record<string, number>>;
	readonly historyRatios: Readonly<Record<string, number>>;
};

const loads = [
	[10, 8, 256],
	[100, 8, 256],
	[500, 8, 256],
	[2000, 8, 256],
	[100, 8, 16],
	[100, 1, 1],
] as const;

const cpuUs = ({serverCpu, deliveries}: Outcome): number =>
	(serverCpu / deliveries) * 1e6;

const cellOf = (outcomes: readonly Outcome[]): FanOutCell => ({
	cpuUs: median(outcomes.map(each => cpuUs(each))),
	perSecond: median(
		outcomes.map(({deliveries, seconds}) => deliveries / seconds),
	),
	generatorShare: median(outcomes.map(each => each.generatorShare)),
});

type Outcomes = ReadonlyMap<string, readonly Outcome[]>;

const ratiosOf = (outcomes: Outcomes, name: string) => {
	const own = outcomes.get(name) ?? [];
	return Object.fromEntries(
		own.length === 0
			? []
			: Array.from(outcomes, ([other, theirs]) => [
					other,
					median(theirs.map((each, round) => cpuUs(each) / cpuUs(own[round]!))),
				]),
	);
};

const measureLoad = async (
	{contestants, generator, rounds, say}: Tools,
	[members, senders, window]: readonly [number, number, number],
): Promise<FanOutRow> => {
	const outcomes = new Map<string, Outcome[]>();
	const able = contestants.filter(
		({maxMembers = Infinity}: Contestant) => members <= maxMembers,
	);
	for (let round = 0; round < rounds; round++) {
		for (const contestant of able) {
			// Warmed up: code that is compiled at run time is compiled.
			const load = {members, senders, window, seconds: 1, warmup: 1};
			const outcome = await measure(generator, contestant, load);
			const {name} = contestant;
			outcomes.set(name, [...(outcomes.get(name) ?? []), outcome]);
			say(
				`${members}, ${senders}, ${window}: ${name} ${cpuUs(outcome).toFixed(3)} µs`,
			);
		}
	}

	return {
		members,
		senders,
		window,
		cells: Object.fromEntries(
			Array.from(outcomes, ([name, each]) => [name, cellOf(each)]),
		),
		ratios: ratiosOf(outcomes, 'sockchat'),
		historyRatios: ratiosOf(outcomes, 'sockchat, history'),
	};
};

export const measureFanOut = async (tools: Tools) => {
	const rows: FanOutRow[] = [];
	for (const load of loads) {
		rows.push(await measureLoad(tools, load));
	}

	return {rows};
};

/** Measures the cost from one member to many. */
export const measureGrowth = async ({contestants, generator, say}: Tools) => {
	const names = new Set(['limit', 'sockchat', 'redis', 'nats']);
	const points = [];
	for (const members of [1, 3, 10, 30, 100, 300, 1000, 3000, 10_000]) {
		const cells: Record<string, number> = {};
		for (const contestant of contestants.filter(({name}) => names.has(name))) {
			const senders = Math.min(8, members);
			// With thousands of members, one turn of a server takes a second.
			const seconds = members < 1000 ? 1 : 3;
			const load = {members, senders, window: 256, seconds, warmup: 0.5};
			const outcome = await measure(generator, contestant, load);
			if (outcome.deliveries > 0) {
				cells[contestant.name] = cpuUs(outcome);
			}

			say(`${members}: ${contestant.name} ${cpuUs(outcome).toFixed(3)} µs`);
		}

		points.push({members, cells});
	}

	return {points};
};
