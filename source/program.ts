/**
 * The program: flags, signals, exit codes. Front ends are loaded on demand, as
 * Ink and React cost more than everything else.
 */
import {constants} from 'node:os';
import process from 'node:process';
import {isatty} from 'node:tty';
import {unfinished, type Ending, type Running} from './chat/ending.js';
import {readLoginName} from './chat/login-name.js';
import type {StatusAnswer} from './client/status.js';
import {outOfFiles, SockchatError} from './errors.js';
import {
	findCommand,
	isChat,
	readRequest,
	type ChatRequest,
	type Request,
} from './options/command.js';
import type {Config} from './options/config.js';
import {readConfig} from './options/config-file.js';
import {exitCodes} from './options/exit-codes.js';
import type {Command} from './options/flags.js';
import {parseLessonOptions} from './options/lesson.js';
import {parseOptions} from './options/chat/parse.js';
import type {Options} from './options/options.js';
import type {GivenFlags, Origins} from './options/reader.js';
import {settle, type Variables} from './options/settings.js';
import {parseReplayOptions} from './options/replay.js';
import {parseStatusOptions} from './options/status.js';
import {parseWatchOptions, type WatchOptions} from './options/watch.js';
import {readWords} from './options/words.js';
import {isWrongValue, placed} from './options/wrong-value.js';
import {jsonError} from './plain/json.js';
import {openInput} from './plain/input.js';
import {openOutput, type Output} from './plain/output.js';
import type {Streams} from './plain/printer.js';
import {runPlain} from './plain/run.js';
import {toDisplay} from './protocol/display.js';
import {formatAddress} from './socket/address.js';
import type {Inherited} from './socket/inherited.js';
import {trace} from './trace.js';

/** As shells report it, and by exiting: 130 for SIGINT, 143 for SIGTERM. */
const endedBy = (signal: NodeJS.Signals): number =>
	128 + constants.signals[signal];

/** @param signals Those that came, in order. */
const exitCodeOf = (
	{hasFailed, isLate, isUnfinished}: Ending,
	signals: readonly NodeJS.Signals[],
): number => {
	const signal = signals.at(-1);
	if (isLate) {
		return exitCodes.late;
	}

	// A second signal doesn't wait for the drain, which is then unfinished too.
	if (signal !== undefined && (isUnfinished || signals.length > 1)) {
		return endedBy(signal);
	}

	return hasFailed || isUnfinished ? exitCodes.failed : exitCodes.done;
};

// The limit on a drain, whatever the peers do.
const drainMs = 5000;

/**
 * Prints why stdout failed. A reader that went away is not a failure.
 *
 * @returns Whether it failed.
 */
const reportOutputFailure = ({failure}: Output): boolean => {
	if (!(failure instanceof SockchatError)) {
		return false;
	}

	trace('%s', failure.stack);
	process.stderr.write(`${toDisplay(failure.message)}\n`);
	return true;
};

const report = (error: unknown, output: Output, isJson: boolean): void => {
	const known =
		error instanceof SockchatError
			? error
			: (outOfFiles(error) ??
				new SockchatError(
					'ERR_INTERNAL',
					`Internal error: ${(error as Error).message}. Run it with NODE_DEBUG=sockchat to see where.`,
					{cause: error},
				));
	trace('%s', (error as Error).stack);
	if (isJson) {
		output.write(jsonError(known));
	} else {
		process.stderr.write(`${toDisplay(known.message)}\n`);
	}
};

const start = async (options: Options, output: Output): Promise<Running> => {
	if (options.output === 'screen') {
		const {runScreen} = await import('./ui/run.js');
		const screen = await runScreen(options, process);
		const ended = screen.ended.then(({error, ...ending}) => {
			if (error) {
				report(error, output, false);
			}

			return ending;
		});
		return {ended, leave: screen.leave};
	}

	let input: Streams['stdin'] | undefined;
	const streams = {
		// Opened on first use: it takes Node 2 ms, and a one-shot doesn't read it.
		get stdin() {
			input ??= openInput();
			return input;
		},
		stdout: output,
		stderr: process.stderr,
	};
	if (options.probed) {
		const {runProbe} = await import('./plain/probe.js');
		return runProbe({...options, probed: options.probed}, streams);
	}

	if (options.mode === 'raw' && options.isCopy) {
		const {runPipe} = await import('./plain/pipe.js');
		return runPipe(options, streams);
	}

	return runPlain(options, streams);
};

const leavingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * The first signal drains, the second exits at once. A signal that comes before
 * the front end runs takes effect as soon as it does.
 */
class SignalWatch {
	/** Those that came, in order. */
	readonly seen: NodeJS.Signals[] = [];
	readonly #output: Output;
	#running: Running | undefined;
	#hasLeft = false;

	constructor(output: Output) {
		this.#output = output;
		for (const name of leavingSignals) {
			process.on(name, () => {
				if (name === 'SIGINT' && this.#running?.mayInterrupt?.() === false) {
					return;
				}

				this.seen.push(name);
				this.#leave();
			});
		}

		// Nobody reads the output from now on.
		output.onFailure(() => {
			this.#leave();
		});
	}

