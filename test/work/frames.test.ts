/**
 * The frames of an idle screen, counted by a clock that the test drives: none
 * while nothing changes that a person sees.
 */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import test, {type TestContext} from 'node:test';
import type {ChatEvent} from '../../source/event/event.js';
import type {ModelEvent} from '../../source/store/reduce.js';
import {openApp, type AppOptions} from '../helpers/app.js';
import {FakeClock} from '../helpers/clock.js';
import {
	connections,
	kernelSocket,
	listeningOf,
	modelOf,
	peerRow,
} from '../helpers/models.js';
import {
	directionRow,
	pairRow,
	pairsEvent,
	proxyModel,
} from '../helpers/pairs.js';
import {called} from '../helpers/steps.js';
import {until} from '../helpers/until.js';

type Wired = Extract<ChatEvent, {type: 'wire'}>;

const heartbeatMs = 2000;
const startedAt = new FakeClock().monotonicMs();

const presence = {
	members: {count: 2, names: ['heron', 'otter']},
	replayHead: 0,
};
const member = modelOf({
	presence,
	connection: {...connections.open, since: startedAt},
});
const server = modelOf({
	presence,
	listening: listeningOf('listening', {
		state: {phase: 'listening', since: startedAt},
	}),
});

/** What a client samples at each heartbeat. */
const clientBeat = (count: number): readonly ChatEvent[] => [
	{type: 'rtt', at: 0, rttMs: 0.2 + (count % 5) / 10},
	{
		type: 'traffic',
		at: count,
		bytesIn: 900 + count,
		bytesOut: 900 + count,
		queuedBytes: 0,
	},
	{
		type: 'kernel',
		at: count * heartbeatMs,
		pair: {local: kernelSocket(), remote: kernelSocket()},
	},
];

const serverBeat = (count: number): readonly ChatEvent[] => [
	{
		type: 'peers',
		at: count * heartbeatMs,
		rows: ['heron', 'ibis', 'lynx', 'mole', 'newt'].map((nick, index) =>
			peerRow({
				nick,
				peer: `127.0.0.1:${50_000 + index}`,
				since: startedAt,
				rttMs: 0.1 + ((count + index) % 5) / 10,
				bytesIn: 10 * count,
			}),
		),
		listening: kernelSocket({state: 'LISTEN'}),
		backlog: 511,
		refused: 0,
	},
];

/** Frames and bytes of so many seconds with a heartbeat every two. */
const idle = async (
	app: Awaited<ReturnType<typeof openApp>>,
	beat: (count: number) => readonly ModelEvent[],
	seconds: number,
) => {
	// The first round trip isn't shown.
	await app.tell(...beat(0));
	await app.tell(...beat(0));
	const before = await app.drawn();
	for (let count = 1; count <= (seconds * 1000) / heartbeatMs; count++) {
		app.clock.advance(heartbeatMs - 33);
		await app.tell(...beat(count));
	}

	const after = await app.drawn();
	return {
		frames: after.frames - before.frames,
		bytes: after.bytes - before.bytes,
	};
};

const silence = {frames: 0, bytes: 0};

const open = async (t: TestContext, options: AppOptions) => {
	const app = await openApp(t, options);
	// Ink and React draw the first frame twice.
	await app.rows();
	return app;
};

test('work: the screen of a proxy draws no frame for reads of 500 connections in which nothing has changed, and one for a change', async t => {
	for (const view of ['/peers', '/wire', '']) {
		const model = {
			...proxyModel(),
			listening: listeningOf('listening', {
				state: {phase: 'listening', since: startedAt},
			}),
		};
		const app = await open(t, {model, columns: 120, rows: 30});
		if (view !== '') {
			await app.type(`${view}\r`);
		}

		const rows = (bytes: number) =>
			Array.from({length: 500}, (_, index) =>
				pairRow({
					peer: `127.0.0.1:${40_000 + index}`,
					since: startedAt,
					out: directionRow({bytes: index === 499 ? bytes : 1}),
				}),
			);
		const read = (count: number): readonly ModelEvent[] => [
			pairsEvent(rows(1), {at: count * heartbeatMs}),
		];
		assert.deepEqual(await idle(app, read, 40), silence, view);
		const before = await app.drawn();
		await app.tell(pairsEvent(rows(2), {bytes: {out: 2, in: 0}}));
		const after = await app.drawn();
		assert.equal(after.frames - before.frames, 1, view);
	}
});

