import assert from 'node:assert/strict';
import {Buffer, isAscii} from 'node:buffer';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import {
	decodeClientFrame,
	decodeServerFrame,
	frameLine,
	leadingSays,
	messageLines,
	readSimpleMessage,
	welcomeLine,
	type Decoded,
} from '../../source/protocol/codec.js';
import {toFrameTime} from '../../source/protocol/time.js';
import {
	maxFrameBytes,
	maxTextBytes,
	type ClientFrame,
	type Message,
	type ServerFrame,
	type Welcome,
} from '../../source/protocol/frame.js';
import {LineSplitter} from '../../source/protocol/lines.js';
import {anyCharacter} from '../helpers/any-character.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 1000);

type AnyFrame = ClientFrame | ServerFrame;
type Decode = (line: Buffer) => Decoded<AnyFrame>;
/** The fields of each type except `type`; those marked `?` are optional. */
type Fields<Frame extends AnyFrame> = Record<
	Frame['type'],
	Record<string, fc.Arbitrary<unknown>>
>;

const text = fc.string({unit: anyCharacter, maxLength: 20});
const count = fc.oneof(
	fc.constantFrom(0, 1, Number.MAX_SAFE_INTEGER),
	fc.maxSafeNat(),
);
const time = count.map(value => Math.min(value, 8.64e15));
const positive = count.map(value => Math.max(1, value));
const names = fc.array(text, {maxLength: 3});
const record = (fields: Record<string, fc.Arbitrary<unknown>>) =>
	fc.record(fields, {noNullPrototype: true});
const memberList = fc.record(
	{count, names, agents: names},
	{noNullPrototype: true, requiredKeys: ['count', 'names']},
);
const ping = {id: count};
const entry = {seq: positive, at: time, id: text};

const digest = fc.string({
	unit: fc.constantFrom(...'0123456789abcdef'),
	minLength: 64,
	maxLength: 64,
});

const clientFields: Fields<ClientFrame> = {
	challenge: {v: positive, nonce: digest},
	hello: {
		v: positive,
		client: fc.uuid(),
		nick: text,
		'since?': count,
		'log?': text,
		'last?': count,
		'status?': fc.constant(true),
		'oneShot?': fc.constant(true),
		'agent?': fc.constant(true),
		'proof?': digest,
	},
	say: {n: positive, text},
	whisper: {n: positive, to: text, text},
	search: {id: count, text, 'before?': positive},
	past: {id: count, 'before?': positive},
	who: {id: count},
	nick: {nick: text},
	ping,
	pong: ping,
	heir: {},
	commands: {},
	offer: {name: text, usage: text, help: text},
	withdraw: {name: text},
	command: {request: positive, name: text, text},
	answer: {request: positive, text, 'failed?': fc.constant(true)},
	bye: {},
};

const message = {...entry, from: text, n: count, text};

const serverFields: Fields<ServerFrame> = {
	challenge: {nonce: digest, proof: digest},
	welcome: {
		v: positive,
		session: text,
		room: text,
		'name?': text,
		'log?': text,
		'host?': text,
		'sameUser?': fc.constant(true),
		'restarts?': fc.constant(true),
		'commands?': fc.constant(true),
		'inMemory?': fc.constant(true),
		nick: text,
		head: count,
		'stored?': count,
		members: memberList,
		limits: fc.record(
			{frameBytes: positive, textBytes: positive, agentRate: positive},
			{
				noNullPrototype: true,
				requiredKeys: ['frameBytes', 'textBytes'],
			},
		),
		heartbeatMs: positive,
	},
	status: {
		v: positive,
		room: text,
		'name?': text,
		log: text,
		head: count,
		since: time,
		members: memberList,
	},
	commands: {
		offered: fc.array(
			record({name: text, usage: text, help: text, from: text}),
			{
				maxLength: 3,
			},
		),
	},
	offered: {name: text, 'code?': text, 'message?': text},
	command: {
		request: positive,
		at: time,
		name: text,
		from: text,
		id: text,
		text,
	},
	answered: {
		request: positive,
		at: time,
		name: text,
		'from?': text,
		text,
		'failed?': fc.constant(true),
		'code?': text,
	},
	gap: {from: positive, to: positive},
	message,
	joined: {
		...entry,
		nick: text,
		'oneShot?': fc.constant(true),
		'agent?': fc.constant(true),
	},
	left: {
		...entry,
		nick: text,
		reason: text,
		'oneShot?': fc.constant(true),
	},
	renamed: {...entry, from: text, to: text},
	members: {count, names, 'agents?': names, 'heartbeatMs?': positive},
	present: {
		id: count,
		count,
		members: fc.array(
			fc.record(
				{
					nick: text,
					id: text,
					agent: fc.constant(true),
					sameUser: fc.constant(true),
				},
				{noNullPrototype: true, requiredKeys: ['nick', 'id']},
			),
			{maxLength: 3},
		),
	},
	pending: {at: time, from: text, id: text, n: count, text},
	dropped: {
		at: time,
		from: text,
		id: text,
		n: count,
		text,
		code: text,
		message: text,
	},
	whispered: {n: count, from: text, to: text, text, at: time},
	found: {
		id: count,
		text,
		entries: fc.array(record({type: fc.constant('message'), ...message}), {
			maxLength: 3,
		}),
		'next?': positive,
	},
	past: {
		id: count,
		entries: fc.array(
			fc.oneof(
				record({type: fc.constant('message'), ...message}),
				record({type: fc.constant('joined'), ...entry, nick: text}),
				record({
					type: fc.constant('left'),
					...entry,
					nick: text,
					reason: text,
					oneShot: fc.constant(true),
				}),
			),
			{maxLength: 3},
		),
		oldest: positive,
	},
	ping,
	pong: ping,
	error: {code: text, message: text, 'n?': positive},
	bye: {reason: text},
};

