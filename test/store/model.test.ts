import assert from 'node:assert/strict';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import {SockchatError} from '../../source/errors.js';
import type {ServerFrame} from '../../source/protocol/frame.js';
import type {ChatEvent} from '../../source/event/event.js';
import type {ForeignProtocol} from '../../source/protocol/foreign/sniff.js';
import {comingsText} from '../../source/store/comings-words.js';
import type {Item} from '../../source/store/item.js';
import {createModel, type Model} from '../../source/store/model.js';
import {reduce} from '../../source/store/reduce.js';
import {turnedAwayText} from '../../source/store/notice.js';
import {itemAt, newsFrom} from '../../source/store/transcript.js';
import {welcomeFrame} from '../helpers/scripted.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 1000);

const own = 'aaaaaaaaaaaaaaaa';
const other = 'bbbbbbbbbbbbbbbb';
const error = new SockchatError('ERR_TEXT_TOO_LONG', 'Too long.');

const start = createModel({
	mode: 'room',
	where: '127.0.0.1:5001',
	id: own,
	nick: 'otter',
});

const frame = (received: ServerFrame): ChatEvent => ({
	type: 'frame',
	at: 1,
	frame: received,
});
const queued = (n: number, text: string, to?: string): ChatEvent => ({
	type: 'queued',
	at: n,
	n,
	text,
	to,
});
const sent = (n: number): ChatEvent => ({type: 'sent', at: 1, n});
const stored = (n: number): ChatEvent => ({type: 'stored', at: 1, n});
const failed = (n: number): ChatEvent => ({type: 'failed', at: 1, n, error});
const message = (seq: number, id: string, n: number, text: string) =>
	frame({type: 'message', seq, at: seq, from: 'x', id, n, text});
const whispered = (n: number, from: string, to: string, text: string) =>
	frame({type: 'whispered', n, from, to, text, at: 1});
const renamed = (seq: number, id: string, to: string) =>
	frame({type: 'renamed', seq, at: 1, from: 'otter', to, id});
const joined = (seq: number, nick: string) =>
	frame({type: 'joined', seq, at: 1, nick, id: other});
const welcome = (nick: string) =>
	frame(welcomeFrame({nick, head: 3, members: {count: 1, names: [nick]}}));

const itemsOf = ({transcript}: Model): Item[] =>
	Array.from({length: transcript.length}, (_value, index) =>
		itemAt(transcript, transcript.first + index)!,
	);

/** What is said, with its mark: 'hi stored'. Notices are left out. */
const said = (items: readonly Item[]): string[] =>
	items.flatMap(item =>
		'mark' in item ? [`${item.text} ${item.mark ?? '-'}`] : [],
	);
const pending = (model: Model) => said(model.pending);
const shown = (model: Model) => said(itemsOf(model));

test('model: one’s own message goes from queued to sent to stored', () => {
	let model = reduce(start, [queued(1, 'hi')]);
	assert.deepEqual([pending(model), shown(model)], [['hi queued'], []]);
	model = reduce(model, [sent(1)]);
	assert.deepEqual([pending(model), shown(model)], [['hi sent'], []]);
	model = reduce(model, [message(7, own, 1, 'hi')]);
	assert.deepEqual([pending(model), shown(model)], [[], ['hi stored']]);
	model = reduce(model, [sent(1), stored(1), failed(1)]);
	assert.deepEqual([pending(model), shown(model)], [[], ['hi stored']]);
});

const comings = (model: Model) =>
	itemsOf(model).flatMap(item =>
		item.kind === 'comings' ? [comingsText(item)] : [],
	);
/** Each item as the words of its rows. */
const rowsOf = (model: Model): string[] =>
	itemsOf(model).map(item => {
		switch (item.kind) {
			case 'comings': {
				return comingsText(item);
			}

			case 'turned-away': {
				return turnedAwayText(item);
			}

			case 'chunk': {
				return item.kind;
			}

			default: {
				return item.text;
			}
		}
	});
const notices = (model: Model) =>
	itemsOf(model).flatMap(item => (item.kind === 'notice' ? [item.text] : []));

