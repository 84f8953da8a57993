/**
 * A process that takes a history's lock at a sign, tells whether it has it, and
 * keeps it until its stdin ends: `node lock-taker.ts FILE`.
 */
import process from 'node:process';
import {SockchatError} from '../../../source/errors.js';
import {takeLock} from '../../../source/history/lock.js';

process.stdin.once('data', () => {
	try {
		takeLock(process.argv[2]!);
		process.stdout.write('taken\n');
	} catch (error) {
		const isRefused =
			error instanceof SockchatError && error.code === 'ERR_HISTORY_TAKEN';
		process.stdout.write(
			isRefused ? `${error.message}\n` : `${String(error)}\n`,
		);
	}
});
process.stdout.write('ready\n');
