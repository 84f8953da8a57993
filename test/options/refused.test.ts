/** Each wrong command line gets one sentence that says what to do. */
import assert from 'node:assert/strict';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import {SockchatError, type ErrorCode} from '../../source/errors.js';
import {flagNames, flags, writtenFlag} from '../../source/options/flags.js';
import {anyCharacter} from '../helpers/any-character.js';
import {parseOptions} from '../helpers/parse-options.js';
import type {GivenFlags} from '../../source/options/reader.js';
import {readWords} from '../../source/options/words.js';
import {toDisplay} from '../../source/protocol/display.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 1000);

const environment = {
	isTerminal: true,
	loginName: () => 'otter',
	env: {},
};

const parse = (words: string, given: GivenFlags) =>
	parseOptions(
		{
			words: words.split(' ').filter(word => word !== ''),
			given,
			error: undefined,
		},
		environment,
	);

/** The sentence about a wrong command line. */
const refusal = (code: ErrorCode, words: string, given: GivenFlags = {}) => {
	const parsed = parse(words, given);
	const line = `${words} ${JSON.stringify(given)}`;
	assert.ok(parsed instanceof SockchatError, `${line} was taken`);
	assert.equal(parsed.code, code, line);
	assert.match(parsed.message, /^\S[^\n]{10,250}$/, line);
	// A command to copy must not end with a full stop.
	assert.match(parsed.message, code === 'ERR_NOT_LOOPBACK' ? /\S$/ : /[.?]$/);
	assert.doesNotMatch(parsed.message, /undefined|\bat .*:\d+:\d+|Error/);
	return parsed.message;
};

test('options: a host that is not loopback is refused, with the way to reach it', () => {
	const hosts = `
		0.0.0.0 192.168.1.1 10.0.0.1 128.0.0.1 126.255.255.255 1.127.0.0
		example.org 127.0.0.1.evil.org localhost.evil.org evil localhost.
		:: ::2 fe80::1 ::ffff:10.0.0.1 [::] [127.0.0.1] 10.1 167772161`;
	for (const host of [...hosts.trim().split(/\s+/), '\u00B9']) {
		const message = refusal('ERR_NOT_LOOPBACK', 'connect', {host, port: '7'});
		assert.ok(message.startsWith(`"${host}" is not a loopback address`));
		assert.ok(message.endsWith(`ssh -L 7:127.0.0.1:7 ${host}`));
	}
});

test('options: loopback in an unusual form is refused without a way elsewhere', () => {
	const ways: readonly GivenFlags[] = [{}, {raw: true}];
	for (const [host, form] of [
		['127.1', '127.0.0.1'],
		['0x7f.0.0.1', '127.0.0.1'],
		['0177.0.0.2', '127.0.0.2'],
		['2130706433', '127.0.0.1'],
		['127.0.0.256', '127.0.0.1'],
		['1270.0.0.1', '127.0.0.1'],
		['127.0.0.1.', '127.0.0.1'],
	] as const) {
		for (const given of ways) {
			const message = refusal('ERR_NOT_LOOPBACK', 'connect', {
				host,
				port: '7',
				...given,
			});
			assert.equal(
				message,
				`"${host}" is not a loopback address (127.0.0.0/8, ::1 or localhost) in its usual form, four numbers from 0 to 255: give ${form}.`,
			);
		}
	}
});

test('options: raw mode advises what reaches a service, or lets one in', () => {
	for (const [words, given, end] of [
		[
			'connect',
			{},
			'to reach a service on it at 127.0.0.1:6379, run: ssh -L 6379:127.0.0.1:6379 db',
		],
		// A forwarded port below 1024 would need root here.
		[
			'connect',
			{port: '80'},
			'to reach a service on it at 127.0.0.1:8080, run: ssh -L 8080:127.0.0.1:80 db',
		],
		[
			'connect',
			{probe: true},
			'to reach a service on it at 127.0.0.1:6379, run: ssh -L 6379:127.0.0.1:6379 db',
		],
		['connect', {udp: true}, 'ssh -L, the way to another, carries no UDP.'],
		[
			'serve',
			{},
			'listen on 127.0.0.1, and to come in from another machine, run there: ssh -L 6379:127.0.0.1:6379 HOST',
		],
	] as const) {
		const message = refusal('ERR_NOT_LOOPBACK', words, {
			raw: true,
			host: 'db',
			port: '6379',
			...given,
		});
		assert.ok(message.endsWith(`stays on this machine; ${end}`), message);
	}
});

test('options: the way to another host is safe to paste into a shell', () => {
	for (const host of [
		'-oProxyCommand=id',
		'a;id',
		'$(id)',
		'two words',
		"it's",
		'`id`',
		' 127.0.0.1',
	]) {
		const message = refusal('ERR_NOT_LOOPBACK', 'connect', {host, port: '7'});
		assert.ok(message.endsWith('ssh -L 7:127.0.0.1:7 HOST'), message);
	}
});

