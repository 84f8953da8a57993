/** The options of `sockchat mcp`. */
import type {AgentHomeOptions} from '../chat/agent-home.js';
import type {SockchatError} from '../errors.js';
import {agentsPath, clientsPath} from '../history/path.js';
import {nickFromLogin, parseNick, type Nick} from '../protocol/nick.js';
import {readAddress} from './address.js';
import {hasLastingAddress, readHistory} from './chat/history.js';
import {contradictionIn} from './contradictions.js';
import type {Config} from './config/config.js';
import {Reader, type GivenFlags} from './reader.js';
import {settle, type Variables} from './settings.js';

export type McpOptions = Omit<AgentHomeOptions, 'token'> & {
	readonly tokenFile: string | undefined;
};

/** A nick from a variable or the config file is a person's, not an agent's. */
const readNick = (reader: Reader): Nick | undefined => {
	const asked = reader.isTyped('nick') ? reader.text('nick') : undefined;
	if (asked === undefined) {
		return undefined;
	}

	const parsed = parseNick(asked);
	return reader.take(
		parsed.ok ? parsed.nick : parsed.error,
		nickFromLogin(''),
		'nick',
	);
};

/** @param typed Flags of `mcp`, with those that ADDRESS stands for. */
export const parseMcpOptions = (
	typed: GivenFlags,
	env: Variables,
	config: Config | undefined,
): McpOptions | SockchatError => {
	const {given, origins} = settle(typed, 'mcp', env, config);
	const wrong = contradictionIn(given, origins);
	if (wrong) {
		return wrong;
	}

	const reader = new Reader(given, origins);
	const address = readAddress(reader, 'mcp');
	const history = readHistory(reader, address, env);
	const options: McpOptions = {
		address,
		nick: readNick(reader),
		tokenFile: reader.text('tokenFile'),
		clientsFolder: clientsPath(env),
		agentsFolder: agentsPath(env),
		backlog: undefined,
		maxMembers: undefined,
		isSameUser: reader.has('sameUser'),
		agentRate: reader.rate('agentRate'),
		history,
		...(history === undefined &&
			!reader.has('noHistory') &&
			hasLastingAddress(address) && {isHomeless: true}),
	};
	return reader.error ?? options;
};
