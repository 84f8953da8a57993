/**
 * In which order to say what one reading shows at once: cause before effect.
 * Pure.
 */
import type {
	DataEvent,
	EndName,
	PortEvent,
	UncountedEvent,
} from '../../event/port-event.js';
import {finStates, sentFinStates} from '../../tcp/followed-end.js';
import {between, seenBy, withTime} from '../../tcp/step-time.js';
import {
	nameOfCall,
	type Call,
	type Step,
	type TcpState,
} from '../../tcp/tcp.js';
import {asStep, type CallStep} from './call-steps.js';

const otherOf = (name: EndName): EndName =>
	name === 'local' ? 'remote' : 'local';

/** Whether a step, or what led to it, ended what an end sends. */
const endsSending = (
	event: PortEvent,
	from: EndName,
): event is Extract<PortEvent, {type: 'step'}> =>
	event.type === 'step' &&
	event.step.kind !== 'segment' &&
	event.step.end === from &&
	(event.step.kind === 'state'
		? sentFinStates.has(event.step.state)
		: endingCalls.has(event.step.call));

const endingCalls = new Set<Call>(['shutdown(SHUT_WR)', 'close()']);

/** Whether a connection ended there, or began to. */
const endsEither = ({step}: Extract<PortEvent, {type: 'step'}>): boolean =>
	step.peer !== undefined &&
	(step.kind === 'segment' ||
		(step.kind === 'state'
			? sentFinStates.has(step.state) || step.state === 'CLOSED'
			: endingCalls.has(step.call)));

/**
 * What was sent by the time that a FIN was seen stands above it.
 *
 * @param hasClosed Whether what an end got came before its own FIN, too.
 */
export const withData = (
	events: readonly PortEvent[],
	data: ReadonlyArray<DataEvent | UncountedEvent>,
	hasClosed: (end: EndName) => boolean,
): readonly PortEvent[] => {
	let all = events;
	for (const each of data) {
		const place = all.findIndex(event =>
			each.type === 'data'
				? (endsSending(event, each.from) ||
						(hasClosed(otherOf(each.from)) &&
							endsSending(event, otherOf(each.from)))) &&
					seenBy(each) <= seenBy(event.step)
				: event.type === 'step' && endsEither(event),
		);
		all = place === -1 ? [...all, each] : all.toSpliced(place, 0, each);
	}

	return all;
};

/** A client is open before its server knows. */
export const withClientFirst = (steps: readonly Step[]): readonly Step[] => {
	const isServers = (step: Step): boolean =>
		step.kind === 'state' && step.end === 'local';
	const end = steps.findIndex(
		step =>
			step.kind === 'segment' ||
			(step.kind === 'state' && finStates.has(step.state)),
	);
	const opening = end === -1 ? steps : steps.slice(0, end);
	return [
		...opening.filter(step => !isServers(step)),
		...opening.filter(step => isServers(step)),
		...steps.slice(opening.length),
	];
};

/** What an end has read comes before what it sends then, and before it closes. */
const isAfterRead = (event: PortEvent, {peer, end}: CallStep): boolean => {
	if (event.type === 'data') {
		return event.peer === peer && event.from === end;
	}

	if (event.type !== 'step' || event.step.peer !== peer) {
		return false;
	}

	const {step} = event;
	return step.kind === 'call'
		? step.end === end && nameOfCall(step.call) === 'close'
		: step.kind === 'state' && step.end === end && endedStates.has(step.state);
};

/** An end whose program may have closed it. */
const endedStates = new Set<TcpState>(['LAST-ACK', 'TIME-WAIT', 'CLOSED']);

/** What ss counted only after the table was read had been sent before. */
const notBeforeSent = (
	read: CallStep,
	events: readonly PortEvent[],
): CallStep => {
	const sentBy = Math.max(
		...events.map(event =>
			event.type === 'data' &&
			event.peer === read.peer &&
			event.from !== read.end
				? seenBy(event)
				: 0,
		),
	);
	const {at, notBefore = at} = read;
	return sentBy > seenBy(read)
		? {...withTime(read, between(notBefore!, sentBy))}
		: read;
};

export const withReads = (
	events: readonly PortEvent[],
	reads: readonly CallStep[],
): readonly PortEvent[] => {
	let all = events;
	for (const read of reads) {
		const place = all.findIndex(event => isAfterRead(event, read));
		const event = asStep(notBeforeSent(read, all));
		all = place === -1 ? [...all, event] : all.toSpliced(place, 0, event);
	}

	return all;
};