/** What a room brings whose server was killed: everybody went and came back. */
const afterKill = (nick: string): ChatEvent[] => [
	welcome(nick),
	frame({type: 'left', seq: 4, at: 1, nick, id: own, reason: 'shutdown'}),
	frame({
		type: 'left',
		seq: 5,
		at: 1,
		nick: 'wren',
		id: other,
		reason: 'shutdown',
	}),
	frame({type: 'joined', seq: 6, at: 2, nick, id: own}),
	frame({type: 'joined', seq: 7, at: 2, nick: 'wren', id: other}),
];

test('model: one who is back is not told of oneself, and of others once', () => {
	const before = reduce(start, [
		welcome('otter'),
		frame({type: 'joined', seq: 3, at: 1, nick: 'otter', id: own}),
	]);
	const model = reduce(before, afterKill('otter'));
	assert.deepEqual(comings(model), ['otter joined', 'wren came back']);
	assert.equal(notices(model).length, 2);
});

test('model: that one hosts the room now stands for the greeting', () => {
	const before = reduce(start, [welcome('otter'), message(3, other, 1, 'hi')]);
	const model = reduce(before, [
		{
			type: 'listening',
			at: 1,
			state: {phase: 'listening', since: 1},
			place: {host: '127.0.0.1', port: 5001},
			tookOverFrom: 'heron',
		},
		...afterKill('otter'),
	]);
	assert.deepEqual(notices(model).slice(1), [
		'You host this room now: heron left.',
	]);
	assert.deepEqual(comings(model), ['wren came back']);
	const later = reduce(model, [welcome('otter'), message(8, other, 2, 'hi')]);
	assert.equal(notices(later).length, 3, 'later greetings are shown');
});

test('model: a message that is refused is shown with the reason', () => {
	const model = reduce(start, [
		queued(1, 'a'),
		queued(2, 'b', 'heron'),
		failed(1),
	]);
	assert.deepEqual(pending(model), ['b queued']);
	assert.deepEqual(shown(model), ['a failed']);
	const [item] = itemsOf(model);
	assert.equal(item?.kind, 'message');
	assert.equal(item.reason, 'Too long.');
	const again = reduce(model, [failed(2)]);
	assert.deepEqual(
		[pending(again), shown(again)],
		[[], ['a failed', 'b failed']],
	);
});

test('model: a message whose echo fell into a gap is stored', () => {
	const model = reduce(start, [queued(1, 'hi'), sent(1), stored(1)]);
	assert.deepEqual([pending(model), shown(model)], [[], ['hi stored']]);
	assert.ok(itemsOf(model).every(item => !('reason' in item)));
});

test('model: another’s message has no mark, and marks none of one’s own', () => {
	const model = reduce(start, [
		queued(1, 'mine'),
		message(1, other, 1, 'theirs'),
	]);
	assert.deepEqual(pending(model), ['mine queued']);
	assert.deepEqual(shown(model), ['theirs -']);
});

test('model: the order is that of seq, not of typing or sending', () => {
	const model = reduce(start, [
		queued(1, 'a'),
		queued(2, 'b'),
		sent(1),
		sent(2),
		message(1, other, 1, 'c'),
		message(2, own, 1, 'a'),
		message(3, other, 2, 'd'),
		message(4, own, 2, 'b'),
	]);
	assert.deepEqual(shown(model), ['c -', 'a stored', 'd -', 'b stored']);
});

test('model: one’s own whisper is stored, another’s with the same n is not', () => {
	const before = reduce(start, [queued(1, 'psst', 'heron')]);
	const theirs = reduce(before, [whispered(1, 'heron', 'otter', 'hey')]);
	assert.deepEqual(
		[pending(theirs), shown(theirs)],
		[['psst queued'], ['hey -']],
	);
	const mine = reduce(theirs, [whispered(1, 'otter', 'heron', 'psst')]);
	assert.deepEqual(
		[pending(mine), shown(mine)],
		[[], ['hey -', 'psst stored']],
	);
	const [first] = before.pending;
	assert.equal(first?.kind, 'whisper');
	assert.deepEqual([first.from, first.to], ['otter', 'heron']);
});

