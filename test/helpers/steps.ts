/** Short builders of steps for tests, and a one-line format for them. */
import {StepLog} from '../../source/tcp/step-log.js';
import type {
	Call,
	KernelPair,
	KernelSocket,
	Step,
	TcpState,
} from '../../source/tcp/tcp.js';

type Changes = {readonly at?: number; readonly peer?: string};

type StateChanges = Changes & {readonly end?: 'local' | 'remote'};

const common = {at: 1000, peer: undefined};

export const called = (
	call: Call,
	changes: Changes & {readonly order?: number} = {},
): Step => ({
	kind: 'call',
	call,
	...common,
	...changes,
});

export const received = (
	segment: 'FIN' | 'RST',
	changes: Changes = {},
): Step => ({
	kind: 'segment',
	segment,
	...common,
	...changes,
});

export const inferred = (
	state: TcpState,
	changes: StateChanges = {},
): Step => ({
	kind: 'state',
	end: 'local',
	state,
	evidence: 'inferred',
	...common,
	...changes,
});

export const read = (state: TcpState, changes: StateChanges = {}): Step => ({
	kind: 'state',
	end: 'local',
	state,
	evidence: 'read',
	...common,
	...changes,
});

// Made by every connection.
const always = new Set<Call>([
	'socket()',
	'setsockopt(SO_REUSEADDR, 1)',
	'setsockopt(TCP_NODELAY, 1)',
]);

/** Without the addresses, which differ at each run. */
const drawCall = (call: Call): string[] =>
	always.has(call) ? [] : [call.replace(/^(connect|bind|listen)\(.*/, '$1()')];

/** Whether it is about this process's end. */
export const isOwn = (step: Step): boolean =>
	step.kind === 'segment' || step.end !== 'remote';

/** As a timeline draws them: ● read, ○ inferred, ⇄ the other end, → sent. */
export const draw = (steps: readonly Step[]): string[] =>
	steps.flatMap(step => {
		if (step.kind !== 'state') {
			return step.kind === 'call'
				? drawCall(step.call)
				: `${step.segment}${step.direction === 'out' ? ' →' : ''}`;
		}

		const end = step.end === 'local' ? '' : '⇄ ';
		return `${end}${step.evidence === 'read' ? '●' : '○'} ${step.state}`;
	});

const socketIn = (state: TcpState | undefined): KernelSocket | undefined =>
	state && {
		local: '127.0.0.1:2',
		remote: '127.0.0.1:1',
		state,
		sendQueueBytes: 0,
		receiveQueueBytes: 0,
		uid: 0,
	};

/** The kernel's view of both ends; undefined for an end that it lacks. */
export const pairIn = (local?: TcpState, remote?: TcpState): KernelPair => ({
	local: socketIn(local),
	remote: socketIn(remote),
});

/** A step log whose reports and observations follow one another. */
export const createLog = () => {
	const log = new StepLog(undefined, 0);
	let now = 0;
	return {
		log,
		report: (...steps: Step[]) =>
			draw(steps.flatMap(step => log.report(step, ++now))),
		observe: (local?: TcpState, remote?: TcpState) =>
			draw(log.observe(pairIn(local, remote), ++now, now)),
	};
};

/** A log of an accepted connection whose both ends were read. */
export const openLog = () => {
	const opened = createLog();
	opened.report(called('accept()'), inferred('ESTABLISHED'));
	opened.observe('ESTABLISHED', 'ESTABLISHED');
	return opened;
};

/** One line each: easier to compare than objects. */
export const brief = (sockets: Iterable<KernelSocket>): string[] =>
	[...sockets]
		.map(
			({local, remote, state, sendQueueBytes, receiveQueueBytes}) =>
				`${local} ${remote} ${state} ${sendQueueBytes} ${receiveQueueBytes}`,
		)
		.toSorted();
