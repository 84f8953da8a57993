import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import type {Connection} from '../../source/connection/connection.js';
import {explain} from '../../source/tcp/explain.js';
import {SockchatError} from '../../source/errors.js';
import {jsonError, jsonLine} from '../../source/plain/json.js';
import type {ChatEvent} from '../../source/event/event.js';
import {anyCharacter} from '../helpers/any-character.js';
import {chunkOf} from '../helpers/chunks.js';
import {
	connections,
	kernelSocket,
	listeningOf,
	peerRow,
} from '../helpers/models.js';
import {messageFrame, welcomeFrame} from '../helpers/scripted.js';
import {called, inferred} from '../helpers/steps.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 1000);

const at = 1_767_319_445_000;

/** The object in the one line that an event is printed as. */
const told = (event: ChatEvent): unknown => {
	const line = jsonLine(event);
	if (line === undefined) {
		return undefined;
	}

	assert.match(line, /^\{.*\}\n$/u, 'one object, one line');
	return JSON.parse(line);
};

const endpoints = {local: '127.0.0.1:53122', remote: '127.0.0.1:5001'};

const stateOf = (
	connection: Connection,
	ends: {local?: string; remote?: string} = {},
): unknown => {
	const {local, remote} = ends;
	return told({type: 'connection', at, connection, local, remote});
};

const lost = {code: 'ERR_LOST', message: 'lost'};

test('json: each phase of a connection is a state', () => {
	const state = {type: 'state', at};
	const {connecting, handshaking, open, silent, waiting, draining, closed} =
		connections;
	assert.deepEqual(stateOf({...connecting, attempt: 3}), {
		...state,
		phase: 'connecting',
		attempt: 3,
	});
	assert.deepEqual(stateOf(handshaking, endpoints), {
		...state,
		...endpoints,
		phase: 'handshaking',
		attempt: 1,
	});
	for (const connection of [open, silent]) {
		const {phase} = connection;
		assert.deepEqual(stateOf(connection, endpoints), {
			...state,
			...endpoints,
			phase,
			attempt: 1,
		});
	}

	assert.deepEqual(stateOf(waiting), {
		...state,
		phase: 'waiting',
		attempt: 1,
		retryInMs: waiting.retryAt - waiting.since,
		cause: lost,
	});
	assert.deepEqual(stateOf(draining), {...state, phase: 'draining'});
	assert.deepEqual(stateOf(closed), {...state, phase: 'closed', cause: lost});
	assert.deepEqual(stateOf({...closed, cause: undefined}), {
		...state,
		phase: 'closed',
	});
});

test('json: a server first prints where it listens, named like its flags', () => {
	const place = {host: '127.0.0.1', port: 5001};
	const event = (phase: 'listening' | 'draining' | 'closed') =>
		({type: 'listening', at, state: listeningOf(phase).state, place}) as const;
	assert.equal(
		jsonLine(event('listening')),
		'{"type":"state","phase":"listening","host":"127.0.0.1","port":5001}\n',
	);
	assert.deepEqual(told({...event('draining'), place: {path: '/tmp/x'}}), {
		type: 'state',
		phase: 'draining',
		path: '/tmp/x',
	});
	assert.deepEqual(told(event('closed')), {
		type: 'state',
		phase: 'closed',
		...place,
		cause: lost,
	});
});

test('json: frames are printed as they came, except bye', () => {
	for (const frame of [
		messageFrame(7),
		welcomeFrame(),
		{type: 'gap', from: 1, to: 9},
		{type: 'error', code: 'ERR_NICK_TAKEN', message: 'taken'},
		{type: 'members', count: 1, names: ['otter']},
		{type: 'ping', id: 4},
	] as const) {
		assert.deepEqual(told({type: 'frame', at, frame}), frame);
	}

	const frame = {type: 'bye', reason: 'shutdown'} as const;
	assert.equal(told({type: 'frame', at, frame}), undefined);
});

test('json: each state of an own message is a mark', () => {
	const text = 'hello';
	const mark = {type: 'mark', n: 3, at};
	assert.deepEqual(told({type: 'queued', at, n: 3, text, to: undefined}), {
		...mark,
		mark: 'queued',
	});
	assert.deepEqual(told({type: 'sent', at, n: 3}), {...mark, mark: 'sent'});
	assert.deepEqual(told({type: 'stored', at, n: 3}), {
		...mark,
		mark: 'stored',
	});
	const error = new SockchatError('ERR_LOST', 'lost');
	assert.deepEqual(told({type: 'failed', at, n: 3, error}), {
		...mark,
		mark: 'failed',
		cause: lost,
	});
});

