import assert from 'node:assert/strict';
import {test} from 'node:test';
import {
	arrowsOf,
	createTransition,
	type Table,
} from '../../source/connection/machine.js';

type Lamp =
	| {readonly phase: 'off'}
	| {readonly phase: 'on'; readonly since: number}
	| {readonly phase: 'broken'};
type LampEvent =
	{readonly type: 'press'; readonly at: number} | {readonly type: 'drop'};
type LampEffect = {readonly type: 'click'} | {readonly type: 'crash'};

const table: Table<Lamp, LampEvent, LampEffect> = {
	off: {
		press: {
			to: ['on', 'off'],
			run: (state, {at}) =>
				at > 0 ? [{phase: 'on', since: at}, {type: 'click'}] : [state],
		},
		drop: {
			to: ['broken'],
			// Wrong on purpose: not a phase in `to`.
			run: () => [{phase: 'on', since: 0}],
		},
	},
	on: {
		press: {to: ['off'], run: () => [{phase: 'off'}, {type: 'click'}]},
		drop: {
			to: ['broken'],
			run: () => [{phase: 'broken'}, {type: 'click'}, {type: 'crash'}],
		},
	},
	broken: {},
};
const transition = createTransition(table);

test('machine: a cell returns the next state and its effects in order', () => {
	const on = {phase: 'on', since: 7} as const;
	assert.deepEqual(transition({phase: 'off'}, {type: 'press', at: 7}), [
		on,
		{type: 'click'},
	]);
	assert.deepEqual(transition(on, {type: 'drop'}), [
		{phase: 'broken'},
		{type: 'click'},
		{type: 'crash'},
	]);
});

test('machine: an event without a cell returns the same state object', () => {
	const broken = {phase: 'broken'} as const;
	const step = transition(broken, {type: 'press', at: 1});
	assert.equal(step.length, 1);
	assert.equal(step[0], broken);
});

test('machine: a transition missing from the table is an internal error', () => {
	assert.throws(() => transition({phase: 'off'}, {type: 'drop'}), {
		name: 'SockchatError',
		code: 'ERR_INTERNAL',
		message: 'drop led from off to on, which is not in the table.',
	});
});

test('machine: arrowsOf lists the arrows in order', () => {
	assert.deepEqual(
		arrowsOf(table).map(({from, event, to}) => `${from} ${event} ${to}`),
		[
			'off press on',
			'off press off',
			'off drop broken',
			'on press off',
			'on drop broken',
		],
	);
});
