/** Wrong usage: one sentence, no stack, exit code 2; also as JSON. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {flagNames, flags, writtenFlag} from '../../source/options/flags.js';
import {startBin} from '../helpers/process.js';

type Wrong = readonly [commandLine: string, sentence: string | RegExp];

const isNoCommand =
	/^"\w+" is not a command; (?:did you mean serve|the commands are serve, connect, proxy, watch, replay, status, lesson, mcp, doctor, completion and help\.)/;
const isNoLoopback =
	/^"[^"]*" is not a loopback address \(127\.0\.0\.0\/8, ::1 or localhost\), and sockchat stays on this machine; to reach a room on it, run: ssh -L \d+:127\.0\.0\.1:\d+ /;
const isNoPort =
	/^"[^"]*" is not a port: give a whole number from [01] to 65535\.$/;
const isNoNick =
	/^"[^"]*" can't be a nick: .*\. Use letters, digits, - _ and \., at most 24 of them\.$/;

const wrong: readonly Wrong[] = [
	['serv', isNoCommand],
	['frobnicate', isNoCommand],
	[
		'connect 5001 hi',
		'Unexpected "hi" after 5001; a text with spaces needs quotes.',
	],
	[
		'connect 127.0.0.1 8080',
		'A host and its port are one word here: "127.0.0.1:8080".',
	],
	['::1 8080', 'A host and its port are one word here: "[::1]:8080".'],
	['--prot 5001', '--prot is not a flag; did you mean --port?'],
	['connect --no-', '--no- is not a flag; --help lists them all.'],
	['connect --=x', '--=x is not a flag; --help lists them all.'],
	['serve --frobnicate', '--frobnicate is not a flag; --help lists them all.'],
	['serve -v', '-v is not a flag; did you mean -V?'],
	['serve -x', '-x is not a flag; --help lists them all.'],
	['serve --message hi', '--message is for connect, not for serve.'],
	['serve --no-retry', '--no-retry is for connect, not for serve.'],
	[
		'serve --timeout 1',
		'--timeout is for connect, status and replay, not for serve.',
	],
	['status --nick x', '--nick is for serve, connect and mcp, not for status.'],
	[
		'status 5001 y',
		'Unexpected "y" after 5001; a text with spaces needs quotes.',
	],
	['serve --last 5', '--last is for connect, not for serve.'],
	['connect --last many', '--last needs a whole number; got "many".'],
	['connect --since -1', '--since needs a whole number; got "-1".'],
	[
		'connect --wait-for (',
		/^--wait-for needs a regular expression; got "\(": .*\.$/,
	],
	['connect --wait-for-mention a:b', /^"a:b" can't be a nick: it contains :\./],
	['serve --local-port 5002', '--local-port is for connect, not for serve.'],
	['connect --max-members 3', '--max-members is for serve, not for connect.'],
	['connect --backlog 3', '--backlog is for serve, not for connect.'],
	[
		'--raw',
		'--raw is for serve and connect, not for sockchat without a command.',
	],
	['serve --host 192.168.1.7', isNoLoopback],
	['serve --host 0.0.0.0', isNoLoopback],
	['connect --host chat.example', isNoLoopback],
	['connect --host ::', isNoLoopback],
	[
		'connect --host 127.0.0',
		/^"127\.0\.0" is not a loopback address \(127\.0\.0\.0\/8, ::1 or localhost\) in its usual form, four numbers from 0 to 255: give 127\.0\.0\.0\.$/,
	],
	['serve --port 65536', isNoPort],
	['serve --port -1', isNoPort],
	['serve --port 5001.5', isNoPort],
	['serve --port 0x1389', isNoPort],
	['serve --port http', isNoPort],
	['connect --port 0', isNoPort],
	['--port 0', isNoPort],
	['connect --local-port 0', isNoPort],
	['connect --local-port 70000', isNoPort],
	[
		`serve --socket ${'long/'.repeat(30)}`,
		/^"[^"]*" can't be a socket's path: it has 150 bytes, and the kernel takes 107\.$/,
	],
	[
		'serve --socket a.sock --port 5001',
		'--socket replaces --port; give only one of them.',
	],
	['serve --nick ot:ter', isNoNick],
	['serve --nick=-otter', isNoNick],
	['serve --nick 🦦', isNoNick],
	[`serve --nick ${'o'.repeat(25)}`, isNoNick],
	['serve --nick ot\u{1B}[31mter', isNoNick],
	[
		'connect --input lines',
		'--input needs text, commands, json or none; got "lines".',
	],
	['connect --input=', '--input needs a value.'],
	['connect --raw --eol nl', '--eol needs none, lf, cr or crlf; got "nl".'],
	['connect --eol cr', '--eol needs --raw.'],
	['connect --tls-ca FILE --raw', '--tls-ca needs --tls.'],
	['connect --tls-insecure --raw', '--tls-insecure needs --tls.'],
	['connect --tls-name NAME --raw', '--tls-name needs --tls.'],
	['serve --tls --tls-cert FILE --raw', '--tls-cert needs --tls-key.'],
	['serve --tls --tls-key FILE --raw', '--tls-key needs --tls-cert.'],
	[
		'connect --raw --ws chat',
		'--ws needs the path of a request, such as / or /chat; got "chat".',
	],
	[
		'proxy 9000 80 --delay soon',
		'--delay needs a number of milliseconds, such as 200; got "soon".',
	],
	[
		'proxy 9000 80 --rate-limit 0',
		'--rate-limit needs a whole number of at least 1; got "0".',
	],
	[
		'proxy 9000 80 --slice many',
		'--slice needs a whole number of at least 1; got "many".',
	],
	// As JSON, none of them works at all.
	[
		String.raw`connect --raw --send a\q --send-file /no/file`,
		/^--send (?:knows .*; got "\\q" in "a\\q"|copies bytes, and --json .*)\.$/,
	],
	[
		'connect --raw --send-hex 0d0',
		/^--send-hex (?:needs pairs .*; got "0d0"|copies bytes, and --json .*)\.$/,
	],
	[
		'connect --raw --expect (',
		/^--expect (?:needs a regular expression; got "\(": .*|copies bytes, and --json .*)\.$/,
	],
	[
		'connect --raw --idle never',
		'--idle needs a number of seconds above 0, such as 5 or 0.5; got "never".',
	],
	[
		'serve --raw --replies 0',
		'--replies needs a whole number of at least 1; got "0".',
	],
	['serve --once', '--once needs --raw.'],
	['serve --record a', '--record needs --raw.'],
	[
		'serve --raw --record no-such-folder/a',
		"Can't record to no-such-folder/a: there is no such folder (ENOENT).",
	],
	[
		'connect --raw --input text',
		'--input text is for rooms; raw mode sends exact bytes, or none with --input none.',
	],
	[
		'connect --probe 8010-8000',
		'--probe needs the lower port first; got "8010-8000".',
	],
	[
		'connect 8000-8010',
		'"8000-8010" is not a port: give a whole number from 1 to 65535.',
	],
	[
		'serve --max-members 0',
		'--max-members needs a whole number of at least 1; got "0".',
	],
	[
		'serve --max-members many',
		'--max-members needs a whole number of at least 1; got "many".',
	],
	[
		'serve --backlog -5',
		'--backlog needs a whole number of at least 1; got "-5".',
	],
	[
		'connect --timeout 0',
		'--timeout needs a number of seconds above 0, such as 5 or 0.5; got "0".',
	],
	[
		'connect --timeout soon',
		'--timeout needs a number of seconds above 0, such as 5 or 0.5; got "soon".',
	],
	[
		'connect --timeout -1',
		'--timeout needs a number of seconds above 0, such as 5 or 0.5; got "-1".',
	],
	['serve --no-quiet', '--no-quiet is not a flag; did you mean --quiet?'],
	['connect --raw=1', '--raw takes no value.'],
	[
		'--no-history --history x',
		'--history and --no-history exclude each other; give only one.',
	],
	[
		'connect --no-retry --retry',
		'--retry and --no-retry exclude each other; give only one.',
	],
	[
		'connect --socket x --local-port 7',
		'--local-port binds a TCP port, and --socket has none; give only one of them.',
	],
	['serve --port 5001 --port 5002', '--port can be given only once.'],
	[
		'serve --max-members 1 --max-members 2',
		'--max-members can be given only once.',
	],
	...(
		[
			'host',
			'port',
			'socket',
			'nick',
			'eol',
			'last',
			'since',
			'events',
			'waitFor',
			'waitForMention',
			'timeout',
			'localPort',
		] as const
	).flatMap((name): Wrong[] => [
		[`connect ${writtenFlag(name)}`, `${writtenFlag(name)} needs a value.`],
		[`connect ${writtenFlag(name)}=`, `${writtenFlag(name)} needs a value.`],
	]),
	['connect --message', '--message needs a value.'],
	[
		'connect --message=',
		'--message is empty; a message has at least one character.',
	],
	['serve --max-members=', '--max-members needs a value.'],
	['serve --backlog', '--backlog needs a value.'],
	['serve --history', '--history needs a value.'],
	['serve --history=', '--history needs a value.'],
	[
		'serve --raw --history kept',
		'--history is for rooms; raw mode keeps no history.',
	],
	[
		'serve --heartbeat 0.5',
		'--heartbeat needs from 1 to 3600 seconds; got "0.5".',
	],
	[
		'connect --connect-timeout soon',
		'--connect-timeout needs a number of seconds above 0, such as 5 or 0.5; got "soon".',
	],
	['serve --rate=', '--rate needs a value.'],
	['serve --connect-rate=', '--connect-rate needs a value.'],
	[
		'serve --connect-rate 0',
		'--connect-rate needs a whole number of at least 1, or off; got "0".',
	],
	[
		'mcp --agent-rate many',
		'--agent-rate needs a whole number of at least 1, or off; got "many".',
	],
	['serve --max-per-user', '--max-per-user needs a value.'],
	['serve --token-file', '--token-file needs a value.'],
	['serve --fsync=', '--fsync needs a value.'],
	['serve --pcapng', '--pcapng needs a value.'],
	['serve --bell loud', '--bell needs on or off; got "loud".'],
	['connect --notify x', '--notify needs none, osc9 or osc777; got "x".'],
	['--theme', '--theme needs a value.'],
	[
		'serve --theme solarized',
		'--theme needs auto, dark, light, high-contrast, 16 or mono; got "solarized".',
	],
	[
		'serve --room a/b',
		'"a/b" can\'t be a room\'s name: it contains /. Use letters, digits, - _ and ., at most 24 of them.',
	],
	[
		'connect --raw --tls --tls-ca no/file 1',
		'--tls-ca can\'t read "no/file": there is no such file.',
	],
	['connect --tls-ca x 1', '--tls-ca needs --raw.'],
	['connect --raw --tls --tls-name= 1', '--tls-name needs a value.'],
	['serve --raw --tls --tls-cert no/file', '--tls-cert needs --tls-key.'],
	['serve --raw --tls --tls-key no/file', '--tls-key needs --tls-cert.'],
	[
		'serve --raw --tls --tls-cert no/file --tls-key no/file',
		'--tls-cert can\'t read "no/file": there is no such file.',
	],
	[
		'connect --raw --udp --tls 1',
		'--tls needs a connection, and --udp has none; give only one of them.',
	],
	['serve --udp', '--udp needs --raw.'],
	[
		'serve --raw --ws nopath',
		'--ws needs the path of a request, such as / or /chat; got "nopath".',
	],
	['serve --raw --ws-binary', '--ws-binary needs --ws.'],
	['connect --raw --tls-alpn h2', '--tls-alpn needs --tls.'],
	[
		'connect --raw --tls --tls-alpn h2,,x',
		'--tls-alpn needs names such as h2 or "h2,http/1.1", each once; got "h2,,x".',
	],
	[
		'serve --raw --tls --tls-alpn é',
		'--tls-alpn needs names such as h2 or "h2,http/1.1", each once; got "é".',
	],
	['connect --raw --ws-protocol a', '--ws-protocol needs --ws.'],
	['connect --raw --ws-header a:b', '--ws-header needs --ws.'],
	[
		'connect --raw --ws / --ws-protocol a,,b',
		'--ws-protocol needs names such as chat or "v2,v1", each once; got "a,,b".',
	],
	[
		'connect --raw --ws / --ws-header token',
		'--ws-header needs "NAME: VALUE" in ASCII; got "token".',
	],
	[
		'connect --raw --ws / --ws-header Sec-WebSocket-Protocol:a',
		"--ws-header can't change Sec-WebSocket-Protocol: the WebSocket sends its own. A subprotocol is asked for with --ws-protocol.",
	],
	...['x', 'http://127.0.0.1'].map((url): Wrong => [
		`serve --room a --relay ${url}`,
		`--relay needs nats://HOST:PORT or tls://HOST:PORT, or several of a cluster with commas between; got "${url}".`,
	]),
	[
		'serve --relay nats://127.0.0.1:1',
		'--relay needs --room NAME: the room that is shared.',
	],
	[
		'serve --relay-credentials no/file',
		'--relay-credentials needs --relay URL.',
	],
	[
		'serve --room a --relay nats://127.0.0.1:1 --relay-credentials no/file',
		'"no/file" can\'t hold the credentials of a relay: there is no such file.',
	],
	['serve --relay-replicas 3', '--relay-replicas needs --relay URL.'],
	[
		'serve --room a --relay nats://127.0.0.1:1 --relay-replicas 0',
		'--relay-replicas needs a whole number of at least 1; got "0".',
	],
	['serve --relay-optional', '--relay-optional needs --relay URL.'],
	['serve --reply a=b', '--reply needs --raw.'],
	[
		'serve --raw --reply x',
		/^--reply needs REGEX=TEXT, such as 'PING=PONG\\r\\n'; got "x"\.$/,
	],
	[
		'serve --raw --reply (=x',
		/^--reply needs a regular expression; got "\(": .*\.$/,
	],
	['serve --log x', '--log needs --raw.'],
	['serve --raw --log', '--log needs a value.'],
	[
		'proxy 9000 tls:db:6379',
		/stays on this machine; to reach a service on it at 127\.0\.0\.1:6379, run: ssh -L 6379:127\.0\.0\.1:6379 db$/,
	],
	[
		'proxy foo:1 9',
		'LISTEN "foo:1": "foo" is neither a prefix (tls:, ws:, udp: or unix:) nor a loopback host (127.0.0.0/8, ::1 or localhost).',
	],
	['proxy 0.0.0.0:0 6379', /stays on this machine; listen on 127\.0\.0\.1, /],
	[
		'watch 10.0.0.1:80',
		/stays on this machine; run sockchat watch on that machine\.$/,
	],
	[
		'proxy ./package.json 6379',
		'"./package.json" is a file, not a socket; name another path.',
	],
	[
		'proxy 0 ./package.json',
		'"./package.json" is a file, not a socket; name another path.',
	],
	[
		'proxy 0 1 --max-connections 0',
		'--max-connections needs a whole number of at least 1; got "0".',
	],
	['proxy', /^proxy needs LISTEN and TARGET, such as: /],
	['proxy 0 x', /^TARGET: "x" is not an address; give PORT, HOST:PORT, /],
	...['x', '-1'].map((delay): Wrong => [
		`proxy 0 1 --delay ${delay}`,
		`--delay needs a number of milliseconds, such as 200; got "${delay}".`,
	]),
	[
		'proxy 0 1 --delay 1000000',
		'--delay needs at most 999999 milliseconds; got "1000000".',
	],
	['serve --delay 1', '--delay is for proxy, not for serve.'],
	[
		'proxy 0 1 --rate-limit 0',
		'--rate-limit needs a whole number of at least 1; got "0".',
	],
	[
		'proxy 0 1 --slice x',
		'--slice needs a whole number of at least 1; got "x".',
	],
	['serve --to x', '--to needs --raw.'],
	[
		'serve --raw --to otter',
		`--to needs a peer's address or its end, such as 127.0.0.1:53122 or 53122; got "otter".`,
	],
	...['0', '65536', '127.0.0.1:0', '[::1]:70000', 'unix:0', 'a:5x'].map(
		(peer): Wrong => [
			`serve --raw --to ${peer}`,
			`--to needs a peer's address or its end, such as 127.0.0.1:53122 or 53122; got "${peer}".`,
		],
	),
	...['https://db.test', 'db.test:443', 'db::test'].flatMap((name): Wrong[] =>
		['connect --raw --tls', 'proxy 9000 tls:443'].map(command => [
			`${command} --tls-name ${name}`,
			`--tls-name needs a host's name or an IP address, such as db.test; got "${name}".`,
		]),
	),
	[
		'serve --raw --echo --broker',
		'--echo and --broker exclude each other; give only one.',
	],
	['serve --fsync often', '--fsync needs always or interval; got "often".'],
	['replay source 5001', "Can't read source: it is not a file."],
	...[
		'replay package.json/x 5001',
		'connect --raw --send-file package.json/x',
	].map((line): Wrong => [
		line,
		/^(?:Can't|--send-file can't) read package\.json\/x: a part of its path is not a folder \(ENOTDIR\)\.$/,
	]),
	[
		'replay package.json 5001',
		/^package\.json, line 1: expected the head of a recording, \{"type":"recording",…\}; got "\{"\.$/,
	],
	['replay', 'replay needs FILE, a recording made by --record.'],
	['replay  5001', 'replay needs FILE, a recording made by --record.'],
	['watch ./room.sock', /^watch shows TCP states, .*; give a port\.$/],
];

const matches = (sentence: string, wanted: string | RegExp): boolean =>
	typeof wanted === 'string' ? sentence === wanted : wanted.test(sentence);

test('e2e: every flag with a value is among the wrong ones', () => {
	const unchecked = flagNames.filter(
		name =>
			flags[name].type === 'string' &&
			wrong.every(([line]) => !line.split(/[ =]/).includes(writtenFlag(name))),
	);
	assert.deepEqual(unchecked, []);
});

for (const isJson of [false, true]) {
	test(`e2e: wrong usage is one sentence ${isJson ? 'of JSON' : 'on stderr'}, and exit code 2`, async t => {
		const check = async ([line, wanted]: Wrong) => {
			// First, as a flag at the end of the line would take it as its value.
			const chat = startBin(t, [
				...(isJson ? ['--json'] : []),
				...line.split(' '),
			]);
			chat.end();
			assert.deepEqual(
				await chat.waitForExit(),
				{code: 2, signal: undefined},
				chat.seen(),
			);
			const [told, silent] = isJson
				? [chat.stdout(), chat.stderr()]
				: [chat.stderr(), chat.stdout()];
			assert.equal(silent, '', chat.seen());
			assert.match(told, /^\P{Cc}+\n$/u, chat.seen());
			const sentence = isJson ? readError(told) : told.trimEnd();
			assert.ok(matches(sentence, wanted), chat.seen());
		};

		// JSON is the same road with another end: a third of them tells.
		const waiting = wrong.filter((_, index) => !isJson || index % 3 === 0);
		const work = async () => {
			for (let next = waiting.shift(); next; next = waiting.shift()) {
				await check(next);
			}
		};

		// A few at a time: each is a process of its own.
		await Promise.all([work(), work(), work()]);
	});
}

test('e2e: --json and --plain together are wrong usage, told as JSON', async t => {
	const chat = startBin(t, ['connect', '--json', '--plain']);
	assert.deepEqual(await chat.waitForExit(), {code: 2, signal: undefined});
	assert.equal(
		readError(chat.stdout()),
		'--json and --plain exclude each other; give only one.',
	);
});

/** The message of an error event, which must have just what the docs say. */
const readError = (line: string): string => {
	const {message, ...rest} = JSON.parse(line) as {
		message: string;
		code: string;
	};
	assert.deepEqual(Object.keys(rest), ['type', 'code']);
	assert.match(rest.code, /^ERR_[A-Z_]+$/);
	return message;
};

test('e2e: --plain takes no value beside --json either', async t => {
	const chat = startBin(t, [
		'connect',
		'--port',
		'1',
		'--json',
		'--plain=maybe',
	]);
	assert.equal((await chat.waitForExit()).code, 2, chat.seen());
});
