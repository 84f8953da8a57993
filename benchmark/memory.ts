/** Measures the memory of 0, 1,000 and 10,000 idle members, and how fast they join. */
import {once} from 'node:events';
import type {Readable} from 'node:stream';
import {setTimeout as delay} from 'node:timers/promises';
import {startServer, type Contestant} from './contestants.js';
import {median} from './generator.js';
import {memoryMb, start} from './processes.js';
import type {Tools} from './tools.js';

export type Memory = {
	readonly name: string;
	readonly members: number;
	readonly rssMb: number;
	readonly joinedMs: number | undefined;
};

// The measurement then includes heartbeats and garbage of the joins.
const holdMs = 3000;

const untilJoined = async (output: Readable): Promise<number> => {
	const [line] = (await once(output, 'data')) as [Uint8Array];
	return (JSON.parse(String(line)) as {joinedMs: number}).joinedMs;
};

const measureMembers = async (
	generator: string,
	contestant: Contestant,
	members: number,
): Promise<Memory> => {
	const {name, wire} = contestant;
	const server = await startServer(contestant);
	const {pid, port} = server;
	try {
		if (members === 0) {
			await delay(holdMs);
			return {
				name,
				members,
				rssMb: memoryMb(pid, 'VmRSS'),
				joinedMs: undefined,
			};
		}

		const load = start(
			[
				generator,
				...['--wire', wire, '--port', String(port), '--server', String(pid)],
				...['--members', String(members), '--hold'],
			],
			{},
			'pipe',
		);
		try {
			const joinedMs = await untilJoined(load.child.stdout!);
			await delay(holdMs);
			return {name, members, rssMb: memoryMb(pid, 'VmRSS'), joinedMs};
		} finally {
			await load.stop();
		}
	} finally {
		await server.stop();
	}
};

export const measureMemory = async ({
	contestants,
	generator,
	rounds,
	say,
}: Tools): Promise<{rows: readonly Memory[]}> => {
	const compared = contestants.filter(({name}) =>
		['sockchat', 'redis', 'nats', 'ws'].includes(name),
	);
	const rows: Memory[] = [];
	for (const members of [0, 1000, 10_000]) {
		const measured: Memory[] = [];
		for (let round = 0; round < rounds; round++) {
			for (const contestant of compared) {
				const memory = await measureMembers(generator, contestant, members);
				measured.push(memory);
				say(
					`${members} ${memory.name}: ${memory.rssMb.toFixed(0)} MB, joined in ${memory.joinedMs ?? '–'} ms`,
				);
			}
		}

		for (const {name} of compared) {
			const own = measured.filter(each => each.name === name);
			rows.push({
				name,
				members,
				rssMb: median(own.map(({rssMb}) => rssMb)),
				joinedMs:
					members === 0 ? undefined : median(own.map(each => each.joinedMs!)),
			});
		}
	}

	return {rows};
};
