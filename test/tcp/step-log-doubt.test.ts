import assert from 'node:assert/strict';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import {seenBy} from '../../source/tcp/step-time.js';
import {StepLog} from '../../source/tcp/step-log.js';
import {canReach} from '../../source/tcp/tcp-end.js';
import type {Step, TcpState} from '../../source/tcp/tcp.js';
import {
	called,
	createLog,
	draw,
	inferred,
	openLog,
	pairIn,
	read,
	received,
} from '../helpers/steps.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 1000);

test('step-log: ignores a table whose reading began before the last report', () => {
	const log = new StepLog(undefined, 0);
	const observe = (begunAt: number, ...states: TcpState[]) =>
		draw(log.observe(pairIn(...states), 0, begunAt));
	log.report(inferred('ESTABLISHED'), 1);
	observe(2, 'ESTABLISHED', 'ESTABLISHED');
	log.report(called('shutdown(SHUT_WR)'), 10);
	assert.deepEqual(observe(9, 'ESTABLISHED'), []);
	assert.deepEqual(observe(10, 'FIN-WAIT-2', 'CLOSE-WAIT'), [
		'shutdown(SHUT_WR)',
		'○ FIN-WAIT-1',
		'● FIN-WAIT-2',
		'⇄ ● CLOSE-WAIT',
	]);
});

test('step-log: an RST closes this end, and the kernel confirms it', () => {
	const {log, report, observe} = openLog();
	assert.deepEqual(report(received('RST')), ['RST', '⇄ ○ CLOSED', '○ CLOSED']);
	assert.deepEqual(observe(), ['● CLOSED', '⇄ ● CLOSED']);
	assert.ok(log.isOver);
});

test('step-log: the other end was open before it could answer a FIN', () => {
	const log = new StepLog(undefined, 100);
	log.report(inferred('ESTABLISHED', {at: 110}), 1);
	log.report(called('shutdown(SHUT_WR)', {at: 1000}), 2);
	const steps = log.observe(pairIn('FIN-WAIT-2', 'CLOSE-WAIT'), 1100, 3);
	const [open] = steps;
	assert.deepEqual(draw([open!]), ['⇄ ○ ESTABLISHED']);
	assert.deepEqual([open?.notBefore, open?.seenAt], [100, 1100]);
});

test('step-log: an end that sent RST is closed, though no table showed it', () => {
	const {log, report, observe} = createLog();
	report(
		inferred('ESTABLISHED', {end: 'remote'}),
		inferred('ESTABLISHED'),
		called('accept()'),
	);
	assert.deepEqual(report(received('RST')), ['RST', '⇄ ○ CLOSED', '○ CLOSED']);
	assert.deepEqual(observe(), ['● CLOSED', '⇄ ● CLOSED']);
	assert.ok(log.isOver);

	const refused = createLog();
	refused.report(called('connect()'), inferred('SYN-SENT'));
	assert.deepEqual(
		refused.report(received('RST')),
		['RST', '○ CLOSED'],
		'nobody listened',
	);
});

test('step-log: an RST that this end sends is a segment of its own', () => {
	const aborted = openLog();
	assert.deepEqual(aborted.report(called('setsockopt(SO_LINGER, 0)')), [
		'setsockopt(SO_LINGER, 0)',
	]);
	assert.deepEqual(aborted.report(called('close()')), [
		'close()',
		'RST →',
		'○ CLOSED',
	]);

	const unread = openLog();
	const close = {...called('close()'), unreadBytes: 6} as Step;
	assert.deepEqual(unread.report(close), ['close()', 'RST →', '○ CLOSED']);
	assert.deepEqual(unread.observe(), ['● CLOSED']);
});

test('step-log: a missing peer is gone at the second reading', () => {
	const {log, observe} = openLog();
	assert.deepEqual(observe('ESTABLISHED'), []);
	assert.deepEqual(observe('ESTABLISHED', 'ESTABLISHED'), [], 'it was there');
	assert.deepEqual(log.observe(pairIn('ESTABLISHED'), 2000, 100), []);
	const [closed] = log.observe(pairIn('ESTABLISHED'), 3000, 101);
	assert.deepEqual(draw([closed!]), ['⇄ ● CLOSED']);
	assert.equal(closed?.seenAt, 2000, 'it was seen at the first look');
});

test('step-log: an end that was never in the table stays unknown', () => {
	const {log, report, observe} = createLog();
	report(called('connect()'), inferred('SYN-SENT'), inferred('ESTABLISHED'));
	for (let look = 0; look < 3; look++) {
		assert.deepEqual(observe(), []);
	}

	report(received('FIN'), called('close()'));
	assert.deepEqual([observe(), observe()], [[], ['● CLOSED']]);
	assert.ok(log.isOver);
});