test('model: one’s nick is the one that the room assigns', () => {
	assert.equal(reduce(start, [welcome('otter-2')]).nick, 'otter-2');
	assert.equal(reduce(start, [renamed(1, own, 'ibis')]).nick, 'ibis');
	assert.equal(reduce(start, [renamed(1, other, 'ibis')]).nick, 'otter');
	// The welcome’s head is 3: what came before that is past.
	const nickAfter = (seq: number) =>
		reduce(start, [welcome('otter-2'), renamed(seq, own, 'ibis')]).nick;
	assert.deepEqual([2, 3, 4].map(nickAfter), ['otter-2', 'otter-2', 'ibis']);
	const [item] = reduce(start, [welcome('otter-2'), queued(1, 'hi')]).pending;
	assert.deepEqual([item?.from, item?.at], ['otter-2', 1]);
});

test('model: a gap, a join and a local notice are where they happened', () => {
	const model = reduce(start, [
		message(1, other, 1, 'a'),
		frame({type: 'gap', from: 2, to: 3}),
		frame({type: 'joined', seq: 4, at: 1, nick: 'heron', id: other}),
		{type: 'notice', at: 9, tone: 'bad', text: 'No such command.'},
	]);
	const items = itemsOf(model);
	assert.deepEqual(
		items.map(item => ('text' in item ? item.text : item.kind)),
		[
			'a',
			'2 entries are missing here: 2 to 3 are no longer kept.',
			'comings',
			'No such command.',
		],
	);
	assert.deepEqual(items[3], {
		kind: 'notice',
		at: 9,
		tone: 'bad',
		text: 'No such command.',
	});
	assert.equal(model.presence.members.count, 1);
});

test('model: clearing empties the transcript, and keeps unsent messages', () => {
	const model = reduce(start, [
		message(1, other, 1, 'a'),
		queued(1, 'b'),
		{type: 'clear', at: 1},
		message(2, other, 2, 'c'),
	]);
	assert.deepEqual([pending(model), shown(model)], [['b queued'], ['c -']]);
	assert.equal(model.transcript.first, 1, 'no index is given twice');
});

const accepted: ChatEvent = {type: 'accepted', at: 1, peer: 'p'};
const bytes = {bytesIn: 0, bytesOut: 0};
const ended: ChatEvent = {
	type: 'ended',
	at: 1,
	peer: 'p',
	reason: 'quit',
	...bytes,
};
const turnedAway = (port: number): ChatEvent[] => {
	const peer = `127.0.0.1:${port}`;
	return [
		{type: 'accepted', at: port, peer},
		{type: 'ended', at: port, peer, reason: 'protocol', ...bytes},
	];
};

/** As `turnedAway`, once its protocol has shown. */
const foreign = (port: number, protocol: ForeignProtocol): ChatEvent[] => {
	const peer = `127.0.0.1:${port}`;
	return turnedAway(port).toSpliced(1, 0, {
		type: 'foreign',
		at: port,
		peer,
		protocol,
	});
};

const numbers = fc.integer({min: 1, max: 4});
const ids = fc.constantFrom(own, other);
const nicks = fc.constantFrom('otter', 'heron');
const anyEvent: fc.Arbitrary<ChatEvent> = fc.oneof(
	fc
		.tuple(numbers, fc.option(nicks, {nil: undefined}))
		.map(([n, to]) => queued(n, 't', to)),
	numbers.chain(n => fc.constantFrom(sent(n), stored(n), failed(n))),
	fc.tuple(numbers, ids).map(([n, id]) => message(n, id, n, 'm')),
	fc
		.tuple(numbers, nicks, nicks)
		.map(([n, from, to]) => whispered(n, from, to, 'w')),
	fc.tuple(ids, nicks).map(([id, nick]) => renamed(1, id, nick)),
	nicks.map(welcome),
	fc.tuple(numbers, nicks).map(([seq, nick]) => joined(seq, nick)),
	fc.constantFrom<ChatEvent>(
		accepted,
		ended,
		...turnedAway(1),
		...turnedAway(2),
		...foreign(2, 'TLS'),
	),
	fc.constant<ChatEvent>({type: 'clear', at: 1}),
);

