/** Options as the program reads them, from the words of a command line on. */
import {optionsOf} from '../../source/options/chat/parse.js';
import {isChat, readRequest} from '../../source/options/command.js';
import {SockchatError} from '../../source/errors.js';
import type {CommandLine} from '../../source/options/words.js';

/** @param line What `readWords` made of the command line of a chat. */
export const parseOptions = (
	line: CommandLine,
	environment: Parameters<typeof optionsOf>[1],
): ReturnType<typeof optionsOf> => {
	const request = readRequest(line);
	if (request instanceof SockchatError) {
		return request;
	}

	if (!isChat(request)) {
		throw new Error(`${request.command} opens no chat.`);
	}

	return optionsOf(request, environment);
};
