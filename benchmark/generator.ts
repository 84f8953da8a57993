/** Runs the generator once against one server. */
import {runToEnd} from './processes.js';
import {startServer, type Contestant, type Server} from './contestants.js';

export type Load = {
	readonly members: number;
	readonly senders: number;
	/** Messages in flight over all senders: a closed loop. */
	readonly window?: number;
	/** Messages per second: an open loop. */
	readonly rate?: number;
	readonly seconds?: number;
	/** How many messages to send, within `seconds`. */
	readonly messages?: number;
	/** Seconds before the measurement. */
	readonly warmup?: number;
	/** Members that don't read. */
	readonly stopped?: number;
	/** Records the time of each delivery. */
	readonly hasStamps?: boolean;
};

export type Outcome = {
	readonly deliveries: number;
	readonly seconds: number;
	readonly serverCpu: number;
	/** The share of a core that the generator used. */
	readonly generatorShare: number;
	readonly p50Ms: number;
	readonly p99Ms: number;
	readonly longestMs: number;
	/** Nobody got anything for 5 s, or time ran out before the last message. */
	readonly hasStalled: boolean;
	/** The members that didn't read learned that they missed something. */
	readonly isTold: boolean;
};

const flag = (name: string, value: number | undefined): readonly string[] =>
	value === undefined ? [] : [`--${name}`, String(value)];

export const generate = async (
	generator: string,
	{wire}: Contestant,
	{pid, port}: Server,
	load: Load,
): Promise<Outcome> => {
	const {members, senders, window, rate, seconds, messages} = load;
	const output = await runToEnd(
		[
			generator,
			...['--wire', wire, '--port', String(port), '--server', String(pid)],
			...flag('members', members),
			...flag('senders', senders),
			...flag('window', window),
			...flag('rate', rate),
			...flag('seconds', seconds),
			...flag('messages', messages),
			...flag('warmup', load.warmup),
			...flag('stopped', load.stopped),
			...(load.hasStamps ? ['--stamps'] : []),
		],
		60_000,
	);
	return JSON.parse(output) as Outcome;
};

/** Starts a server, loads it once and stops it. */
export const measure = async (
	generator: string,
	contestant: Contestant,
	load: Load,
): Promise<Outcome> => {
	const server = await startServer(contestant);
	try {
		return await generate(generator, contestant, server, load);
	} finally {
		await server.stop();
	}
};

export const median = (values: readonly number[]): number => {
	const sorted = values.toSorted((a, b) => a - b);
	const middle = Math.floor(sorted.length / 2);
	return sorted.length % 2 === 1
		? sorted[middle]!
		: (sorted[middle - 1]! + sorted[middle]!) / 2;
};