const sides = [
	{side: 'client', fields: clientFields, decode: decodeClientFrame},
	{side: 'server', fields: serverFields, decode: decodeServerFrame},
] as const;

/** Frames of a type, with all required and any optional fields. */
const frames = (type: string, fields: Fields<AnyFrame>[AnyFrame['type']]) => {
	const all = Object.fromEntries(
		Object.entries(fields).map(([key, value]) => [key.replace('?', ''), value]),
	);
	const requiredKeys = Object.keys(fields).filter(key => !key.endsWith('?'));
	return fc
		.record(all, {requiredKeys, noNullPrototype: true})
		.map(frame => ({type, ...frame}));
};

const anyOf = (fields: Fields<AnyFrame> | Partial<Fields<AnyFrame>>) =>
	fc.oneof(
		...Object.entries(fields).map(([type, each]) => frames(type, each)),
	) as fc.Arbitrary<AnyFrame>;

const jsonOf = (value: unknown) => Buffer.from(JSON.stringify(value));
const whyBad = (decoded: Decoded<AnyFrame>): string => {
	assert.equal(decoded.kind, 'bad');
	return decoded.error.message;
};

for (const {side, fields, decode} of sides) {
	for (const [type, each] of Object.entries(fields)) {
		test(`codec: a ${side}'s ${type} comes back as it was`, () => {
			fc.assert(
				fc.property(frames(type, each), frame => {
					const line = frameLine(frame as AnyFrame);
					assert.equal(line.indexOf('\n'), line.length - 1);
					assert.deepEqual(decode(Buffer.from(line.slice(0, -1))), {
						kind: 'frame',
						frame,
					});
				}),
				{numRuns: Math.min(runs, 200)},
			);
		});

		test(`codec: a ${side}'s ${type} needs its keys, of their types`, () => {
			const [whole] = fc.sample(
				frames(type, each).filter(
					frame => Object.keys(frame).length > Object.keys(each).length,
				),
				{numRuns: 1, seed: 1},
			);
			for (const key of Object.keys(each)) {
				const name = key.replace('?', '');
				const without = jsonOf({...whole, [name]: undefined});
				if (key.endsWith('?')) {
					assert.equal(decode(without).kind, 'frame', `without ${name}`);
				} else {
					assert.match(
						whyBad(decode(without)),
						new RegExp(`${type} .*${name}`),
					);
				}

				const right: unknown = whole![name as 'type'];
				const other = typeof right === 'string' ? 1 : '1';
				const wrongs = [null, true, {}, [1], [['a']], other];
				for (const wrong of wrongs.filter(value => value !== right)) {
					const why = whyBad(decode(jsonOf({...whole, [name]: wrong})));
					assert.match(why, new RegExp(`${type}'s ${name} is not `));
				}
			}
		});
	}
}

test('codec: gives the same frames whatever the chunk boundaries', () => {
	for (const {fields, decode} of sides) {
		const some = fc.array(anyOf(fields), {minLength: 1, maxLength: 5});
		fc.assert(
			fc.property(some, fc.array(fc.double({min: 0, max: 1})), (all, cuts) => {
				const bytes = Buffer.from(all.map(frame => frameLine(frame)).join(''));
				const places = cuts.map(cut => Math.floor((cut || 0) * bytes.length));
				assert.deepEqual(readCut(bytes, places, decode), all);
			}),
			{numRuns: runs},
		);
	}
});

