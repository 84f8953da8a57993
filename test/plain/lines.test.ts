import assert from 'node:assert/strict';
import {test} from 'node:test';
import {explain} from '../../source/tcp/explain.js';
import type {Step} from '../../source/tcp/tcp.js';
import {SockchatError} from '../../source/errors.js';
import {linesOf, type LineOptions} from '../../source/plain/lines.js';
import type {ServerFrame} from '../../source/protocol/frame.js';
import type {ChatEvent} from '../../source/event/event.js';
import {chunkOf} from '../helpers/chunks.js';
import {connections, kernelSocket} from '../helpers/models.js';
import {messageFrame, welcomeFrame} from '../helpers/scripted.js';
import {called, inferred, read, received} from '../helpers/steps.js';

const at = 1_767_319_445_000;

const printed = (event: ChatEvent, options: Partial<LineOptions> = {}) =>
	linesOf(event, {
		isQuiet: false,
		isExplained: false,
		id: 'ffffffffffffffff',
		isOwnHidden: false,
		isConfirmed: false,
		isCall: false,
		isWorded: false,
		isUnix: false,
		...options,
	});

const ofFrame = (frame: ServerFrame, options?: Partial<LineOptions>) =>
	printed({type: 'frame', at, frame}, options);

test('lines: messages go to stdout, each with its sender', () => {
	assert.deepEqual(ofFrame(messageFrame(1, {text: 'hello'})), {
		out: 'heron: hello\n',
	});
	assert.deepEqual(ofFrame(messageFrame(1, {text: 'one\n\ntwo'})), {
		out: 'heron: one\nheron: \nheron: two\n',
	});
	assert.deepEqual(ofFrame(messageFrame(1, {text: '/me waves'})), {
		out: '* heron waves\n',
	});
	const whispered = {
		type: 'whispered',
		n: 1,
		from: 'heron',
		to: 'otter',
		text: 'psst',
		at,
	} as const;
	assert.deepEqual(ofFrame(whispered), {out: 'heron → otter: psst\n'});
});

test('lines: who leaves a room on a Unix domain socket has sent no segment', () => {
	const left = (reason: 'closed' | 'reset' | 'quit', isUnix: boolean) =>
		ofFrame(
			{
				type: 'left',
				seq: 1,
				at,
				nick: 'heron',
				id: 'eeeeeeeeeeeeeeee',
				reason,
			},
			{isUnix},
		).out;
	assert.equal(left('closed', false), '-- heron left (closed: FIN)\n');
	assert.equal(left('closed', true), '-- heron left (closed)\n');
	assert.equal(left('reset', true), '-- heron left (reset)\n');
	assert.equal(left('quit', true), '-- heron left (quit)\n');
});

test('lines: each leave is said, also that of a server that ended', () => {
	const left = (reason: 'quit' | 'shutdown') =>
		ofFrame({
			type: 'left',
			seq: 1,
			at,
			nick: 'heron',
			id: 'eeeeeeeeeeeeeeee',
			reason,
		});
	assert.deepEqual(left('shutdown'), {
		out: '-- heron left (the server ended)\n',
	});
	assert.deepEqual(left('quit'), {out: '-- heron left (quit)\n'});
});

test('lines: own messages are not repeated on the terminal where they were typed', () => {
	const frame = messageFrame(1, {id: 'ffffffffffffffff'});
	assert.deepEqual(ofFrame(frame, {isOwnHidden: true}), {});
	assert.deepEqual(ofFrame(frame), {out: 'heron: entry 1\n'});
	assert.deepEqual(ofFrame(messageFrame(1), {isOwnHidden: true}), {
		out: 'heron: entry 1\n',
	});
});

test('lines: who joins and leaves goes to stdout, other news to stderr', () => {
	const id = '0123456789abcdef';
	assert.deepEqual(ofFrame({type: 'joined', seq: 1, at, nick: 'heron', id}), {
		out: '-- heron joined\n',
	});
	assert.deepEqual(
		ofFrame({type: 'left', seq: 2, at, nick: 'heron', id, reason: 'reset'}),
		{out: '-- heron left (reset: RST)\n'},
	);
	assert.deepEqual(
		ofFrame({type: 'renamed', seq: 3, at, from: 'heron', to: 'otter', id}),
		{out: '-- heron is now otter\n'},
	);
	assert.deepEqual(ofFrame(welcomeFrame()), {
		err: 'You are otter in room; nobody else is here.\n',
	});
	const error = new SockchatError('ERR_LOST', 'the room is full');
	assert.deepEqual(printed({type: 'failed', at, n: 1, error}), {
		err: 'Not sent: the room is full\n',
	});
});

