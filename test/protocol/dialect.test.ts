import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import {
	foreignLine,
	sniff,
	type Sniffed,
} from '../../source/protocol/dialect.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 1000);

const plain = {kind: 'plain'} as const;
const framed = {kind: 'framed'} as const;
const foreign = (protocol: 'HTTP' | 'TLS' | 'SSH') =>
	({kind: 'foreign', protocol}) as const;
const undecided = (isHelloPossible: boolean) =>
	({kind: 'undecided', isHelloPossible}) as const;

const look = (text: string) => sniff(Buffer.from(text, 'latin1'));

/** What is seen as a peer's bytes come one by one, from the first on. */
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

test('dialect: a hello is one at its last byte, and undecided at every other', () => {
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

test('dialect: what begins like a hello and is none is plain at once', () => {
	const [hello] = hellos as [string];
	for (let length = 1; length < hello.length; length++) {
		assert.deepEqual(look(`${hello.slice(0, length)}!`), plain);
	}

	assert.deepEqual(look('{"type":"say","n":1,"text":"hi"}'), plain);
	assert.deepEqual(look('{"type":"hellos"'), plain);
	assert.deepEqual(look('{"ty pe":"hello"'), plain);
	assert.deepEqual(look('{"v":1,"type":"hello"}'), plain);
});

test('dialect: nobody can stay undecided with white space for ever', () => {
	assert.deepEqual(look(' '.repeat(2047)), undecided(true));
	assert.deepEqual(look(' '.repeat(2048)), plain);
	assert.deepEqual(look(' '.repeat(100_000)), plain);
});

const verbs = 'GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH PRI'.split(
	' ',
);

test('dialect: a request is HTTP at the start of its target, undecided before', () => {
	for (const verb of verbs) {
		for (const target of ['/', '*', 'http:', 'https:']) {
			const start = `${verb} ${target}`;
			const seen = looks(`${start}x HTTP/1.1\r\nHost: a\r\n\r\n`);
			const before = seen.slice(0, start.length - 1);
			assertAll(before, undecided(false), start);
			const from = seen.slice(start.length - 1);
			assertAll(from, foreign('HTTP'), start);
		}
	}
});

test('dialect: any verb is HTTP once its version is there', () => {
	for (const line of [
		'PROPFIND /x HTTP/1',
		'CONNECT example.org:443 HTTP/1',
		'BREW pot HTTP/1',
	]) {
		const seen = looks(`${line}.1\r\n\r\n`);
		const from = seen.slice(line.length - 1);
		assertAll(from, foreign('HTTP'), line);
		const before = seen.slice(0, line.length - 1);
		assert.ok(before.every(({kind}) => kind !== 'foreign'));
	}
});

test('dialect: a Host header is HTTP wherever it stands', () => {
	for (const before of ['', 'x\r\n', '{"type":"say"}\n', 'get /\r\n\r\n']) {
		for (const name of ['Host:', 'host:', 'HOST:']) {
			const header = before + name;
			const seen = looks(`${header} evil.example\r\n`);
			const from = seen.slice(header.length - 1);
			assertAll(from, foreign('HTTP'), header);
		}
	}

	for (const text of ['ghost: boo', 'the host: me', 'host is me', 'hosts:']) {
		assert.deepEqual(look(text), plain);
	}
});

test('dialect: a TLS record is known by its second byte', () => {
	const clientHello = '\u0016\u0003\u0001\u0002\0\u0001\0';
	assert.deepEqual(looks(clientHello), [
		undecided(false),
		...Array.from({length: 6}, () => foreign('TLS')),
	]);
	assert.deepEqual(look('\u0016\u0004'), plain);
	assert.deepEqual(look('\u0016hello'), plain);
	assert.deepEqual(look('x\u0016\u0003'), plain);
});

test('dialect: SSH is known by its fourth byte', () => {
	assert.deepEqual(looks('SSH-2.0'), [
		...Array.from({length: 3}, () => undecided(false)),
		...Array.from({length: 4}, () => foreign('SSH')),
	]);
	assert.deepEqual(look('SSH is down'), plain);
	assert.deepEqual(look('ssh-add'), plain);
});

test('dialect: what people type is plain', () => {
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
		assert.deepEqual(look(`${text}\n`), plain);
	}
});

test('dialect: a start of a word that may go on is undecided', () => {
	for (const verb of [...verbs.map(word => `${word} `), 'SSH']) {
		const seen = looks(verb);
		assertAll(seen, undecided(false), verb);
	}
});

test('dialect: who was known stays known, whatever comes after', () => {
	const starts = [...hellos, 'GET /', 'SSH-', '\u0016\u0003', 'a\nhost:'];
	const byte = fc.nat({max: 255});
	fc.assert(
		fc.property(
			fc.constantFrom(...starts),
			fc.uint8Array({maxLength: 3000, size: 'max'}),
			(start, rest) => {
				const bytes = Buffer.concat([Buffer.from(start, 'latin1'), rest]);
				const later = sniff(bytes);
				// A Host line turns even a hello away.
				if (later.kind !== 'foreign' || look(start).kind === 'foreign') {
					assert.deepEqual(later, look(start));
				}
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

test('dialect: a line of a plain peer tells HTTP as well', () => {
	assert.equal(foreignLine('POST /chat HTTP/1.1'), 'HTTP');
	assert.equal(foreignLine('Host: 127.0.0.1:5001'), 'HTTP');
	assert.equal(foreignLine('get well soon'), undefined);
	assert.equal(foreignLine('I said: GET / HTTP/1.1'), undefined);
});
