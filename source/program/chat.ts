/** Opens a room or a raw socket, in the front end that the options name. */
import process from 'node:process';
import {isatty} from 'node:tty';
import type {Running} from '../chat/ending.js';
import {readLoginName} from '../chat/login-name.js';
import {SockchatError} from '../errors.js';
import type {ChatRequest} from '../options/command.js';
import {optionsOf} from '../options/chat/parse.js';
import {readConfig} from '../options/config/file.js';
import {exitCodes} from '../options/exit-codes.js';
import type {Options} from '../options/options.js';
import {settle} from '../options/settings.js';
import {openInput} from '../plain/input.js';
import {openErrors, type Output} from '../plain/output.js';
import type {Streams} from '../plain/printer.js';
import {runPlain} from '../plain/run.js';
import {toDisplay} from '../protocol/display.js';
import {formatAddress} from '../socket/address.js';
import type {Inherited} from '../socket/inherited.js';
import {exitCodeOf} from './exit-code.js';
import {failedWith, report, reported} from './report.js';
import {SignalWatch} from './signals.js';

const start = async (options: Options, output: Output): Promise<Running> => {
	if (options.output === 'screen') {
		const {runScreen} = await import('../ui/run.js');
		return reported(await runScreen(options, process), output);
	}

	let input: Streams['stdin'] | undefined;
	const streams = {
		// Opened on first use: it takes Node 2 ms, and a one-shot doesn't read it.
		get stdin() {
			input ??= openInput();
			return input;
		},
		isTyped: isatty(0),
		stdout: output,
		get stderr() {
			return openErrors();
		},
	};
	if (options.probed) {
		const {runProbe} = await import('../plain/raw/probe.js');
		return runProbe({...options, probed: options.probed}, streams);
	}

	if (options.mode === 'raw' && options.isCopy) {
		const {runPipe} = await import('../plain/raw/pipe.js');
		return runPipe(options, streams);
	}

	return runPlain(options, streams);
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

/** The socket that systemd passed, if it started us; loaded only then. */
const readInherited = async (): Promise<
	Inherited | SockchatError | undefined
> => {
	if (process.env['LISTEN_FDS'] === undefined) {
		return undefined;
	}

	const {takeInherited} = await import('../socket/inherited.js');
	return takeInherited(process.env, process.pid);
};

const noteSurplus = ({passed, address}: Inherited): void => {
	if (passed > 1) {
		openErrors().write(
			`${passed} sockets were passed (LISTEN_FDS); this server takes ${toDisplay(formatAddress(address))}.\n`,
		);
	}
};

/** Options with what reports to the manager of a service, if there is one. */
const withNotify = async (options: Options): Promise<Options> => {
	if (process.env['NOTIFY_SOCKET'] === undefined) {
		return options;
	}

	const {takeServiceNotice} = await import('../chat/service-notice.js');
	const notify = takeServiceNotice(process.env, sentence => {
		if (options.output !== 'screen') {
			openErrors().write(`${toDisplay(sentence)}\n`);
		}
	});
	return {...options, notify};
};

export const runChat = async (
	request: ChatRequest,
	output: Output,
): Promise<number> => {
	const {given, command} = request;
	const refuse = (error: SockchatError): number => {
		report(error, output, given.json === true);
		return exitCodes.wrongUsage;
	};

	const config = await readConfig(process.env);
	if (config instanceof SockchatError) {
		return refuse(config);
	}

	const inherited = await readInherited();
	const options = optionsOf(request, {
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
		if (error === inherited) {
			report(error, output, isJson);
			return exitCodes.failed;
		}

		const {origins} = settle(given, command, process.env, config);
		return failedWith(error, output, {origins, options, isJson});
	}
};