	onStarted(running: Running): void {
		this.#running = running;
		if (this.#hasLeft) {
			running.leave();
		}
	}

	#leave(): void {
		if (this.#hasLeft && !this.#running) {
			this.#exit();
		}

		this.#running?.leave();
		if (!this.#hasLeft) {
			this.#hasLeft = true;
			setTimeout(() => {
				this.#exit();
			}, drainMs).unref();
		}
	}

	#exit(): void {
		const signal = this.seen.at(-1);
		const code = signal === undefined ? exitCodes.done : endedBy(signal);
		process.exit(reportOutputFailure(this.#output) ? exitCodes.failed : code);
	}
}

/** For a command that has nothing to leave in good order. */
const exitAtSignals = (output: Output, isJson: boolean): void => {
	for (const signal of leavingSignals) {
		process.once(signal, () => {
			report(unfinished('No answer came'), output, isJson);
			process.exit(endedBy(signal));
		});
	}
};

/**
 * V8 doubles the space for new objects whenever many survive at once, as when
 * 10,000 members join, and never shrinks it: 150 MB for them, 110 MB with this.
 * `--max-semi-space-size` does the same, but only on a command line, and not
 * every `env` passes flags from a `#!` line.
 */
const keepYoungGenerationSmall = async (): Promise<void> => {
	const {setFlagsFromString} = await import('node:v8');
	setFlagsFromString('--semi-space-growth-factor=1');
};

const run = async (options: Options, output: Output): Promise<number> => {
	// Instead of "node", in ps and ss.
	process.title = 'sockchat';
	const signals = new SignalWatch(output);
	const running = await start(options, output);
	signals.onStarted(running);
	if (options.message === undefined) {
		await keepYoungGenerationSmall();
	}

	const ending = await running.ended;
	return exitCodeOf(ending, signals.seen);
};

/** Our package.json. Meow finds it, and is loaded only for this. */
const readPackage = async () => {
	const {default: meow} = await import('meow');
	const {pkg} = meow({
		importMeta: import.meta,
		argv: [],
		autoHelp: false,
		autoVersion: false,
	});
	return pkg;
};

/** The socket that systemd passed, if it started us; loaded only then. */
const readInherited = async (): Promise<
	Inherited | SockchatError | undefined
> => {
	if (process.env['LISTEN_FDS'] === undefined) {
		return undefined;
	}

	const {takeInherited} = await import('./socket/inherited.js');
	return takeInherited(process.env, process.pid);
};

const noteSurplus = ({passed, address}: Inherited): void => {
	if (passed > 1) {
		process.stderr.write(
			`${passed} sockets were passed (LISTEN_FDS); this server takes ${toDisplay(formatAddress(address))}.\n`,
		);
	}
};

/** Options with what reports to the manager of a service, if there is one. */
const withNotify = async (options: Options): Promise<Options> => {
	if (process.env['NOTIFY_SOCKET'] === undefined) {
		return options;
	}

	const {takeServiceNotice} = await import('./chat/service-notice.js');
	const notify = takeServiceNotice(process.env, sentence => {
		if (options.output !== 'screen') {
			process.stderr.write(`${toDisplay(sentence)}\n`);
		}
	});
	return {...options, notify};
};

const printHelp = async (output: Output, command: Command): Promise<void> => {
	const {helpText} = await import('./options/help.js');
	const {description} = await readPackage();
	const title = command === 'join' ? `${description!}\n\n` : '';
	output.write(`${title}${helpText(command)}\n`);
};

const codeOfStatus: Readonly<Record<StatusAnswer['kind'], number>> = {
	room: exitCodes.done,
	'closed-room': exitCodes.done,
	other: exitCodes.done,
	nobody: exitCodes.failed,
	late: exitCodes.late,
};

/**
 * Reports a failure; one that a value is to blame for, with the place of that.
 *
 * @returns The exit code.
 */
