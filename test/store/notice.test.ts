import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Connection} from '../../source/connection/connection.js';
import type {Listening} from '../../source/connection/listening.js';
import {SockchatError} from '../../source/errors.js';
import type {LeaveReason, ServerFrame} from '../../source/protocol/frame.js';
import type {ChatEvent, Place} from '../../source/event/event.js';
import {wordsOf} from '../../source/store/notice.js';
import {welcomeFrame} from '../helpers/scripted.js';

const cause = new SockchatError('ERR_RESET', 'The server reset it.');
const entry = {seq: 1, at: 1, id: '0123456789abcdef'};

/** 'tone: text', or nothing. */
const words = (event: ChatEvent): string | undefined => {
	const found = wordsOf(event);
	return found && `${found.tone}: ${found.text}`;
};

const ofFrame = (frame: ServerFrame) => words({type: 'frame', at: 1, frame});
const ofConnection = (connection: Connection) =>
	words({
		type: 'connection',
		at: 1,
		connection,
		local: undefined,
		remote: undefined,
	});
const tcp: Place = {host: '127.0.0.1', port: 5001};
const ofListening = (state: Listening, place: Place = tcp) =>
	words({type: 'listening', at: 1, state, place});

const welcome = (count: number): ServerFrame =>
	welcomeFrame({room: '127.0.0.1:5001', members: {count, names: []}});

test('notice: a welcome says who one is, where, and among how many', () => {
	assert.deepEqual(
		[1, 2, 3].map(count => ofFrame(welcome(count))),
		[
			'good: You are otter in 127.0.0.1:5001; nobody else is here.',
			'good: You are otter in 127.0.0.1:5001; 1 other here.',
			'good: You are otter in 127.0.0.1:5001; 2 others here.',
		],
	);
});

test('notice: a gap says how many entries are missing, and which', () => {
	assert.equal(
		ofFrame({type: 'gap', from: 7, to: 7}),
		'warn: 1 entry is missing here: 7 to 7 are no longer kept.',
	);
	assert.equal(
		ofFrame({type: 'gap', from: 7, to: 9}),
		'warn: 3 entries are missing here: 7 to 9 are no longer kept.',
	);
});

test('notice: joins and leaves are reported, each leave with its reason', () => {
	const left = (reason: LeaveReason, notBefore?: number) =>
		ofFrame({
			...entry,
			type: 'left',
			nick: 'heron',
			reason,
			...(notBefore !== undefined && {notBefore}),
		});
	assert.equal(
		ofFrame({...entry, type: 'joined', nick: 'heron'}),
		'info: heron joined',
	);
	assert.equal(
		ofFrame({...entry, type: 'renamed', from: 'heron', to: 'crane'}),
		'info: heron is now crane',
	);
	assert.deepEqual(
		(['quit', 'closed', 'reset', 'timeout', 'replaced'] as const).map(reason =>
			left(reason),
		),
		[
			'info: heron left (quit)',
			'info: heron left (closed: FIN)',
			'info: heron left (reset: RST)',
			'info: heron left (silent for too long)',
			'info: heron left (came back on another connection)',
		],
	);
	for (const [reason, said] of [
		['closed', 'closed'],
		['reset', 'reset'],
		['quit', 'quit'],
	] as const) {
		assert.equal(
			ofFrame({...entry, type: 'left', nick: 'heron', reason, unix: true}),
			`info: heron left (${said})`,
			'on another machine of the room, by a Unix domain socket',
		);
	}

	assert.equal(left('protocol'), 'info: heron left (turned away)');
	assert.equal(left('shutdown'), 'info: heron left (the server ended)');
	assert.equal(left('shutdown', 60), 'info: heron left (the server had ended)');
});

test('notice: an unknown reason is shown as it arrived', () => {
	for (const reason of ['bored', 'constructor', '__proto__']) {
		assert.equal(
			ofFrame({
				...entry,
				type: 'left',
				nick: 'heron',
				reason: reason as LeaveReason,
			}),
			`info: heron left (${reason})`,
		);
	}
});