test('model: a batch has the same effect as its events one by one', () => {
	const batches = fc.array(fc.array(anyEvent, {maxLength: 12, size: 'max'}), {
		maxLength: 6,
	});
	fc.assert(
		fc.property(batches, all => {
			const before = structuredClone(start);
			let [batched, oneByOne] = [start, start];
			for (const batch of all) {
				batched = reduce(batched, batch);
				for (const event of batch) {
					oneByOne = reduce(oneByOne, [event]);
				}
			}

			assert.deepEqual(batched, oneByOne);
			assert.deepEqual(start, before, 'the model before is left as it was');
		}),
		{numRuns: runs},
	);
});

test('model: in a room, connections are no rows of the chat; who is turned away is', () => {
	const peer = '127.0.0.1:40000';
	const counts = {bytesIn: 1, bytesOut: 1};
	const events = [
		{type: 'accepted', at: 1, peer},
		{type: 'ended', at: 1, peer, reason: 'closed', ...counts},
		{type: 'ended', at: 1, peer, reason: 'reset', ...counts},
		{type: 'ended', at: 1, peer, reason: 'protocol', ...counts},
	] as const;
	assert.deepEqual(rowsOf(reduce(start, events)), [
		`connection from ${peer} ended (turned away)`,
	]);
	const raw = createModel({mode: 'raw', where: '127.0.0.1:5001'});
	assert.equal(rowsOf(reduce(raw, events)).length, 4);
});

const listening: ChatEvent = {
	type: 'listening',
	at: 1,
	state: {phase: 'binding', since: 1},
	place: {host: '127.0.0.1', port: 5001},
};

test('model: a connection that is turned away is one row, and counted once', () => {
	for (const [events, row] of [
		[turnedAway(40_000), 'connection from 127.0.0.1:40000 ended (turned away)'],
		[
			foreign(40_000, 'HTTP'),
			'127.0.0.1:40000 speaks HTTP; it was turned away.',
		],
	] as const) {
		const model = reduce(start, [listening, ...events]);
		assert.deepEqual(rowsOf(model), [row]);
		assert.equal(model.listening?.turnedAway, 1);
		assert.equal(model.listening.peers, 0);
	}
});

test('model: connections that are turned away between two messages are one row', () => {
	const ports = Array.from({length: 61}, (_port, index) => 40_000 + index);
	const model = reduce(start, [
		listening,
		message(1, other, 1, 'a'),
		...ports.flatMap(port => turnedAway(port)),
		...foreign(40_061, 'HTTP'),
		...foreign(40_062, 'TLS'),
		...foreign(40_063, 'HTTP'),
		message(2, other, 2, 'b'),
		...turnedAway(40_064),
	]);
	assert.deepEqual(rowsOf(model), [
		'a',
		'64 connections were turned away (2 HTTP, 1 TLS, 61 others); the last from 127.0.0.1:40063',
		'b',
		'connection from 127.0.0.1:40064 ended (turned away)',
	]);
	assert.equal(model.listening?.turnedAway, 65);
});

test('model: comings and goings stay one row if connections are turned away meanwhile', () => {
	let model = start;
	for (const count of [1, 2, 3]) {
		model = reduce(model, [
			joined(count, `heron-${count}`),
			...foreign(40_000 + count, 'SSH'),
		]);
	}

	assert.deepEqual(rowsOf(model), [
		'heron-1, heron-2, heron-3 joined',
		'3 connections were turned away (SSH); the last from 127.0.0.1:40003',
	]);
});

test('model: that peers are turned away is nothing new to a reader who looks away', () => {
	const {transcript} = reduce(start, [listening, ...foreign(40_000, 'HTTP')]);
	assert.equal(newsFrom(transcript, transcript.first), 0);
});
