import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import type {Entry} from '../../source/protocol/frame.js';
import type {ChatEvent} from '../../source/event/event.js';
import {createModel, type Model} from '../../source/store/model.js';
import {olderThan} from '../../source/store/older-entries.js';
import {reduce} from '../../source/store/reduce.js';
import {itemAt} from '../../source/store/transcript.js';
import {messageFrame, welcomeFrame} from '../helpers/scripted.js';

const start = createModel({
	mode: 'room',
	where: '127.0.0.1:5001',
	id: 'ffffffffffffffff',
	nick: 'otter',
});

const entries = (from: number, to: number): Entry[] =>
	Array.from({length: to - from + 1}, (_, index) => messageFrame(from + index));

const told = (...frames: Entry[]): ChatEvent[] =>
	frames.map(frame => ({type: 'frame', at: 1, frame}));

const page = (from: number, to: number, oldest = 1): ChatEvent => ({
	type: 'frame',
	at: 1,
	frame: {type: 'past', id: 1, entries: entries(from, to), oldest},
});

const textsOf = ({transcript}: Model): string[] =>
	Array.from({length: transcript.length}, (_, index) => {
		const item = itemAt(transcript, transcript.first + index)!;
		return 'text' in item ? item.text : '';
	});

test('older entries: a page is put in front of the entries it reaches', () => {
	const model = reduce(start, told(...entries(201, 203)));
	assert.equal(olderThan(model), 201);
	const more = reduce(model, [page(101, 200)]);
	assert.equal(olderThan(more), 101);
	assert.deepEqual(
		textsOf(more),
		entries(101, 203).map(({seq}) => `entry ${seq}`),
	);
	const all = reduce(more, [page(1, 100)]);
	assert.equal(olderThan(all), undefined);
	assert.equal(all.transcript.length, 204, 'the day in front of all');
});

test('older entries: a page that was requested twice is added once', () => {
	const model = reduce(start, [
		...told(...entries(11, 12)),
		page(1, 10),
		page(1, 10),
	]);
	assert.equal(model.transcript.length, 13, 'the day among them');
});

test('older entries: the oldest page is set apart, and a reader can start again', () => {
	const model = reduce(start, [
		...told(...entries(5001, 5002)),
		page(4901, 5000),
		page(1, 100),
	]);
	const [, ...texts] = textsOf(model);
	assert.equal(texts[0], 'entry 1');
	assert.match(texts[100]!, /^⋯ 4900 entries between; /u);
	assert.deepEqual(texts.slice(101), ['entry 5001', 'entry 5002']);
	assert.equal(olderThan(model), undefined, 'nothing is older than the first');
	const rest = reduce(model, [{type: 'forget-past', at: 1}]);
	assert.deepEqual(textsOf(rest), ['entry 5001', 'entry 5002']);
	assert.equal(olderThan(rest), 5001);
});

test('older entries: a hole of one entry says so', () => {
	const model = reduce(start, [...told(...entries(12, 13)), page(1, 10)]);
	assert.match(textsOf(model)[11]!, /^⋯ 1 entry between; .* loads it, /u);
});

test('older entries: entries no longer kept are not requested', () => {
	const model = reduce(start, [
		...told(...entries(900, 901)),
		page(890, 899, 890),
	]);
	assert.equal(olderThan(model), undefined);
	assert.equal(olderThan(start), undefined, 'nor before anything was said');
});

test('older entries: what /clear took away can be loaded again', () => {
	const cleared = reduce(start, [
		...told(...entries(201, 203)),
		{type: 'clear', at: 1},
	]);
	assert.deepEqual(textsOf(cleared), []);
	assert.equal(olderThan(cleared), 204);
	const loaded = reduce(cleared, [page(104, 203)]);
	assert.equal(textsOf(loaded).at(-1), 'entry 203');
	assert.equal(olderThan(loaded), 104);
	const back = reduce(loaded, [
		...told(...entries(204, 204)),
		{type: 'forget-past', at: 1},
	]);
	assert.deepEqual(textsOf(back), ['entry 204']);
	assert.equal(olderThan(back), 204);
});

