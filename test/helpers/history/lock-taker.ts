/**
 * A process that takes and releases a history's lock when asked to, says
 * whether it has it, and keeps it until it ends: `node lock-taker.ts FILE KIND`.
 */
import process from 'node:process';
import {createInterface} from 'node:readline';
import {SockchatError} from '../../../source/errors.js';
import {allWays} from '../../../source/history/kernel-lock.js';
import {takeLock, type Lock} from '../../../source/history/lock.js';

const [, , path, only] = process.argv;
const ways = only ? allWays.filter(({kind}) => kind === only) : allWays;
let lock: Lock | undefined;

const take = async (): Promise<string> => {
	try {
		lock = await takeLock(path!, {
			ways,
			onTrouble(error) {
				process.stderr.write(`${error.message}\n`);
			},
		});
		return 'taken';
	} catch (error) {
		return error instanceof SockchatError && error.code === 'ERR_HISTORY_TAKEN'
			? error.message
			: String(error);
	}
};

createInterface(process.stdin).on('line', async line => {
	if (line === 'take') {
		process.stdout.write(`${await take()}\n`);
	} else {
		await lock?.release(true);
		process.stdout.write('released\n');
	}
});
process.stdout.write('ready\n');
