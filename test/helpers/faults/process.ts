/** The built server as a process that is killed, stopped and started again. */
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {Owner} from '../environment.js';
import {startBin, type RunningProcess} from '../process.js';
import {loopback} from '../sockchat.js';

/** A folder for one test, 0700. */
export const makeFolder = (owner: Owner): string => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-faults-'));
	owner.after(async () => {
		// Programs that are ended after this may still open a room in it.
		rmSync(folder, {
			recursive: true,
			force: true,
			maxRetries: 10,
			retryDelay: 50,
		});
	});
	return folder;
};

export type Event = {
	readonly type: string;
	readonly at: number;
	readonly phase?: string;
	readonly seq?: number;
	readonly text?: string;
};

/** The JSON events of a process. */
export const eventsOf = ({stdout}: Pick<RunningProcess, 'stdout'>): Event[] =>
	stdout()
		.split('\n')
		.slice(0, -1)
		.map(line => JSON.parse(line) as Event);

/** Starts a server on a port. @returns It, and how long it took to listen. */
export const serveOn = async (
	owner: Owner,
	port: string,
	args: readonly string[] = [],
) => {
	const startedAt = performance.now();
	const server = startBin(owner, ['serve', '--json', '--port', port, ...args]);
	await server.waitForOutput('"phase":"listening"');
	return {
		server,
		readyMs: Math.round(performance.now() - startedAt),
		address: loopback(port),
	};
};

/** Resident memory of a process in KiB, by /proc. */
export const residentKib = (pid: number): number =>
	Number(
		/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1],
	);
