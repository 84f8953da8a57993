/** Every wrong command line: one sentence that says what to do instead. */
import assert from 'node:assert/strict';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import {SockchatError, type ErrorCode} from '../../source/errors.js';
import {flagNames, flags, type FlagName} from '../../source/options/flags.js';
import {parseOptions} from '../../source/options/options.js';
import type {GivenFlags} from '../../source/options/reader.js';
import {toDisplay} from '../../source/protocol/display.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 1000);

const parse = (words: string, given: GivenFlags) =>
	parseOptions(
		words.split(' ').filter(word => word !== ''),
		given,
		{
			isTerminal: true,
			loginName: () => 'otter',
			env: {},
		},
	);

/** The sentence that a wrong command line is answered with. */
const refusal = (code: ErrorCode, words: string, given: GivenFlags = {}) => {
	const parsed = parse(words, given);
	const line = `${words} ${JSON.stringify(given)}`;
	assert.ok(parsed instanceof SockchatError, `${line} was taken`);
	assert.equal(parsed.code, code, line);
	assert.match(parsed.message, /^\S[^\n]{10,250}$/, line);
	// But for a command to be copied, which a full stop would spoil.
	assert.match(parsed.message, code === 'ERR_NOT_LOOPBACK' ? /\S$/ : /[.?]$/);
	assert.doesNotMatch(parsed.message, /undefined|\bat .*:\d+:\d+|Error/);
	return parsed.message;
};

test('options: any other host is refused, with the way to reach it', () => {
	const hosts = `
		0.0.0.0 192.168.1.1 10.0.0.1 128.0.0.1 126.255.255.255 1.127.0.0
		example.org 127.0.0.1.evil.org localhost.evil.org evil localhost.
		:: ::2 fe80::1 ::ffff:127.0.0.1 [::] [127.0.0.1]
		127.1 127.0.0.256 0x7f.0.0.1 0177.0.0.1 2130706433`;
	for (const host of [...hosts.trim().split(/\s+/), ' 127.0.0.1', '\u00B9']) {
		const message = refusal('ERR_NOT_LOOPBACK', 'connect', {host, port: '7'});
		assert.ok(message.startsWith(`"${host}" is not a loopback address`));
		assert.ok(message.endsWith(`ssh -L 7:127.0.0.1:7 ${host}`));
	}
});

test('options: a port is a whole number, and 0 is for serve alone', () => {
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

test('options: a socket path is as long as the kernel takes, and stands alone', () => {
	for (const socket of ['x'.repeat(108), 'é'.repeat(54)]) {
		const message = refusal('ERR_SOCKET_PATH', 'serve', {socket});
		assert.match(message, /has 108 bytes, and the kernel takes 107\.$/);
	}

	refusal('ERR_SOCKET_PATH', 'serve', {socket: 'a\0b'});
	refusal('ERR_USAGE', 'serve', {socket: 'x', port: '5001'});
	refusal('ERR_USAGE', 'serve', {socket: 'x', host: '127.0.0.1'});
});

test('options: every other wrong value is answered with what it takes', () => {
	const cases: Array<[string, GivenFlags, RegExp]> = [
		['serve', {eol: 'lf'}, /--eol goes with --raw/],
		['serve', {raw: true, eol: 'cr'}, /--eol takes none, lf or crlf; "cr"/],
		['connect', {timeout: '0'}, /--timeout takes seconds.* "0"/],
		['connect', {timeout: '-1'}, /"-1"/],
		['connect', {timeout: 'soon'}, /"soon"/],
		['connect', {timeout: '1e3'}, /"1e3"/],
		['connect', {timeout: '9999999'}, /"9999999"/],
		['serve', {rate: '0'}, /--rate takes messages a second, or off, from 1/],
		['serve', {raw: true, sameUser: true}, /--raw takes anybody in/],
		['serve', {raw: true, tokenFile: 'a'}, /--raw has no protocol/],
		['serve', {maxMembers: '0'}, /--max-members takes .* from 1; "0"/],
		['serve', {maxMembers: '1.5'}, /"1.5"/],
		['serve', {backlog: 'many'}, /--backlog takes .* from 1; "many"/],
		['serve', {backlog: '9999999999'}, /"9999999999"/],
		['connect', {message: ''}, /--message needs a value/],
		['', {host: ''}, /--host needs a value/],
		['', {port: false}, /--port needs a value/],
		['', {json: false}, /--json takes no value/],
		['serve', {raw: false}, /--raw takes no value/],
	];
	for (const [words, given, pattern] of cases) {
		assert.match(refusal('ERR_USAGE', words, given), pattern);
	}

	for (const nick of ['two words', 'server', 'guest-1', '-x', 'x'.repeat(99)]) {
		refusal('ERR_NICK_INVALID', '', {nick});
	}
});

test('options: of several wrong values one is told', () => {
	assert.match(
		refusal('ERR_PORT_RANGE', 'connect', {port: 'x', nick: '', timeout: 'y'}),
		/^"x" is not a port/,
	);
});

test('options: an unknown word is no command, and the nearest is named', () => {
	assert.match(refusal('ERR_USAGE', 'serv'), /"serv" .* did you mean serve\?$/);
	assert.match(refusal('ERR_USAGE', 'conect'), /did you mean connect\?$/);
	assert.match(refusal('ERR_USAGE', 'quit'), /there are serve and connect\.$/);
	assert.match(refusal('ERR_USAGE', 'connect hi'), /"hi" is one word too many/);
});

test('options: an unknown flag is refused, and the nearest is named', () => {
	for (const [name, typed, near] of [
		['prot', '--prot', '--port'],
		['maxMember', '--max-member', '--max-members'],
		['noRetri', '--no-retri', '--no-retry'],
		['x', '-x', undefined],
		['verbose', '--verbose', undefined],
		['constructor', '--constructor', undefined],
	] as const) {
		const advice = near ? `did you mean ${near}?` : '--help lists them all.';
		assert.equal(
			refusal('ERR_USAGE', 'connect', {[name]: true}),
			`${typed} is not a flag; ${advice}`,
		);
	}
});

test('options: a flag of another command is refused, with where it belongs', () => {
	for (const name of flagNames) {
		const {type, commands}: {type: string; commands: readonly string[]} =
			flags[name];
		for (const command of ['join', 'serve', 'connect']) {
			if (commands.includes(command)) {
				continue;
			}

			const words = command === 'join' ? '' : command;
			const value = type === 'string' ? '1' : name !== 'retry';
			const message = refusal('ERR_USAGE', words, {[name]: value});
			assert.match(message, /^--[a-z-]+ is for (serve|connect)/);
		}
	}

	assert.equal(
		refusal('ERR_USAGE', 'serve', {message: 'hi'}),
		'--message is for connect, not for serve.',
	);
	assert.equal(
		refusal('ERR_USAGE', '', {raw: true}),
		'--raw is for serve and connect, not for sockchat alone.',
	);
});

test('options: nothing that can be given throws', () => {
	const value = fc.oneof(
		fc.string({unit: 'binary'}),
		fc.boolean(),
		fc.integer(),
	);
	const name = fc.oneof(fc.constantFrom<FlagName>(...flagNames), fc.string());
	const word = fc.oneof(fc.constantFrom('serve', 'connect', ''), fc.string());
	fc.assert(
		fc.property(word, fc.dictionary(name, value), (words, given) => {
			const parsed = parse(words, given);
			if (parsed instanceof SockchatError) {
				assert.doesNotMatch(toDisplay(parsed.message), /\n|undefined/);
			}
		}),
		{numRuns: runs},
	);
});
