import assert from 'node:assert/strict';
import {test} from 'node:test';
import {createModel, tailOf} from '../../source/store/model.js';
import {reduce} from '../../source/store/reduce.js';
import {welcomeFrame} from '../helpers/scripted.js';

test('model: a room says how others come in, while it is empty or silent', () => {
	const welcome = {
		type: 'frame',
		at: 5,
		frame: welcomeFrame({head: 9, members: {count: 1, names: ['otter']}}),
	} as const;
	const said = (seq: number) =>
		({
			type: 'frame',
			at: 6,
			frame: {
				type: 'message',
				seq,
				at: 6,
				from: 'heron',
				id: 'b',
				n: 1,
				text: 'ahoy',
			},
		}) as const;
	const joined = (seq: number) =>
		({
			type: 'frame',
			at: 6,
			frame: {type: 'joined', seq, at: 6, nick: 'heron', id: 'b'},
		}) as const;
	const start = createModel({
		mode: 'room',
		where: '127.0.0.1:5001',
		id: 'a',
		nick: 'otter',
		invitation: 'Come in.',
	});
	assert.deepEqual(tailOf(start), []);
	const empty = reduce(start, [welcome]);
	const shown = (text: string) => [{kind: 'notice', at: 5, tone: 'info', text}];
	const silent = shown('Nobody has said anything yet. Come in.');
	assert.deepEqual(tailOf(empty), silent);
	// Alone, what was said yesterday is no company.
	const spoken = reduce(empty, [said(4)]);
	assert.deepEqual(tailOf(spoken), shown('Come in.'));
	assert.deepEqual(tailOf(reduce(spoken, [welcome])), shown('Come in.'));
	assert.deepEqual(tailOf(reduce(spoken, [joined(10)])), []);
	// What was said before the oldest entry here isn't known.
	assert.deepEqual(tailOf(reduce(empty, [joined(9)])), shown('Come in.'));
	const joins = [joined(1), joined(10)];
	assert.deepEqual(tailOf(reduce(empty, joins)), silent);
	const page = {
		type: 'past',
		id: 1,
		oldest: 1,
		entries: [said(1).frame],
	} as const;
	assert.deepEqual(
		tailOf(reduce(empty, [{type: 'frame', at: 6, frame: page}])),
		shown('Come in.'),
	);
	const talked = reduce(empty, [said(10)]);
	assert.deepEqual(tailOf(talked), []);
	assert.deepEqual(tailOf(reduce(talked, [welcome])), []);
	// What a command answers stands below it, and in a low window has all rows.
	const asked = reduce(empty, [
		{type: 'notice', at: 7, tone: 'info', text: '1 here: otter'},
	]);
	assert.deepEqual(tailOf(asked), []);
	assert.deepEqual(
		asked.transcript.blocks
			.flat()
			.flatMap(item => (item.kind === 'notice' ? [item.text] : []))
			.slice(-2),
		['Nobody has said anything yet. Come in.', '1 here: otter'],
	);
	assert.deepEqual(tailOf(reduce(asked, [welcome])), []);
	// A word before the welcome answers nothing.
	const warned = reduce(start, [
		{type: 'notice', at: 4, tone: 'warn', text: 'In memory only.'},
		welcome,
	]);
	assert.deepEqual(tailOf(warned), silent);
	const own = {type: 'queued', at: 6, n: 1, text: 'hi', to: undefined} as const;
	assert.equal(tailOf(reduce(empty, [own])).length, 1);
	assert.equal(reduce(empty, [own]).invitation, undefined);
});
