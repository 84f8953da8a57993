/** A coding agent under test: the SDK's own client, and `sockchat mcp`. */
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Client, type RequestOptions} from '@modelcontextprotocol/client';
import {StdioClientTransport} from '@modelcontextprotocol/client/stdio';
import {createEnvironment, type Owner, type Variables} from './environment.js';
import {findPort} from './ports.js';
import {bin, startBin} from './process.js';
import {until} from './until.js';

export type Said = {
	readonly seq?: number;
	readonly at: number;
	readonly from: string;
	readonly text: string;
	readonly own?: true;
	readonly whisper?: true;
	readonly mentionsYou?: true;
	readonly agent?: true;
	readonly sameUser?: true;
	readonly cut?: number;
};

/** The structured answers of all tools, each with what it has. */
export type Structured = {
	readonly seq?: number;
	readonly at?: number;
	readonly unread?: number;
	readonly messages?: readonly Said[];
	readonly message?: Said;
	readonly answer?: Said;
	readonly hasLeft?: true;
	readonly gaps?: ReadonlyArray<{from: number; to: number}>;
	readonly left?: number;
	readonly next?: number;
	readonly cursor?: number;
	readonly you?: string;
	readonly count?: number;
	readonly host?: string;
	readonly messagesPerMinute?: number;
	readonly members?: ReadonlyArray<{
		readonly nick: string;
		readonly you?: true;
		readonly agent?: true;
		readonly machine?: string;
		readonly sameUser?: true;
	}>;
};

export type Result = {
	readonly text: string;
	readonly isError: boolean;
	readonly structured: Structured;
};

/** Calls a tool as the client does. */
export const callOf =
	(client: Client) =>
	async (
		tool: string,
		given: Record<string, unknown> = {},
		options?: RequestOptions,
	): Promise<Result> => {
		const result = await client.callTool(
			{name: tool, arguments: given},
			options,
		);
		const [first] = result.content;
		return {
			text: first?.type === 'text' ? first.text : '',
			isError: result.isError === true,
			structured: result.structuredContent ?? {},
		};
	};

export type Agent = Awaited<ReturnType<typeof openAgent>>;

export type AgentOptions = {
	/** What the client calls itself. */
	readonly name?: string;
	readonly args?: readonly string[];
	readonly env?: Variables;
	/** The revision of the protocol; by default that before 2026-07-28. */
	readonly era?: 'legacy' | 'modern';
};

export const openAgent = async (
	owner: Owner,
	port: number | string,
	{name = 'codex', args = [], env, era = 'legacy'}: AgentOptions = {},
) => {
	const environment = createEnvironment(env);
	const {command, args: all} = bin('mcp', String(port), ...args);
	const transport = new StdioClientTransport({
		command,
		args: all,
		env: environment.env,
		stderr: 'pipe',
	});
	let stderr = '';
	transport.stderr?.on('data', (chunk: Uint8Array) => {
		stderr += Buffer.from(chunk).toString();
	});
	const errors: Error[] = [];
	const client = new Client(
		{name, version: '1'},
		{
			// What is answered late is answered by the next request.
			...(era === 'modern' && {
				versionNegotiation: {mode: {pin: '2026-07-28'}},
			}),
		},
	);
	// eslint-disable-next-line unicorn/prefer-add-event-listener -- it takes one function
	client.onerror = error => {
		errors.push(error);
	};

	owner.after(async () => {
		await client.close();
		environment.remove();
	});
	await client.connect(transport);
	return {
		client,
		/** What was no message of the protocol. */
		errors,
		stderr: () => stderr,
		pid: transport.pid!,
		call: callOf(client),
		/** Ends its stdin, and waits until it is gone. */
		close: async () => client.close(),
		untilStderr: async (pattern: RegExp) =>
			until(() => pattern.test(stderr), {
				what: `stderr to have ${pattern}`,
				seen: () => stderr,
			}),
	};
};

/** A room of one user: what agents keep is in one folder. */
export const openAgentRoom = async (
	owner: Owner,
	flags: readonly string[] = [],
) => {
	const state = mkdtempSync(join(tmpdir(), 'sockchat-agents-'));
	owner.after(async () => {
		rmSync(state, {recursive: true, force: true, maxRetries: 20});
	});
	const port = await findPort();
	const env = {XDG_STATE_HOME: state};
	const serve = async () => {
		const server = startBin(
			owner,
			['serve', port, '--json', '--input', 'none', '--nick', 'host', ...flags],
			{env},
		);
		await server.waitForOutput('"joined"');
		return server;
	};

	return {
		port: Number(port),
		state,
		env,
		/** The room's server, as a process of its own. */
		serve,
		address: {kind: 'tcp', host: '127.0.0.1', port: Number(port)} as const,
		openAgent: async (options: AgentOptions = {}) =>
			openAgent(owner, port, {...options, env: {...env, ...options.env}}),
	};
};