test('json: a raw chunk is printed as base64 and as text', () => {
	const bytes = Buffer.from([0x68, 0xff, 0x0a]);
	const chunk = {type: 'chunk', direction: 'in', at} as const;
	assert.deepEqual(told({...chunk, peer: undefined, bytes}), {
		...chunk,
		bytes: 3,
		base64: 'aP8K',
		text: 'h\u{FFFD}\n',
	});
});

test('json: a step has its sentence', () => {
	const step = inferred('SYN-SENT', {at});
	assert.deepEqual(told({type: 'step', at, step}), {
		type: 'step',
		kind: 'state',
		at,
		end: 'local',
		state: 'SYN-SENT',
		evidence: 'inferred',
		explain: explain(step),
	});
});

test('json: the order of calls is that of the lines', () => {
	const step = called('shutdown(SHUT_WR)', {at, order: 7});
	assert.deepEqual(told({type: 'step', at, step}), {
		type: 'step',
		kind: 'call',
		at,
		call: 'shutdown(SHUT_WR)',
		explain: explain(step),
	});
});

test('json: the kernel’s view says whether there is one', () => {
	const local = kernelSocket();
	const kernel = {type: 'kernel', at} as const;
	assert.deepEqual(told({...kernel, pair: {local, remote: undefined}}), {
		...kernel,
		isReadable: true,
		local,
	});
	assert.deepEqual(told({...kernel, pair: undefined}), {
		...kernel,
		isReadable: false,
	});
});

test('json: peers are printed without times of the monotonic clock', () => {
	const listening = kernelSocket({state: 'LISTEN'});
	const {since, ...row} = peerRow({rttMs: 0.5});
	const {rttMs, ...unmeasured} = row;
	assert.deepEqual(
		told({
			type: 'peers',
			at,
			rows: [peerRow({rttMs: 0.5}), peerRow()],
			listening,
			backlog: 511,
			refused: 2,
		}),
		JSON.parse(
			JSON.stringify({
				type: 'peers',
				at,
				rows: [row, unmeasured],
				listening,
				backlog: 511,
				refused: 2,
			}),
		),
	);
	assert.ok(since > 0 && rttMs === 0.5);
});

test('json: a chunk on the wire is hex, with its full length if it was cut', () => {
	const event = {type: 'wire', ...chunkOf('abc', {length: 20_000})} as const;
	assert.deepEqual(told(event), {
		type: 'wire',
		at: event.at,
		direction: 'in',
		bytes: 20_000,
		hex: '616263',
	});
});

test('json: a round trip is printed in microseconds', () => {
	assert.deepEqual(told({type: 'rtt', at, rttMs: 0.123_456_789}), {
		type: 'rtt',
		at,
		rttMs: 0.123,
	});
});

test('json: other events are printed unchanged', () => {
	const peer = '127.0.0.1:53122';
	const bytes = {bytesIn: 1, bytesOut: 2};
	for (const event of [
		{type: 'accepted', at, peer},
		{type: 'ended', at, peer, reason: 'quit', ...bytes},
		{type: 'foreign', at, peer, protocol: 'HTTP'},
		{type: 'traffic', at, queuedBytes: 3, ...bytes},
		{type: 'notice', at, tone: 'info', text: 'a notice'},
	] as const) {
		assert.deepEqual(told(event), event);
	}

	assert.equal(told({type: 'clear', at}), undefined);
});

test('json: no line contains control characters, and none loses its text', () => {
	fc.assert(
		fc.property(fc.string({unit: anyCharacter}), text => {
			const event = {type: 'notice', at, tone: 'info', text} as const;
			const line = jsonLine(event)!;

			assert.doesNotMatch(line.slice(0, -1), /[\u{0}-\u{1F}\u{7F}-\u{9F}]/u);
			assert.doesNotMatch(line, /[\u{202A}-\u{202E}\u{2066}-\u{2069}]/u);
			assert.deepEqual(JSON.parse(line), event);
		}),
		{numRuns: runs},
	);
});

test('json: a failure outside a connection is an error', () => {
	assert.equal(
		jsonError(new SockchatError('ERR_PORT_TAKEN', 'taken\u{9B}31m')),
		'{"type":"error","code":"ERR_PORT_TAKEN","message":"taken\\u009b31m"}\n',
	);
});
