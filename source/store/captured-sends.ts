/**
 * The send() of bytes that were captured and that nothing has counted: those of
 * a connection that was over before its counters could be read. Which calls they
 * were isn't known, so it is one for what one end has sent since it was counted.
 * Pure.
 */
import type {EndName} from '../event/port-event.js';
import {between, seenBy} from '../tcp/step-time.js';
import type {Step} from '../tcp/tcp.js';

type CallStep = Extract<Step, {kind: 'call'}>;

/**
 * @param segments In their order. Of a client that came again from the same port
 * the last connection is looked at alone, and of no one whose SYN wasn't captured.
 * @param counted How many bytes of an end were counted.
 */
export const uncountedSends = (
	segments: Iterable<Step>,
	counted: (peer: string, end: EndName) => number,
): readonly CallStep[] => {
	const begunAt = new Map<string, number>();
	const sends = new Map<string, CallStep>();
	for (const step of segments) {
		if (step.kind !== 'segment' || step.peer === undefined) {
			continue;
		}

		const {peer, segment, seq = 0, length = 0} = step;
		const end = step.direction === 'in' ? 'remote' : 'local';
		if (segment === 'SYN' && end === 'remote') {
			begunAt.set(peer, seenBy(step));
			sends.delete(`local ${peer}`);
			sends.delete(`remote ${peer}`);
		}

		const since = begunAt.get(peer);
		if (since === undefined || length === 0) {
			continue;
		}

		const key = `${end} ${peer}`;
		const known = sends.get(key);
		const offset = known?.offset ?? Math.max(seq - 1, counted(peer, end));
		const bytes = seq - 1 + length - offset;
		// What is sent again was sent before.
		if (bytes <= Number(known?.result ?? 0)) {
			continue;
		}

		const begun: CallStep = known ?? {
			kind: 'call',
			call: 'send()',
			end,
			evidence: 'inferred',
			offset,
			peer,
			...between(since, seenBy(step)),
		};
		sends.set(key, {...begun, result: String(bytes)});
	}

	return [...sends.values()];
};
