/** Which words of the command line are flags, and which are values. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {flagNames, flags, writtenFlag} from '../../source/options/flags.js';
import {readWords} from '../../source/options/words.js';

const split = (line: string): string[] => line.split(' ').filter(Boolean);

type Read = readonly [
	argv: readonly string[],
	words: readonly string[],
	given: Readonly<Record<string, string | true>>,
];

const read: readonly Read[] = [
	[[], [], {}],
	[['serve'], ['serve'], {}],
	[split('serve --port 0 --raw'), ['serve'], {port: '0', raw: true}],
	[split('--port=7 serve'), ['serve'], {port: '7'}],
	[split('--max-members 3'), [], {maxMembers: '3'}],
	[split('--no-retry --no-history'), [], {noRetry: true, noHistory: true}],
	// A value may hold an equals sign, and may be empty.
	[['--message=a=b'], [], {message: 'a=b'}],
	[['--message='], [], {message: ''}],
	[['--message', ''], [], {message: ''}],
	// Short flags: with a value apart or attached, or several together.
	[split('-p 7 -n otter'), [], {port: '7', nick: 'otter'}],
	[['-p7'], [], {port: '7'}],
	[split('-qr'), [], {quiet: true, raw: true}],
	[split('-qm hello'), [], {quiet: true, message: 'hello'}],
	[['-h'], [], {help: true}],
	[['-V'], [], {version: true}],
	// After --, nothing is a flag.
	[split('serve -- --port 7'), ['serve', '--port', '7'], {}],
	[['-m', 'x', '--', '-'], ['-'], {message: 'x'}],
];

test('words: tells flags, their values and other words apart', () => {
	for (const [argv, words, given] of read) {
		assert.deepEqual(
			readWords(argv),
			{words, given, error: undefined},
			argv.join(' '),
		);
	}
});

test('words: a flag takes the next word as its value, whatever it looks like', () => {
	const values = [
		'--- FAIL: TestFoo (0.00s)',
		'-v',
		'-h',
		'--help',
		'--version',
		'--json',
		'--no-retry',
		'--',
		'-',
		'-1',
		'--port=7',
		'serve',
	];
	for (const name of flagNames) {
		const {type, ...rest} = flags[name];
		if (type !== 'string') {
			continue;
		}

		const short = 'short' in rest ? [`-${rest.short}`] : [];
		for (const flag of [writtenFlag(name), ...short]) {
			for (const value of values) {
				assert.deepEqual(
					readWords([flag, value, 'connect']),
					{
						words: ['connect'],
						given: {[name]: value},
						...(('isStep' in rest || 'isRepeated' in rest) && {
							steps: [{name, value}],
						}),
						error: undefined,
					},
					`${flag} ${value}`,
				);
			}
		}
	}
});

test('words: each wrong flag gets one sentence', () => {
	for (const [line, sentence] of [
		['--prot 5001', '--prot is not a flag; did you mean --port?'],
		['--prot=5001', '--prot is not a flag; did you mean --port?'],
		[
			'--max-member 1',
			'--max-member is not a flag; did you mean --max-members?',
		],
		[
			'--maxMembers 1',
			'--maxMembers is not a flag; did you mean --max-members?',
		],
		['--no-retri', '--no-retri is not a flag; did you mean --no-retry?'],
		['--hepl', '--hepl is not a flag; did you mean --help?'],
		['--retri', '--retri is not a flag; did you mean --retry?'],
		['--color', '--color is not a flag; did you mean --no-color?'],
		['--no-quiet', '--no-quiet is not a flag; did you mean --quiet?'],
		['--verbose', '--verbose is not a flag; --help lists them all.'],
		['--constructor', '--constructor is not a flag; --help lists them all.'],
		['--__proto__=1', '--__proto__ is not a flag; --help lists them all.'],
		['-v', '-v is not a flag; did you mean -V?'],
		['-l 8080', '-l is not a flag; here it is sockchat serve --raw.'],
		['-zv 80', '-z is not a flag; here it is --probe.'],
		['--ssl 443', '--ssl is not a flag; here it is --tls.'],
		[
			'-N 80',
			'-N is not a flag; the end of stdin sends FIN by itself, unless --no-shutdown is given.',
		],
		[
			'-e /bin/sh',
			'-e is not a flag; no port of sockchat runs a program; --reply and --echo answer by themselves.',
		],
		['-x', '-x is not a flag; --help lists them all.'],
		['-qx', '-x is not a flag; --help lists them all.'],
		['--port', '--port needs a value.'],
		['-p', '--port needs a value.'],
		['--raw=1', '--raw takes no value.'],
		['--raw=', '--raw takes no value.'],
		['--port 1 --port 2', '--port can be given only once.'],
		['-p 1 --port=1', '--port can be given only once.'],
		['--json --json', '--json can be given only once.'],
	] as const) {
		const {error} = readWords(split(line));
		assert.equal(error?.message, sentence, line);
		assert.equal(error?.code, 'ERR_USAGE', line);
	}
});

test('words: the first wrong flag is reported, and the others are still read', () => {
	const {error, given} = readWords(split('--prot 1 --verbose --json'));
	assert.match(error!.message, /^--prot /);
	assert.equal(given.json, true);
});

test('words: a word that was not UTF-8 is refused, as a flag, a value or a word', () => {
	for (const argv of [
		['--message', 'caf\uFFFD'],
		['-m\uFFFD'],
		['--message=\uFFFD'],
		['connect', '\uFFFD'],
		['--\uFFFD'],
		['--', '\uFFFD'],
	]) {
		const {error} = readWords(argv);
		assert.equal(error?.code, 'ERR_USAGE', argv.join(' '));
		assert.match(
			error.message,
			/^The argument ".*\uFFFD" is not valid UTF-8, .*\.$/,
		);
	}
});

test('words: steps of a script keep their order, and may be repeated', () => {
	const line = 'connect --send a --expect b --raw --send c --send-hex=00';
	assert.deepEqual(readWords(split(line)), {
		words: ['connect'],
		given: {send: 'a', expect: 'b', raw: true, sendHex: '00'},
		steps: [
			{name: 'send', value: 'a'},
			{name: 'expect', value: 'b'},
			{name: 'send', value: 'c'},
			{name: 'sendHex', value: '00'},
		],
		error: undefined,
	});
	assert.equal(
		readWords(['connect', '--send']).error?.message,
		'--send needs a value.',
	);
});
