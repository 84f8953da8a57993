/** Runs a command that opens no chat, with its options. */
import process from 'node:process';
import {SockchatError} from '../errors.js';
import type {Config} from '../options/config/config.js';
import {readConfig} from '../options/config/file.js';
import {exitCodes} from '../options/exit-codes.js';
import type {Command} from '../options/flags.js';
import type {GivenFlags} from '../options/reader.js';
import {settle, type Variables} from '../options/settings.js';
import type {Output} from '../plain/output.js';
import {failedWith, report} from './report.js';

/** Runs a command with the options that the command line and the config give. */
export const runWithOptions = async <ToolOptions>(
	{command, given}: {readonly command: Command; readonly given: GivenFlags},
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
