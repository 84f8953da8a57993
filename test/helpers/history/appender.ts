/**
 * A process that appends groups of messages to a history and prints the last seq
 * of each once it is stored: `node appender.ts FILE`.
 */
import process from 'node:process';
import {systemClock} from '../../../source/socket/clock.js';
import {openHistory} from '../../../source/history/history.js';
import {linesOf, stateAt} from './kept.js';

const history = await openHistory({
	path: process.argv[2]!,
	fsync: 'interval',
	clock: systemClock,
	fileBytes: 20_000,
	onTrouble(error) {
		if (error) {
			throw error;
		}
	},
});
let {head} = history.recovered;
process.stdout.write(`ready ${head}\n`);
for (;;) {
	const last = head + 1 + (head % 7);
	await history.append(linesOf(head + 1, last), stateAt(last));
	head = last;
	process.stdout.write(`kept ${head}\n`);
}
