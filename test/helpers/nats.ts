/** A real nats-server on loopback, and servers of a room that it links. */
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import process from 'node:process';
import {openRelay, type OpenRelayOptions} from '../../source/relay/open.js';
import type {ServerEvent} from '../../source/event/event.js';
import {startServer, type ServerOptions} from '../../source/server/server.js';
import {systemClock} from '../../source/socket/clock.js';
import type {Owner} from './environment.js';
import {collectEvents} from './events.js';
import {findPort} from './ports.js';
import {startProcess, type RunningProcess} from './process.js';
import {anyPort} from './room.js';
import {until} from './until.js';

export const makeScratch = (owner: Owner): string => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-relay-'));
	owner.after(async () => {
		rmSync(folder, {recursive: true, force: true});
	});
	return folder;
};

// Not every user's PATH has the administrator's programs.
const natsServer = '/usr/sbin/nats-server';

/** A nats-server that can be killed and started again on the same store. */
export const startNats = async (
	owner: Owner,
	{args, port: wanted}: {args?: readonly string[]; port?: string} = {},
) => {
	const port = wanted ?? (await findPort());
	const folder = makeScratch(owner);
	const given = args ?? ['-js', '-sd', folder];
	let running: RunningProcess;
	const start = async () => {
		running = startProcess(owner, natsServer, [
			...given,
			'-a',
			'127.0.0.1',
			'-p',
			port,
		]);
		await running.waitForOutput('Server is ready', {
			stream: 'stderr',
			deadlineMs: 30_000,
		});
	};

	await start();
	return {
		port,
		folder,
		url: `nats://127.0.0.1:${port}`,
		start,
		/** `kill -9`. */
		async kill() {
			running.signal('SIGKILL');
			await running.waitForExit();
		},
		signal(name: NodeJS.Signals) {
			process.kill(running.pid!, name);
		},
	};
};

export type Nats = Awaited<ReturnType<typeof startNats>>;

export type RelayedOptions = Partial<Omit<ServerOptions, 'onEvent' | 'relay'>> &
	Partial<Omit<OpenRelayOptions, 'onEvent' | 'fsync'>> & {
		/** Where the history is; in memory only without it. */
		readonly path?: string | undefined;
	};

/** A server of a room, in this process. */
export const openRelayed = async (
	owner: Owner,
	url: string,
	{path, ...options}: RelayedOptions = {},
) => {
	const collected = collectEvents<ServerEvent>();
	const {onEvent, events} = collected;
	const relay = await openRelay({
		url,
		room: 'lab',
		isOptional: false,
		replicas: 1,
		credentials: undefined,
		machine: 'here',
		outboxPath: path && `${path}.outbox`,
		fsync: 'interval',
		clock: systemClock,
		...options,
		onEvent,
	});
	const server = await startServer({
		address: anyPort,
		rate: 'off',
		...options,
		...(path && {history: {path, fsync: 'interval' as const}}),
		relay,
		onEvent,
	}).catch(async (error: unknown) => {
		await relay.drain();
		throw error;
	});
	let isEnded = false;
	const end = async () => {
		if (!isEnded) {
			isEnded = true;
			const drained = server.drain();
			server.destroy();
			await drained;
		}
	};

	owner.after(end);
	const relayEvents = () =>
		events.flatMap(event => (event.type === 'relay' ? [event] : []));
	return {
		...server,
		...collected,
		relay,
		end,
		relayEvents,
		/** Waits until the relay is in a phase. */
		untilPhase: async (phase: string) =>
			until(() => relayEvents().at(-1)?.phase === phase, {
				what: `the relay to be ${phase}`,
				seen: () => JSON.stringify(relayEvents().slice(-5)),
				deadlineMs: 30_000,
			}),
	};
};

/** The entries of a history's newest file, without the other lines. */
export const entriesOf = (path: string): string =>
	readFileSync(path, 'utf8')
		.split('\n')
		.filter(line => /^\{"type":"\w+","seq":\d+,"at"/.test(line))
		.join('\n');