const readCut = (bytes: Buffer, places: readonly number[], decode: Decode) => {
	const splitter = new LineSplitter(maxFrameBytes);
	const seen: unknown[] = [];
	let start = 0;
	for (const end of [...places.toSorted((a, b) => a - b), bytes.length]) {
		splitter.push(bytes.subarray(start, end), line => {
			const decoded = decode(line);
			seen.push(decoded.kind === 'frame' ? decoded.frame : decoded);
		});
		start = end;
	}

	return seen;
};

test('codec: gives the same frames at every single boundary of every type', () => {
	for (const {fields, decode} of sides) {
		const all = Object.entries(fields).flatMap(([type, each]) =>
			fc.sample(frames(type, each), {numRuns: 1, seed: 7}),
		) as AnyFrame[];
		const bytes = Buffer.from(all.map(frame => frameLine(frame)).join(''));
		for (let place = 0; place <= bytes.length; place++) {
			assert.deepEqual(readCut(bytes, [place], decode), all);
		}

		assert.deepEqual(
			readCut(
				bytes,
				Array.from(bytes, (_byte, index) => index),
				decode,
			),
			all,
		);
	}
});

test('codec: messageLines encodes as frameLine does', () => {
	fc.assert(
		fc.property(
			record({...entry, from: text, n: count, text}),
			({seq, n, text: said, ...fixed}) => {
				const head = {type: 'message', ...fixed} as const;
				const {at, from, id} = head as unknown as Message;
				assert.equal(
					messageLines({type: 'message', at, from, id})(
						seq as number,
						n as number,
						JSON.stringify(said),
					),
					frameLine({
						type: 'message',
						seq,
						at,
						from,
						id,
						n,
						text: said,
					} as Message),
				);
			},
		),
		{numRuns: runs},
	);
});

test('codec: welcomeLine encodes as frameLine does', () => {
	fc.assert(
		fc.property(fc.array(fc.string({unit: 'grapheme'})), listed => {
			const welcome: Omit<Welcome, 'members'> = {
				type: 'welcome',
				v: 1,
				session: 'session',
				room: '127.0.0.1:5001',
				log: 'log',
				nick: listed[0] ?? 'otter',
				head: 5,
				stored: 0,
				limits: {frameBytes: 1, textBytes: 1},
				heartbeatMs: 2000,
			};
			const line = welcomeLine(welcome, 7, JSON.stringify({names: listed}));
			assert.deepEqual(decodeServerFrame(Buffer.from(line.trimEnd())), {
				kind: 'frame',
				frame: {...welcome, members: {count: 7, names: listed}},
			});
			assert.ok(line.endsWith('}\n'));
		}),
		{numRuns: Math.min(runs, 300)},
	);
});

