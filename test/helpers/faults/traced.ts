/** A server under strace: what it wrote, and in which order. */
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import process from 'node:process';
import {requireExecutable, type Owner} from '../environment.js';
import {bin, startProcess} from '../process.js';
import {callsOf, type Call} from './calls.js';

/** @param folder Gets the trace. */
export const serveTraced = async (
	owner: Owner,
	folder: string,
	args: readonly string[],
) => {
	const traced = join(folder, 'calls');
	const {command, args: all} = bin('serve', '--json', '--port=0', ...args);
	const server = startProcess(owner, requireExecutable('strace', 'strace'), [
		'--follow-forks',
		'--string-limit=100000',
		'--trace=write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,fdatasync',
		`--output=${traced}`,
		command,
		...all,
	]);
	const port = await server.waitForOutput(/"listening".*"port":(\d+)/, {
		deadlineMs: 30_000,
	});
	return {
		server,
		port,
		/** Drains it, so that all is traced. */
		async stop(): Promise<readonly Call[]> {
			const pid = server.pid!;
			// To strace itself a signal would mean nothing.
			const tracee = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
			process.kill(Number(tracee), 'SIGTERM');
			await server.waitForExit();
			return callsOf(readFileSync(traced, 'utf8'));
		},
	};
};

export const isFileWrite = ({name}: Call): boolean => name.startsWith('pwrite');

/**
 * Holds that what shows a message began after its write into the file had
 * returned, and its sync as well.
 *
 * @param of The calls of one message.
 */
export const assertKeptFirst = (
	calls: readonly Call[],
	of: readonly Call[],
	shown: readonly Call[],
	{isSynced, what}: {readonly isSynced: boolean; readonly what: string},
): void => {
	const kept = of.find(call => isFileWrite(call));
	assert.ok(kept && kept.to < Infinity, `${what} is written`);
	assert.ok(shown.length > 0, `${what} is shown`);
	const last = isSynced
		? calls.find(
				({name, fd, from}) =>
					name === 'fdatasync' && fd === kept.fd && from >= kept.to,
			)
		: kept;
	for (const {from, text} of shown) {
		assert.ok(
			last !== undefined && last.to < from,
			`${what} was shown before it was kept: ${text.slice(0, 200)}`,
		);
	}
};
