/**
 * Whatever happens between two ends, and whenever a table is read: what the log
 * says is what happened, at a time within its bounds.
 */
import assert from 'node:assert/strict';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import {StepLog} from '../../source/tcp/step-log.js';
import {nextTcpState, type TcpEvent} from '../../source/tcp/tcp-end.js';
import type {Step, TcpState} from '../../source/tcp/tcp.js';
import {called, draw, pairIn} from '../helpers/steps.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 1000);

type Moment = {readonly state: TcpState; readonly at: number};

/** One end as it really is, with its past. */
class End {
	readonly past: Moment[] = [{state: 'ESTABLISHED', at: 0}];
	hasSentFin = false;
	/** Whether its FIN came with the acknowledgement of the other's. */
	finAcknowledges = false;
	hasFin = false;
	isAcknowledged = false;

	get state(): TcpState {
		return this.past.at(-1)!.state;
	}

	take(event: TcpEvent, at: number): void {
		const state = nextTcpState(this.state, event);
		if (state !== this.state) {
			this.past.push({state, at});
		}
	}

	receiveAck(sender: End, at: number): void {
		if (this.hasSentFin && sender.hasFin && !this.isAcknowledged) {
			this.isAcknowledged = true;
			this.take('receive-ack-of-fin', at);
		}
	}

	receiveFin(sender: End, at: number): void {
		this.hasFin = true;
		if (sender.finAcknowledges && !this.isAcknowledged) {
			this.isAcknowledged = true;
			this.take('receive-ack-of-fin', at);
		}

		this.take('receive-fin', at);
	}
}

type Action =
	/** An end calls shutdown(), or close() with nothing unread. */
	| {
			readonly type: 'close';
			readonly who: 'local' | 'remote';
			readonly call: 'shutdown(SHUT_WR)' | 'close()';
	  }
	/** A FIN that was sent arrives, and is acknowledged a moment later. */
	| {readonly type: 'fin'; readonly to: 'local' | 'remote'}
	/** Its acknowledgement arrives. */
	| {readonly type: 'ack'; readonly to: 'local' | 'remote'}
	/** Our process reads to the end, and learns of the FIN. */
	| {readonly type: 'read-end'}
	| {readonly type: 'table'};

const who = fc.constantFrom('local' as const, 'remote' as const);

const anyAction: fc.Arbitrary<Action> = fc.oneof(
	fc.record({
		type: fc.constant('close' as const),
		who,
		call: fc.constantFrom('shutdown(SHUT_WR)' as const, 'close()' as const),
	}),
	who.map(end => ({type: 'fin' as const, to: end})),
	who.map(end => ({type: 'ack' as const, to: end})),
	fc.constant({type: 'read-end' as const}),
	fc.constant({type: 'table' as const}),
	fc.constant({type: 'table' as const}),
);

const play = (actions: readonly Action[]) => {
	const ends = {local: new End(), remote: new End()};
	const log = new StepLog(undefined, 0);
	const steps: Step[] = [];
	let now = 0;
	let finAt: number | undefined;
	let hasReadEnd = false;
	const report = (step: Step) => {
		steps.push(...log.report(step, now));
	};

	const state = (name: TcpState): Step => ({
		kind: 'state',
		end: 'local',
		state: name,
		evidence: 'inferred',
		peer: undefined,
		at: now,
	});
	report({...state('ESTABLISHED'), end: 'remote'} as Step);
	report(state('ESTABLISHED'));
	for (const action of actions) {
		now += 10;
		const {local, remote} = ends;
		switch (action.type) {
			case 'close': {
				const end = ends[action.who];
				if (!end.hasSentFin) {
					end.hasSentFin = true;
					end.finAcknowledges = end.hasFin;
					end.take('close', now);
					if (action.who === 'local') {
						report(called(action.call, {at: now}));
						hasReadEnd ||= action.call === 'close()';
					}
				}

				break;
			}

			case 'fin': {
				const end = ends[action.to];
				const sender = action.to === 'local' ? remote : local;
				if (sender.hasSentFin && !end.hasFin) {
					end.receiveFin(sender, now);
					finAt = action.to === 'local' ? now : finAt;
				}

				break;
			}

			case 'ack': {
				const end = ends[action.to];
				const other = action.to === 'local' ? remote : local;
				end.receiveAck(other, now);

				break;
			}

			case 'read-end': {
				if (finAt !== undefined && !hasReadEnd) {
					hasReadEnd = true;
					report({
						kind: 'segment',
						segment: 'FIN',
						peer: undefined,
						...(finAt < now ? {notBefore: 0, seenAt: now} : {at: now}),
					});
				}

				break;
			}

			case 'table': {
				const row = (end: End) =>
					end.state === 'CLOSED' ? undefined : end.state;
				const pair = pairIn(row(local), row(remote));
				steps.push(...log.observe(pair, now, now));
				break;
			}
		}
	}

	return {steps, ends, finAt};
};

