/**
 * The program: from the words of the command line to an exit code. Front ends are
 * loaded on demand, as Ink and React cost more than everything else.
 */
import process from 'node:process';
import {SockchatError} from './errors.js';
import {findCommand, isChat, readRequest} from './options/command.js';
import {exitCodes} from './options/exit-codes.js';
import {readWords} from './options/words.js';
import {openOutput, type Output} from './plain/output.js';
import {runChat} from './program/chat.js';
import {printHelp, printVersion} from './program/help.js';
import {report, reportOutputFailure} from './program/report.js';
import {runTool} from './program/tools.js';

/** @returns The exit code, not counting failures of the output. */
const runCommandLine = async (output: Output): Promise<number> => {
	const line = readWords(process.argv.slice(2));
	const [word = ''] = line.words;
	if (line.given.help) {
		await printHelp(output, findCommand(word) ?? 'join');
		return exitCodes.done;
	}

	if (line.given.version) {
		await printVersion(output);
		return exitCodes.done;
	}

	const request = readRequest(line);
	if (request instanceof SockchatError) {
		report(request, output, line.given.json === true);
		return exitCodes.wrongUsage;
	}

	return isChat(request) ? runChat(request, output) : runTool(request, output);
};

/** @returns The exit code. */
export const main = async (): Promise<number> => {
	const output = openOutput();
	const code = await runCommandLine(output).catch((error: unknown) => {
		report(error, output, false);
		return exitCodes.failed;
	});
	await output.flush();
	return reportOutputFailure(output) && code === exitCodes.done
		? exitCodes.failed
		: code;
};
