import assert from 'node:assert/strict';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import {
	canReach,
	nextTcpState,
	tcpTable,
	type TcpEvent,
} from '../../source/tcp/tcp-end.js';
import type {TcpState} from '../../source/tcp/tcp.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 1000);

const states = Object.keys(tcpTable) as TcpState[];

const events = [
	...new Set(states.flatMap(state => Object.keys(tcpTable[state]))),
] as TcpEvent[];

const pathOf = (from: TcpState, ...path: TcpEvent[]): TcpState[] => {
	const passed: TcpState[] = [];
	for (const event of path) {
		passed.push(nextTcpState(passed.at(-1) ?? from, event));
	}

	return passed;
};

test('tcp-end: opens as in figure 6 of RFC 9293', () => {
	assert.deepEqual(pathOf('CLOSED', 'active-open', 'receive-syn-ack'), [
		'SYN-SENT',
		'ESTABLISHED',
	]);
	assert.deepEqual(
		pathOf('CLOSED', 'passive-open', 'receive-syn', 'receive-ack-of-syn'),
		['LISTEN', 'SYN-RECEIVED', 'ESTABLISHED'],
	);
});

test('tcp-end: opens from both sides at once as in figure 7', () => {
	assert.deepEqual(
		pathOf('CLOSED', 'active-open', 'receive-syn', 'receive-ack-of-syn'),
		['SYN-SENT', 'SYN-RECEIVED', 'ESTABLISHED'],
	);
});

test('tcp-end: closes as in figure 12', () => {
	assert.deepEqual(
		pathOf(
			'ESTABLISHED',
			'close',
			'receive-ack-of-fin',
			'receive-fin',
			'wait-over',
		),
		['FIN-WAIT-1', 'FIN-WAIT-2', 'TIME-WAIT', 'CLOSED'],
	);
	assert.deepEqual(
		pathOf('ESTABLISHED', 'receive-fin', 'close', 'receive-ack-of-fin'),
		['CLOSE-WAIT', 'LAST-ACK', 'CLOSED'],
	);
});

test('tcp-end: closes from both sides at once as in figure 13', () => {
	assert.deepEqual(
		pathOf(
			'ESTABLISHED',
			'close',
			'receive-fin',
			'receive-ack-of-fin',
			'wait-over',
		),
		['FIN-WAIT-1', 'CLOSING', 'TIME-WAIT', 'CLOSED'],
	);
	// Note 2: one segment brings both.
	assert.deepEqual(pathOf('FIN-WAIT-1', 'receive-fin-ack'), ['TIME-WAIT']);
});

test('tcp-end: the side that is reset, or resets, is closed', () => {
	for (const state of states) {
		assert.equal(
			nextTcpState(state, 'receive-rst'),
			// A listening socket has no connection that could be reset.
			state === 'LISTEN' ? 'LISTEN' : 'CLOSED',
		);
		assert.equal(nextTcpState(state, 'abort'), 'CLOSED');
	}
});

test('tcp-end: an event without an arrow changes nothing', () => {
	assert.equal(nextTcpState('TIME-WAIT', 'close'), 'TIME-WAIT');
	assert.equal(nextTcpState('CLOSED', 'receive-fin'), 'CLOSED');
	assert.equal(nextTcpState('CLOSE-WAIT', 'receive-fin'), 'CLOSE-WAIT');
	assert.equal(nextTcpState('FIN-WAIT-2', 'close'), 'FIN-WAIT-2');
});

test('tcp-end: canReach agrees with the events', () => {
	fc.assert(
		fc.property(
			fc.constantFrom(...states),
			fc.array(fc.constantFrom(...events), {minLength: 1, maxLength: 12}),
			(from, path) => {
				const passed = pathOf(from, ...path);
				const over = passed.indexOf('CLOSED');
				// What comes after CLOSED is another connection.
				for (const state of over === -1 ? passed : passed.slice(0, over + 1)) {
					assert.ok(from === 'CLOSED' || canReach(from, state));
				}
			},
		),
		{numRuns: runs},
	);
	assert.ok(canReach('TIME-WAIT', 'TIME-WAIT'));
	for (const [from, to] of [
		['TIME-WAIT', 'ESTABLISHED'],
		['CLOSED', 'SYN-SENT'],
		['FIN-WAIT-1', 'CLOSE-WAIT'],
		['LAST-ACK', 'TIME-WAIT'],
		['CLOSE-WAIT', 'FIN-WAIT-2'],
		['TIME-WAIT', 'CLOSING'],
	] as const) {
		assert.ok(!canReach(from, to), `${from} to ${to}`);
	}
});

type Segment = {
	readonly type: 'FIN' | 'ACK of FIN';
	/** Whether it acknowledges the receiver's FIN. */
	readonly isAcknowledging: boolean;
};

/** One of two connected ends, with the segments on the way to it. */
type Side = {
	state: TcpState;
	readonly inbox: Segment[];
	hasSentFin: boolean;
	hasGotFin: boolean;
	/** Whether it sent its FIN before receiving the other's. */
	isFirst: boolean;
};

const createSide = (): Side => ({
	state: 'ESTABLISHED',
	inbox: [],
	hasSentFin: false,
	hasGotFin: false,
	isFirst: false,
});

const close = (from: Side, to: Side): void => {
	if (!from.hasSentFin) {
		from.state = nextTcpState(from.state, 'close');
		from.hasSentFin = true;
		from.isFirst = !from.hasGotFin;
		to.inbox.push({type: 'FIN', isAcknowledging: from.hasGotFin});
	}
};

const deliver = (to: Side, from: Side): void => {
	const segment = to.inbox.shift();
	if (segment?.type === 'FIN') {
		to.hasGotFin = true;
		const event = segment.isAcknowledging ? 'receive-fin-ack' : 'receive-fin';
		to.state = nextTcpState(to.state, to.hasSentFin ? event : 'receive-fin');
		from.inbox.push({type: 'ACK of FIN', isAcknowledging: true});
	} else if (segment) {
		to.state = nextTcpState(to.state, 'receive-ack-of-fin');
	}
};

test('tcp-end: two ends close in any order, and the first one waits', () => {
	const action = fc.constantFrom(
		'a closes',
		'b closes',
		'a receives',
		'b receives',
	);
	fc.assert(
		fc.property(fc.array(action, {maxLength: 12}), actions => {
			const a = createSide();
			const b = createSide();
			const act = (name: string): void => {
				const [from, to] = name.startsWith('a') ? [a, b] : [b, a];
				if (name.endsWith('closes')) {
					close(from, to);
				} else {
					deliver(from, to);
				}
			};

			for (const name of actions) {
				act(name);
			}

			close(a, b);
			close(b, a);
			while (a.inbox.length + b.inbox.length > 0) {
				act('a receives');
				act('b receives');
			}

			assert.ok(a.isFirst || b.isFirst);
			for (const {state, isFirst} of [a, b]) {
				assert.equal(state, isFirst ? 'TIME-WAIT' : 'CLOSED');
				assert.equal(nextTcpState(state, 'wait-over'), 'CLOSED');
			}
		}),
		{numRuns: runs},
	);
});