test('step-log: a reading corrects an inference that ran ahead', () => {
	// Our FIN is stuck behind data that the peer does not read.
	const {report, observe} = openLog();
	report(called('shutdown(SHUT_WR)'));
	assert.deepEqual(observe('FIN-WAIT-1', 'ESTABLISHED'), [
		'shutdown(SHUT_WR)',
		'○ FIN-WAIT-1',
		'● FIN-WAIT-1',
	]);
	assert.deepEqual(report(received('FIN')), [], 'it may have crossed ours');
	assert.deepEqual(observe('CLOSING', 'FIN-WAIT-2'), [
		'⇄ ○ FIN-WAIT-1',
		'FIN',
		'● CLOSING',
		'⇄ ● FIN-WAIT-2',
	]);

	const second = openLog();
	second.report(received('FIN'), called('close()'));
	assert.deepEqual(second.observe('LAST-ACK', 'FIN-WAIT-2'), [
		'● LAST-ACK',
		'⇄ ● FIN-WAIT-2',
	]);
});

test('step-log: a new connection on the same ports is not the old one', () => {
	for (const ending of [
		[received('RST'), called('close()')],
		[called('shutdown(SHUT_WR)')],
		[received('FIN'), called('close()')],
	]) {
		const {log, report, observe} = openLog();
		report(...ending);
		assert.deepEqual(observe('ESTABLISHED', 'ESTABLISHED'), []);
		assert.ok(log.isOver);
		assert.deepEqual(observe('FIN-WAIT-2', 'CLOSE-WAIT'), []);
		assert.deepEqual([observe(), observe()], [[], []]);
	}
});

test('step-log: after an RST, a row on the same ports is another connection', () => {
	const {log, report, observe} = openLog();
	report(received('RST'));
	assert.deepEqual(observe('CLOSE-WAIT', 'FIN-WAIT-2'), []);
	assert.ok(log.isOver);
});

test('step-log: of 1,000 peers each has its own steps', () => {
	const logs = Array.from({length: 1000}, (_log, port) => ({
		peer: `127.0.0.1:${port}`,
		log: new StepLog(`127.0.0.1:${port}`),
	}));
	for (const [port, {peer, log}] of logs.entries()) {
		const state = port % 2 === 0 ? 'ESTABLISHED' : 'CLOSE-WAIT';
		const steps = log.observe(pairIn(state), 0, 0);
		assert.deepEqual(steps.at(-1), read(state, {at: 0, peer}));
		assert.deepEqual(log.observe(pairIn(state), 0, 0), []);
	}
});

test('step-log: TIME-WAIT ends when another connection takes its place', () => {
	const {log, report, observe} = openLog();
	report(called('shutdown(SHUT_WR)'));
	observe('FIN-WAIT-2', 'CLOSE-WAIT');
	report(received('FIN'), called('close()'));
	assert.deepEqual(observe('TIME-WAIT'), ['● TIME-WAIT']);
	assert.deepEqual(observe('ESTABLISHED', 'ESTABLISHED'), []);
	assert.ok(log.isOver);
});

test('step-log: TIME-WAIT says when its timer ends it', () => {
	const log = new StepLog(undefined, 0);
	log.report(inferred('ESTABLISHED'), 1);
	log.report(called('shutdown(SHUT_WR)'), 2);
	log.observe(pairIn('FIN-WAIT-2', 'CLOSE-WAIT'), 2000, 3);
	log.report(received('FIN', {at: 2500}), 4);
	const pair = pairIn('TIME-WAIT');
	const timer = {name: 'time-wait', inMs: 59_000} as const;
	const steps = log.observe({...pair, local: {...pair.local!, timer}}, 3000, 5);
	assert.deepEqual(
		steps.flatMap(step =>
			step.kind === 'state' && step.end === 'local' && step.evidence === 'read'
				? [[step.state, step.endsAt]]
				: [],
		),
		[['TIME-WAIT', 62_000]],
	);
});

test('step-log: an end that nobody reports closed before the other could wait', () => {
	const log = new StepLog('127.0.0.1:2', 0);
	log.observe(pairIn('ESTABLISHED', 'ESTABLISHED'), 1000, 1);
	assert.deepEqual(log.observe(pairIn(undefined, 'TIME-WAIT'), 2000, 2), []);
	const steps = log.observe(pairIn(undefined, 'TIME-WAIT'), 3000, 3);
	assert.deepEqual(draw(steps), [
		'⇄ ○ FIN-WAIT-1',
		'⇄ ○ FIN-WAIT-2',
		'○ CLOSE-WAIT',
		'○ LAST-ACK',
		'⇄ ● TIME-WAIT',
		'● CLOSED',
	]);
	// The second reading confirms the first, whose times hold.
	assert.ok(
		steps.every(step => seenBy(step) === 2000),
		JSON.stringify(steps),
	);
});

test('step-log: a jump of the wall clock changes only the times shown', () => {
	const log = new StepLog('127.0.0.1:1');
	log.report(inferred('ESTABLISHED', {at: 5_000_000}), 1);
	assert.deepEqual(log.observe(pairIn('ESTABLISHED'), 3, 2), [
		read('ESTABLISHED', {at: 5_000_000, peer: '127.0.0.1:1'}),
	]);
});

