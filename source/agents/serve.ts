/**
 * The Model Context Protocol on stdin and stdout.
 *
 * Clients of the revision of 2026-07-28 say who they are in each request, older
 * ones in `initialize`. Either way the first request that wants something has it,
 * and joins the room: others then see the agent, and what they say to it is kept
 * for it.
 */
import type {Readable, Writable} from 'node:stream';
import {
	CLIENT_INFO_META_KEY,
	McpServer,
	type JSONRPCMessage,
	type Transport,
} from '@modelcontextprotocol/server';
import {
	serveStdio,
	StdioServerTransport,
} from '@modelcontextprotocol/server/stdio';
import type {Clock} from '../socket/clock.js';
import {trace} from '../trace.js';
import {instructions} from './instructions.js';
import {AgentMember} from './member.js';
import type {FindHome} from './room.js';
import {registerTools} from './tools.js';
import {
	registerTranscript,
	TranscriptNotices,
	transcriptUri,
} from './transcript.js';

export type ServeOptions = {
	readonly stdin: Readable;
	readonly stdout: Writable;
	readonly version: string;
	readonly findHome: FindHome;
	readonly clock: Clock;
	/** One sentence for people. */
	readonly tell: (sentence: string) => void;
};

export type Serving = {
	/** Settles when stdin has ended, and the agent has left the room. */
	readonly ended: Promise<void>;
	/** The first call leaves in good order, the second at once. */
	readonly leave: () => void;
};

type Named = {readonly name?: unknown; readonly title?: unknown};

/** What the client of a message calls itself, if it says so. */
const clientNameIn = (message: JSONRPCMessage): string | undefined => {
	const {params} = message as {
		params?: {clientInfo?: Named; _meta?: Record<string, unknown>};
	};
	const info = (params?.clientInfo ?? params?._meta?.[CLIENT_INFO_META_KEY]) as
		Named | undefined;
	return typeof info?.name === 'string' ? info.name : undefined;
};

/**
 * A newer client asks so what is here, often in a process of its own, which it
 * ends at once: who came in with it would only come and go.
 */
const isProbe = (message: JSONRPCMessage): boolean =>
	'method' in message && message.method === 'server/discover';

/** Stdin and stdout, with a look at each request. */
const watched = (
	{stdin, stdout}: ServeOptions,
	onRequest: (message: JSONRPCMessage) => void,
	onClose: () => void,
): Transport => {
	const stdio = new StdioServerTransport(stdin, stdout);
	const transport: Transport = {
		async start() {
			/* eslint-disable unicorn/prefer-add-event-listener -- of the SDK, which takes one function each */
			stdio.onmessage = message => {
				if ('method' in message) {
					onRequest(message);
				}

				transport.onmessage?.(message);
			};

			stdio.onerror = error => {
				transport.onerror?.(error);
			};

			stdio.onclose = () => {
				transport.onclose?.();
				onClose();
			};
			/* eslint-enable unicorn/prefer-add-event-listener */

			return stdio.start();
		},
		send: async message => stdio.send(message),
		close: async () => stdio.close(),
	};
	return transport;
};

export const serveAgent = (options: ServeOptions): Serving => {
	const {findHome, clock, tell, version} = options;
	/** How each client is notified of the transcript: the last one counts. */
	let notify = () => {};
	const notices = new TranscriptNotices(clock, () => {
		notify();
	});
	const member = new AgentMember({
		findHome,
		clock,
		onSaid: notices.onSaid,
	});
	const join = async () => {
		try {
			await member.join();
		} catch (error) {
			// Each tool that needs the room says so too.
			tell((error as Error).message);
		}
	};

	let isIntroduced = false;
	let finish = () => {};
	const ended = new Promise<void>(resolve => {
		finish = resolve;
	});
	const leave = async () => {
		await member.leave();
		finish();
	};

	const transport = watched(
		options,
		message => {
			if (!isIntroduced && !isProbe(message)) {
				isIntroduced = true;
				member.introduce(clientNameIn(message));
				void join();
			}
		},
		() => {
			void leave();
		},
	);
	const handle = serveStdio(
		({era}) => {
			const server = new McpServer(
				{name: 'sockchat', title: 'sockchat', version},
				{
					instructions,
					capabilities: {
						tools: {listChanged: false},
						resources: {listChanged: false, subscribe: true},
					},
				},
			);
			registerTools(server, member);
			registerTranscript(server, member);
			let isSubscribed = era === 'modern';
			const set = (isOn: boolean) => async () => {
				isSubscribed = isOn;
				return {};
			};

			if (era === 'legacy') {
				server.server.setRequestHandler('resources/subscribe', set(true));
				server.server.setRequestHandler('resources/unsubscribe', set(false));
			}

			notify = () => {
				if (isSubscribed) {
					// The client has gone.
					server.server
						.sendResourceUpdated({uri: transcriptUri})
						.catch((error: unknown) => {
							trace('not notified: %o', error);
						});
				}
			};

			return server;
		},
		{
			transport,
			onerror(error) {
				trace('%s', error.stack);
			},
		},
	);
	let isLeaving = false;
	return {
		ended,
		leave() {
			if (isLeaving) {
				member.destroy();
			} else {
				isLeaving = true;
				void handle.close();
			}
		},
	};
};
