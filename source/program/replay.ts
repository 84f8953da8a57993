/** `sockchat replay`. */
import {SockchatError} from '../errors.js';
import {exitCodes} from '../options/exit-codes.js';
import type {GivenFlags} from '../options/reader.js';
import {parseReplayOptions} from '../options/replay.js';
import {openErrors, type Output} from '../plain/output.js';
import {exitCodeOf} from './exit-code.js';
import {report} from './report.js';
import {SignalWatch} from './signals.js';

export const runReplayCommand = async (
	file: string | undefined,
	typed: GivenFlags,
	output: Output,
): Promise<number> => {
	const options = parseReplayOptions(file, typed);
	if (options instanceof SockchatError) {
		report(options, output, false);
		return exitCodes.wrongUsage;
	}

	try {
		const signals = new SignalWatch(output);
		const {runReplay} = await import('../plain/recording/replay.js');
		const stderr = openErrors();
		const running = await runReplay(options, {stdout: output, stderr});
		signals.onStarted(running);
		return exitCodeOf(await running.ended, signals.seen);
	} catch (error) {
		report(error, output, false);
		const {code} = error as {code?: unknown};
		return code === 'ERR_RECORDING' ||
			code === 'ERR_USAGE' ||
			code === 'ERR_PORT_RANGE' ||
			code === 'ERR_NOT_LOOPBACK'
			? exitCodes.wrongUsage
			: exitCodes.failed;
	}
};
