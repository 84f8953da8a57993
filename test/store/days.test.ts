import assert from 'node:assert/strict';
import {test} from 'node:test';
import {dayAbove, dayOf, dayRule} from '../../source/store/days.js';
import {createModel, type Model} from '../../source/store/model.js';
import {reduce} from '../../source/store/reduce.js';
import {itemAt} from '../../source/store/transcript.js';
import {message} from '../helpers/items.js';
import {messageFrame} from '../helpers/scripted.js';

const start = createModel({
	mode: 'room',
	where: '127.0.0.1:5001',
	id: 'ffffffffffffffff',
	nick: 'otter',
});
const at = (day: number, hour: number) =>
	new Date(2026, 10, day, hour).getTime();

const textsOf = ({transcript}: Model): string[] =>
	Array.from({length: transcript.length}, (_, index) => {
		const item = itemAt(transcript, transcript.first + index)!;
		return 'text' in item ? item.text : '';
	});

const said = (seq: number, time: number) =>
	({
		type: 'frame',
		at: at(22, 12),
		frame: messageFrame(seq, {at: time}),
	}) as const;

test('days: an item of another day follows a rule of that day', () => {
	const notice = {type: 'notice', tone: 'info', text: 'now'} as const;
	const first = reduce(start, [
		{...notice, at: at(22, 12)},
		said(1, at(20, 9)),
	]);
	const model = reduce(first, [said(2, at(20, 23)), said(3, at(22, 0))]);
	assert.deepEqual(textsOf(model), [
		'now',
		dayOf(at(20, 1)),
		'entry 1',
		'entry 2',
		dayOf(at(22, 1)),
		'entry 3',
	]);
	assert.equal(dayOf(at(20, 1)), 'Friday, 20 November 2026');
});

test('days: an older page has its days too, the very first one included', () => {
	const model = reduce(start, [
		said(3, at(22, 9)),
		{
			type: 'frame',
			at: at(22, 12),
			frame: {
				type: 'past',
				id: 1,
				entries: [
					messageFrame(1, {at: at(19, 9)}),
					messageFrame(2, {at: at(20, 9)}),
				],
				oldest: 1,
			},
		},
	]);
	assert.deepEqual(textsOf(model), [
		dayOf(at(19, 1)),
		'entry 1',
		dayOf(at(20, 1)),
		'entry 2',
		dayOf(at(22, 1)),
		'entry 3',
	]);
});

test('days: the current day is a rule of its own, until an item begins it', () => {
	const model = reduce(start, [
		said(1, at(21, 9)),
		{type: 'reading', at: at(22, 0), what: {kind: 'day'}},
	]);
	assert.deepEqual(textsOf(model), ['entry 1']);
	assert.equal(model.today?.text, 'Sunday, 22 November 2026');
	assert.notEqual(model.lastDay, model.today.text);
	const next = reduce(model, [said(2, at(22, 1))]);
	assert.deepEqual(textsOf(next), ['entry 1', dayOf(at(22, 1)), 'entry 2']);
	assert.equal(next.lastDay, next.today?.text);
});

test('days: the oldest item says its day, unless it is of today', () => {
	const today = dayRule(at(22, 12));
	const old = message({at: at(20, 1)});
	assert.equal(dayAbove(old, today)?.text, dayOf(at(20, 1)));
	assert.equal(dayAbove(message({at: at(22, 1)}), today), undefined);
	assert.equal(dayAbove(dayRule(at(20, 1)), today), undefined);
	assert.equal(dayAbove(undefined, today), undefined);
	assert.equal(dayAbove(old, undefined), undefined);
});
