/** An agent in this process: the SDK's client, linked to it by two streams. */
import {join} from 'node:path';
import {PassThrough} from 'node:stream';
import {
	Client,
	type JSONRPCMessage,
	type Transport,
} from '@modelcontextprotocol/client';
import {serveAgent} from '../../source/agents/serve.js';
import {agentHomes} from '../../source/chat/agent-home.js';
import {requireLoopback, type Address} from '../../source/socket/address.js';
import {systemClock, type Clock} from '../../source/socket/clock.js';
import {callOf} from './agents.js';
import type {Owner} from './environment.js';

/** One message a line, as on stdin and stdout. */
const transportOver = (
	input: PassThrough,
	output: PassThrough,
): Transport & {readonly lines: string[]} => {
	let rest = '';
	const lines: string[] = [];
	const transport: Transport & {readonly lines: string[]} = {
		lines,
		async start() {
			input.setEncoding('utf8');
			input.on('data', (chunk: string) => {
				const parts = (rest + chunk).split('\n');
				rest = parts.pop()!;
				for (const line of parts) {
					lines.push(line);
					transport.onmessage?.(JSON.parse(line) as JSONRPCMessage);
				}
			});
			input.on('end', () => {
				transport.onclose?.();
			});
		},
		async send(message) {
			output.write(`${JSON.stringify(message)}\n`);
		},
		async close() {
			output.end();
			transport.onclose?.();
		},
	};
	return transport;
};

export type InnerAgent = Awaited<ReturnType<typeof openInnerAgent>>;

export const openInnerAgent = async (
	owner: Owner,
	address: Address,
	state: string,
	{name = 'codex', clock = systemClock}: {name?: string; clock?: Clock} = {},
) => {
	const stdin = new PassThrough();
	const stdout = new PassThrough();
	const told: string[] = [];
	const tell = (sentence: string) => {
		told.push(sentence);
	};

	const {ended, leave} = serveAgent({
		stdin,
		stdout,
		version: '1',
		clock,
		tell,
		findHome: agentHomes(
			{
				address: requireLoopback(address),
				nick: undefined,
				token: undefined,
				clientsFolder: join(state, 'clients'),
				agentsFolder: join(state, 'agents'),
				backlog: undefined,
				maxMembers: undefined,
				history: undefined,
			},
			() => undefined,
			tell,
		),
	});
	const client = new Client({name, version: '1'});
	const transport = transportOver(stdout, stdin);
	const close = async () => {
		await client.close();
		await ended;
	};

	owner.after(async () => {
		leave();
		await close();
	});
	await client.connect(transport);
	return {
		client,
		told,
		lines: transport.lines,
		close,
		call: callOf(client),
	};
};
