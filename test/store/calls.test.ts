import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {ChatEvent} from '../../source/event/event.js';
import type {ServerFrame} from '../../source/protocol/frame.js';
import {isCall} from '../../source/store/item.js';
import {createModel, type Model} from '../../source/store/model.js';
import {reduce} from '../../source/store/reduce.js';
import {itemAt} from '../../source/store/transcript.js';
import {messageFrame, welcomeFrame} from '../helpers/scripted.js';

const own = 'ffffffffffffffff';

const start = createModel({
	mode: 'room',
	where: '127.0.0.1:5001',
	id: own,
	nick: 'otter',
});

const received = (frame: ServerFrame, isReplay?: true): ChatEvent => ({
	type: 'frame',
	at: 1,
	frame,
	...(isReplay && {isReplay}),
});

const said = (seq: number, text: string, id?: string) =>
	messageFrame(seq, {text, ...(id !== undefined && {id})});

const whispered = (from: string, to: string, id: string): ServerFrame => ({
	type: 'whispered',
	n: 1,
	from,
	to,
	id,
	text: 'psst',
	at: 1,
});

/** The texts that are marked as calls. */
const callsIn = ({transcript}: Model): string[] =>
	Array.from({length: transcript.length}, (_, index) =>
		itemAt(transcript, transcript.first + index)!,
	).flatMap(item => (isCall(item) ? [item.text] : []));

test('calls: a mention by somebody else counts, one by oneself does not', () => {
	const model = reduce(start, [
		received(said(1, 'otters are animals')),
		received(said(2, '@Otter: hello')),
		received(said(3, 'I am otter', own)),
		received(messageFrame(4, {from: 'otter-fan', text: 'hello'})),
	]);
	assert.deepEqual(callsIn(model), ['@Otter: hello']);
	assert.deepEqual(model.calls, {
		count: 1,
		latest: {from: 'heron', text: '@Otter: hello'},
	});
});

test('calls: a whisper to oneself counts, one of oneself does not', () => {
	const model = reduce(start, [
		received(whispered('heron', 'otter', '0123456789abcdef')),
		received(whispered('otter', 'heron', own)),
		received(whispered('otter', 'otter', own)),
	]);
	assert.deepEqual(callsIn(model), ['psst']);
	assert.equal(model.calls.count, 1);
});

test('calls: what was said before is marked, and counts for nothing', () => {
	const model = reduce(start, [
		received(said(5, 'otter?'), true),
		received({
			type: 'past',
			id: 1,
			entries: [said(4, 'dear otter')],
			oldest: 1,
		}),
		// After a reconnect: it came while nobody was there to hear it.
		received(said(6, 'otter!')),
	]);
	assert.deepEqual(callsIn(model), ['dear otter', 'otter?', 'otter!']);
	assert.equal(model.calls.count, 1);
});

test('calls: only the nick of the moment counts, also one given by the room', () => {
	const model = reduce(start, [
		received(welcomeFrame({nick: 'otter-2'})),
		received(said(1, 'otter?')),
		received(said(2, 'otter-2?')),
		received({
			type: 'renamed',
			seq: 3,
			at: 1,
			id: own,
			from: 'otter-2',
			to: 'stoat',
		}),
		received(said(4, 'otter-2?')),
		received(said(5, 'stoat?')),
	]);
	assert.deepEqual(callsIn(model), ['otter-2?', 'stoat?']);
	assert.equal(model.calls.count, 2);
});
