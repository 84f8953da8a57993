import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {AgentLimits} from '../../source/server/agent-limits.js';

const minuteMs = 60_000;

test('agent limits: no minute has more messages than the limit', () => {
	fc.assert(
		fc.property(
			fc.integer({min: 1, max: 5}),
			fc.array(fc.integer({min: 0, max: 40_000}), {maxLength: 60}),
			(perMinute, waits) => {
				const limits = new AgentLimits(perMinute);
				const sentAt: number[] = [];
				let at = 0;
				for (const [index, waitMs] of waits.entries()) {
					at += waitMs;
					const error = limits.refusal('a', `text ${index}`, at);
					const lately = sentAt.filter(time => at - time < minuteMs);
					assert.equal(error === undefined, lately.length < perMinute);
					if (error) {
						assert.equal(error.code, 'ERR_AGENT_RATE');
					} else {
						sentAt.push(at);
					}
				}
			},
		),
	);
});

test('agent limits: the wait that a refusal names is enough', () => {
	const limits = new AgentLimits(2);
	limits.refusal('a', 'one', 0);
	limits.refusal('a', 'two', 10_000);
	const error = limits.refusal('a', 'three', 20_000);
	assert.match(error!.message, /may send 2 messages a minute .* in 40 s/);
	assert.equal(limits.refusal('a', 'three', 60_000), undefined);
});

test('agent limits: a text passes twice in a row, for each agent', () => {
	const limits = new AgentLimits(100);
	const says = (id: string, ...texts: string[]) =>
		texts.map(text => limits.refusal(id, text, 0)?.code);
	assert.deepEqual(says('a', 'done', 'done', 'done', 'done'), [
		undefined,
		undefined,
		'ERR_REPEATED',
		'ERR_REPEATED',
	]);
	assert.deepEqual(says('b', 'done'), [undefined]);
	assert.deepEqual(says('a', 'more', 'done', 'done', 'done'), [
		undefined,
		undefined,
		undefined,
		'ERR_REPEATED',
	]);
});

test('agent limits: what is refused counts for nothing', () => {
	const limits = new AgentLimits(2);
	assert.deepEqual(
		limits
			.sift(
				'a',
				[1, 2, 3, 4].map(n => ({n, text: `${n}`})),
				0,
			)
			.refused.map(({n, error}) => [n, error.code]),
		[
			[3, 'ERR_AGENT_RATE'],
			[4, 'ERR_AGENT_RATE'],
		],
	);
	assert.equal(limits.refusal('a', '5', minuteMs), undefined);
	assert.equal(limits.refusal('a', '6', minuteMs), undefined);
});
