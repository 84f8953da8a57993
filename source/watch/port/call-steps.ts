/** Calls of other programs, as steps. */
import type {PortEvent} from '../../event/port-event.js';
import type {Call, Step, StepTime} from '../../tcp/tcp.js';

export type CallStep = Extract<Step, {kind: 'call'}>;

export const asStep = (step: Step): PortEvent => ({type: 'step', step});

/** Of the server, on no connection. */
export const inferredCall = (call: Call, time: StepTime): PortEvent =>
	asStep({
		kind: 'call',
		call,
		end: 'local',
		evidence: 'inferred',
		peer: undefined,
		...time,
	});

export const isAccept = (
	event: PortEvent,
): event is Extract<PortEvent, {type: 'step'}> & {readonly step: CallStep} =>
	event.type === 'step' &&
	event.step.kind === 'call' &&
	event.step.call === 'accept()';
