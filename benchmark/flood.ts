/** 100 MB of texts to ten members, one of which has stopped reading. */
import {startServer, type Contestant} from './contestants.js';
import {generate} from './generator.js';
import {memoryMb} from './processes.js';
import type {Tools} from './tools.js';

export type Flood = {
	readonly name: string;
	/** The most that the server's memory grew. */
	readonly growthMb: number;
	/** The longest that a reading member waited for a message. */
	readonly longestMs: number;
	readonly seconds: number;
	/** The reading members got nothing for 5 s, or not everything within 50 s. */
	readonly hasStalled: boolean;
	/** The stopped member learned of its gap once it read again. */
	readonly isTold: boolean;
};

const textBytes = 128;
const floodBytes = 100e6;

const measureFlood = async (
	generator: string,
	contestant: Contestant,
): Promise<Flood> => {
	const server = await startServer(contestant);
	try {
		const before = memoryMb(server.pid, 'VmRSS');
		const outcome = await generate(generator, contestant, server, {
			members: 10,
			senders: 1,
			window: 64,
			messages: Math.round(floodBytes / textBytes),
			seconds: 50,
			warmup: 0.5,
			stopped: 1,
			hasStamps: true,
		});
		const {longestMs, seconds, hasStalled, isTold} = outcome;
		return {
			name: contestant.name,
			growthMb: memoryMb(server.pid, 'VmHWM') - before,
			longestMs,
			seconds,
			hasStalled,
			isTold,
		};
	} finally {
		await server.stop();
	}
};

export const measureFloods = async ({contestants, generator, say}: Tools) => {
	const rows: Flood[] = [];
	for (const contestant of contestants) {
		if (contestant.name === 'limit' || contestant.name === 'naive') {
			continue;
		}

		const flood = await measureFlood(generator, contestant);
		rows.push(flood);
		say(
			`${flood.name}: +${flood.growthMb.toFixed(0)} MB, longest wait ${flood.longestMs} ms${flood.hasStalled ? ', stalled' : ''}`,
		);
	}

	return {rows};
};
