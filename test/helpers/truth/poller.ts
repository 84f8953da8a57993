/**
 * A program that reads the kernel's table about once a millisecond, and prints
 * when each end entered a state: after `from`, when it was still in another, and
 * before `to`, when it was seen there. It also prints when it couldn't run. It
 * shares no code with what it checks.
 *
 * Usage: node poller.ts PORT
 */
import {readFileSync, writeSync} from 'node:fs';
import process from 'node:process';

const hex = Number(process.argv[2]).toString(16).toUpperCase().padStart(4, '0');
const row = /^ *\d+: (?<local>\w+:\w+) (?<remote>\w+:\w+) (?<state>\w\w) .*$/gm;
const nap = new Int32Array(new SharedArrayBuffer(4));

type End = {state: string; at: number; isMissing: boolean};

/** A machine that lets this program wait so long lets others wait, too. */
const stallMs = 20;

const ends = new Map<string, End>();
let before = 0;

const readText = (): string =>
	['/proc/net/tcp', '/proc/net/tcp6']
		.map(path => readFileSync(path, 'utf8'))
		.join('\n');

const print = (key: string, state: string, from: number, to: number): void => {
	writeSync(1, `${key} ${state} ${from} ${to}\n`);
};

for (;;) {
	const begun = Date.now();
	const text = readText();
	// A clock that counts whole milliseconds is up to one behind.
	const done = Date.now() + 1;
	const seen = new Set<string>();
	for (const {groups} of text.matchAll(row)) {
		const {local = '', remote = '', state = ''} = groups ?? {};
		if (!local.endsWith(`:${hex}`) && !remote.endsWith(`:${hex}`)) {
			continue;
		}

		const key = `${local} ${remote}`;
		const known = ends.get(key);
		seen.add(key);
		if (known?.state !== state) {
			print(key, state, known?.at ?? before, done);
		}

		ends.set(key, {state, at: begun, isMissing: false});
	}

	for (const [key, end] of ends) {
		// A row may be missed once, as the table changes while it is read.
		if (!seen.has(key) && end.isMissing) {
			print(key, 'gone', end.at, done);
			ends.delete(key);
		} else if (!seen.has(key)) {
			end.isMissing = true;
		}
	}

	if (before === 0) {
		writeSync(1, 'ready\n');
	} else if (begun - before > stallMs) {
		writeSync(1, `stall ${before} ${begun}\n`);
	}

	before = begun;
	Atomics.wait(nap, 0, 0, 1);
}
