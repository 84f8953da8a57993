/** Failures, each as one sentence on stderr, or as a JSON event. */
import type {Running, RunningScreen} from '../chat/ending.js';
import {notLoaded, outOfFiles, SockchatError} from '../errors.js';
import {exitCodes} from '../options/exit-codes.js';
import type {Options} from '../options/options.js';
import type {Origins} from '../options/reader.js';
import {isWrongValue, placed} from '../options/wrong-value.js';
import {jsonError} from '../plain/json.js';
import {openErrors, type Output} from '../plain/output.js';
import {toDisplay} from '../protocol/display.js';
import {trace} from '../trace.js';

/**
 * Prints why stdout failed. A reader that went away is not a failure.
 *
 * @returns Whether it failed.
 */
export const reportOutputFailure = ({failure}: Output): boolean => {
	if (!(failure instanceof SockchatError)) {
		return false;
	}

	trace('%s', failure.stack);
	openErrors().write(`${toDisplay(failure.message)}\n`);
	return true;
};

export const report = (
	error: unknown,
	output: Output,
	isJson: boolean,
): void => {
	const known =
		error instanceof SockchatError
			? error
			: (outOfFiles(error) ??
				new SockchatError(
					'ERR_INTERNAL',
					(error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND'
						? notLoaded(error)
						: `Internal error: ${(error as Error).message}. Run it with NODE_DEBUG=sockchat to see where.`,
					{cause: error},
				));
	trace('%s', (error as Error).stack);
	if (isJson) {
		output.write(jsonError(known));
	} else {
		openErrors().write(`${toDisplay(known.message)}\n`);
	}
};

/** A screen that reports what failed once it is gone. */
export const reported = (
	{ended, leave}: RunningScreen,
	output: Output,
): Running => ({
	ended: ended.then(({error, ...ending}) => {
		if (error) {
			report(error, output, false);
		}

		return ending;
	}),
	leave,
});

/**
 * Reports a failure; one that a value is to blame for, with the place of that.
 *
 * @returns The exit code.
 */
export const failedWith = (
	error: unknown,
	output: Output,
	{
		origins,
		options,
		isJson,
	}: {
		readonly origins: Origins;
		readonly options?: Options;
		readonly isJson: boolean;
	},
): number => {
	const isWrong = isWrongValue(error, options);
	report(
		isWrong ? placed(error as SockchatError, origins) : error,
		output,
		isJson,
	);
	return isWrong ? exitCodes.wrongUsage : exitCodes.failed;
};