test('options: a port is a whole number, and only serve takes 0', () => {
	const wrong = [
		'65536',
		'99999',
		'-1',
		'1.5',
		'http',
		'5001x',
		' 1',
		'1e3',
		'+1',
	];
	for (const port of wrong) {
		for (const words of ['', 'serve', 'connect']) {
			const message = refusal('ERR_PORT_RANGE', words, {port});
			const least = words === 'serve' ? 0 : 1;
			assert.ok(message.endsWith(`from ${least} to 65535.`), message);
			assert.ok(message.startsWith(`"${port}" is not a port`));
		}
	}

	refusal('ERR_PORT_RANGE', 'connect', {port: '0'});
	refusal('ERR_PORT_RANGE', '', {port: '0'});
	refusal('ERR_PORT_RANGE', 'connect', {localPort: '0'});
	refusal('ERR_PORT_RANGE', 'connect', {localPort: '70000'});
});

test('options: a socket path has at most 107 bytes, and excludes --port', () => {
	for (const socket of ['x'.repeat(108), 'é'.repeat(54)]) {
		const message = refusal('ERR_SOCKET_PATH', 'serve', {socket});
		assert.match(message, /has 108 bytes, and the kernel takes 107\.$/);
	}

	refusal('ERR_SOCKET_PATH', 'serve', {socket: 'a\0b'});
	refusal('ERR_USAGE', 'serve', {socket: 'x', port: '5001'});
	refusal('ERR_USAGE', 'serve', {socket: 'x', host: '127.0.0.1'});
});

test('options: each wrong value is refused with what the flag needs', () => {
	const count = 'a whole number of at least 1';
	const cases: Array<[string, GivenFlags, string]> = [
		['serve', {eol: 'lf'}, '--eol needs --raw.'],
		[
			'serve',
			{theme: 'solarized'},
			'--theme needs auto, dark, light, high-contrast, 16 or mono; got "solarized".',
		],
		[
			'serve',
			{raw: true, eol: 'nl'},
			'--eol needs none, lf, cr or crlf; got "nl".',
		],
		[
			'serve',
			{fsync: 'often'},
			'--fsync needs always or interval; got "often".',
		],
		...['0', '-1', 'soon', '1e3', '5s', ' 5'].map(
			(timeout): [string, GivenFlags, string] => [
				'connect',
				{timeout},
				`--timeout needs a number of seconds above 0, such as 5 or 0.5; got "${timeout}".`,
			],
		),
		...['1000000', '9999999999.5'].map((text): [string, GivenFlags, string] => [
			'connect',
			{timeout: text},
			`--timeout needs at most 999999 seconds; got "${text}".`,
		]),
		...['0', 'soon'].flatMap((text): Array<[string, GivenFlags, string]> => [
			[
				'connect',
				{connectTimeout: text},
				`--connect-timeout needs a number of seconds above 0, such as 5 or 0.5; got "${text}".`,
			],
			[
				'serve',
				{heartbeat: text},
				`--heartbeat needs a number of seconds above 0, such as 5 or 0.5; got "${text}".`,
			],
		]),
		...['0.5', '3601'].map((heartbeat): [string, GivenFlags, string] => [
			'',
			{heartbeat},
			`--heartbeat needs from 1 to 3600 seconds; got "${heartbeat}".`,
		]),
		['serve', {rate: '0'}, `--rate needs ${count}, or off; got "0".`],
		['', {agentRate: '0'}, `--agent-rate needs ${count}, or off; got "0".`],
		[
			'',
			{connectRate: 'on'},
			`--connect-rate needs ${count}, or off; got "on".`,
		],
		['serve', {maxMembers: '0'}, `--max-members needs ${count}; got "0".`],
		['serve', {maxMembers: '1.5'}, `--max-members needs ${count}; got "1.5".`],
		['serve', {maxPerUser: 'x'}, `--max-per-user needs ${count}; got "x".`],
		['serve', {backlog: 'many'}, `--backlog needs ${count}; got "many".`],
		[
			'serve',
			{backlog: '9999999999'},
			'--backlog needs a number of at most 999999999; got "9999999999".',
		],
		[
			'connect',
			{message: ''},
			'--message is empty; a message has at least one character.',
		],
		['', {host: ''}, '--host needs a value.'],
	];
	for (const [words, given, sentence] of cases) {
		assert.equal(refusal('ERR_USAGE', words, given), sentence);
	}

	for (const nick of ['two words', 'server', 'guest-1', '-x', 'x'.repeat(99)]) {
		refusal('ERR_NICK_INVALID', '', {nick});
	}
});

test('options: of several wrong values one is reported', () => {
	assert.match(
		refusal('ERR_PORT_RANGE', 'connect', {port: 'x', nick: '', timeout: 'y'}),
		/^"x" is not a port/,
	);
});

test('options: an unknown command is refused, with the nearest one', () => {
	assert.match(refusal('ERR_USAGE', 'serv'), /"serv" .* did you mean serve\?$/);
	assert.match(refusal('ERR_USAGE', 'conect'), /did you mean connect\?$/);
	assert.match(
		refusal('ERR_USAGE', 'quit'),
		/the commands are serve, connect, proxy, watch, replay, status, lesson, mcp, doctor, completion and help\.$/,
	);
	assert.match(
		refusal('ERR_USAGE', 'connect 5001 hi'),
		/^Unexpected "hi" after 5001/,
	);
});

