import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {ChatEvent, HitMove} from '../../source/event/event.js';
import {createModel} from '../../source/store/model.js';
import {reduce} from '../../source/store/reduce.js';
import {currentHit, maxHits, wantsMore} from '../../source/store/search.js';
import {messageFrame} from '../helpers/scripted.js';

const start = createModel({
	mode: 'room',
	where: '127.0.0.1:5001',
	id: 'ffffffffffffffff',
	nick: 'otter',
});

const search = (text: string | undefined): ChatEvent => ({
	type: 'reading',
	at: 1,
	what: {kind: 'search', text},
});

const hit = (by: HitMove): ChatEvent => ({
	type: 'reading',
	at: 1,
	what: {kind: 'hit', by},
});

const found = (
	text: string,
	seqs: readonly number[],
	next?: number,
): ChatEvent => ({
	type: 'frame',
	at: 1,
	frame: {
		type: 'found',
		id: 1,
		text,
		entries: seqs.map(seq => messageFrame(seq)),
		...(next === undefined ? {} : {next}),
	},
});

test('search: hits are gathered from the newest to the oldest', () => {
	const first = reduce(start, [
		search('port'),
		found('port', [70, 80, 90], 70),
	]).search!;
	assert.deepEqual(first.hits, [90, 80, 70]);
	assert.equal(currentHit(first), 90);
	assert.ok(wantsMore(first));
	const all = reduce({...start, search: first}, [
		found('port', [5, 60]),
		hit(-1),
		...Array.from({length: 9}, () => hit(1)),
	]);
	assert.deepEqual(all.search?.hits, [90, 80, 70, 60, 5]);
	assert.equal(currentHit(all.search), 5);
	assert.ok(!wantsMore(all.search));
	assert.equal(all.transcript.length, 0, 'nothing is listed');
});

test('search: an answer to another search is listed', () => {
	const model = reduce(start, [search('port'), found('otter', [1, 2])]);
	assert.deepEqual(model.search?.hits, []);
	assert.equal(model.transcript.length, 3);
	const closed = reduce(model, [search(undefined)]);
	assert.equal(closed.search, undefined);
});

test('search: what is said meanwhile is found, and the reader stays', () => {
	const model = reduce(start, [
		search('entry heron'),
		found('entry heron', [1, 2]),
		hit(1),
		{type: 'frame', at: 1, frame: messageFrame(3)},
		{type: 'frame', at: 1, frame: messageFrame(4, {text: 'other'})},
	]);
	assert.deepEqual(model.search?.hits, [3, 2, 1]);
	assert.equal(currentHit(model.search), 1);
});

test('search: asks for no more than anybody goes through', () => {
	const seqs = Array.from({length: maxHits}, (_, index) => index + 5);
	const model = reduce(start, [search('a'), found('a', seqs, 5)]);
	assert.ok(!wantsMore(model.search!));
});

test('search: a move can be taken back, at the ends and after news too', () => {
	const opened = [search('entry'), found('entry', [1, 2, 3])];
	for (const moves of [[], [hit(1)], [hit(1), hit(1)]]) {
		const before = reduce(start, [...opened, ...moves]);
		const news: ChatEvent = {type: 'frame', at: 1, frame: messageFrame(9)};
		for (const by of [1, -1] as const) {
			const back = reduce(before, [hit(by), news, hit('back')]);
			assert.equal(currentHit(back.search!), currentHit(before.search!));
		}
	}
});
