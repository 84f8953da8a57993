/** `sockchat proxy`, on a screen or in lines. */
import process from 'node:process';
import {isatty} from 'node:tty';
import type {Running} from '../chat/ending.js';
import {SockchatError} from '../errors.js';
import {exitCodes} from '../options/exit-codes.js';
import {parseProxyOptions, type ProxyOptions} from '../options/proxy.js';
import type {GivenFlags} from '../options/reader.js';
import {openInput} from '../plain/input.js';
import {openErrors, type Output} from '../plain/output.js';
import {requirePlace} from '../socket/dial.js';
import {runWithOptions} from './configured.js';
import {exitCodeOf} from './exit-code.js';
import {report} from './report.js';
import {SignalWatch} from './signals.js';

const startProxyScreen = async (
	options: ProxyOptions,
	output: Output,
): Promise<Running> => {
	const {runProxyScreen} = await import('../ui/proxy/run.js');
	const {ended, leave} = await runProxyScreen(options, process);
	const reported = ended.then(({errors, ...ending}) => {
		for (const error of errors) {
			report(error, output, false);
		}

		return ending;
	});
	return {ended: reported, leave};
};

const startProxyLines = async (
	options: ProxyOptions,
	output: Output,
): Promise<Running> => {
	const {startProxy} = await import('../plain/proxy/run.js');
	return startProxy(options, {
		stdout: output,
		stderr: openErrors(),
		stdin: openInput(),
	});
};

export const runProxy = async (
	words: {readonly listen?: string; readonly target?: string},
	given: GivenFlags,
	output: Output,
): Promise<number> =>
	runWithOptions(
		{command: 'proxy', given},
		output,
		(typed, env, config) =>
			parseProxyOptions(words, typed, {
				env,
				config,
				isTerminal: isatty(0) && isatty(1),
			}),
		async options => {
			process.title = 'sockchat';
			const signals = new SignalWatch(output);
			try {
				requirePlace(options.target.address);
				const running =
					options.output === 'screen'
						? await startProxyScreen(options, output)
						: await startProxyLines(options, output);
				signals.onStarted(running);
				return exitCodeOf(await running.ended, signals.seen);
			} catch (error) {
				// Both paths are words of the command line.
				if (
					error instanceof SockchatError &&
					error.code === 'ERR_SOCKET_PATH'
				) {
					report(error, output, options.output === 'json');
					return exitCodes.wrongUsage;
				}

				throw error;
			}
		},
	);
