/** `sockchat replay`. */
import {parseReplayOptions, type ReplayRequest} from '../options/replay.js';
import {openErrors, type Output} from '../plain/output.js';
import {runWithOptions} from './configured.js';
import {exitCodeOf} from './exit-code.js';
import {SignalWatch} from './signals.js';

export const runReplayCommand = async (
	request: ReplayRequest,
	output: Output,
): Promise<number> =>
	runWithOptions(
		{command: 'replay', given: request.given},
		output,
		(typed, env, config) =>
			parseReplayOptions({...request, given: typed}, env, config),
		async options => {
			const signals = new SignalWatch(output);
			const {runReplay} = await import('../plain/recording/replay.js');
			const stderr = openErrors();
			const running = await runReplay(options, {stdout: output, stderr});
			signals.onStarted(running);
			return exitCodeOf(await running.ended, signals.seen);
		},
	);
