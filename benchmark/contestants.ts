/** The contestants of the benchmark, and how to start each. */
import {execFileSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import process from 'node:process';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {folder} from './native.js';
import {freePort, start, untilListening, type Program} from './processes.js';

export type Contestant = {
	readonly name: string;
	/** Its name in the generator. */
	readonly wire: 'sockchat' | 'redis' | 'nats' | 'ws' | 'line' | 'broker';
	readonly command: (port: number) => readonly string[];
	/** Its Debian package. */
	readonly package?: string;
	/** The most members that it can take. */
	readonly maxMembers?: number;
};

export type Server = Program & {readonly port: number};

const here = (path: string): string =>
	fileURLToPath(new URL(path, import.meta.url));

export const bin = here('../dist/cli.js');
const node = process.execPath;

const help = (): string =>
	execFileSync(node, [bin, 'serve', '--help'], {encoding: 'utf8'});

/** Starts sockchat as a user does. */
const sockchat = (port: number, history: string): readonly string[] => {
	const known = help();
	const flags = [
		['--rate', 'off'],
		history === '' ? ['--no-history'] : ['--history', history],
		['--max-members', '20000'],
	].filter(([flag]) => known.includes(flag!));
	const args = ['--plain', '--quiet', '--port', String(port), ...flags.flat()];
	return [node, bin, 'serve', ...args];
};

/** A program of ours; Node reads its TypeScript. */
export const script = (name: string) => (port: number) => [
	node,
	here(`servers/${name}.ts`),
	String(port),
];

let histories = 0;

export const createContestants = (limit: string): readonly Contestant[] => [
	{
		name: 'limit',
		wire: 'line',
		command: port => [limit, String(port)],
	},
	{
		name: 'sockchat',
		wire: 'sockchat',
		command: port => sockchat(port, ''),
	},
	...(help().includes('--history')
		? [
				{
					name: 'sockchat, history',
					wire: 'sockchat' as const,
					command: (port: number) =>
						sockchat(port, join(folder, `history-${++histories}`)),
				},
			]
		: []),
	{
		name: 'redis',
		wire: 'redis',
		package: 'redis-server',
		command: port => [
			'redis-server',
			...['--port', String(port), '--bind', '127.0.0.1'],
			...['--save', '', '--appendonly', 'no', '--maxclients', '11000'],
			...['--dir', folder, '--loglevel', 'warning'],
		],
	},
	{
		name: 'nats',
		wire: 'nats',
		package: 'nats-server',
		command: port => ['nats-server', '-a', '127.0.0.1', '-p', String(port)],
	},
	{
		name: 'ncat',
		wire: 'broker',
		package: 'ncat',
		// It uses select(), which is limited to 1,024 descriptors.
		maxMembers: 1000,
		command: port => [
			'ncat',
			...['--broker', '-l', '127.0.0.1', String(port), '-m', '1000'],
		],
	},
	{name: 'ws', wire: 'ws', command: script('ws')},
	{name: 'naive', wire: 'line', command: script('naive')},
];

export const echo: Contestant = {
	name: 'echo',
	wire: 'line',
	command: script('echo'),
};

const isInstalled = ({command}: Contestant): boolean => {
	const [program] = command(0);
	const folders = `${process.env['PATH']}:/usr/sbin`.split(':');
	return folders.some(path => existsSync(join(path, program!)));
};

/** The contestants installed on this machine; prints which are missing. */
export const present = (all: readonly Contestant[]): readonly Contestant[] => {
	const missing = all.filter(each => each.package && !isInstalled(each));
	if (missing.length > 0) {
		console.error(
			`Not here: ${missing.map(({name}) => name).join(', ')}. For the whole table: apt-get install ${missing.map(each => each.package).join(' ')}`,
		);
	}

	return all.filter(each => !missing.includes(each));
};

export const startServer = async (contestant: Contestant): Promise<Server> => {
	const port = await freePort();
	const program = start(contestant.command(port), {
		XDG_STATE_HOME: folder,
	});
	await untilListening(port);
	return {...program, port};
};