test('lines: no text of a peer controls the terminal', () => {
	const text = '\u{1B}[2Jred\u{9B}m\u{202E}';
	const {out} = ofFrame(messageFrame(1, {text, from: '\u{1B}c'}));
	assert.equal(out, '␛c: ␛[2Jred\\x9bm\\u{202e}\n');
	const {err} = printed({type: 'notice', at, tone: 'bad', text});
	assert.equal(err, '␛[2Jred\\x9bm\\u{202e}\n');
});

const step = (told: Step, options?: Partial<LineOptions>) =>
	printed({type: 'step', at, step: told}, {isExplained: true, ...options});

test('lines: a step is printed with its sentence if --explain is given', () => {
	const peer = '127.0.0.1:53122';
	for (const [told, name] of [
		[called('connect()'), 'connect()'],
		[called('accept()', {peer}), `${peer} accept()`],
		[received('FIN'), 'FIN received'],
		[inferred('SYN-SENT'), 'SYN-SENT (inferred)'],
		[read('ESTABLISHED'), 'ESTABLISHED'],
		[
			read('CLOSE-WAIT', {end: 'remote', peer}),
			`${peer} the other end's CLOSE-WAIT`,
		],
	] as const) {
		assert.deepEqual(step(told), {err: `${name}: ${explain(told)}\n`});
	}

	assert.deepEqual(step(called('shutdown(SHUT_WR)'), {isExplained: false}), {});
	assert.deepEqual(step(called('shutdown(SHUT_WR)'), {isQuiet: true}), {});
});

test('lines: a chunk on the wire is one line with its bytes and its text', () => {
	const wire = (text: string, part = {}) =>
		printed({type: 'wire', ...chunkOf(text, part)}).err;
	assert.equal(wire('hi\r\n'), '← 4 bytes: 68 69 0d 0a hi␍⏎\n');
	assert.equal(
		wire('é', {direction: 'out', peer: '127.0.0.1:1', length: 70_000}),
		'→ 127.0.0.1:1 70000 bytes: c3 a9 … é …\n',
	);
	assert.equal(wire('x'), '← 1 byte: 78 x\n');
});

test('lines: --quiet prints only errors', () => {
	const quiet = {isQuiet: true};
	assert.deepEqual(ofFrame(messageFrame(1), quiet), {});
	assert.deepEqual(ofFrame(welcomeFrame(), quiet), {});
	const state = (phase: 'waiting' | 'closed') =>
		printed(
			{
				type: 'connection',
				at,
				connection: connections[phase],
				local: undefined,
				remote: undefined,
			},
			quiet,
		);
	assert.deepEqual(state('waiting'), {});
	assert.deepEqual(state('closed'), {err: 'lost\n'});
	const error = new SockchatError('ERR_LOST', 'lost');
	assert.deepEqual(printed({type: 'failed', at, n: 1, error}, quiet), {
		err: 'Not sent: lost\n',
	});
});

test('lines: figures, samples and marks are not printed', () => {
	const bytes = {bytesIn: 1, bytesOut: 2};
	for (const event of [
		{type: 'kernel', at, pair: {local: kernelSocket(), remote: undefined}},
		{
			type: 'peers',
			at,
			rows: [],
			listening: undefined,
			backlog: 511,
			refused: 0,
		},
		{type: 'traffic', at, queuedBytes: 3, ...bytes},
		{type: 'rtt', at, rttMs: 1},
		{type: 'queued', at, n: 1, text: 'x', to: undefined},
		{type: 'sent', at, n: 1},
		{type: 'stored', at, n: 1},
		{type: 'clear', at},
		{type: 'frame', at, frame: {type: 'ping', id: 1}},
	] as const) {
		assert.deepEqual(printed(event, {isExplained: true}), {});
	}
});

test('lines: the coming and going of a one-shot is not printed', () => {
	const id = '0123456789abcdef';
	const entry = {seq: 1, at, nick: 'ci', id};
	const oneShot = true;
	assert.deepEqual(ofFrame({type: 'joined', ...entry, oneShot}), {});
	assert.deepEqual(
		ofFrame({type: 'left', ...entry, reason: 'reset', oneShot}),
		{},
	);
	assert.deepEqual(ofFrame({type: 'joined', ...entry}), {
		out: '-- ci joined\n',
	});
});

test('lines: what waits for a relay is printed, and again if it is not going out', () => {
	const said = {at, from: 'heron', id: '0123456789abcdef', n: 1, text: 'x'};
	const message = 'The relay takes at most 9 bytes.';
	const code = 'ERR_TEXT_TOO_LONG';
	assert.deepEqual(ofFrame({type: 'pending', ...said}), {
		out: 'heron (not yet shared): x\n',
	});
	assert.deepEqual(ofFrame({type: 'dropped', ...said, code, message}), {
		out: 'heron (not shared): x\n-- The relay takes at most 9 bytes.\n',
	});
});