const failedWith = (
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

/** Runs a command with the options that the command line and the config give. */
const runWithOptions = async <ToolOptions>(
	{
		command,
		given,
	}: {readonly command: 'status' | 'watch'; readonly given: GivenFlags},
	output: Output,
	parse: (
		given: GivenFlags,
		env: Variables,
		config: Config | undefined,
	) => ToolOptions | SockchatError,
	work: (options: ToolOptions) => Promise<number>,
): Promise<number> => {
	const isJson = given.json === true;
	const config = await readConfig(process.env);
	if (config instanceof SockchatError) {
		report(config, output, isJson);
		return exitCodes.wrongUsage;
	}

	const options = parse(given, process.env, config);
	if (options instanceof SockchatError) {
		report(options, output, isJson);
		return exitCodes.wrongUsage;
	}

	try {
		return await work(options);
	} catch (error) {
		const {origins} = settle(given, command, process.env, config);
		return failedWith(error, output, {origins, isJson});
	}
};

const startWatchScreen = async (options: WatchOptions): Promise<Running> => {
	const {runWatchScreen} = await import('./ui/watch/run.js');
	return runWatchScreen(options, process);
};

const startWatchLines = async (
	options: WatchOptions,
	output: Output,
): Promise<Running> => {
	const {startWatch} = await import('./plain/watch.js');
	return startWatch(options, output);
};

const runLessonCommand = async (
	name: string | undefined,
	typed: GivenFlags,
	output: Output,
): Promise<number> => {
	const config = await readConfig(process.env);
	const options =
		config instanceof SockchatError
			? config
			: parseLessonOptions(typed, process.env, config, isatty(0) && isatty(1));
	const {findLesson, listLessons} = await import('./lesson/catalog.js');
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

	if (!options.isOnScreen || !lesson.isForScreen) {
		output.write(lesson.markdown);
		return exitCodes.done;
	}

	const signals = new SignalWatch(output);
	const {runLesson} = await import('./ui/lesson/run.js');
	const running = await runLesson(lesson.markdown, options, process);
	const ended = running.ended.then(({error, ...ending}) => {
		if (error) {
			report(error, output, false);
		}

		return ending;
	});
	signals.onStarted({ended, leave: running.leave});
	return exitCodeOf(await ended, signals.seen);
};

const runReplayCommand = async (
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
		const {runReplay} = await import('./plain/recording/replay.js');
		const {stderr} = process;
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

/** A command that opens neither a room nor a raw socket. */
const runTool = async (
	request: Exclude<Request, ChatRequest>,
	output: Output,
): Promise<number> => {
	switch (request.command) {
		case 'help': {
			await printHelp(output, request.about);
			return exitCodes.done;
		}

		case 'completion': {
			const {completionFor} = await import('./options/completion.js');
			const {lessonNames} = await import('./lesson/catalog.js');
			output.write(`${completionFor(request.shell, lessonNames)}\n`);
			return exitCodes.done;
		}

		case 'doctor': {
			const {runDoctor} = await import('./doctor/doctor.js');
			const {text, works} = await runDoctor(request.given);
			output.write(`${text}\n`);
			return works ? exitCodes.done : exitCodes.failed;
		}

		case 'status': {
			const {command, given} = request;
			return runWithOptions(
				{command, given},
				output,
				parseStatusOptions,
				async options => {
					exitAtSignals(output, given.json === true);
					const {printStatus} = await import('./plain/status.js');
					const {kind} = await printStatus(options, output);
					return codeOfStatus[kind];
				},
			);
		}

		case 'watch': {
			const {command, given} = request;
			return runWithOptions(
				{command, given},
				output,
				(typed, env, config) =>
					parseWatchOptions(typed, env, config, isatty(0) && isatty(1)),
				async options => {
					process.title = 'sockchat';
					const signals = new SignalWatch(output);
					const running =
						options.output === 'screen'
							? await startWatchScreen(options)
							: await startWatchLines(options, output);
					signals.onStarted(running);
					return exitCodeOf(await running.ended, signals.seen);
				},
			);
		}

		case 'replay': {
			return runReplayCommand(request.file, request.given, output);
		}

		case 'lesson': {
			return runLessonCommand(request.name, request.given, output);
		}
	}
};

/** @returns The exit code, not counting failures of the output. */
const runCommandLine = async (output: Output): Promise<number> => {
	const line = readWords(process.argv.slice(2));
	const [word = ''] = line.words;
	if (line.given.help) {
		await printHelp(output, findCommand(word) ?? 'join');
		return exitCodes.done;
	}

	if (line.given.version) {
		const {version} = await readPackage();
		output.write(`${version!}\n`);
		return exitCodes.done;
	}

	const refuse = (error: SockchatError): number => {
		report(error, output, line.given.json === true);
		return exitCodes.wrongUsage;
	};

	const request = readRequest(line);
	if (!(request instanceof SockchatError) && !isChat(request)) {
		return runTool(request, output);
	}

	const config = await readConfig(process.env);
	if (config instanceof SockchatError) {
		return refuse(config);
	}

	const inherited = await readInherited();
	const options = parseOptions(line, {
		isTerminal: isatty(0) && isatty(1),
		loginName: readLoginName,
		env: process.env,
		config,
		inherited: inherited instanceof SockchatError ? undefined : inherited,
	});
	if (options instanceof SockchatError) {
		return refuse(options);
	}

	try {
		if (options.command === 'serve' && inherited) {
			if (inherited instanceof SockchatError) {
				throw inherited;
			}

			noteSurplus(inherited);
		}

		return await run(await withNotify(options), output);
	} catch (error) {
		const isJson = options.output === 'json';
		if (error === inherited || request instanceof SockchatError) {
			report(error, output, isJson);
			return exitCodes.failed;
		}

		const {given, command} = request;
		const {origins} = settle(given, command, process.env, config);
		return failedWith(error, output, {origins, options, isJson});
	}
};

/** @returns The exit code. */
export const main = async (): Promise<number> => {
	const output = openOutput();
	// There is nowhere to report that stderr is full or closed.
	process.stderr.on('error', () => {});
	const code = await runCommandLine(output).catch((error: unknown) => {
		report(error, output, false);
		return exitCodes.failed;
	});
	await output.flush();
	return reportOutputFailure(output) && code === exitCodes.done
		? exitCodes.failed
		: code;
};