test('work: an idle screen draws no frame in 50 s, in any layout', async t => {
	for (const [columns, rows] of [
		[20, 8],
		[40, 12],
		[80, 24],
		[110, 30],
		[200, 60],
	] as const) {
		const app = await open(t, {model: member, columns, rows});
		assert.deepEqual(await idle(app, clientBeat, 50), silence, `${columns}`);
	}
});

test('work: round trips of a busy machine draw no frame, a slower network does', async t => {
	// Three of five in a row may be slow by chance, all five seldom are.
	const slow = [0.4, 75, 0.6, 4.4, 7.5, 12, 0.9, 0.5, 35, 7.2, 0.3, 3.1, 9, 1];
	const busy = (count: number): readonly ChatEvent[] => [
		{type: 'rtt', at: 0, rttMs: slow[count % slow.length]!},
	];
	const app = await open(t, {model: member, columns: 110, rows: 30});
	assert.deepEqual(await idle(app, busy, 50), silence);
	const far = (): readonly ChatEvent[] => [{type: 'rtt', at: 0, rttMs: 40}];
	await idle(app, far, 20);
	assert.match((await app.rows()).join('\n'), /rtt +40 ms/);
	assert.deepEqual(await idle(app, far, 20), silence);
});

test('work: in raw mode the last bytes draw a frame, and idle samples none', async t => {
	const model = {...member, mode: 'raw'} as const;
	const sample = (bytes: number): readonly ChatEvent[] => [
		{
			type: 'traffic',
			at: 0,
			bytesIn: bytes,
			bytesOut: bytes,
			queuedBytes: 0,
		},
		...clientBeat(0).filter(({type}) => type === 'kernel'),
	];
	const app = await open(t, {model, columns: 140, rows: 30});
	assert.deepEqual(await idle(app, () => sample(8), 20), silence);
	await app.tell(...sample(14));
	const rows = (await app.rows()).join('\n');
	assert.match(rows, /in +14 B/);
	assert.match(rows, /out +14 B/);
	assert.deepEqual(await idle(app, () => sample(14), 20), silence);
});

test('work: an idle server with five peers draws no frame, in any view', async t => {
	const app = await open(t, {model: server, columns: 110, rows: 30});
	assert.deepEqual(await idle(app, serverBeat, 18), silence);
	for (const view of ['/lifecycle', '/peers', '/wire']) {
		await app.type(`${view}\r`);
		assert.deepEqual(await idle(app, serverBeat, 10), silence, view);
	}
});

const beatOnWire = (count: number): readonly ChatEvent[] => [
	...clientBeat(count),
	...(['out', 'in'] as const).map((direction): ChatEvent => {
		const type = direction === 'out' ? 'ping' : 'pong';
		const bytes = Buffer.from(`{"type":"${type}","id":${count}}\n`);
		return {
			type: 'wire',
			at: count * heartbeatMs,
			direction,
			peer: undefined,
			offset: 1000 + 25 * count,
			bytes,
			length: bytes.length,
		};
	}),
];

test('work: the wire view draws no frame for heartbeats alone, and all of them with another chunk', async t => {
	const app = await open(t, {model: member, columns: 110, rows: 30});
	await app.type('/wire\r');
	await app.tell(...beatOnWire(1), ...beatOnWire(2));
	assert.deepEqual(await idle(app, beatOnWire, 30), silence);
	assert.doesNotMatch(await app.text(), /"id":15\}/);
	const {frames, bytes: written} = await idle(app, beatOnWire, 60);
	assert.equal(frames, 1);
	assert.ok(written < 300, `${written} bytes for a minute`);
	const [last] = beatOnWire(16).slice(-1);
	const bytes = Buffer.from('{"type":"message","seq":7}\n');
	await app.tell({...(last as Wired), bytes, length: bytes.length});
	assert.match(await app.text(), /id":30\}/);
});

const beatAsCalls = (count: number): readonly ChatEvent[] => [
	...clientBeat(count),
	...(['out', 'in'] as const).map((direction): ChatEvent => {
		const text = `{"type":"${direction === 'out' ? 'ping' : 'pong'}","id":${count}}\n`;
		const at = count * heartbeatMs;
		const result = String(text.length);
		return {
			type: 'step',
			at,
			step: {
				kind: 'call',
				call: direction === 'out' ? `send(${result})` : 'recv(65536)',
				result,
				at,
				peer: undefined,
				offset: 1000 + 25 * count,
				text,
			},
		};
	}),
];

