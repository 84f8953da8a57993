import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {ChatEvent} from '../../source/event/event.js';
import {createModel, type Model} from '../../source/store/model.js';
import {seenOf, unreadBelow} from '../../source/store/reading.js';
import {reduce} from '../../source/store/reduce.js';
import {itemAt} from '../../source/store/transcript.js';
import {messageFrame, welcomeFrame} from '../helpers/scripted.js';

const start = createModel({
	mode: 'room',
	where: '127.0.0.1:5001',
	id: 'ffffffffffffffff',
	nick: 'otter',
});
const at = (hour: number, minute = 0, day = 27) =>
	new Date(2026, 10, day, hour, minute).getTime();

const said = (from: number, to = from): ChatEvent[] =>
	Array.from({length: to - from + 1}, (_, index) => ({
		type: 'frame',
		at: at(15),
		frame: messageFrame(from + index, {at: at(14)}),
	}));

const page = (from: number, to: number): ChatEvent => ({
	type: 'frame',
	at: at(15),
	frame: {
		type: 'past',
		id: 1,
		entries: Array.from({length: to - from + 1}, (_, index) =>
			messageFrame(from + index, {at: at(14)}),
		),
		oldest: 1,
	},
});

const seen = (seq: number, log = 'log'): ChatEvent => ({
	type: 'reading',
	at: at(15),
	what: {kind: 'seen-before', seen: {log, seq, at: at(14, 2)}},
});

const welcome = (head: number): ChatEvent => ({
	type: 'frame',
	at: at(15),
	frame: welcomeFrame({head}),
});

const attention = (isLooking: boolean, isFollowing = true): ChatEvent => ({
	type: 'reading',
	at: at(16),
	what: {kind: 'attention', attention: {isLooking, isFollowing}},
});

const own: ChatEvent = {
	type: 'queued',
	at: at(16),
	n: 1,
	text: 'mine',
	to: undefined,
};

/** The rule with the text of the item above it. */
const ruleIn = ({reading, transcript}: Model) => {
	const below = unreadBelow(reading, transcript);
	const item = below && itemAt(transcript, below.index);
	return below && item && 'text' in item
		? [item.text, below.rule.text]
		: undefined;
};

test('reading: a rule is below what the last run has seen, if somebody spoke since', () => {
	const joined = reduce(start, [seen(3), welcome(5), ...said(1, 5)]);
	assert.deepEqual(ruleIn(joined), ['entry 3', 'new since 14:02']);
	assert.equal(
		ruleIn(reduce(start, [seen(5), welcome(5), ...said(1, 5)])),
		undefined,
	);
	assert.equal(
		ruleIn(reduce(start, [seen(3, 'other'), welcome(5), ...said(1, 5)])),
		undefined,
		'of another log',
	);
});

test('reading: who looks away before the past has come sees no rule in it', () => {
	const looksAway = [attention(false), attention(true)];
	for (const place of [1, 2, 4]) {
		const joining = [seen(5), welcome(5), ...said(1, 5)];
		const joined = reduce(start, joining.toSpliced(place, 0, ...looksAway));
		assert.equal(ruleIn(joined), undefined, `after ${place}, all seen`);
		const entering = [welcome(5), ...said(1, 5)];
		const entered = reduce(
			start,
			entering.toSpliced(place, 0, attention(false)),
		);
		assert.equal(ruleIn(entered), undefined, `after ${place}, never here`);
		const back = reduce(entered, [...said(6), attention(true)]);
		assert.equal(ruleIn(back)?.[1], 'new since 16:00');
	}

	const unread = [seen(3), welcome(5), ...said(1, 5)];
	assert.deepEqual(
		ruleIn(reduce(start, unread.toSpliced(4, 0, ...looksAway))),
		['entry 3', 'new since 14:02'],
	);
});

test('reading: a rule of another day says which', () => {
	const what = {
		kind: 'seen-before',
		seen: {log: 'log', seq: 1, at: at(14, 2, 26)},
	} as const;
	const joined = reduce(start, [
		{type: 'reading', at: at(15), what},
		welcome(2),
		...said(1, 2),
	]);
	assert.deepEqual(ruleIn(joined), [
		'entry 1',
		'new since Thursday, 26 November 2026, 14:02',
	]);
});

test('reading: the rule is where it belongs once the older entries are loaded', () => {
	const joined = reduce(start, [seen(150), welcome(400), ...said(301, 400)]);
	assert.equal(ruleIn(joined), undefined);
	const once = reduce(joined, [page(201, 300)]);
	assert.equal(ruleIn(once), undefined);
	const twice = reduce(once, [page(101, 200)]);
	assert.deepEqual(ruleIn(twice), ['entry 150', 'new since 14:02']);
	const more = reduce(twice, [page(1, 100)]);
	assert.deepEqual(ruleIn(more), ['entry 150', 'new since 14:02']);
	const forgotten = reduce(more, [{type: 'forget-past', at: at(16)}]);
	assert.equal(ruleIn(forgotten), undefined);
	const again = reduce(forgotten, [page(101, 300)]);
	assert.deepEqual(ruleIn(again), ['entry 150', 'new since 14:02']);
});

test('reading: who turns away leaves a rule, which moves when they leave again', () => {
	const away = reduce(start, [...said(1, 3), attention(false)]);
	assert.equal(ruleIn(away), undefined);
	const back = reduce(away, [...said(4, 5), attention(true)]);
	assert.deepEqual(ruleIn(back), ['entry 3', 'new since 16:00']);
	assert.equal(ruleIn(reduce(back, said(6)))?.[0], 'entry 3');
	const again = reduce(back, [...said(6), attention(false), ...said(7)]);
	assert.equal(ruleIn(again)?.[0], 'entry 6');
});

test('reading: scrolling up to the rule does not move it', () => {
	const back = reduce(start, [
		...said(1, 3),
		attention(false),
		...said(4, 5),
		attention(true),
		attention(true, false),
		...said(6),
	]);
	assert.equal(ruleIn(back)?.[0], 'entry 3');
	// Back at the bottom they have caught up; now they scroll away anew.
	const caughtUp = reduce(back, [attention(true), attention(true, false)]);
	assert.equal(ruleIn(reduce(caughtUp, said(7)))?.[0], 'entry 6');
	// So has who answers.
	const answered = reduce(back, [own, attention(true), attention(true, false)]);
	assert.equal(ruleIn(reduce(answered, said(7)))?.[0], 'entry 6');
});

test('reading: comings, goings and own messages are no news', () => {
	const model = reduce(start, [
		...said(1, 2),
		attention(false),
		{
			type: 'frame',
			at: at(15),
			frame: {type: 'joined', seq: 3, at: at(15), nick: 'ci', id: 'c'},
		},
		{
			type: 'frame',
			at: at(15),
			frame: messageFrame(4, {id: start.id, at: at(15)}),
		},
	]);
	assert.equal(ruleIn(model), undefined);
	assert.equal(ruleIn(reduce(model, said(5)))?.[0], 'entry 2');
});

test('reading: what is kept is what was in front of the reader', () => {
	const model = reduce(start, [welcome(3), ...said(1, 3)]);
	const now = at(17);
	assert.deepEqual(seenOf(model, now), {log: 'log', seq: 3, at: now});
	const away = reduce(model, [attention(false), ...said(4, 9)]);
	assert.deepEqual(seenOf(away, now), {log: 'log', seq: 3, at: at(16)});
	const back = reduce(away, [attention(true)]);
	assert.deepEqual(seenOf(back, now), {log: 'log', seq: 9, at: now});
	assert.equal(seenOf(start, now), undefined);
});
