/** Measures the time of a delivery at a moderate rate. */
import {echo, type Contestant} from './contestants.js';
import {measure, median, type Load, type Outcome} from './generator.js';
import type {Tools} from './tools.js';

export type Latency = {
	readonly name: string;
	readonly p50Ms: number;
	readonly p99Ms: number;
};

const measureAll = async (
	{generator, rounds, say}: Tools,
	contestants: readonly Contestant[],
	load: Load,
): Promise<readonly Latency[]> => {
	const outcomes = new Map<string, Outcome[]>();
	for (let round = 0; round < rounds; round++) {
		for (const contestant of contestants) {
			const {name} = contestant;
			const outcome = await measure(generator, contestant, {
				...load,
				seconds: 2,
				warmup: 1,
				hasStamps: true,
			});
			outcomes.set(name, [...(outcomes.get(name) ?? []), outcome]);
			say(`${name}: p50 ${outcome.p50Ms} ms, p99 ${outcome.p99Ms} ms`);
		}
	}

	return Array.from(outcomes, ([name, each]) => ({
		name,
		p50Ms: median(each.map(({p50Ms}) => p50Ms)),
		p99Ms: median(each.map(({p99Ms}) => p99Ms)),
	}));
};

export const measureLatency = async (tools: Tools) => {
	const {contestants} = tools;
	const compared = contestants.filter(
		({name}) => name !== 'ncat' && name !== 'naive',
	);
	const own = contestants.filter(({name}) => name === 'sockchat');
	return {
		listening: await measureAll(tools, compared, {
			members: 100,
			senders: 1,
			rate: 200,
		}),
		talking: await measureAll(tools, compared, {
			members: 20,
			senders: 20,
			rate: 200,
		}),
		echo: await measureAll(tools, [...own, echo], {
			members: 1,
			senders: 1,
			window: 1,
		}),
	};
};