const simpleSay = fc
	.tuple(fc.integer({min: 1}), fc.stringMatching(/^[ !#a-z{}:~]{0,20}$/))
	.map(([n, said]) => `{"type":"say","n":${n},"text":"${said}"}\n`);

// Says, and lines similar to them.
const nearSay = fc.oneof(
	simpleSay,
	record({n: positive, text}).map(
		fields => `${JSON.stringify({type: 'say', ...fields})}\n`,
	),
	fc
		.tuple(
			fc.constantFrom('1', '0', '01', '-1', '1e3', '9007199254740993', '""'),
			fc.constantFrom(
				'a',
				'\u007F',
				'\t',
				'\\n',
				'\\u0041',
				'"',
				'é',
				'\uFEFF',
			),
			fc.constantFrom('', ' ', '\r', ',"text":"b"'),
		)
		.map(
			([n, said, end]) => `{"type":"say","n":${n},"text":"${said}"${end}}\n`,
		),
	fc.constantFrom(
		'\n',
		' {"type":"say","n":1,"text":"a"}\n',
		'{"type":"ping","id":1}\n',
		'{"type":"say","n":1,"text":"a"}',
		`{"type":"say","n":1,"text":"${'a'.repeat(maxTextBytes)}"}\n`,
		`{"type":"say","n":1,"text":"${'a'.repeat(maxTextBytes + 1)}"}\n`,
	),
);

test('codec: leadingSays gives the same as decoding line by line', () => {
	fc.assert(
		fc.property(
			fc.array(simpleSay, {maxLength: 3}),
			fc.array(nearSay, {maxLength: 6}),
			fc.nat({max: 1000}),
			(simple, others, cut) => {
				const whole = Buffer.from([...simple, ...others].join(''));
				const chunk = whole.subarray(0, whole.length - (cut % 40));
				const {says, bytes} = leadingSays(chunk);
				const expected: Array<Decoded<ClientFrame>> = [];
				new LineSplitter(maxFrameBytes).push(chunk.subarray(0, bytes), line => {
					expected.push(decodeClientFrame(line));
				});
				assert.deepEqual(
					says.map(({n, text: said}) => ({
						kind: 'frame',
						frame: {type: 'say', n, text: said},
					})),
					expected,
				);
				for (const {text: said, json} of says) {
					assert.equal(json, JSON.stringify(said));
				}

				assert.ok(bytes === 0 || chunk[bytes - 1] === 0x0a);
				if (isAscii(chunk)) {
					const rest = chunk.toString('latin1', bytes);
					const next = simple[says.length];
					assert.ok(
						next === undefined || !rest.startsWith(next),
						`It stopped before ${next}`,
					);
				}
			},
		),
		{numRuns: runs},
	);
});

test('codec: leadingSays takes every simple say up to the first other line', () => {
	const say = (n: number, said: string) =>
		`{"type":"say","n":${n},"text":"${said}"}\n`;
	const all = say(1, 'a') + say(2, '') + say(999_999_999_999_999, '{}~');
	assert.equal(leadingSays(Buffer.from(all)).bytes, all.length);
	for (const other of [
		'{"type":"bye"}\n',
		say(3, '\\\\'),
		say(3, 'a').trim(),
	]) {
		const {says, bytes} = leadingSays(Buffer.from(all + other));
		assert.deepEqual([says.length, bytes], [3, all.length], other);
	}
});

// Anything that one of its fields may hold, and what it may not.
const messageParts = {
	seq: ['1', '0', '01', '1.5', '-1', '1e3', '"1"', '9'.repeat(16)],
	at: ['0', '1764284000000', '00', '8640000000000001', '9'.repeat(15)],
	from: [
		'otter',
		'fähre',
		'\\u0041',
		'\uD83E\uDDA6',
		'\uD83E',
		'\u0001',
		'"',
		'\\',
	],
	n: ['0', '7', '-0', '9007199254740991', '9007199254740992'],
	text: ['', 'a', '\u007F', '\u2028', '\\ud800', '\\n', '\t', '語'],
	rest: ['', ',"n":2', ',"color":"red"', ' '],
};

test('codec: a simple message is decoded as any other line', () => {
	let simple = 0;
	fc.assert(
		fc.property(
			fc.record(
				Object.fromEntries(
					Object.entries(messageParts).map(([key, of]) => [
						key,
						fc.oneof(
							{arbitrary: fc.constant(of[0]!), weight: 3},
							fc.constantFrom(...of),
						),
					]),
				) as {[key in keyof typeof messageParts]: fc.Arbitrary<string>},
			),
			({seq, at, from, n, text: said, rest}) => {
				const line = `{"type":"message","seq":${seq},"at":${at},"from":"${from}","id":"x","n":${n},"text":"${said}"${rest}}`;
				// With a space it is the same JSON, but none that frameLine makes.
				const slow = decodeServerFrame(Buffer.from(`${line} `));
				const fast = decodeServerFrame(Buffer.from(line));
				assert.equal(fast.kind, slow.kind, line);
				const frame = readSimpleMessage(line);
				if (fast.kind === 'frame' && slow.kind === 'frame') {
					assert.deepEqual(fast, slow);
				}

				if (frame) {
					simple++;
					assert.deepEqual(slow, {kind: 'frame', frame});
					assert.equal(frameLine(frame), `${line}\n`);
				}
			},
		),
		{numRuns: runs},
	);
	assert.ok(simple > runs / 20, `Only ${simple} were simple.`);
});

test('codec: takes each time that a Date can hold from 1970 on, and no other', () => {
	const kindAt = (at: number) =>
		decodeServerFrame(
			jsonOf({type: 'joined', seq: 1, at, nick: 'otter', id: 'x'}),
		).kind;
	for (const at of [0, 1, 8.64e15]) {
		assert.equal(kindAt(at), 'frame', String(at));
		assert.equal(toFrameTime(at), at);
	}

	for (const at of [-1, 0.5, 8.64e15 + 1, -Infinity, 1e300]) {
		assert.equal(kindAt(at), 'bad', String(at));
		assert.equal(kindAt(toFrameTime(at)), 'frame', String(at));
	}
});
