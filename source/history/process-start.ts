/**
 * Whether a process runs that a lock names. A pid alone doesn't say: it is used
 * again after a while, and means another process in another container.
 */
import {readFileSync, readlinkSync} from 'node:fs';
import process from 'node:process';
import {codeOf} from './files.js';

const bootIdPath = '/proc/sys/kernel/random/boot_id';

/**
 * When a process started, by /proc: the boot id, and the clock ticks since boot.
 *
 * @returns 'ended' for a zombie, which can still be signalled; undefined if
 * /proc doesn't say: it is missing, or hides other users' processes.
 */
export const startOf = (pid: number | 'self'): string | undefined => {
	try {
		const boot = readFileSync(bootIdPath, 'utf8').trim();
		const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
		// The second field is the name, in parentheses, and may contain both of
		// them; the state is the third, the start time the twenty-second.
		const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
		return fields[0] === 'Z' ? 'ended' : `${boot} ${fields[19]}`;
	} catch {
		return undefined;
	}
};

/** Containers have pids of their own. */
export const ownNamespace = (): string | undefined => {
	try {
		return readlinkSync('/proc/self/ns/pid');
	} catch {
		return undefined;
	}
};

const canSignal = (pid: number): boolean => {
	try {
		return process.kill(pid, 0);
	} catch (error) {
		// It exists and belongs to another user.
		return codeOf(error) === 'EPERM';
	}
};

/** Whether a process of this pid namespace runs, by its pid and its start. */
export const isRunning = (pid: number, started: string): boolean => {
	if (pid <= 0 || !canSignal(pid)) {
		return false;
	}

	const start = startOf(pid);
	return (
		start === undefined ||
		start === started ||
		(started === '' && start !== 'ended')
	);
};
