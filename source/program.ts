/**
 * The program: flags, signals, exit codes. It loads a front end only once it
 * knows which is wanted, as Ink and React cost more than all the rest.
 */
import process from 'node:process';
import {isatty} from 'node:tty';
import meow from 'meow';
import {SockchatError} from './errors.js';
import {
	flagNames,
	flags as definitions,
	helpText,
	writtenFlag,
} from './options/flags.js';
import {oppositesIn} from './options/contradictions.js';
import {parseOptions, readLoginName, type Options} from './options/options.js';
import {jsonError} from './plain/json.js';
import {openOutput, type Output} from './plain/output.js';
import {runPlain} from './plain/run.js';
import {toDisplay} from './protocol/display.js';
import {trace} from './trace.js';

const exitCodes = {done: 0, failed: 1, wrongUsage: 2} as const;

// How long a drain may take in all, whatever the peers do.
const drainMs = 5000;

/** Tells once that stdout took no more; not of a reader that went away. */
const tellFailure = ({failure}: Output): boolean => {
	if (!(failure instanceof SockchatError)) {
		return false;
	}

	trace('%s', failure.stack);
	process.stderr.write(`${toDisplay(failure.message)}\n`);
	return true;
};

/** A front end at work. */
type Running = {
	readonly exitCode: Promise<number>;
	/** Leaves in good order; called again, at once. */
	readonly leave: () => void;
};

const report = (error: unknown, output: Output, isJson: boolean): void => {
	const known =
		error instanceof SockchatError
			? error
			: new SockchatError(
					'ERR_INTERNAL',
					`sockchat itself failed: ${(error as Error).message}. NODE_DEBUG=sockchat tells where.`,
					{cause: error},
				);
	trace('%s', (error as Error).stack);
	if (isJson) {
		output.write(jsonError(known));
	} else {
		process.stderr.write(`${toDisplay(known.message)}\n`);
	}
};

const start = async (options: Options, output: Output): Promise<Running> => {
	if (options.output === 'screen') {
		if (process.env['NO_COLOR']) {
			// Chalk, which Ink draws with, knows only its own variable.
			process.env['FORCE_COLOR'] = '0';
		}

		const {runScreen} = await import('./ui/run.js');
		const {closed, leave} = await runScreen(options, process);
		const exitCode = closed.then(cause => {
			if (cause) {
				report(cause, output, false);
			}

			return cause ? exitCodes.failed : exitCodes.done;
		});
		return {exitCode, leave};
	}

	const {stdin, stderr} = process;
	return runPlain(options, {stdin, stdout: output, stderr});
};

/**
 * The first signal drains, the second forces. One that comes before there is
 * anything to leave counts as soon as there is.
 *
 * @returns What to tell of the front end once it runs.
 */
const leaveOnSignals = (output: Output): ((running: Running) => void) => {
	let running: Running | undefined;
	let hasLeft = false;
	const exit = () => {
		process.exit(tellFailure(output) ? exitCodes.failed : exitCodes.done);
	};

	const onSignal = () => {
		if (hasLeft && !running) {
			exit();
		}

		running?.leave();
		if (!hasLeft) {
			hasLeft = true;
			setTimeout(exit, drainMs).unref();
		}
	};

	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
		process.on(signal, onSignal);
	}

	// What comes from now on reaches nobody.
	output.onFailure(onSignal);
	return started => {
		running = started;
		if (hasLeft) {
			started.leave();
		}
	};
};

/**
 * V8 doubles what it takes for new objects whenever much is kept at once, as
 * when 10,000 join, and never gives it back: they take 110 MB so, and 150
 * without. `--max-semi-space-size` does as much, but only on a command line,
 * and not every system's `env` passes flags on from a `#!` line.
 */
const keepYoungGenerationSmall = async (): Promise<void> => {
	const {setFlagsFromString} = await import('node:v8');
	setFlagsFromString('--semi-space-growth-factor=1');
};

const run = async (options: Options, output: Output): Promise<number> => {
	const onStarted = leaveOnSignals(output);
	const running = await start(options, output);
	onStarted(running);
	await keepYoungGenerationSmall();
	return running.exitCode;
};

/** What is on the command line, or what is wrong before its values are read. */
const readCommandLine = () => {
	const opposites = oppositesIn(process.argv.slice(2));
	if (opposites) {
		return opposites;
	}

	try {
		return meow({
			importMeta: import.meta,
			autoHelp: false,
			autoVersion: false,
			// Unknown flags are refused by parseOptions, which knows the nearest one.
			allowUnknownFlags: true,
			booleanDefault: undefined,
			flags: {
				...Object.fromEntries(
					flagNames.map(name => [name, {type: definitions[name].type}]),
				),
				help: {type: 'boolean', shortFlag: 'h'},
				version: {type: 'boolean', shortFlag: 'v'},
			},
		});
	} catch (error) {
		const {message} = error as Error;
		const twice = flagNames.find(name => message.includes(`--${name} `));
		return new SockchatError(
			'ERR_USAGE',
			twice ? `${writtenFlag(twice)} can be given only once.` : message,
			{cause: error},
		);
	}
};

/** @returns The exit code, whatever becomes of the output. */
const runCommandLine = async (output: Output): Promise<number> => {
	const cli = readCommandLine();
	if (cli instanceof SockchatError) {
		report(cli, output, process.argv.includes('--json'));
		return exitCodes.wrongUsage;
	}

	const {help, version, ...given} = cli.flags as Record<string, unknown>;
	if (help) {
		output.write(`${cli.pkg.description!}\n\n${helpText()}\n`);
		return exitCodes.done;
	}

	if (version) {
		output.write(`${cli.pkg.version!}\n`);
		return exitCodes.done;
	}

	const options = parseOptions(cli.input, given, {
		isTerminal: isatty(0) && isatty(1),
		loginName: readLoginName,
		env: process.env,
	});
	if (options instanceof SockchatError) {
		report(options, output, given['json'] === true);
		return exitCodes.wrongUsage;
	}

	try {
		return await run(options, output);
	} catch (error) {
		report(error, output, options.output === 'json');
		return exitCodes.failed;
	}
};

/** @returns The exit code. */
export const main = async (): Promise<number> => {
	const output = openOutput();
	// There is nowhere left to tell that stderr is full or gone.
	process.stderr.on('error', () => {});
	const code = await runCommandLine(output);
	await output.flush();
	return tellFailure(output) && code === exitCodes.done
		? exitCodes.failed
		: code;
};
