/** The server's listening socket as a pure state machine, like the client's. */
import type {SockchatError} from '../errors.js';
import {createTransition, type Transition, type Table} from './machine.js';

/** How long a drain may take before the remaining sessions are destroyed. */
export const serverDrainTimeoutMs = 3000;

export type Listening =
	| {readonly phase: 'binding'; readonly since: number}
	| {readonly phase: 'listening'; readonly since: number}
	| {
			readonly phase: 'draining';
			readonly since: number;
			readonly deadline: number;
	  }
	| {
			readonly phase: 'closed';
			readonly since: number;
			readonly cause: SockchatError | undefined;
	  };

export type ListeningEvent =
	| {readonly type: 'bound'; readonly at: number}
	| {
			readonly type: 'failed';
			readonly at: number;
			readonly cause: SockchatError;
	  }
	| {readonly type: 'drain'; readonly at: number}
	| {readonly type: 'tick'; readonly at: number}
	/** The last session has ended. */
	| {readonly type: 'emptied'; readonly at: number};

export type ListeningEffect =
	/** Stop accepting and end every session. */
	{readonly type: 'stop-accepting'} | {readonly type: 'cut-off'};

const failedCell = {
	to: ['closed'],
	run: (
		_state: unknown,
		{at, cause}: {at: number; cause: SockchatError},
	): Transition<Listening, ListeningEffect> => [
		{phase: 'closed', since: at, cause},
	],
} as const;

const drainCell = {
	to: ['draining'],
	run: (
		_state: unknown,
		{at}: {at: number},
	): Transition<Listening, ListeningEffect> => [
		{phase: 'draining', since: at, deadline: at + serverDrainTimeoutMs},
		{type: 'stop-accepting'},
	],
} as const;

export const serverTable: Table<Listening, ListeningEvent, ListeningEffect> = {
	binding: {
		bound: {
			to: ['listening'],
			run: (_state, {at}) => [{phase: 'listening', since: at}],
		},
		failed: failedCell,
		drain: drainCell,
	},
	listening: {failed: failedCell, drain: drainCell},
	draining: {
		tick: {
			to: ['draining'],
			run: (state, {at}) =>
				at >= state.deadline ? [state, {type: 'cut-off'}] : [state],
		},
		emptied: {
			to: ['closed'],
			run: (_state, {at}) => [{phase: 'closed', since: at, cause: undefined}],
		},
	},
	closed: {},
};

export const transitionServer = createTransition<
	Listening,
	ListeningEvent,
	ListeningEffect
>(serverTable);
