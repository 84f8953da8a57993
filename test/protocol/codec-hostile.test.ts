/** What a hostile or broken peer may send instead of frames. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import {
	decodeClientFrame,
	decodeServerFrame,
	frameLine,
	type Decoded,
} from '../../source/protocol/codec.js';
import type {ClientFrame, ServerFrame} from '../../source/protocol/frame.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 1000);

type AnyFrame = ClientFrame | ServerFrame;
type Decode = (line: Buffer) => Decoded<AnyFrame>;

const sides: readonly Decode[] = [decodeClientFrame, decodeServerFrame];

const jsonOf = (value: unknown) => Buffer.from(JSON.stringify(value));
const refusal = (decode: Decode, line: Buffer | string): string => {
	const decoded = decode(Buffer.from(line));
	assert.equal(decoded.kind, 'bad', line.toString().slice(0, 200));
	const {code, message} = decoded.error;
	assert.equal(code, 'ERR_BAD_FRAME');
	// The error is sent in a frame, which must itself be valid.
	assert.ok(message.isWellFormed());
	assert.ok(message.length < 400, message);
	assert.doesNotMatch(message, /\p{Cc}/v);
	return message;
};

const deep = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

const noFrames = [
	'',
	'hello',
	'null',
	'1',
	'"ping"',
	'[]',
	'[{"type":"bye"}]',
	'{}',
	'{"type":1}',
	'{"type":["ping"],"id":1}',
	'{"type":"ping","id":1',
	'{"type":"ping","id":1}}',
	'\uFEFF{"type":"ping","id":1}',
	'{"type":"ping","id":\u0000}',
	'{"type":"ping\u0000","id":1}',
	...['1e400', '-1', '1.5', '9007199254740992', 'NaN', '0x1', '"1"'].map(
		id => `{"type":"ping","id":${id}}`,
	),
	'{"a":'.repeat(60_000),
	'['.repeat(60_000),
	deep(30_000),
	`{"type":"ping","id":${deep(30_000)}}`,
	`{"type":${deep(30_000)}}`,
];

test('codec: both sides refuse what is not a frame, and throw nothing', () => {
	for (const decode of sides) {
		for (const line of noFrames) {
			refusal(decode, line);
		}
	}
});

test("codec: refuses a text that UTF-8 can't carry unchanged", () => {
	const say = (text: string) => `{"type":"say","n":1,"text":"${text}"}`;
	for (const text of ['\\ud83d', '\\udc00\\ud83d', 'a\\udfff', '\u0000']) {
		refusal(decodeClientFrame, say(text));
	}

	// Truncated and overlong UTF-8, an encoded surrogate, and a byte of Latin 1.
	for (const hex of ['f09fa6', 'c080', 'eda080', 'e9']) {
		const line = Buffer.from(say('??').replace('??', 'X'), 'latin1');
		const place = line.indexOf('X');
		const bytes = Buffer.from(hex, 'hex');
		refusal(
			decodeClientFrame,
			Buffer.concat([line.subarray(0, place), bytes, line.subarray(place + 1)]),
		);
	}

	assert.equal(
		decodeClientFrame(Buffer.from(say('\\ud83e\\udda6'))).kind,
		'frame',
	);
});

test('codec: refuses a repeated key from a client', () => {
	for (const line of [
		'{"type":"ping","id":1,"id":1}',
		'{"type":"ping","id":1,"id":2}',
		'{"id":2,"type":"ping","\\u0069d" : 1}',
		'{"type":"bye","type":"bye"}',
		'{"type":"say","type":"ping","id":1}',
		'{"type":"say","n":1,"text":"a\\\\","text":"\\":"}',
	]) {
		refusal(decodeClientFrame, line);
	}

	for (const text of ['"n":', '\\', '\\":', '":"', ' : {"a":1}']) {
		const frame = {type: 'say', n: 1, text};
		const line = JSON.stringify(frame, undefined, '\t').replaceAll('\n', '\r');
		assert.deepEqual(decodeClientFrame(Buffer.from(line)), {
			kind: 'frame',
			frame,
		});
	}
});

test("codec: a client's secret is a UUID, and n counts from 1", () => {
	const hello = {type: 'hello', v: 1, nick: 'otter'};
	const uuid = '0f8fad5b-d9cb-469f-a165-70867728950e';
	for (const client of [
		'',
		uuid.slice(1),
		`${uuid}\n`,
		uuid.replace('f', 'g'),
	]) {
		refusal(decodeClientFrame, jsonOf({...hello, client}));
	}

	for (const type of ['say', 'whisper']) {
		refusal(decodeClientFrame, jsonOf({type, n: 0, to: 'a', text: 'a'}));
	}
});

const strange = [
	'__proto__',
	'constructor',
	'toString',
	'x'.repeat(9999),
	'\u0007',
];

test('codec: refuses an extra key from a client, ignores it from a server', () => {
	for (const key of strange) {
		const line = `{"type":"ping","id":1,${JSON.stringify(key)}:{"id":2,"x":1}}`;
		assert.match(refusal(decodeClientFrame, line), /ping has no key "/);
		const decoded = decodeServerFrame(Buffer.from(line));
		assert.equal(decoded.kind, 'frame');
		assert.equal(Object.getPrototypeOf(decoded.frame), Object.prototype);
		assert.deepEqual(Object.entries(decoded.frame), [
			['type', 'ping'],
			['id', 1],
		]);
	}
});

test('codec: drops unknown keys of nested objects too', () => {
	const frame = {
		type: 'welcome',
		v: 1,
		session: 's',
		room: 'r',
		nick: 'otter',
		head: 0,
		members: {count: 1, names: ['otter']},
		limits: {frameBytes: 1, textBytes: 1},
		heartbeatMs: 1,
	};
	const [before, after] = JSON.stringify(frame).split('"limits":{', 2);
	const line = `${before}"limits":{"x":${deep(20_000)},${after}`;
	assert.deepEqual(decodeServerFrame(Buffer.from(line)), {
		kind: 'frame',
		frame,
	});
});

test('codec: an unknown type is not an error, whatever its name', () => {
	for (const type of strange) {
		for (const decode of sides) {
			assert.deepEqual(decode(jsonOf({type})), {
				kind: 'unknown',
				frameType: type,
			});
		}
	}
});

test('codec: never throws, whatever the bytes', () => {
	const json = fc.json({noUnicodeString: false}).map(line => Buffer.from(line));
	const bytes = fc
		.uint8Array({maxLength: 60, size: 'max'})
		.map(line => Buffer.from(line));
	const keyed = fc
		.record({
			type: fc.constantFrom('say', 'ping', 'welcome', 'x'),
			id: fc.jsonValue(),
		})
		.map(frame => jsonOf(frame));
	fc.assert(
		fc.property(fc.oneof(json, bytes, keyed), line => {
			for (const decode of sides) {
				const decoded = decode(line);
				const again =
					decoded.kind === 'frame'
						? decode(Buffer.from(frameLine(decoded.frame).trimEnd()))
						: decoded;
				assert.deepEqual(again, decoded);
			}
		}),
		{numRuns: runs},
	);
});
