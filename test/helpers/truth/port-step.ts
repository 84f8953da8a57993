/** What `sockchat watch` reports, as steps to be held against what happened. */
import type {PortEvent} from '../../../source/event/port-event.js';
import {timeOf} from '../../../source/tcp/step-time.js';
import type {Step} from '../../../source/tcp/tcp.js';

/**
 * @param offsets How many bytes each end has sent; it is kept here.
 * @returns Undefined for what says nothing of a state or a segment.
 */
export const portStepOf = (
	event: PortEvent,
	offsets: Map<string, number>,
): Step | undefined => {
	if (event.type === 'step') {
		const {step} = event;
		if (step.kind === 'call' && step.call === 'connect()') {
			offsets.delete(`local ${step.peer}`);
			offsets.delete(`remote ${step.peer}`);
		}

		return step;
	}

	if (event.type !== 'data' || event.count === undefined) {
		return undefined;
	}

	const {from, peer, bytes, count, retransmitted} = event;
	const key = `${from} ${peer}`;
	const offset = offsets.get(key) ?? 0;
	offsets.set(key, offset + bytes);
	return {
		kind: 'segment',
		segment: 'ACK',
		evidence: 'read',
		direction: from === 'local' ? 'out' : 'in',
		seq: offset + 1,
		length: bytes,
		count,
		...(retransmitted !== undefined && {retransmitted}),
		peer,
		...timeOf(event),
	};
};
