/** The commands that open neither a room nor a raw socket. */
import type {ChatRequest, Request} from '../options/command.js';
import {exitCodes} from '../options/exit-codes.js';
import type {Output} from '../plain/output.js';
import {printHelp} from './help.js';
import {runMcp} from './mcp.js';
import {runLessonCommand} from './lesson.js';
import {runProxy} from './proxy.js';
import {runReplayCommand} from './replay.js';
import {runStatus} from './status.js';
import {runWatch} from './watch.js';

export const runTool = async (
	request: Exclude<Request, ChatRequest>,
	output: Output,
): Promise<number> => {
	switch (request.command) {
		case 'help': {
			await printHelp(output, request.about);
			return exitCodes.done;
		}

		case 'completion': {
			const {completionFor} = await import('../options/completion.js');
			const {lessonNames} = await import('../lesson/catalog.js');
			output.write(`${completionFor(request.shell, lessonNames)}\n`);
			return exitCodes.done;
		}

		case 'doctor': {
			const {runDoctor} = await import('../doctor/doctor.js');
			const {text, works} = await runDoctor(request.given);
			output.write(`${text}\n`);
			return works ? exitCodes.done : exitCodes.failed;
		}

		case 'status': {
			return runStatus(request.given, output);
		}

		case 'mcp': {
			return runMcp(request.given, output);
		}

		case 'watch': {
			return runWatch(request.given, output);
		}

		case 'proxy': {
			return runProxy(request, request.given, output);
		}

		case 'replay': {
			return runReplayCommand(request, output);
		}

		case 'lesson': {
			return runLessonCommand(request.name, request.given, output);
		}
	}
};
