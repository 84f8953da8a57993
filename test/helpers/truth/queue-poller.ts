/**
 * A program that reads both queues and the timer of each socket about once a
 * millisecond, and prints what changed: `LOCAL REMOTE SENT UNREAD TIMER FROM TO`,
 * with when it can't have been so yet, and when it was, in milliseconds since
 * the epoch. `hole FROM TO` says when it read nothing. It shares no code with
 * what it checks.
 *
 * Usage: node queue-poller.ts PORT
 */
import {readFileSync, writeSync} from 'node:fs';
import process from 'node:process';

const hex = Number(process.argv[2]).toString(16).toUpperCase().padStart(4, '0');
const row =
	/^ *\d+: (?<local>\w+:\w+) (?<remote>\w+:\w+) \w\w (?<sent>\w+):(?<unread>\w+) (?<timer>\w\w):/gm;
const nap = new Int32Array(new SharedArrayBuffer(4));
const known = new Map<string, string>();
/** What comes and goes in less is bounded by what was read around it. */
const holeMs = 100;
/** When the reading before this one began: until then nothing had changed. */
let before = 0;

writeSync(1, 'ready\n');
for (;;) {
	const begun = Date.now();
	const text = ['/proc/net/tcp', '/proc/net/tcp6']
		.map(path => readFileSync(path, 'utf8'))
		.join('\n');
	// A clock that counts whole milliseconds is up to one behind.
	const done = Date.now() + 1;
	if (before > 0 && done - before > holeMs) {
		writeSync(1, `hole ${before} ${done}\n`);
	}

	for (const {groups} of text.matchAll(row)) {
		const {local = '', remote = '', sent, unread, timer} = groups ?? {};
		if (!local.endsWith(`:${hex}`) && !remote.endsWith(`:${hex}`)) {
			continue;
		}

		const key = `${local} ${remote}`;
		const value = `${sent!} ${unread!} ${timer!}`;
		if (known.get(key) === value) {
			continue;
		}

		known.set(key, value);
		writeSync(1, `${key} ${value} ${before} ${done}\n`);
	}

	before = begun;
	Atomics.wait(nap, 0, 0, 1);
}
