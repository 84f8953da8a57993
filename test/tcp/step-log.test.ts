import assert from 'node:assert/strict';
import {test} from 'node:test';
import {
	called,
	createLog,
	inferred,
	openLog,
	pairIn,
	received,
} from '../helpers/steps.js';
import {StepLog} from '../../source/tcp/step-log.js';
import {seenBy} from '../../source/tcp/step-time.js';

test('step-log: returns an inferred state at once, and again when it is read', () => {
	const {report, observe} = createLog();
	assert.deepEqual(report(called('connect()'), inferred('SYN-SENT')), [
		'connect()',
		'○ SYN-SENT',
	]);
	assert.deepEqual(report(inferred('ESTABLISHED')), ['○ ESTABLISHED']);
	assert.deepEqual(observe('ESTABLISHED'), ['● ESTABLISHED']);
	assert.deepEqual(observe('ESTABLISHED'), []);
});

test('step-log: the other end may have been open long before a busy client saw it', () => {
	const log = new StepLog(undefined, 0);
	for (const step of [
		called('connect()', {at: 1000}),
		inferred('SYN-SENT', {at: 1000}),
		inferred('ESTABLISHED', {at: 1200}),
	]) {
		log.report(step, 0);
	}

	const [opening] = log.observe(pairIn('CLOSE-WAIT', 'FIN-WAIT-2'), 2000, 1);
	assert.ok(opening?.kind === 'state' && opening.end === 'remote');
	assert.equal(opening.state, 'ESTABLISHED');
	assert.ok(seenBy(opening) === 2000 && opening.at === undefined);
	assert.ok(opening.notBefore <= 1000, String(opening.notBefore));
});

test('step-log: a normal close from this side, to the end of TIME-WAIT', () => {
	const {log, report, observe} = openLog();
	assert.deepEqual(
		report(called('shutdown(SHUT_WR)')),
		[],
		'its FIN may be second',
	);
	assert.deepEqual(observe('FIN-WAIT-2', 'CLOSE-WAIT'), [
		'shutdown(SHUT_WR)',
		'○ FIN-WAIT-1',
		'● FIN-WAIT-2',
		'⇄ ● CLOSE-WAIT',
	]);
	assert.deepEqual(report(received('FIN')), [
		'⇄ ○ LAST-ACK',
		'FIN',
		'○ TIME-WAIT',
	]);
	assert.deepEqual(report(called('close()')), ['close()']);
	assert.deepEqual(observe('TIME-WAIT'), ['● TIME-WAIT']);
	assert.deepEqual(observe('TIME-WAIT'), ['⇄ ● CLOSED']);
	assert.ok(!log.isOver);
	assert.deepEqual(observe(), []);
	assert.deepEqual(observe(), ['● CLOSED']);
	assert.ok(log.isOver);
});

test('step-log: a normal close from the other side', () => {
	const {log, report, observe} = openLog();
	assert.deepEqual(report(received('FIN')), [
		'⇄ ○ FIN-WAIT-1',
		'FIN',
		'○ CLOSE-WAIT',
	]);
	assert.deepEqual(observe('CLOSE-WAIT', 'FIN-WAIT-2'), [
		'● CLOSE-WAIT',
		'⇄ ● FIN-WAIT-2',
	]);
	assert.deepEqual(report(called('shutdown(SHUT_WR)'), called('close()')), [
		'shutdown(SHUT_WR)',
		'○ LAST-ACK',
		'close()',
	]);
	assert.deepEqual(observe(undefined, 'TIME-WAIT'), ['⇄ ● TIME-WAIT']);
	assert.deepEqual(observe(undefined, 'TIME-WAIT'), ['● CLOSED']);
	assert.ok(!log.isOver, 'the other end waits');
	assert.deepEqual([observe(), observe()], [[], ['⇄ ● CLOSED']]);
	assert.ok(log.isOver);
});

test('step-log: the kernel shows a FIN before a paused reader reports it', () => {
	const {report, observe} = openLog();
	assert.deepEqual(observe('CLOSE-WAIT', 'FIN-WAIT-2'), [
		'⇄ ○ FIN-WAIT-1',
		'FIN',
		'● CLOSE-WAIT',
		'⇄ ● FIN-WAIT-2',
	]);
	assert.deepEqual(report(received('FIN')), []);
});
