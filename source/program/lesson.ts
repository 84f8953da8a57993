/** `sockchat lesson`: done on the screen, or printed. */
import process from 'node:process';
import {isatty} from 'node:tty';
import {SockchatError} from '../errors.js';
import {readConfig} from '../options/config/file.js';
import {exitCodes} from '../options/exit-codes.js';
import {parseLessonOptions} from '../options/lesson.js';
import type {GivenFlags} from '../options/reader.js';
import type {Output} from '../plain/output.js';
import {exitCodeOf} from './exit-code.js';
import {report} from './report.js';
import {SignalWatch} from './signals.js';

/**
 * How this program is run. The one executable has no script beside it, and Node
 * repeats its name there.
 */
const ownProgram = (): readonly string[] => {
	const {argv, argv0, execArgv, execPath} = process;
	const script = argv[1]!;
	return [execPath, ...execArgv, ...(script === argv0 ? [] : [script])];
};

const nothingToCapture = (name: string) =>
	new SockchatError(
		'ERR_USAGE',
		`--capture shows TCP segments, and the lesson ${name} has none; leave it out.`,
	);

export const runLessonCommand = async (
	name: string | undefined,
	typed: GivenFlags,
	output: Output,
): Promise<number> => {
	const config = await readConfig(process.env);
	const options =
		config instanceof SockchatError
			? config
			: parseLessonOptions(typed, process.env, config, isatty(0) && isatty(1));
	const {findLesson, isOfTcp, listLessons} =
		await import('../lesson/catalog.js');
	const lesson = name === undefined ? undefined : findLesson(name);
	const wrong = [options, lesson].find(each => each instanceof SockchatError);
	if (options instanceof SockchatError || lesson instanceof SockchatError) {
		report(wrong, output, false);
		return exitCodes.wrongUsage;
	}

	if (!lesson) {
		output.write(`${listLessons()}\n`);
		return exitCodes.done;
	}

	// A config file that captures is for the others.
	if (typed.capture && !isOfTcp(lesson)) {
		report(nothingToCapture(name!), output, false);
		return exitCodes.wrongUsage;
	}

	if (!options.isOnScreen) {
		output.write(lesson);
		return exitCodes.done;
	}

	const signals = new SignalWatch(output);
	const {restCompilers} = await import('../ui/memory.js');
	restCompilers();
	const {runLesson} = await import('../ui/lesson/run.js');
	const running = await runLesson(lesson, ownProgram(), options, process);
	const ended = running.ended.then(({error, ...ending}) => {
		if (error) {
			report(error, output, false);
		}

		return ending;
	});
	signals.onStarted({ended, leave: running.leave});
	return exitCodeOf(await ended, signals.seen);
};
