import assert from 'node:assert/strict';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import {createModel} from '../../source/store/model.js';
import {Store} from '../../source/store/store.js';
import type {ChatEvent} from '../../source/event/event.js';
import {FakeClock} from '../helpers/clock.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 1000);

const notice = (at: number): ChatEvent => ({
	type: 'notice',
	at,
	tone: 'info',
	text: `number ${at}`,
});

/** A store, its clock, and how many items each publication showed, and when. */
const openStore = () => {
	const clock = new FakeClock();
	const start = clock.monotonicMs();
	const model = createModel({mode: 'room', where: 'x', id: 'y', nick: 'z'});
	const store = new Store(model, clock);
	const published: Array<{at: number; items: number}> = [];
	const unsubscribe = store.subscribe(() => {
		const {length} = store.getSnapshot().transcript;
		published.push({at: clock.monotonicMs() - start, items: length});
	});
	return {clock, store, published, unsubscribe};
};

test('store: a single event is published at once, but not synchronously', () => {
	const {clock, store, published} = openStore();
	const before = store.getSnapshot();
	store.dispatch(notice(1));
	assert.equal(store.getSnapshot(), before);
	clock.advance(0);
	assert.deepEqual(published, [{at: 0, items: 1}]);
	clock.advance(1000);
	store.dispatch(notice(2));
	clock.advance(0);
	assert.deepEqual(published.slice(1), [{at: 1000, items: 2}]);
});

test('store: without events nothing is published', () => {
	const {clock, store, published} = openStore();
	const before = store.getSnapshot();
	clock.advance(10_000);
	assert.deepEqual(published, []);
	assert.equal(store.getSnapshot(), before);
	assert.deepEqual(clock.delays, []);
});

test('store: a flood is published every 33 ms, and nothing is lost', () => {
	const {clock, store, published} = openStore();
	for (let ms = 0; ms < 1000; ms++) {
		store.dispatch(notice(ms));
		store.dispatch(notice(ms));
		clock.advance(1);
	}

	clock.advance(33);
	assert.deepEqual(
		published.map(({at}) => at),
		Array.from({length: 32}, (_value, index) => index * 33),
	);
	assert.equal(published.at(-1)?.items, 2000);
});

test('store: nothing waits longer than 33 ms, whatever the gaps', () => {
	const gaps = fc.array(fc.nat({max: 100}), {maxLength: 50, size: 'max'});
	fc.assert(
		fc.property(gaps, all => {
			const {clock, store, published} = openStore();
			const times: number[] = [];
			let at = 0;
			for (const gap of all) {
				clock.advance(gap);
				at += gap;
				times.push(at);
				store.dispatch(notice(at));
			}

			clock.advance(33);
			for (const [index, time] of times.entries()) {
				const shown = published.find(({items}) => items > index);
				assert.ok(shown && shown.at - time <= 33);
			}

			for (const [index, {at: shownAt}] of published.entries()) {
				const before = published[index - 1]?.at ?? -Infinity;
				assert.ok(shownAt - before >= 33, `at ${before} and ${shownAt}`);
			}
		}),
		{numRuns: runs},
	);
});

test('store: a flush publishes now, and the next interval starts there', () => {
	const {clock, store, published} = openStore();
	store.dispatch(notice(1));
	store.flush();
	assert.deepEqual(published, [{at: 0, items: 1}]);
	assert.deepEqual(clock.delays, [], 'its timer is gone');
	clock.advance(10);
	store.dispatch(notice(2));
	assert.deepEqual(clock.delays, [23]);
	clock.advance(23);
	assert.deepEqual(published.slice(1), [{at: 33, items: 2}]);
});

test('store: what a listener dispatches is in the next publication', () => {
	const {clock, store, published} = openStore();
	const unsubscribe = store.subscribe(() => {
		unsubscribe();
		store.dispatch(notice(2));
	});
	store.dispatch(notice(1));
	clock.advance(32);
	assert.deepEqual(published, [{at: 0, items: 1}]);
	clock.advance(1);
	assert.deepEqual(published.slice(1), [{at: 33, items: 2}]);
});

test('store: a snapshot never changes, and is the same between publications', () => {
	const {clock, store} = openStore();
	store.dispatch(notice(1));
	clock.advance(0);
	const snapshot = store.getSnapshot();
	store.dispatch(notice(2));
	assert.equal(store.getSnapshot(), snapshot);
	clock.advance(33);
	assert.notEqual(store.getSnapshot(), snapshot);
	assert.equal(snapshot.transcript.length, 1);
});

test('store: a listener that unsubscribed is not called again', () => {
	const {clock, store, published, unsubscribe} = openStore();
	unsubscribe();
	store.dispatch(notice(1));
	clock.advance(0);
	assert.deepEqual(published, []);
	assert.equal(store.getSnapshot().transcript.length, 1);
});