test('older entries: pages from anywhere never show an entry twice', () => {
	fc.assert(
		fc.property(
			fc.array(
				fc.oneof(
					fc.nat({max: 400}).map(first => ['page', first] as const),
					fc.nat({max: 9}).map(count => ['say', count] as const),
					fc.constant(['forget', 0] as const),
					fc.constant(['clear', 0] as const),
				),
				{maxLength: 20},
			),
			actions => {
				let head = 300;
				let model = reduce(start, told(...entries(281, head)));
				for (const [kind, value] of actions) {
					if (kind === 'page') {
						const first = Math.min(value + 1, head);
						model = reduce(model, [page(first, Math.min(head, first + 99))]);
					} else if (kind === 'say') {
						model = reduce(model, told(...entries(head + 1, head + value)));
						head += value;
					} else {
						const type = kind === 'forget' ? 'forget-past' : 'clear';
						model = reduce(model, [{type, at: 1}]);
					}

					let last = 0;
					for (const text of textsOf(model)) {
						const [, seq] = /^entry (\d+)$/.exec(text) ?? [];
						const [, between] =
							/^⋯ (\d+) entr(?:y|ies) between/u.exec(text) ?? [];
						if (seq !== undefined) {
							assert.ok(last === 0 || Number(seq) === last + 1, text);
							last = Number(seq);
						} else if (between !== undefined) {
							last += Number(between);
						}
					}
				}
			},
		),
	);
});

test('older entries: the welcome stands after what was said before it', () => {
	const welcome: ChatEvent = {
		type: 'frame',
		at: 1,
		frame: welcomeFrame({nick: 'otter', head: 3}),
	};
	const isLast = (model: Model) =>
		textsOf(model).at(-1)!.startsWith('You are otter');
	const waiting = reduce(start, [welcome, ...told(...entries(1, 2))]);
	assert.deepEqual(textsOf(waiting), ['entry 1', 'entry 2']);
	const greeted = reduce(waiting, told(...entries(3, 3)));
	assert.equal(textsOf(greeted)[2], 'entry 3');
	assert.ok(isLast(greeted));
	// Nothing new came while the connection was down.
	assert.ok(isLast(reduce(greeted, [welcome])));
	// An entry that could not be stored never comes.
	const pong: ChatEvent = {type: 'frame', at: 1, frame: {type: 'pong', id: 1}};
	assert.ok(isLast(reduce(waiting, [pong])));
});

test('older entries: what a start says stands after what was said before it', () => {
	const kept = 'The room is kept in /tmp/room.jsonl';
	const notice: ChatEvent = {type: 'notice', at: 9, tone: 'info', text: kept};
	const welcome: ChatEvent = {
		type: 'frame',
		at: 9,
		frame: welcomeFrame({nick: 'otter', head: 2}),
	};
	const starting = reduce(start, [notice]);
	assert.deepEqual(textsOf(starting), [kept]);
	const restored = reduce(starting, [welcome, ...told(...entries(1, 2))]);
	const past = ['entry 1', 'entry 2'];
	assert.deepEqual(textsOf(restored).slice(0, 3), [...past, kept]);
	assert.match(textsOf(restored)[3]!, /^You are otter/);
	assert.equal(restored.transcript.length, 4);
	// In a new room, nothing is older than the start.
	const joined = told(...entries(1, 2)).map(event => ({
		...event,
		frame: {...messageFrame(1), at: 10},
	}));
	const fresh = reduce(starting, [welcome, ...(joined as ChatEvent[])]);
	assert.equal(textsOf(fresh)[0], kept);
	// What comes after an outage stands below all that was read.
	const back = reduce(restored, [
		{...notice, at: 12},
		{...welcome, frame: welcomeFrame({nick: 'otter', head: 3})},
		...told(...entries(3, 3)),
	]);
	assert.deepEqual(textsOf(back).slice(4, 6), [kept, 'entry 3']);
});
