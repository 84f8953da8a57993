/** One run of the generator against one server. */
import {runToEnd} from './processes.js';
import {startServer, type Contestant, type Server} from './contestants.js';

export type Load = {
	readonly members: number;
	readonly senders: number;
	/** Messages in flight over all senders: a closed loop. */
	readonly window?: number;
	/** Messages a second: an open loop. */
	readonly rate?: number;
	readonly seconds?: number;
	/** To their end, which has to come within the seconds. */
	readonly messages?: number;
	/** Before it is measured, in seconds. */
	readonly warmup?: number;
	/** Members that don't read. */
	readonly stopped?: number;
	/** Notes how long each delivery took. */
	readonly hasStamps?: boolean;
};

export type Outcome = {
	readonly deliveries: number;
	readonly seconds: number;
	readonly serverCpu: number;
	/** The share of a core that the generator itself took. */
	readonly generatorShare: number;
	readonly p50Ms: number;
	readonly p99Ms: number;
	readonly longestMs: number;
	/** Nobody got anything for 5 s, or the time was over before the messages. */
	readonly hasStalled: boolean;
	/** Who did not read was told that it missed something. */
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

/** Starts a server, loads it once, ends it. */
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
