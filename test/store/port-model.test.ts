import assert from 'node:assert/strict';
import {test} from 'node:test';
import {lastOf} from '../../source/store/newest.js';
import {
	entriesOf,
	reducePort,
	type Looking,
	type PortModel,
} from '../../source/store/port-model.js';
import {merge} from '../../source/tcp/places.js';
import {seenBy} from '../../source/tcp/step-time.js';
import {
	counted,
	exited,
	listed,
	portModel,
	stepOfCall,
	stepOfState,
	watchedPeer,
} from '../helpers/watched-port.js';

/** One word each; a call that may have been left to the kernel ends in '?'. */
const drawn = ({steps}: PortModel): string[] =>
	steps.map(step =>
		step.kind === 'call'
			? `${step.end!} ${step.call}${step.isOrExit ? '?' : ''}`
			: step.kind === 'state'
				? `${step.end} ${step.state}`
				: step.segment,
	);

test('port model: counted bytes are a send() with their offset', () => {
	const {transfers} = portModel(
		counted('remote', 5),
		counted('local', 2),
		counted('remote', 3),
	);
	assert.deepEqual(
		lastOf(transfers).map(
			step =>
				step.kind === 'call' && [step.end, step.call, step.offset, step.result],
		),
		[
			['remote', 'send()', 0, '5'],
			['local', 'send()', 0, '2'],
			['remote', 'send()', 5, '3'],
		],
	);
});

test('port model: a connection between the same addresses begins at 0 again', () => {
	const {transfers} = portModel(
		stepOfCall('connect()', 'remote'),
		counted('remote', 5),
		stepOfCall('connect()', 'remote'),
		counted('remote', 3),
	);
	const last = lastOf(transfers).at(-1)!;
	assert.equal(last.kind === 'call' && last.offset, 0);
});

test('port model: bytes that are counted late stand above the close() of their end', () => {
	const {steps, transfers} = portModel(
		stepOfCall('connect()', 'remote'),
		counted('local', 5, {at: 3}),
		stepOfCall('close()', 'remote', watchedPeer, 2),
		stepOfState('FIN-WAIT-1', 'remote', watchedPeer, 2),
		counted('remote', 4, {at: 9}),
		counted('local', 1, {at: 9}),
	);
	const ladder = merge(steps, lastOf(transfers), 'server');
	assert.deepEqual(
		ladder.map(step => [
			step.kind === 'call' ? step.call : step.kind,
			seenBy(step),
		]),
		[
			['connect()', 1],
			['send()', 2],
			['close()', 2],
			['state', 2],
			['send()', 3],
			['send()', 9],
		],
	);
});

test('port model: a program that ended may have called close()', () => {
	const open = [
		stepOfCall('connect()', 'remote'),
		stepOfState('ESTABLISHED', 'remote'),
	];
	const fin = stepOfState('FIN-WAIT-1', 'remote');
	const expected = [
		'remote connect()',
		'remote ESTABLISHED',
		'remote close()?',
		'remote FIN-WAIT-1',
	];
	assert.deepEqual(drawn(portModel(...open, fin, exited('remote'))), expected);
	assert.deepEqual(
		drawn(portModel(...open, exited('remote'), fin)),
		expected,
		'its end was seen first',
	);
});

test('port model: nothing is supposed where the call was seen', () => {
	for (const call of ['close()', 'shutdown(SHUT_WR)'] as const) {
		const model = portModel(
			stepOfCall(call, 'remote'),
			stepOfState('FIN-WAIT-1', 'remote'),
			exited('remote'),
			stepOfState('FIN-WAIT-2', 'remote'),
		);
		assert.ok(drawn(model).every(step => !step.endsWith('?')));
	}

	const other = portModel(
		stepOfState('FIN-WAIT-1', 'remote'),
		exited('local'),
		exited('remote', ['127.0.0.1:5']),
	);
	assert.ok(drawn(other).every(step => !step.endsWith('?')));
});

const look = (model: PortModel, ...lookings: readonly Looking[]): PortModel =>
	reducePort(
		model,
		lookings.map(looking => ({type: 'look', looking})),
	);

test('port model: however much is sent, how a connection began is kept', () => {
	const model = portModel(
		stepOfCall('connect()', 'remote'),
		...Array.from({length: 5000}, () => counted('remote', 1)),
	);
	assert.deepEqual(drawn(model), ['remote connect()']);
	assert.ok(lastOf(model.transfers).length < 3000);
});

test('port model: the last 10,000 captured segments are kept', () => {
	const steps = Array.from(
		{length: 12_000},
		(_, seq) =>
			({
				kind: 'segment',
				segment: 'PSH',
				evidence: 'captured',
				direction: 'in',
				peer: watchedPeer,
				seq,
				at: seq,
			}) as const,
	);
	const kept = lastOf(portModel({type: 'segments', steps}).segments);
	// And at most two blocks more.
	assert.ok(kept.length >= 10_000 && kept.length <= 10_256, `${kept.length}`);
	assert.deepEqual(kept, steps.slice(-kept.length));
});

test('port model: chooses all, then each, those that have ended first', () => {
	const gone = '127.0.0.1:1';
	const model = portModel(stepOfState('CLOSED', 'local', gone), listed());
	assert.deepEqual(
		entriesOf(model).map(({peer, connection}) => [peer, connection?.peer]),
		[
			[gone, undefined],
			[watchedPeer, watchedPeer],
		],
	);
	const down = {do: 'choose', by: 1} as const;
	const up = {do: 'choose', by: -1} as const;
	const chosenBy = (...lookings: readonly Looking[]) =>
		look(model, ...lookings).look.chosen;
	assert.equal(chosenBy(up), undefined);
	assert.equal(chosenBy(down), gone);
	assert.equal(chosenBy(down, down), watchedPeer);
	assert.equal(chosenBy(down, down, down), watchedPeer, 'the last one');
	assert.equal(chosenBy(down, down, up, up), undefined);
	assert.equal(chosenBy(down, {do: 'choose-all'}), undefined);
});

test('port model: choosing follows again, and a key ends a notice', () => {
	const anchor = {index: 1, line: 0, seenEnd: 2};
	const scrolled = look(portModel(listed()), {do: 'scroll', anchor});
	assert.equal(scrolled.look.anchor, anchor);
	assert.equal(look(scrolled, {do: 'choose', by: 1}).look.anchor, undefined);
	assert.equal(look(scrolled, {do: 'explain'}).look.anchor, undefined);
	const noted = look(scrolled, {do: 'note', text: 'hm'});
	assert.equal(noted.notice, 'hm');
	assert.equal(look(noted, {do: 'spell'}).notice, undefined);
});

test('port model: what was not counted is missing in the ladder, unless it was captured', () => {
	const gap = {
		type: 'uncounted',
		peer: watchedPeer,
		notBefore: 1,
		seenAt: 2000,
	} as const;
	const [step] = portModel(gap).steps;
	assert.ok(step?.kind === 'segment' && step.reason === 'uncounted');
	const capturing = {type: 'capture', program: 'tcpdump'} as const;
	assert.deepEqual(reducePort(portModel(), [capturing, gap]).steps, []);
});
