import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import {sniff, type Sniffed} from '../../../source/protocol/foreign/sniff.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 1000);

const lines = {kind: 'lines'} as const;
const framed = {kind: 'framed'} as const;
const foreign = (protocol: 'TLS' | 'SSH') =>
	({kind: 'foreign', protocol}) as const;
const undecided = (isHelloPossible: boolean) =>
	({kind: 'undecided', isHelloPossible}) as const;

const look = (text: string) => sniff(Buffer.from(text, 'latin1'));

/** The results as a peer's bytes arrive one by one. */
const looks = (text: string): Sniffed[] =>
	Array.from(text, (_byte, index) => look(text.slice(0, index + 1)));

const assertAll = (
	seen: readonly Sniffed[],
	expected: Sniffed,
	message?: string,
) => {
	assert.deepEqual(
		seen,
		seen.map(() => expected),
		message,
	);
};

const hellos = [
	'{"type":"hello"',
	'{"type":"challenge"',
	'{ "type" : "hello"',
	' \t\r\n{\n\t"type"\r\n:  "hello"',
];

test('dialect: a hello is decided at its last byte and undecided before', () => {
	for (const hello of hellos) {
		for (const rest of ['', ',"v":1}\n', ' }', '{"type":"hello"']) {
			const seen = looks(hello + rest);
			const before = seen.slice(0, hello.length - 1);
			assertAll(before, undecided(true), hello);
			const from = seen.slice(hello.length - 1);
			assertAll(from, framed, hello + rest);
		}
	}
});

test('dialect: text that starts like a hello is text as soon as it differs', () => {
	const [hello] = hellos as [string];
	for (let length = 1; length < hello.length; length++) {
		assert.deepEqual(look(`${hello.slice(0, length)}!`), lines);
	}

	assert.deepEqual(look('{"type":"say","n":1,"text":"hi"}'), lines);
	assert.deepEqual(look('{"type":"hellos"'), lines);
	assert.deepEqual(look('{"ty pe":"hello"'), lines);
	assert.deepEqual(look('{"v":1,"type":"hello"}'), lines);
});

test("dialect: white space can't keep a peer undecided forever", () => {
	assert.deepEqual(look(' '.repeat(2047)), undecided(true));
	assert.deepEqual(look(' '.repeat(2048)), lines);
	assert.deepEqual(look(' '.repeat(100_000)), lines);
});

test('dialect: recognises a TLS record at its second byte', () => {
	const clientHello = '\u0016\u0003\u0001\u0002\0\u0001\0';
	assert.deepEqual(looks(clientHello), [
		undecided(false),
		...Array.from({length: 6}, () => foreign('TLS')),
	]);
	assert.deepEqual(look('\u0016\u0004'), lines);
	assert.deepEqual(look('\u0016hello'), lines);
	assert.deepEqual(look('x\u0016\u0003'), lines);
});

test('dialect: recognises SSH at its fourth byte', () => {
	assert.deepEqual(looks('SSH-2.0'), [
		...Array.from({length: 3}, () => undecided(false)),
		...Array.from({length: 4}, () => foreign('SSH')),
	]);
	assert.deepEqual(look('SSH is down'), lines);
	assert.deepEqual(look('ssh-add'), lines);
});

test('dialect: what people type is text', () => {
	const texts = [
		...'hello PUT HEADS PRIVATE {} [ 42 é \0 \u00FF\u00FE'.split(' '),
		'get well soon',
		'GET well soon',
		'Get /well soon',
		'POST it',
		'TRACE me',
		'GETTING /',
		'options *',
		'/nick otter',
	];
	for (const text of texts) {
		assert.deepEqual(look(`${text}\n`), lines);
	}
});

test('dialect: a decision stays the same, whatever follows', () => {
	const starts = [...hellos, 'SSH-', '\u0016\u0003', 'GET'];
	const byte = fc.nat({max: 255});
	fc.assert(
		fc.property(
			fc.constantFrom(...starts),
			fc.uint8Array({maxLength: 3000, size: 'max'}),
			(start, rest) => {
				const bytes = Buffer.concat([Buffer.from(start, 'latin1'), rest]);
				assert.deepEqual(sniff(bytes), look(start));
			},
		),
		{numRuns: Math.min(runs, 1000)},
	);
	fc.assert(
		fc.property(fc.array(byte, {minLength: 1, maxLength: 8}), values => {
			const {kind} = sniff(Buffer.from(values));
			assert.notEqual(kind, 'framed');
		}),
		{numRuns: runs},
	);
});
