/** `sockchat watch`, on a screen or in lines. */
import process from 'node:process';
import {isatty} from 'node:tty';
import type {Running} from '../chat/ending.js';
import type {GivenFlags} from '../options/reader.js';
import {parseWatchOptions, type WatchOptions} from '../options/watch.js';
import type {Output} from '../plain/output.js';
import {runWithOptions} from './configured.js';
import {exitCodeOf} from './exit-code.js';
import {reported} from './report.js';
import {SignalWatch} from './signals.js';

const startWatchScreen = async (
	options: WatchOptions,
	output: Output,
): Promise<Running> => {
	const {runWatchScreen} = await import('../ui/watch/run.js');
	return reported(await runWatchScreen(options, process), output);
};

const startWatchLines = async (
	options: WatchOptions,
	output: Output,
): Promise<Running> => {
	const {startWatch} = await import('../plain/watch.js');
	return startWatch(options, output);
};

export const runWatch = async (
	given: GivenFlags,
	output: Output,
): Promise<number> =>
	runWithOptions(
		{command: 'watch', given},
		output,
		(typed, env, config) =>
			parseWatchOptions(typed, env, config, isatty(0) && isatty(1)),
		async options => {
			process.title = 'sockchat';
			const signals = new SignalWatch(output);
			const running =
				options.output === 'screen'
					? await startWatchScreen(options, output)
					: await startWatchLines(options, output);
			signals.onStarted(running);
			return exitCodeOf(await running.ended, signals.seen);
		},
	);
