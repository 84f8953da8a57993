/** What is to be one datagram, checked before anything is opened. */
import {statSync} from 'node:fs';
import {SockchatError} from '../../errors.js';
import {maxBytes} from '../../socket/link/datagram.js';
import {stepName} from '../script-failure.js';
import type {ScriptStep} from '../script-steps.js';
import {spokenMessage} from './input.js';

const sizeOf = (step: ScriptStep): number => {
	if (step.type === 'send') {
		return step.bytes.length;
	}

	// A pipe has no size: each read of it is a datagram.
	return step.type === 'file' ? statSync(step.path).size : 0;
};

type Spoken = Parameters<typeof spokenMessage>[0] & {
	readonly script?: readonly ScriptStep[] | undefined;
};

/**
 * Checks what was given as one message, if it goes over UDP.
 *
 * @throws {SockchatError} `ERR_DATAGRAM` if it doesn't fit into a datagram.
 */
export const checkDatagrams = (spoken: Spoken): void => {
	const {address, script = []} = spoken;
	if (address.kind !== 'udp') {
		return;
	}

	const most = maxBytes(address.host);
	const all = script.map(step => ({name: stepName(step), size: sizeOf(step)}));
	const message = spokenMessage(spoken);
	if (message) {
		all.push({name: '--message', size: message.bytes.length});
	}

	const large = all.find(({size}) => size > most);
	if (large) {
		throw new SockchatError(
			'ERR_DATAGRAM',
			`EMSGSIZE: the ${large.size} bytes of ${large.name} don't fit into a datagram, which holds ${most}; nothing is sent.`,
		);
	}
};
