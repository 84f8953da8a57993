import assert from 'node:assert/strict';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import type {Step, TcpState} from '../../source/tcp/tcp.js';
import {appendStep} from '../../source/store/steps.js';
import {called, inferred, read} from '../helpers/steps.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 1000);

const append = (...added: Step[]): readonly Step[] => {
	let steps: readonly Step[] = [];
	for (const step of added) {
		steps = appendStep(steps, step, 100);
	}

	return steps;
};

test('steps: are in the order in which they were added', () => {
	const all = [
		called('connect()'),
		inferred('SYN-SENT'),
		inferred('ESTABLISHED'),
		called('shutdown(SHUT_WR)'),
	];
	assert.deepEqual(append(...all), all);
});

test('steps: a state that is read replaces the inferred one', () => {
	assert.deepEqual(
		append(
			inferred('ESTABLISHED', {at: 10}),
			called('shutdown(SHUT_WR)'),
			read('ESTABLISHED', {at: 25}),
		),
		[read('ESTABLISHED', {at: 10}), called('shutdown(SHUT_WR)')],
		'it keeps its time',
	);
});

test('steps: a state is not added twice', () => {
	const once = [inferred('ESTABLISHED')];
	assert.equal(appendStep(once, inferred('ESTABLISHED'), 9), once);
	const known = [read('ESTABLISHED')];
	assert.equal(appendStep(known, read('ESTABLISHED', {at: 5}), 9), known);
	assert.equal(appendStep(known, inferred('ESTABLISHED'), 9), known);
});

test('steps: an inferred state stays if the read one can follow it', () => {
	assert.deepEqual(
		append(
			read('ESTABLISHED'),
			inferred('FIN-WAIT-1'),
			read('FIN-WAIT-2'),
			inferred('TIME-WAIT'),
			read('TIME-WAIT'),
		),
		[
			read('ESTABLISHED'),
			inferred('FIN-WAIT-1'),
			read('FIN-WAIT-2'),
			read('TIME-WAIT'),
		],
	);
});

test('steps: an inferred state that a reading disproves is removed', () => {
	assert.deepEqual(
		append(inferred('FIN-WAIT-1'), inferred('TIME-WAIT'), read('CLOSING')),
		[inferred('FIN-WAIT-1'), read('CLOSING')],
	);
	assert.deepEqual(
		append(inferred('LAST-ACK'), inferred('CLOSED'), read('LAST-ACK')),
		[read('LAST-ACK')],
	);
});

test('steps: the two ends and the peers are kept apart', () => {
	const others = [
		inferred('ESTABLISHED', {end: 'remote'}),
		inferred('ESTABLISHED', {peer: '127.0.0.1:1'}),
	];
	assert.deepEqual(append(...others, read('ESTABLISHED')), [
		...others,
		read('ESTABLISHED'),
	]);
	assert.deepEqual(
		append(...others, read('ESTABLISHED', {peer: '127.0.0.1:1'})),
		[others[0], read('ESTABLISHED', {peer: '127.0.0.1:1'})],
	);
});

test('steps: a port that is reused starts again', () => {
	const peer = '127.0.0.1:1';
	const before = [
		called('accept()', {peer}),
		inferred('ESTABLISHED', {peer}),
		inferred('CLOSED', {peer}),
	];
	const after = [called('accept()', {peer}), inferred('ESTABLISHED', {peer})];
	assert.deepEqual(
		append(...before, ...after, read('ESTABLISHED', {peer, at: 9})),
		[...before, called('accept()', {peer}), read('ESTABLISHED', {peer})],
	);
	const attempt = [called('connect()'), read('CLOSED')];
	assert.deepEqual(append(...attempt, ...attempt), [...attempt, ...attempt]);
});

test('steps: the last state of an end is its current one, whatever comes', () => {
	const state = fc.constantFrom<TcpState>(
		'ESTABLISHED',
		'FIN-WAIT-1',
		'TIME-WAIT',
		'CLOSED',
	);
	const anyStep = fc.oneof(
		fc.constantFrom(called('accept()'), called('close()')),
		state.map(name => inferred(name)),
		state.map(name => read(name, {end: 'remote'})),
		state.map(name => read(name)),
	);
	fc.assert(
		fc.property(
			fc.array(anyStep, {maxLength: 40}),
			fc.integer({min: 1, max: 10}),
			(added, limit) => {
				let steps: readonly Step[] = [];
				for (const step of added) {
					const before = structuredClone(steps);
					const next = appendStep(steps, step, limit);
					assert.deepEqual(steps, before, 'what was there is not touched');
					assert.ok(next.length <= limit);
					if (step.kind === 'state') {
						const last = next.findLast(
							other => other.kind === 'state' && other.end === step.end,
						);
						assert.equal((last as typeof step).state, step.state);
					} else {
						assert.equal(next.at(-1), step);
					}

					steps = next;
				}
			},
		),
		{numRuns: runs},
	);
});

test('steps: the RST that refuses a connection is what connect() failed with', () => {
	const refused: Step = {
		kind: 'segment',
		segment: 'RST',
		errno: 'ECONNREFUSED',
		peer: undefined,
		at: 1,
	};
	const steps = append(called('connect()'), inferred('SYN-SENT'), refused);
	assert.deepEqual(steps, [
		{...called('connect()'), errno: 'ECONNREFUSED'},
		inferred('SYN-SENT'),
		refused,
	]);
	const reset = {...refused, errno: 'ECONNRESET'};
	assert.deepEqual(append(called('connect()'), reset), [
		called('connect()'),
		reset,
	]);
});
