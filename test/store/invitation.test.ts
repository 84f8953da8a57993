import assert from 'node:assert/strict';
import {test} from 'node:test';
import {createModel, tailOf} from '../../source/store/model.js';
import {reduce} from '../../source/store/reduce.js';
import {welcomeFrame} from '../helpers/scripted.js';

test('model: an empty room says how others come in, until something is said', () => {
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
	const start = createModel({
		mode: 'room',
		where: '127.0.0.1:5001',
		id: 'a',
		nick: 'otter',
		invitation: 'come in',
	});
	assert.deepEqual(tailOf(start), []);
	const empty = reduce(start, [welcome]);
	const shown = {kind: 'notice', at: 5, tone: 'info', text: 'come in'};
	assert.deepEqual(tailOf(empty), [shown]);
	// Alone, what was said yesterday is no company.
	assert.deepEqual(tailOf(reduce(empty, [said(4)])), [shown]);
	const talked = reduce(empty, [said(10)]);
	assert.deepEqual(tailOf(talked), []);
	assert.deepEqual(tailOf(reduce(talked, [welcome])), []);
	const own = {type: 'queued', at: 6, n: 1, text: 'hi', to: undefined} as const;
	assert.equal(tailOf(reduce(empty, [own])).length, 1);
	assert.equal(reduce(empty, [own]).invitation, undefined);
});
