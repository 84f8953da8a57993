import assert from 'node:assert/strict';
import {PassThrough, Writable} from 'node:stream';
import {test} from 'node:test';
import type {Connection} from '../../source/connection/connection.js';
import type {ChatEvent} from '../../source/event/event.js';
import type {Entry} from '../../source/protocol/frame.js';
import {Output} from '../../source/plain/output.js';
import {Printer} from '../../source/plain/printer.js';
import {readWords} from '../../source/options/words.js';
import {connections} from '../helpers/models.js';
import {parseOptions} from '../helpers/parse-options.js';
import {messageFrame, welcomeFrame} from '../helpers/scripted.js';

const at = 1;
let seq = 0;

const joined = (nick: string): Entry => ({
	type: 'joined',
	seq: ++seq,
	at,
	nick,
	id: `id-${nick}`,
});
const left = (nick: string): Entry => ({
	type: 'left',
	seq: ++seq,
	at,
	nick,
	id: `id-${nick}`,
	reason: 'quit',
});

const past = (frame: Entry): ChatEvent => ({
	type: 'frame',
	at,
	frame,
	isReplay: true,
});
const now = (frame: Entry): ChatEvent => ({type: 'frame', at, frame});

/** What is printed to stdout and stderr, in lines. */
const open = (isPrompted: boolean) => {
	const lines: string[] = [];
	const sink = () =>
		new Writable({
			write(chunk: Buffer, _encoding, done) {
				lines.push(...chunk.toString().split('\n').slice(0, -1));
				done();
			},
		});
	const options = parseOptions(readWords(['connect', '--plain']), {
		isTerminal: isPrompted,
		loginName: () => 'otter',
		env: {},
	});
	assert.ok('mode' in options && options.mode === 'room');
	const printer = new Printer(
		{...options, isPrompted},
		{
			stdin: new PassThrough(),
			isTyped: isPrompted,
			stdout: new Output(sink, isPrompted),
			stderr: sink(),
		},
	);
	printer.id = 'id-otter';
	return {
		print(...events: readonly ChatEvent[]) {
			for (const event of events) {
				printer.print(event);
			}

			return lines.splice(0);
		},
		printer,
	};
};

const before = () => [
	past(joined('ci')),
	past(left('ci')),
	past(joined('ci')),
	past(left('ci')),
	past(joined('heron')),
	past(messageFrame(++seq, {text: 'hello'})),
	past(joined('wren')),
	past(left('wren')),
	past(joined('wren')),
];

test('printer: old comings and goings are folded for people, in words', () => {
	const {print} = open(true);
	assert.deepEqual(print(...before(), now(joined('egret'))), [
		'-- came and went: ci, twice · heron joined',
		'heron: hello',
		'-- wren joined twice and left once',
		'-- egret joined',
	]);
	assert.deepEqual(
		print(now(left('egret'))),
		['-- egret left (quit)'],
		'and those of now are said at once',
	);
});

const welcome = (head: number): ChatEvent => ({
	type: 'frame',
	at,
	frame: {...welcomeFrame({nick: 'otter'}), head},
});

test('printer: what the welcome says stands below all that is older, for people', () => {
	const first = ++seq;
	const replay = [
		welcome(first + 2),
		past(messageFrame(first, {text: 'hello'})),
		past(joined('heron')),
		past(joined('otter')),
	];
	const {print, printer} = open(true);
	assert.deepEqual(print(...replay), [
		'heron: hello',
		'-- heron, otter joined',
		'You are otter in room; nobody else is here.',
	]);
	const missed = messageFrame(++seq, {text: 'missed'});
	assert.deepEqual(print(welcome(seq), now(missed)), [
		'heron: missed',
		'You are otter in room; nobody else is here.',
	]);

	// Entries that are not sent: whatever can't be older ends the waiting.
	assert.deepEqual(
		print(welcome(seq + 10), now(messageFrame(++seq, {text: 'said'}))),
		['heron: said'],
	);
	const pong = {type: 'frame', at, frame: {type: 'pong', id: 1}} as const;
	assert.match(print(pong).join('\n'), /^You are otter/);
	print(welcome(seq + 10));
	printer.answer('one line');
	assert.deepEqual(
		print().map(line => line.slice(0, 10)),
		['You are ot', '-- one lin'],
	);

	assert.equal(
		open(false)
			.print(...replay)[0]!
			.slice(0, 9),
		'You are o',
	);
	assert.match(open(true).print(welcome(0)).join('\n'), /^You are otter/);
});

test('printer: what came and went around the own return is folded, without oneself', () => {
	const {print} = open(true);
	print(welcome(0), now(joined('otter')));
	const meanwhile = [
		now(left('host')),
		now(left('otter')),
		now(left('crow')),
		// Nothing is printed of it, so it parts nothing.
		{type: 'rtt', at, rttMs: 1} as const,
		now(joined('host')),
		now(joined('crow')),
		now(joined('otter')),
	];
	assert.deepEqual(print(welcome(seq), ...meanwhile), [
		'-- host, crow came back',
		'You are otter in room; nobody else is here.',
	]);
	assert.deepEqual(
		print(now(joined('egret')), now(left('otter'))),
		['-- egret joined', '-- otter left (quit)'],
		'and those of now are said at once',
	);

	const again = [
		now(left('host')),
		now(messageFrame(++seq, {text: 'missed'})),
		now(joined('host')),
		now(joined('otter')),
	];
	assert.deepEqual(
		print(welcome(seq), ...again),
		[
			'-- host left (quit)',
			'heron: missed',
			'-- host joined',
			'You are otter in room; nobody else is here.',
		],
		'what was said meanwhile stands in its place',
	);
});

test('printer: a server that was silent is said to be heard again', () => {
	const stateOf = (connection: Connection): ChatEvent => ({
		type: 'connection',
		at,
		connection,
		local: undefined,
		remote: undefined,
	});
	const {silent, waiting} = connections;
	const {print} = open(true);
	const silence =
		'The server is silent; it may be stopped. Your messages wait.';
	assert.deepEqual(
		print(
			stateOf(connections.open),
			stateOf(silent),
			stateOf(connections.open),
		),
		[silence, 'The server is heard again.'],
	);
	assert.deepEqual(print(stateOf(connections.open)), []);
	// Of a new connection the welcome says it.
	assert.equal(
		print(stateOf(silent), stateOf(waiting), stateOf(connections.open)).at(-1),
		'lost Trying again.',
	);
});

test('printer: for programs each of them has its line', () => {
	const {print} = open(false);
	assert.equal(print(...before()).length, 9);
});

test('printer: /quiet leaves out all comings and goings, connections too', () => {
	const {print, printer} = open(true);
	printer.quiet();
	print();
	const connection = {at, peer: '127.0.0.1:1234'} as const;
	assert.deepEqual(
		print(
			...before(),
			now(joined('egret')),
			now(joined('otter')),
			{type: 'accepted', ...connection},
			{type: 'ended', ...connection, reason: 'quit'} as ChatEvent,
		),
		['heron: hello'],
	);
});
