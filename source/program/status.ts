/** `sockchat status`. */
import type {StatusAnswer} from '../client/status.js';
import {exitCodes} from '../options/exit-codes.js';
import type {GivenFlags} from '../options/reader.js';
import {parseStatusOptions} from '../options/status.js';
import type {Output} from '../plain/output.js';
import {runWithOptions} from './configured.js';
import {exitAtSignals} from './signals.js';

const codeOfStatus: Readonly<Record<StatusAnswer['kind'], number>> = {
	room: exitCodes.done,
	'closed-room': exitCodes.done,
	other: exitCodes.done,
	nobody: exitCodes.failed,
	late: exitCodes.late,
};

export const runStatus = async (
	given: GivenFlags,
	output: Output,
): Promise<number> =>
	runWithOptions(
		{command: 'status', given},
		output,
		parseStatusOptions,
		async options => {
			exitAtSignals(output, given.json === true);
			const {printStatus} = await import('../plain/status.js');
			const {kind} = await printStatus(options, output);
			return codeOfStatus[kind];
		},
	);
