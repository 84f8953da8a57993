/** What waits for the relay, on the screen: below all that has its place. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {SockchatError} from '../../source/errors.js';
import type {ServerFrame} from '../../source/protocol/frame.js';
import {createModel, tailOf, type Model} from '../../source/store/model.js';
import {itemAt} from '../../source/store/transcript.js';
import {reduce} from '../../source/store/reduce.js';
import {describeItem} from '../../source/ui/transcript/item-content.js';
import {relayFact} from '../../source/ui/connection/relay-facts.js';
import {relayOf} from '../helpers/models.js';
import {welcomeFrame} from '../helpers/scripted.js';

const own = 'ffffffffffffffff';
const other = '0123456789abcdef';

const start = createModel({
	mode: 'room',
	where: '127.0.0.1:5001',
	id: own,
	nick: 'otter',
});

const welcome = welcomeFrame({room: '127.0.0.1:5001', head: 1});

const said = {at: 1, from: 'heron', id: other, n: 1, text: 'anybody?'};

const frames = (model: Model, ...list: readonly ServerFrame[]): Model =>
	reduce(
		model,
		list.map(frame => ({type: 'frame', at: 2, frame}) as const),
	);

const shown = (model: Model) =>
	tailOf(model).map(item =>
		item.kind === 'message' ? [item.text, item.isUnshared, item.mark] : [],
	);

test('unshared: it stands in the tail until its message comes', () => {
	const waiting = frames(start, {type: 'pending', ...said});
	assert.deepEqual(shown(waiting), [['anybody?', true, undefined]]);
	const shared = frames(waiting, {type: 'message', seq: 7, ...said});
	assert.deepEqual(shown(shared), []);
	assert.equal(itemAt(shared.transcript, 1)?.kind, 'message');
});

test('unshared: it may come without its number', () => {
	const waiting = frames(start, {type: 'pending', ...said});
	const shared = frames(waiting, {type: 'message', seq: 7, ...said, n: 0});
	assert.deepEqual(shown(shared), []);
});

test('unshared: what is not going out is shown as such, and waits no longer', () => {
	const why = {
		code: 'ERR_TEXT_TOO_LONG',
		message: 'The relay takes at most 9 bytes.',
	} as const;
	for (const n of [1, 0]) {
		const waiting = frames(start, {type: 'pending', ...said});
		const dropped = frames(waiting, {type: 'dropped', ...said, n, ...why});
		assert.deepEqual(shown(dropped), []);
		const item = itemAt(dropped.transcript, 1);
		if (item?.kind !== 'message') {
			assert.fail(JSON.stringify(item));
		}

		assert.equal(item.text, said.text);
		assert.equal(item.reason, why.message);
		const {mark, remark} = describeItem(item, true);
		assert.equal(mark, 'failed');
		assert.equal(remark?.text, why.message);
		assert.equal(dropped.outage, undefined);
	}
});

test('unshared: what waits without its number from now on is shown once', () => {
	const waiting = frames(
		start,
		{type: 'pending', ...said},
		{type: 'pending', ...said, n: 0},
	);
	assert.deepEqual(shown(waiting), [['anybody?', true, undefined]]);
	const shared = frames(waiting, {type: 'message', seq: 7, ...said, n: 0});
	assert.deepEqual(shown(shared), []);
});

test("unshared: one's own gets the mark, and keeps its place", () => {
	const queued = reduce(start, [
		{type: 'queued', at: 1, n: 4, text: 'mine', to: undefined},
	]);
	const pending = {...said, id: own, from: 'otter', n: 4, text: 'mine'};
	const waiting = frames(queued, {type: 'pending', ...pending});
	assert.deepEqual(shown(waiting), [['mine', undefined, 'unshared']]);
	const shared = frames(waiting, {type: 'message', seq: 1, ...pending});
	assert.deepEqual(shown(shared), []);
});

test('relay facts: state, since when, and what waits', () => {
	const relay = relayOf({outbox: 3});
	assert.deepEqual(relayFact({relay}, 180_000), {
		name: 'away',
		role: 'alarm',
		age: '>2 min',
		engine: 'box:4222',
		counts: ['outbox 3'],
	});
	assert.deepEqual(
		relayFact({relay: {...relay, phase: 'open', lag: 2, servers: 1}}, 0)
			?.counts,
		['lag 2', 'outbox 3', '1 server'],
	);
});

/** All that was said before, and what ends its replay. */
const before: ServerFrame = {
	type: 'message',
	seq: 1,
	...said,
	n: 9,
	text: 'before',
};

const outageNotices = (model: Model) =>
	model.transcript.blocks
		.flat()
		.flatMap(item => (item.kind === 'notice' ? [item.text] : []));