test('step-log: whatever the kernel reports, the steps are of one connection', () => {
	const anyState = fc.option(
		fc.constantFrom<TcpState>(
			'SYN-SENT',
			'ESTABLISHED',
			'FIN-WAIT-1',
			'FIN-WAIT-2',
			'CLOSE-WAIT',
			'CLOSING',
			'LAST-ACK',
			'TIME-WAIT',
		),
		{nil: undefined},
	);
	fc.assert(
		fc.property(fc.array(fc.tuple(anyState, anyState)), pairs => {
			const log = new StepLog(undefined, 0);
			const last: Partial<Record<'local' | 'remote', TcpState>> = {};
			for (const [index, [local, remote]] of pairs.entries()) {
				const wasOver = log.isOver;
				const steps = log.observe(pairIn(local, remote), index, index);
				assert.ok(!wasOver || steps.length === 0);
				for (const step of steps.filter(({kind}) => kind === 'state')) {
					const {end, state} = step as Extract<typeof step, {kind: 'state'}>;
					const before = last[end];
					assert.ok(before === undefined || canReach(before, state));
					last[end] = state;
				}
			}
		}),
		{
			numRuns: runs,
			examples: [
				// LAST-ACK is read after our FIN was acknowledged, CLOSING before it.
				[
					[
						['FIN-WAIT-1', 'LAST-ACK'],
						['CLOSING', undefined],
					],
				],
			],
		},
	);
});

test('step-log: a FIN that is read with CLOSING acknowledged none of ours', () => {
	const {observe} = createLog();
	observe('FIN-WAIT-1', 'LAST-ACK');
	assert.deepEqual(observe('CLOSING', 'LAST-ACK'), ['FIN', '● CLOSING']);
});

test('step-log: an end that is reset while it may close has not closed', () => {
	const {report, observe} = openLog();
	report(called('shutdown(SHUT_WR)'));
	observe('FIN-WAIT-2', 'CLOSE-WAIT');
	assert.deepEqual(report(received('RST')), ['RST', '⇄ ○ CLOSED', '○ CLOSED']);
	assert.deepEqual(observe(undefined, undefined), ['● CLOSED', '⇄ ● CLOSED']);
});

test('step-log: both ends close at once, and the FIN was there before', () => {
	for (const call of ['shutdown(SHUT_WR)', 'close()'] as const) {
		const {report, observe} = openLog();
		assert.deepEqual(report(called(call)), [], 'a FIN may be here, unread');
		assert.deepEqual(observe(undefined, 'TIME-WAIT'), [
			'⇄ ○ FIN-WAIT-1',
			'FIN',
			'○ CLOSE-WAIT',
			call,
			'○ LAST-ACK',
			'⇄ ○ FIN-WAIT-2',
			'⇄ ● TIME-WAIT',
		]);
	}
});

test('step-log: a connection that no table has shown closes in its order', () => {
	const {report, observe} = createLog();
	report(called('connect()'), inferred('SYN-SENT'), inferred('ESTABLISHED'));
	report(called('shutdown(SHUT_WR)'), received('FIN'), called('close()'));
	assert.deepEqual(observe(undefined, 'TIME-WAIT'), [
		'⇄ ○ ESTABLISHED',
		'⇄ ○ FIN-WAIT-1',
		'FIN',
		'○ CLOSE-WAIT',
		'shutdown(SHUT_WR)',
		'○ LAST-ACK',
		'close()',
		'⇄ ○ FIN-WAIT-2',
		'⇄ ● TIME-WAIT',
	]);
});

test('step-log: an end that is first read while it closes was open before', () => {
	const {report, observe} = createLog();
	report(called('connect()'), inferred('SYN-SENT'), inferred('ESTABLISHED'));
	assert.deepEqual(observe('CLOSE-WAIT', 'FIN-WAIT-2'), [
		'⇄ ○ ESTABLISHED',
		'⇄ ○ FIN-WAIT-1',
		'FIN',
		'● CLOSE-WAIT',
		'⇄ ● FIN-WAIT-2',
	]);
});

test('step-log: what waits is settled when another connection begins', () => {
	const {log, report, observe} = openLog();
	assert.deepEqual(report(called('close()')), []);
	assert.deepEqual(draw(log.settle()), ['close()']);
	assert.deepEqual(observe('FIN-WAIT-2', 'CLOSE-WAIT'), [
		'○ FIN-WAIT-1',
		'● FIN-WAIT-2',
		'⇄ ● CLOSE-WAIT',
	]);
});

test('step-log: of ends that are gone without a trace, only the calls are known', () => {
	const {report, observe} = openLog();
	report(called('shutdown(SHUT_WR)'), received('FIN'), called('close()'));
	assert.deepEqual(observe(), ['shutdown(SHUT_WR)', 'FIN', 'close()']);
	assert.deepEqual(observe(), ['● CLOSED', '⇄ ● CLOSED']);
});
