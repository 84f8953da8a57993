import assert from 'node:assert/strict';
import {test} from 'node:test';
import {
	flagNames,
	flags,
	helpText,
	writtenFlag,
	type Flag,
} from '../../source/options/flags.js';

const help = `Usage
  sockchat          join the room on this machine, or open it
  sockchat serve    listen, accept, and chat as the host
  sockchat connect  connect and chat

Options
  -p, --port PORT         5001 by default; serve: 0 picks a free port
      --host HOST         127.0.0.1 (default), 127.x.x.x, ::1 or localhost
      --socket PATH       a Unix domain socket, instead of host and port
  -n, --nick NAME         your name (default: your login name)
  -r, --raw               exact bytes, no protocol
      --eol none|lf|crlf  with --raw: ends each typed line (default: lf)
      --plain             print lines instead of drawing a screen
      --json              print one JSON event per line
  -q, --quiet             print only errors
      --explain           explain each step of the connection
      --input MODE        lines of stdin: text, commands, json or none
      --token-file FILE   the room's token; mode 600 (or SOCKCHAT_TOKEN)
  -h, --help              print this help
  -V, --version           print the version

Options of serve, and of sockchat without a command
  --max-members N          members allowed in the room (default: 10000)
  --max-per-user N         connections per user (Linux; default: no limit)
  --rate N|off             messages (1 KiB) per second per peer (default 1000)
  --connect-rate N|off     connections accepted per second (default: 5000)
  --same-user              refuse other users of this machine (Linux)
  --backlog N              the backlog of listen() (default: 4096)
  --history FILE           where to keep the room (default: your state folder)
  --no-history             keep the room only in memory
  --fsync always|interval  sync before showing, or within 1 s (default)

Options of connect
  -m, --message TEXT     send TEXT (-: stdin), wait until stored, leave
      --no-retry         exit when the connection is lost; do not reconnect
  -w, --timeout SECONDS  time to connect and store the --message
      --local-port PORT  bind this port before connecting

Exit codes: 0 done; 1 failed at run time; 2 wrong usage; 3 --timeout passed;
128 + N ended by signal N before all was done.`;

test('flags: --help prints exactly this', () => {
	assert.equal(helpText(), help);
});

test('flags: --help fits 80 columns', () => {
	const tooLong = helpText()
		.split('\n')
		.filter(line => line.length > 80);
	assert.deepEqual(tooLong, []);
});

test('flags: a short form is one letter that no other flag has', () => {
	const shorts = flagNames.flatMap(name => {
		const {short}: Flag = flags[name];
		return short === undefined ? [] : [short];
	});
	assert.ok(shorts.every(short => /^[a-z]$/i.test(short)));
	assert.equal(new Set(shorts).size, shorts.length);
});

test('flags: --help lists each flag once, as it is typed', () => {
	const shown = helpText()
		.split('\n')
		.flatMap(
			line => /^ {2}(?:-[a-z], | {4})?(--[a-z-]+)/i.exec(line)?.[1] ?? [],
		);
	assert.deepEqual(shown.toSorted(), flagNames.map(writtenFlag).toSorted());
});

test('flags: are written in lower case with hyphens', () => {
	assert.equal(writtenFlag('maxMembers'), '--max-members');
	assert.equal(writtenFlag('noRetry'), '--no-retry');
	for (const name of flagNames) {
		assert.match(writtenFlag(name), /^--[a-z]+(-[a-z]+)*$/);
	}
});

test('flags: only flags with a value have a name for it', () => {
	for (const name of flagNames) {
		const {type, ...rest} = flags[name];
		assert.equal('value' in rest, type === 'string', name);
	}
});
