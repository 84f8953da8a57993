/** `sockchat proxy`. */
import process from 'node:process';
import {isatty} from 'node:tty';
import {SockchatError} from '../errors.js';
import {exitCodes} from '../options/exit-codes.js';
import {parseProxyOptions} from '../options/proxy.js';
import type {GivenFlags} from '../options/reader.js';
import {openErrors, type Output} from '../plain/output.js';
import {requirePlace} from '../socket/dial.js';
import {exitCodeOf} from './exit-code.js';
import {failedWith, report} from './report.js';
import {SignalWatch} from './signals.js';

export const runProxy = async (
	words: {readonly listen?: string; readonly target?: string},
	given: GivenFlags,
	output: Output,
): Promise<number> => {
	const isJson = given.json === true;
	const options = parseProxyOptions(words, given);
	if (options instanceof SockchatError) {
		report(options, output, isJson);
		return exitCodes.wrongUsage;
	}

	process.title = 'sockchat';
	try {
		const signals = new SignalWatch(output);
		requirePlace(options.target.address);
		const {startProxy} = await import('../plain/proxy/run.js');
		const running = await startProxy(options, {
			stdout: output,
			stderr: openErrors(),
			stdin: isatty(0) ? process.stdin : undefined,
		});
		signals.onStarted(running);
		return exitCodeOf(await running.ended, signals.seen);
	} catch (error) {
		// Both paths are words of the command line.
		if (error instanceof SockchatError && error.code === 'ERR_SOCKET_PATH') {
			report(error, output, isJson);
			return exitCodes.wrongUsage;
		}

		return failedWith(error, output, {origins: {}, isJson});
	}
};