test('notice: an error is shown in its own words; messages have no notice', () => {
	assert.equal(
		ofFrame({type: 'error', code: 'ERR_ROOM_FULL', message: 'It is full.'}),
		'bad: It is full.',
	);
	const texts: ServerFrame[] = [
		{...entry, type: 'message', from: 'heron', n: 1, text: 'hi'},
		{type: 'whispered', n: 1, from: 'a', to: 'b', text: 'hi', at: 1},
		{type: 'members', count: 1, names: []},
		{type: 'challenge', nonce: 'x', proof: 'x'},
		{type: 'bye', reason: 'shutdown'},
		{type: 'ping', id: 1},
		{type: 'pong', id: 1},
	];
	assert.ok(texts.every(frame => ofFrame(frame) === undefined));
});

test('notice: a connection that gets worse is reported once', () => {
	const trying = {since: 1, attempt: 1};
	const beating = {...trying, heartbeatMs: 2000, lastHeardAt: 1};
	const waiting = {
		...trying,
		phase: 'waiting',
		retryAt: 2,
		cause,
		wasOpen: true,
	} as const;
	assert.equal(
		ofConnection({...beating, phase: 'silent', openSince: 1}),
		'warn: The server is silent; it may be stopped. Your messages wait.',
	);
	assert.equal(
		ofConnection(waiting),
		'warn: The server reset it. Trying again.',
	);
	assert.equal(ofConnection({...waiting, wasOpen: false}), undefined);
	assert.equal(
		ofConnection({phase: 'closed', since: 1, cause}),
		'bad: The server reset it.',
	);
	const quiet: Connection[] = [
		{...trying, phase: 'connecting'},
		{...trying, phase: 'handshaking'},
		{...beating, phase: 'open', lastPingAt: 1},
		{phase: 'draining', since: 1, deadline: 2},
		{phase: 'closed', since: 1, cause: undefined},
	];
	assert.ok(quiet.every(each => ofConnection(each) === undefined));
});

test('notice: a server says where it listens, and that it drains', () => {
	const listening = {phase: 'listening', since: 1} as const;
	assert.equal(ofListening(listening), 'good: listening on 127.0.0.1:5001');
	assert.equal(
		ofListening(listening, {host: '::1', port: 7}),
		'good: listening on [::1]:7',
	);
	assert.equal(
		ofListening(listening, {path: '/run/x.sock'}),
		'good: listening on /run/x.sock',
	);
	assert.equal(
		ofListening({phase: 'draining', since: 1, deadline: 2}),
		'info: draining: no new connections are accepted',
	);
	assert.equal(ofListening({phase: 'binding', since: 1}), undefined);
	assert.equal(ofListening({phase: 'closed', since: 1, cause}), undefined);
});

test('notice: a server reports connections, their ends, and foreign protocols', () => {
	const peer = '127.0.0.1:40000';
	const bytes = {bytesIn: 1, bytesOut: 2};
	assert.equal(
		words({type: 'accepted', at: 1, peer}),
		'info: connection from 127.0.0.1:40000 made',
	);
	assert.equal(
		words({type: 'ended', at: 1, peer, reason: 'closed', ...bytes}),
		'info: connection from 127.0.0.1:40000 ended (closed: FIN)',
	);
	// A Unix domain socket has neither FIN nor RST.
	for (const reason of ['closed', 'reset'] as const) {
		assert.equal(
			words({type: 'ended', at: 1, peer: 'unix:1', reason, ...bytes}),
			`info: connection from unix:1 ended (${reason})`,
		);
	}

	assert.equal(
		words({type: 'foreign', at: 1, peer, protocol: 'HTTP'}),
		'warn: 127.0.0.1:40000 speaks HTTP; it was turned away.',
	);
});

test('notice: a local notice is unchanged; marks, figures and bytes have none', () => {
	assert.equal(
		words({type: 'notice', at: 1, tone: 'bad', text: 'No such command.'}),
		'bad: No such command.',
	);
	const quiet: ChatEvent[] = [
		{type: 'queued', at: 1, n: 1, text: 'hi', to: undefined},
		{type: 'sent', at: 1, n: 1},
		{type: 'stored', at: 1, n: 1},
		{type: 'failed', at: 1, n: 1, error: cause},
		{type: 'traffic', at: 1, bytesIn: 1, bytesOut: 1, queuedBytes: 0},
		{type: 'rtt', at: 1, rttMs: 1},
		{
			type: 'chunk',
			at: 1,
			direction: 'in',
			peer: undefined,
			bytes: Buffer.from('a'),
		},
		{type: 'clear', at: 1},
	];
	assert.ok(quiet.every(event => words(event) === undefined));
});
