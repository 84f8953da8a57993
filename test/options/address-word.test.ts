/** ADDRESS, as people type it, after each command that takes one. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {SockchatError} from '../../source/errors.js';
import {parseOptions} from '../helpers/parse-options.js';
import {readWords} from '../../source/options/words.js';

const parse = (...argv: readonly string[]) =>
	parseOptions(readWords(argv), {
		isTerminal: true,
		loginName: () => 'otter',
		env: {},
	});

const addressOf = (...argv: readonly string[]) => {
	const parsed = parse(...argv);
	return parsed instanceof SockchatError ? parsed.message : parsed.address;
};

const refusalOf = (...argv: readonly string[]): string => {
	const refusal = addressOf(...argv);
	return typeof refusal === 'string' ? refusal : assert.fail('it was taken');
};

const tcp = (host: string, port: number) => ({kind: 'tcp', host, port});
const unix = (path: string) => ({kind: 'unix', path});

test('address: a port, a host and port, or a path, in every command', () => {
	for (const [word, address] of [
		['6000', tcp('127.0.0.1', 6000)],
		['127.0.0.1:5001', tcp('127.0.0.1', 5001)],
		['127.1.2.3:7', tcp('127.1.2.3', 7)],
		['localhost:6000', tcp('127.0.0.1', 6000)],
		['[::1]:6000', tcp('::1', 6000)],
		['[0:0:0:0:0:0:0:1]:6000', tcp('::1', 6000)],
		['[::ffff:127.0.0.1]:6000', tcp('127.0.0.1', 6000)],
		['./room.sock', unix('./room.sock')],
		['/run/room', unix('/run/room')],
		['a/b:7', unix('a/b:7')],
	] as const) {
		for (const command of [[], ['serve'], ['connect']]) {
			assert.deepEqual(addressOf(...command, word), address);
			assert.deepEqual(addressOf('--json', ...command, word), address);
			assert.deepEqual(addressOf(...command, word, '-n', 'otter'), address);
		}
	}

	assert.deepEqual(addressOf('serve', '0'), tcp('127.0.0.1', 0));
	assert.deepEqual(addressOf('connect', '--', '6000'), tcp('127.0.0.1', 6000));
});

test('address: a wrong one gets a sentence that says what is allowed', () => {
	const usage =
		"is not an address; give PORT, HOST:PORT, [::1]:PORT, a socket's path with a slash in it, or @NAME for an abstract socket.";
	const port = 'is not a port: give a whole number from 1 to 65535.';
	for (const [word, sentence] of [
		['hi', `"hi" ${usage}`],
		['', `"" ${usage}`],
		['5001x', `"5001x" ${usage}`],
		[':5001', `":5001" ${usage}`],
		['127.0.0.1:', `"127.0.0.1:" ${usage}`],
		['@', `"@" ${usage}`],
		['http:', `"http:" ${usage}`],
		['tcp://127.0.0.1', `"tcp://127.0.0.1" ${usage}`],
		[
			'localhost',
			'"localhost" is not an address; it needs a port, such as localhost:5001.',
		],
		['::1', '"::1" is not an address; it needs a port, such as [::1]:5001.'],
		[
			'::1:6000',
			'"::1:6000" is not an address; it needs a port, such as [::1]:6000.',
		],
		['[::1', `"[::1" ${usage}`],
		[
			'[::1]',
			'"[::1]" is not an address; it needs a port, such as [::1]:5001.',
		],
		['0', `"0" ${port}`],
		['65536', `"65536" ${port}`],
		['127.0.0.1:x', `"x" ${port}`],
	] as const) {
		assert.equal(addressOf('connect', word), sentence);
	}

	for (const host of ['example.org', '10.0.0.1', '0.0.0.0', '[::2]']) {
		assert.match(
			refusalOf('connect', `${host}:6000`),
			/ is not a loopback address \(127\.0\.0\.0\/8, ::1 or localhost\), /,
		);
	}
});

test('address: that of another program is said in the words of this one', () => {
	for (const [words, sentence] of [
		[
			['http://127.0.0.1:5001'],
			'"http://127.0.0.1:5001" is a URL; give its parts: 127.0.0.1:5001.',
		],
		[
			['http://localhost/a'],
			'"http://localhost/a" is a URL; give its parts: localhost:80.',
		],
		[
			['ws://[::1]:8080'],
			'"ws://[::1]:8080" is a URL; give its parts: --raw --ws / [::1]:8080.',
		],
		[
			['wss://localhost/api?a=1&b=2'],
			`"wss://localhost/api?a=1&b=2" is a URL; give its parts: --raw --tls --ws '/api?a=1&b=2' localhost:443.`,
		],
		[
			['tls:7443'],
			'"tls:7443" is how proxy names it; here, give --raw --tls 7443.',
		],
		[
			['ws:8080/chat'],
			'"ws:8080/chat" is how proxy names it; here, give --raw --ws /chat 8080.',
		],
		[['udp:53'], '"udp:53" is how proxy names it; here, give --raw --udp 53.'],
		[
			['unix:app.sock'],
			'"unix:app.sock" is how proxy names it; here, give ./app.sock.',
		],
		[
			['localhost', '25'],
			'A host and its port are one word here: "localhost:25".',
		],
		[
			['127.0.0.1', '25'],
			'A host and its port are one word here: "127.0.0.1:25".',
		],
		[['::1', '25'], 'A host and its port are one word here: "[::1]:25".'],
		[
			['25', '26'],
			'Unexpected "26" after 25; a text with spaces needs quotes.',
		],
	] as const) {
		assert.equal(addressOf('connect', ...words), sentence);
	}
});

test('address: without a command, a word is an address only if it is like one', () => {
	assert.match(refusalOf('quit'), /^"quit" is not a command; /);
	assert.match(refusalOf('localhost'), /it needs a port/);
	assert.match(refusalOf('5001x'), /is not an address/);
});

test('address: contradicts --port, --host and --socket', () => {
	for (const [flag, value] of [
		['--port', '5001'],
		['--host', '127.0.0.1'],
		['--socket', './x'],
	] as const) {
		for (const word of ['6000', '[::1]:6000', './room.sock']) {
			assert.equal(
				addressOf('connect', word, flag, value),
				`The address "${word}" replaces ${flag}; give only one of them.`,
			);
		}
	}

	assert.match(
		refusalOf('connect', './x', '--local-port', '7'),
		/^--local-port binds a TCP port/,
	);
});
