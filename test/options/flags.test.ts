import assert from 'node:assert/strict';
import {test} from 'node:test';
import {
	flagNames,
	flags,
	helpText,
	writtenFlag,
} from '../../source/options/flags.js';

const help = `Usage
  sockchat          join the room on this machine, opening it if nobody has
  sockchat serve    listen, accept, and chat as the host
  sockchat connect  connect and chat

Options
  --host HOST         loopback only: 127.0.0.1 (default), 127.x.x.x, ::1, localhost
  --port PORT         5001 by default; serve: 0 takes a free one
  --socket PATH       a Unix domain socket's path, instead of host and port
  --nick NAME         your name (default: the login name)
  --raw               exact bytes, no protocol
  --eol none|lf|crlf  with --raw: what ends a typed line (default: lf)
  --plain             lines instead of panes
  --json              one JSON event a line
  --quiet             lines: print errors only
  --explain           one sentence on each step of the connection
  --token-file FILE   the room's token, in a file of mode 600 (or SOCKCHAT_TOKEN)

serve, and sockchat alone
  --max-members N          how many may be in the room (default: 10000)
  --max-per-user N         how many connections one user may have (default: any; Linux)
  --rate N|off             messages a second per peer, of 1 KiB on average (default: 1000)
  --connect-rate N|off     connections let in a second; more wait a little (default: 5000)
  --same-user              turn other users of this machine away (Linux)
  --backlog N              the queue given to listen() (default: 4096)
  --history FILE           where the room is kept (default: a file in the user's state folder)
  --no-history             keep the room in memory alone
  --fsync always|interval  when the disk has it: before it is shown, or within 1 s (default)

connect
  --message TEXT     send it, wait until it is stored, leave
  --no-retry         end when the connection is lost, instead of coming back
  --timeout SECONDS  give up unless connected, and --message stored, by then
  --local-port PORT  bind this port before connecting

Exit codes: 0 done; 1 it failed at run time; 2 wrong usage.`;

test('flags: --help says all of this, and nothing else', () => {
	assert.equal(helpText(), help);
});

test('flags: --help shows every flag once, as it is typed', () => {
	const shown = helpText()
		.split('\n')
		.flatMap(line => /^ {2}(--[a-z-]+)/.exec(line)?.[1] ?? []);
	assert.deepEqual(shown.toSorted(), flagNames.map(writtenFlag).toSorted());
});

test('flags: are typed in small letters with hyphens', () => {
	assert.equal(writtenFlag('maxMembers'), '--max-members');
	assert.equal(writtenFlag('retry'), '--no-retry');
	for (const name of flagNames) {
		assert.match(writtenFlag(name), /^--[a-z]+(-[a-z]+)*$/);
	}
});

test('flags: what takes a value shows a word for it, and nothing else does', () => {
	for (const name of flagNames) {
		const {type, ...rest} = flags[name];
		assert.equal('value' in rest, type === 'string', name);
	}
});
