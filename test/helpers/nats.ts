/** A real nats-server on loopback, and servers of a room that it links. */
import {mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {basename, dirname, join} from 'node:path';
import process from 'node:process';
import {jetstreamManager} from '@nats-io/jetstream';
import {connect} from '@nats-io/transport-node';
import {openRelay, type OpenRelayOptions} from '../../source/relay/open.js';
import type {ServerEvent} from '../../source/event/event.js';
import {startServer, type ServerOptions} from '../../source/server/server.js';
import {systemClock, type Clock} from '../../source/socket/clock.js';
import {
	createScope,
	lastFirst,
	type Owner,
	type Variables,
} from './environment.js';
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
	{
		args,
		port: wanted,
		isAlone = true,
		env,
	}: {
		args?: readonly string[];
		port?: string;
		isAlone?: boolean;
		env?: Variables;
	} = {},
) => {
	const port = wanted ?? (await findPort());
	// Servers share what is left before it ends, however often it was started.
	const scope = createScope();
	lastFirst(owner).after(scope.close);
	const folder = makeScratch(scope);
	const given = args ?? ['-js', '-sd', folder];
	let running: RunningProcess;
	const start = async () => {
		running = startProcess(
			scope,
			natsServer,
			[...given, '-a', '127.0.0.1', '-p', port],
			{env},
		);
		// A node of a cluster isn't ready before the others are there.
		const sign = isAlone
			? 'Server is ready'
			: 'Listening for client connections';
		await running.waitForOutput(sign, {
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
		pid: () => running.pid!,
		/** `kill -9`. */
		async kill() {
			running.signal('SIGKILL');
			await running.waitForExit();
		},
		signal(name: NodeJS.Signals) {
			process.kill(running.pid!, name);
		},
		/** Each of its threads, as one of them may still answer. */
		async pause() {
			process.kill(running.pid!, 'SIGSTOP');
			const tasks = `/proc/${running.pid!}/task`;
			const states = () =>
				readdirSync(tasks).map(task => {
					const stat = readFileSync(join(tasks, task, 'stat'), 'utf8');
					return stat.slice(stat.lastIndexOf(')') + 2)[0]!;
				});
			await until(() => states().every(state => state === 'T'), {
				what: 'all of its threads to be stopped',
				seen: () => states().join(' '),
			});
		},
	};
};

export type Nats = Awaited<ReturnType<typeof startNats>>;

export type RelayedOptions = Partial<Omit<ServerOptions, 'onEvent' | 'relay'>> &
	Partial<Omit<OpenRelayOptions, 'onEvent' | 'fsync'>> & {
		/** Where the history is; in memory only without it. */
		readonly path?: string | undefined;
		/** The relay's alone. */
		readonly relayClock?: Clock | undefined;
	};

/** A server of a room, in this process. */
export const openRelayed = async (
	owner: Owner,
	url: string,
	{path, relayClock = systemClock, ...options}: RelayedOptions = {},
) => {
	const collected = collectEvents<ServerEvent>();
	const {onEvent, events} = collected;
	const relay = await openRelay({
		url,
		room: 'lab',
		isOptional: false,
		replicas: 1,
		machine: 'here',
		historyPath: path,
		fsync: 'interval',
		...options,
		clock: relayClock,
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

	lastFirst(owner).after(end);
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

/** The same of all its files, oldest first. */
export const allEntriesOf = (path: string): string => {
	const folder = dirname(path);
	const closed = readdirSync(folder)
		.filter(name => /^\.\d{12}$/.test(name.slice(basename(path).length)))
		.filter(name => name.startsWith(basename(path)))
		.toSorted()
		.map(name => join(folder, name));
	return [...closed, path]
		.map(file => entriesOf(file))
		.filter(text => text !== '')
		.join('\n');
};

/** Three nats-servers that keep streams together. */
export const startCluster = async (owner: Owner) => {
	const ports: string[] = [];
	const routes: string[] = [];
	for (let index = 0; index < 3; index++) {
		ports.push(await findPort());
		routes.push(await findPort());
	}

	const list = routes.map(port => `nats://127.0.0.1:${port}`).join(',');
	const nodes = await Promise.all(
		ports.map(async (port, index) => {
			const folder = makeScratch(owner);
			return startNats(owner, {
				port,
				isAlone: false,
				args: [
					'-js',
					`-sd=${folder}`,
					`--name=node${index}`,
					'--cluster_name=cluster',
					`--cluster=nats://127.0.0.1:${routes[index]!}`,
					`--routes=${list}`,
				],
			});
		}),
	);
	const url = nodes.map(node => node.url).join(',');
	const leaderOf = async (stream: string): Promise<number | undefined> => {
		const nc = await connect({
			servers: ports.map(port => `127.0.0.1:${port}`),
			reconnect: false,
		});
		try {
			const jsm = await jetstreamManager(nc);
			const {cluster} = await jsm.streams.info(stream);
			return cluster?.leader === undefined
				? undefined
				: Number(cluster.leader.slice('node'.length));
		} catch {
			return undefined;
		} finally {
			await nc.close();
		}
	};

	// It takes streams once the cluster has a leader that has seen all nodes.
	await until(
		async () => {
			const nc = await connect({
				servers: [`127.0.0.1:${ports[0]!}`],
				reconnect: false,
			});
			try {
				const jsm = await jetstreamManager(nc);
				// Its leader may not know yet that all nodes are there.
				const probe = {name: 'probe', subjects: ['probe'], num_replicas: 3};
				await jsm.streams.add(probe);
				await jsm.streams.delete(probe.name);
				return true;
			} catch {
				return false;
			} finally {
				await nc.close();
			}
		},
		{what: 'the cluster to be ready', deadlineMs: 60_000},
	);
	return {
		url,
		nodes,
		async killLeader(stream: string) {
			const leader = await until(async () => leaderOf(stream), {
				what: 'a leader',
				deadlineMs: 30_000,
			});
			await nodes[leader]!.kill();
			return leader;
		},
	};
};
