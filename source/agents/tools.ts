/** The tools of an agent. A refusal is one sentence that it can act on. */
import type {McpServer, ServerContext} from '@modelcontextprotocol/server';
import {SockchatError} from '../errors.js';
import type {Answer} from './layout.js';
import {read, search, who} from './looking.js';
import type {AgentMember} from './member.js';
import * as schemas from './schemas.js';
import {ask, say, wait} from './talking.js';

/** In words for an agent, which has tools, not commands. */
const wordsOf = (error: unknown): string => {
	if (!(error instanceof SockchatError)) {
		return (error as Error).message;
	}

	const {message} = error.inApiWords();
	return error.code === 'ERR_NO_SUCH_MEMBER'
		? message.replace('/who lists the names.', 'The tool who lists the names.')
		: message;
};

const answering =
	<Input, Output extends Record<string, unknown>>(
		work: (input: Input, context: ServerContext) => Promise<Answer<Output>>,
	) =>
	async (input: Input, context: ServerContext) => {
		try {
			const {text, structured} = await work(input, context);
			return {
				content: [{type: 'text' as const, text}],
				structuredContent: structured,
			};
		} catch (error) {
			return {
				content: [{type: 'text' as const, text: wordsOf(error)}],
				isError: true,
			};
		}
	};

export const registerTools = (server: McpServer, member: AgentMember): void => {
	server.registerTool(
		'say',
		{
			title: 'Say something in the room',
			description:
				'Says a text to all members of the room, or with to as a whisper to one. Answers once the room has stored it. Name a member in the text to call it. You may send a limited number of messages a minute, and the same text at most twice in a row.',
			inputSchema: schemas.say.input,
			outputSchema: schemas.say.output,
			annotations: {
				readOnlyHint: false,
				destructiveHint: false,
				idempotentHint: false,
				openWorldHint: false,
			},
		},
		answering(async input => say(member, input)),
	);
	server.registerTool(
		'read',
		{
			title: 'Read what was said',
			description:
				'Without arguments: what you have not read yet, the oldest first; nothing is shown twice, also after a restart. With since, last, from or mentions it looks around and marks nothing as read. A long answer says how to get the rest.',
			inputSchema: schemas.read.input,
			outputSchema: schemas.read.output,
			annotations: {readOnlyHint: true, openWorldHint: false},
		},
		answering(async (input, context) => read(member, input, context)),
	);
	server.registerTool(
		'wait',
		{
			title: 'Wait until somebody calls you',
			description:
				'Waits for the next message that mentions you or is whispered to you, and returns at once if there is one that was neither read nor returned before. Each message is returned once. With from or matching it waits for any message of that member, or that matches. It marks nothing as read. Running out of time is no error.',
			inputSchema: schemas.wait.input,
			outputSchema: schemas.wait.output,
			annotations: {readOnlyHint: true, openWorldHint: false},
		},
		answering(async (input, context) => wait(member, input, context)),
	);
	server.registerTool(
		'ask',
		{
			title: 'Ask a member, and wait for the answer',
			description:
				'Says a question to all, naming one member, and waits for what that member says next, unless it is addressed to somebody else. People may take a while.',
			inputSchema: schemas.ask.input,
			outputSchema: schemas.ask.output,
			annotations: {
				readOnlyHint: false,
				destructiveHint: false,
				idempotentHint: false,
				openWorldHint: false,
			},
		},
		answering(async (input, context) => ask(member, input, context)),
	);
	server.registerTool(
		'who',
		{
			title: 'See who is here',
			description:
				'The members of the room, which of them are agents, which are processes of your own user, which are on another machine, and your own nick.',
			inputSchema: schemas.who.input,
			outputSchema: schemas.who.output,
			annotations: {readOnlyHint: true, openWorldHint: false},
		},
		answering(async () => who(member)),
	);
	server.registerTool(
		'search',
		{
			title: 'Search what was said',
			description:
				"Finds the newest messages of the room's log that have all these words, in any order and case; at most 20, the oldest first.",
			inputSchema: schemas.search.input,
			outputSchema: schemas.search.output,
			annotations: {readOnlyHint: true, openWorldHint: false},
		},
		answering(async input => search(member, input)),
	);
};
