/** `sockchat mcp`: the room as tools for an agent, on stdin and stdout. */
import process from 'node:process';
import {isatty} from 'node:tty';
import {serveAgent} from '../agents/serve.js';
import {agentHomes} from '../chat/agent-home.js';
import {readToken} from '../chat/token-file.js';
import type {Running} from '../chat/ending.js';
import type {ChatEvent} from '../event/event.js';
import type {McpOptions} from '../options/mcp.js';
import type {Output} from '../plain/output.js';
import {toDisplay} from '../protocol/display.js';
import {formatAddress} from '../socket/address.js';
import {systemClock} from '../socket/clock.js';

const tell = (sentence: string): void => {
	process.stderr.write(`sockchat: ${toDisplay(sentence)}\n`);
};

/** What people want to know who look after an agent. */
const tellOf = (event: ChatEvent): void => {
	switch (event.type) {
		case 'notice': {
			if (event.tone === 'warn' || event.tone === 'bad') {
				tell(event.text);
			}

			break;
		}

		case 'listening': {
			if (event.state.phase === 'listening') {
				const {place} = event;
				const where =
					'path' in place ? place.path : `${place.host}:${place.port}`;
				tell(`The room at ${where} is open, and ends with this agent.`);
			}

			break;
		}

		case 'frame': {
			const {frame} = event;
			if (frame.type === 'welcome') {
				tell(`You are ${frame.nick} in ${frame.room}.`);
			}

			break;
		}

		case 'connection': {
			const {connection} = event;
			if (connection.phase === 'waiting' && connection.wasOpen) {
				tell(`${connection.cause.message} Trying again.`);
			} else if (connection.phase === 'closed' && connection.cause) {
				tell(connection.cause.message);
			}

			break;
		}

		case 'history': {
			if (event.state === 'failing') {
				tell(event.error.message);
			}

			break;
		}

		default: {
			break;
		}
	}
};

const noteTerminal = ({address}: McpOptions): void => {
	if (isatty(0)) {
		tell(
			`This speaks the Model Context Protocol on stdin and stdout, for a coding agent that starts it; docs/agents.md says how. It would join ${formatAddress(address)}. Ctrl-D ends it.`,
		);
	}
};

/** @throws {SockchatError} `ERR_TOKEN_FILE`. */
export const startMcp = async (
	options: McpOptions,
	output: Output,
	version: string,
): Promise<Running> => {
	const token = await readToken(options.tokenFile);
	noteTerminal(options);
	const {ended, leave} = serveAgent({
		stdin: process.stdin,
		stdout: output.stream,
		version,
		clock: systemClock,
		findHome: agentHomes({...options, token}, tellOf, tell),
		tell,
	});
	return {
		ended: ended.then(() => ({
			hasFailed: false,
			isLate: false,
			isUnfinished: false,
		})),
		leave,
	};
};