test('options: a flag of another command is refused, with its commands', () => {
	for (const name of flagNames) {
		const {type, commands}: {type: string; commands: readonly string[]} =
			flags[name];
		for (const command of ['join', 'serve', 'connect']) {
			if (commands.includes(command)) {
				continue;
			}

			const words = command === 'join' ? '' : command;
			const value = type === 'string' ? '1' : true;
			const message = refusal('ERR_USAGE', words, {[name]: value});
			assert.match(message, /^--[a-z-]+ is for (serve|connect|proxy|replay)/);
		}
	}

	assert.equal(
		refusal('ERR_USAGE', 'serve', {message: 'hi'}),
		'--message is for connect, not for serve.',
	);
	assert.equal(
		refusal('ERR_USAGE', '', {raw: true}),
		'--raw is for serve and connect, not for sockchat without a command.',
	);
});

test('options: no command line throws', () => {
	const flag = fc.constantFrom(...flagNames).map(name => writtenFlag(name));
	const word = fc.oneof(
		fc.constantFrom('serve', 'connect', '--', '-', '-p', '-mqr', '--port='),
		flag,
		flag.chain(written => fc.string().map(value => `${written}=${value}`)),
		fc.string({unit: anyCharacter}),
		fc.string().map(name => `--${name}`),
	);
	fc.assert(
		fc.property(fc.array(word, {maxLength: 6}), argv => {
			const parsed = parseOptions(readWords(argv), environment);
			if (parsed instanceof SockchatError) {
				assert.doesNotMatch(toDisplay(parsed.message), /\n|undefined/);
			}
		}),
		{numRuns: runs},
	);
});

test('options: --nick that is missing, empty, huge, twice or after -- gets one sentence', () => {
	for (const [argv, sentence] of [
		[['--nick'], /^--nick needs a value\.$/],
		[['--nick', ''], /^--nick needs a value\.$/],
		[['--nick', ' '], /^" " can't be a nick: /],
		[['--nick', 'x'.repeat(100_000)], /^"x{64}⋯" can't be a nick: /],
		[['-n', 'a', '--nick=b'], /^--nick can be given only once\.$/],
		[
			['connect', '--', '--nick', 'otter'],
			/^"--nick" comes after "--", which ends the flags; move it before\.$/,
		],
		[['--', '-n', 'otter'], /^"-n" comes after "--"/],
	] as const) {
		const parsed = parseOptions(readWords(argv), environment);
		assert.ok(parsed instanceof SockchatError);
		assert.match(parsed.message, sentence);
		assert.ok(parsed.message.length < 300);
	}
});

test('options: no value is so long that its sentence fills the screen', () => {
	const huge = 'x'.repeat(100_000);
	const lines = [
		[huge],
		['connect', huge],
		['connect', `${huge}:1`],
		['connect', '1', huge],
		[`--${huge}`],
		['--', `--${huge}`],
		['completion', huge],
		['help', huge],
		...flagNames.flatMap(name =>
			flags[name].type === 'string'
				? [
						['serve', writtenFlag(name), huge],
						['connect', writtenFlag(name), huge],
					]
				: [],
		),
	];
	for (const argv of lines) {
		const parsed = parseOptions(readWords(argv), environment);
		if (parsed instanceof SockchatError) {
			assert.ok(parsed.message.length < 500, parsed.message.slice(0, 300));
		}
	}
});

test('options: a value that was left out is named, not the word left over', () => {
	for (const [argv, message] of [
		[
			['connect', '--timeout', '-m', 'a'],
			'--timeout took "-m" as its value, which leaves "a" over; give --timeout a value.',
		],
		[
			['--nick', '--port', '5001', 'more'],
			'--nick took "--port" as its value, which leaves "more" over; give --nick a value.',
		],
	] as const) {
		const parsed = parseOptions(readWords(argv), environment);
		assert.ok(parsed instanceof SockchatError);
		assert.equal(parsed.message, message);
	}
});

test('options: a message that no room takes is refused before joining', () => {
	assert.match(
		refusal('ERR_TEXT_TOO_LONG', 'connect', {message: 'x'.repeat(20_000)}),
		/^The text has 20000 bytes; the limit is \d+\. Send it in parts\.$/,
	);
	assert.ok(
		!(
			parse('connect', {message: 'x'.repeat(20_000), raw: true}) instanceof
			SockchatError
		),
	);
});

test('options: a number that is too large, and an empty name of an event', () => {
	assert.equal(
		refusal('ERR_USAGE', 'connect', {last: '9'.repeat(20), plain: true}),
		`--last needs a number of at most 15 digits; got "${'9'.repeat(20)}".`,
	);
	const parsed = parse('connect', {json: true, events: 'message,'});
	assert.ok(parsed instanceof SockchatError);
	assert.match(parsed.message, /^--events has an empty name; the events are /);
});