test('step-log: says nothing that did not happen, and no time that it did not', () => {
	fc.assert(
		fc.property(fc.array(anyAction, {maxLength: 30}), actions => {
			const {steps, ends, finAt} = play(actions);
			for (const step of steps) {
				const [from, to] =
					step.at === undefined
						? [step.notBefore, step.seenAt]
						: [step.at, step.at];
				if (step.kind === 'state') {
					const {past} = ends[step.end];
					assert.ok(
						past.some(
							({state, at}) => state === step.state && at >= from && at <= to,
						),
						`${draw([step])[0]} ${from}…${to}: ${JSON.stringify(past)}`,
					);
				} else if (step.kind === 'segment') {
					assert.ok(finAt !== undefined && finAt >= from && finAt <= to);
				}
			}
		}),
		{numRuns: runs},
	);
});

test('step-log: each end passes through its states in their order', () => {
	fc.assert(
		fc.property(fc.array(anyAction, {maxLength: 30}), actions => {
			const {steps, ends} = play([...actions, {type: 'table'}]);
			for (const end of ['local', 'remote'] as const) {
				const said = steps
					.filter(step => step.kind === 'state' && step.end === end)
					.map(step => (step as {state: TcpState}).state);
				const order = ends[end].past.map(({state}) => state);
				const places = said.map(state => order.indexOf(state));
				assert.deepEqual(
					places,
					places.toSorted((a, b) => a - b),
					`${said.join(' ')}: ${order.join(' ')}`,
				);
			}
		}),
		{numRuns: runs},
	);
});

const isOurs = (step: Step, states: readonly TcpState[]): boolean =>
	step.kind === 'state' && step.end === 'local' && states.includes(step.state);

test('step-log: a cause stands before its effect, and nothing is kept for ever', () => {
	fc.assert(
		fc.property(fc.array(anyAction, {maxLength: 30}), actions => {
			const table = {type: 'table'} as const;
			const {steps, ends, finAt} = play([...actions, table, table, table]);
			const story = draw(steps).join(', ');
			const isClosed = steps.some(
				step => step.kind === 'call' && step.call === 'close()',
			);
			const first = (which: (step: Step) => boolean) =>
				steps.findIndex(step => which(step));
			const call = first(step => step.kind === 'call');
			const fin = first(step => step.kind === 'segment');
			assert.equal(call !== -1, ends.local.hasSentFin, story);
			assert.ok(fin !== -1 || finAt === undefined || isClosed, story);
			const afterCall = first(step =>
				isOurs(step, ['FIN-WAIT-1', 'FIN-WAIT-2', 'CLOSING', 'LAST-ACK']),
			);
			assert.ok(afterCall === -1 || call < afterCall, story);
			const afterFin = first(step =>
				isOurs(step, ['CLOSE-WAIT', 'CLOSING', 'LAST-ACK', 'TIME-WAIT']),
			);
			assert.ok(afterFin === -1 || fin < afterFin, story);
			const closeWait = first(step => isOurs(step, ['CLOSE-WAIT']));
			assert.ok(closeWait === -1 || call === -1 || closeWait < call, story);
		}),
		{numRuns: runs},
	);
});