test('work: the lifecycle view draws no frame for heartbeats alone, and a few bytes a minute', async t => {
	for (const columns of [110, 200]) {
		const socket = {...member.socket, steps: [called('socket()')]};
		const model = {...member, socket};
		const app = await open(t, {model, columns, rows: 30});
		await app.type('/lifecycle\r');
		await app.tell(...beatAsCalls(1), ...beatAsCalls(2));
		assert.deepEqual(await idle(app, beatAsCalls, 30), silence);
		const {frames, bytes} = await idle(app, beatAsCalls, 60);
		assert.equal(frames, 1);
		assert.ok(bytes < 300, `${bytes} bytes for a minute`);
		assert.doesNotMatch(await app.text(), /seq=1751 /);
		const said = beatAsCalls(31).at(-1) as Extract<ChatEvent, {type: 'step'}>;
		const step = {...said.step, text: '{"type":"message","seq":7}\n'};
		const before = await app.drawn();
		await app.tell({...said, step});
		assert.equal((await app.drawn()).frames - before.frames, 1);
		assert.match(await app.text(), /seq=1751 /);
	}
});

const segmentOf = (
	count: number,
	direction: 'in' | 'out',
	text: string,
): ChatEvent => ({
	type: 'step',
	at: count * heartbeatMs,
	step: {
		kind: 'segment',
		segment: 'ACK',
		evidence: 'captured',
		direction,
		seq: 1001 + 25 * count,
		length: text.length,
		text,
		at: count * heartbeatMs,
		peer: undefined,
	},
});

/** As captured: each is acknowledged by the answer, and that by a segment. */
const beatCaptured = (count: number): readonly ChatEvent[] => [
	...beatAsCalls(count),
	segmentOf(count, 'out', `{"type":"ping","id":${count}}\n`),
	segmentOf(count, 'in', `{"type":"pong","id":${count}}\n`),
	segmentOf(count, 'out', ''),
];

test('work: with captured segments, heartbeats alone draw no frame either', async t => {
	for (const columns of [110, 200]) {
		const socket = {...member.socket, steps: [called('socket()')]};
		const model = {...member, socket};
		const app = await open(t, {model, columns, rows: 30});
		await app.type('/lifecycle\r');
		await app.tell(...[1, 2, 3].flatMap(count => beatCaptured(count)));
		assert.deepEqual(await idle(app, beatCaptured, 30), silence);
		const before = await app.drawn();
		assert.doesNotMatch(await app.text(), /1751/);
		await app.tell(segmentOf(31, 'in', '{"type":"message","seq":7}\n'));
		assert.equal((await app.drawn()).frames - before.frames, 1);
		assert.match(await app.text(), /1776/);
	}
});

test('work: an age costs a frame after 1, 2, 5 and 10 minutes, of a few bytes', async t => {
	const app = await open(t, {model: member, columns: 110, rows: 30});
	const {frames, bytes} = await idle(app, clientBeat, 10 * 60);
	assert.equal(frames, 4);
	assert.ok(bytes < 1000, `${bytes} bytes`);
});

test('work: while the terminal is out of sight, an age costs none', async t => {
	const app = await open(t, {model: member, columns: 110, rows: 30});
	app.store.rest(true);
	assert.deepEqual(await idle(app, clientBeat, 10 * 60), silence);
	assert.match(await app.text(), /open +<1 min/u);
	app.store.rest(false);
	assert.match(await app.text(), /open +>10 min/u);
});

test('work: a countdown has a frame a second, also out of sight', async t => {
	const waiting = {
		...connections.waiting,
		since: startedAt,
		retryAt: startedAt + 10_000,
	};
	for (const isResting of [false, true]) {
		const model = modelOf({connection: waiting});
		const app = await open(t, {model, columns: 110, rows: 30});
		app.store.rest(isResting);
		const before = await app.drawn();
		for (let second = 0; second < 5; second++) {
			// React sets the next timer after the frame.
			await until(() => app.clock.delays.length > 0, {what: 'a timer'});
			app.clock.advance(1000);
			await app.rows();
		}

		assert.equal((await app.drawn()).frames - before.frames, 5);
		assert.match(await app.text(), /retry in 5 s/u);
	}
});