test('unshared: a member reads once for each outage that the relay takes nothing', () => {
	const notice =
		"The room's relay takes nothing now: what is said is kept (◌), and shared once it does.";
	const later = {...said, n: 2, at: 3, text: 'still?'};
	const first = frames(
		start,
		{type: 'pending', ...said},
		{type: 'pending', ...later},
		{type: 'message', seq: 7, ...said},
	);
	assert.deepEqual(outageNotices(first), [notice]);
	const draining = frames(first, {type: 'pending', ...said, n: 3, at: 4});
	assert.deepEqual(outageNotices(draining), [notice]);
	const again = frames(
		first,
		{type: 'message', seq: 8, ...later, n: 0},
		{type: 'pending', ...said, n: 4, at: 5},
	);
	assert.deepEqual(outageNotices(again), [notice, notice]);
});

test('unshared: where the room is in memory alone, so is what waits', () => {
	const notice =
		"The room's relay takes nothing now: what is said is kept in memory only (◌), and shared once it does.";
	const joined = frames(start, {...welcome, inMemory: true}, before);
	const seen = outageNotices(joined).length;
	const waiting = frames(joined, {type: 'pending', ...said});
	assert.deepEqual(outageNotices(waiting).slice(seen), [notice]);
	const members = {...welcome.members, unshared: ['wren']};
	const late = frames(start, {...welcome, inMemory: true, members}, before);
	assert.ok(outageNotices(late).includes(notice));
	// Another server has the room now, with a file.
	const onDisk = frames(late, {...welcome, log: 'm', members}, before);
	const [newest] = outageNotices(
		frames(frames(onDisk, {type: 'members', count: 1, names: ['otter']}), {
			type: 'pending',
			...said,
		}),
	).slice(-1);
	assert.match(newest!, /is kept \(◌\), and shared/);
});

test('unshared: who comes in an outage reads so below what was said before', () => {
	const members = {...welcome.members, unshared: ['otter']};
	const model = frames(start, {...welcome, members}, before, {
		type: 'pending',
		...said,
	});
	const items = model.transcript.blocks.flat();
	assert.deepEqual(
		items.map(item => 'text' in item && item.text),
		[
			'before',
			'You are otter in 127.0.0.1:5001; nobody else is here.',
			"The room's relay takes nothing now: what is said is kept (◌), and shared once it does.",
		],
	);
});

test('unshared: who opened the room reads it from the relay alone', () => {
	const host = frames(reduce(start, [relayOf({outbox: 1})]), {
		type: 'pending',
		...said,
	});
	assert.deepEqual(outageNotices(host), []);
});

test('unshared: a list with somebody who waits says that the relay takes nothing, once', () => {
	const notice =
		"The room's relay takes nothing now: what is said is kept (◌), and shared once it does.";
	const list = {type: 'members', count: 2, names: ['otter', 'wren']} as const;
	const waiting = {...list, unshared: ['wren']};
	const first = frames(start, waiting, waiting, {type: 'pending', ...said});
	assert.deepEqual(outageNotices(first), [notice]);
	// The message has its place, and the list comes a little later.
	const shared = frames(first, {type: 'message', seq: 7, ...said}, waiting);
	assert.deepEqual(outageNotices(shared), [notice]);
	const over = frames(shared, list);
	assert.equal(over.outage, undefined);
	assert.deepEqual(outageNotices(frames(over, waiting)), [notice, notice]);
});

test('unshared: what waits stands in the order in which it was said', () => {
	const mine = {...said, id: own, from: 'otter'};
	const pending = (n: number, of: typeof said): ServerFrame => ({
		type: 'pending',
		...of,
		n,
		text: `${of.from} ${n}`,
	});
	const queued = (n: number) =>
		({type: 'queued', at: 1, n, text: `otter ${n}`, to: undefined}) as const;
	const texts = (model: Model) => shown(model).map(([text]) => text);
	const first = frames(
		reduce(start, [queued(1)]),
		pending(1, mine),
		pending(1, said),
	);
	assert.deepEqual(texts(first), ['otter 1', 'heron 1']);
	const both = frames(reduce(first, [queued(2)]), pending(2, said));
	assert.deepEqual(texts(both), ['otter 1', 'heron 1', 'heron 2', 'otter 2']);
	assert.deepEqual(texts(frames(both, pending(2, mine))), [
		'otter 1',
		'heron 1',
		'heron 2',
		'otter 2',
	]);
	// A welcome takes none of one's own away: all that waits comes again.
	const back = frames(both, welcome);
	assert.deepEqual(texts(back), ['otter 1', 'otter 2']);
	assert.deepEqual(texts(frames(back, pending(1, mine), pending(1, said))), [
		'otter 1',
		'heron 1',
		'otter 2',
	]);
	const error = new SockchatError('ERR_RELAY_AWAY', 'No.');
	const failed = reduce(both, [{type: 'failed', at: 3, n: 1, error}]);
	assert.deepEqual(texts(failed), ['heron 1', 'heron 2', 'otter 2']);
	const message = {...mine, type: 'message', seq: 9, text: 'otter 1'} as const;
	const shared = frames(both, message);
	assert.deepEqual(texts(shared), ['heron 1', 'heron 2', 'otter 2']);
});
