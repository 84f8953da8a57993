/**
 * Measures what a screen costs while nobody says anything, beside weechat: bytes
 * it writes, CPU, memory. It takes a minute and a quarter.
 *
 * weechat is started if it is installed: `apt-get install weechat-curses`.
 */
import {spawnSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import process from 'node:process';
import {setTimeout as delay} from 'node:timers/promises';
import {spawn} from '@lydell/node-pty';
import {bin} from './contestants.js';
import {folder} from './native.js';
import {cpuSeconds} from './pane.js';
import {freePort, memoryMb} from './processes.js';
import type {Tools} from './tools.js';

export type Idle = {
	readonly name: string;
	readonly bytesPerSecond: number;
	readonly writes: number;
	/** The share of a core. */
	readonly cpuShare: number;
	readonly rssMb: number;
	/** What it doesn't share with other processes of the same program. */
	readonly ownMb: number;
};

const measuredMs = 60_000;
/** Then the welcome is drawn, and the pace of sampling is that of rest. */
const settleMs = 15_000;

const startMs = 3000;

type Screen = {
	readonly name: string;
	readonly pid: number;
	readonly type: (keys: string) => void;
	/** What it wrote since the last call. */
	readonly taken: () => {bytes: number; writes: number};
	readonly close: () => Promise<void>;
};

const openScreen = (
	name: string,
	command: readonly [string, ...string[]],
	columns: number,
	rows: number,
): Screen => {
	const [program, ...args] = command;
	const pty = spawn(program, args, {
		cols: columns,
		rows,
		env: {
			...process.env,
			HOME: folder,
			XDG_STATE_HOME: folder,
			XDG_CACHE_HOME: folder,
			XDG_CONFIG_HOME: folder,
			TERM: 'xterm-256color',
			LANG: 'C.UTF-8',
			CI: 'false',
		},
	});
	let bytes = 0;
	let writes = 0;
	pty.onData(chunk => {
		bytes += Buffer.byteLength(chunk);
		writes++;
	});
	const exited = new Promise<void>(resolve => {
		pty.onExit(() => {
			resolve();
		});
	});
	return {
		name,
		pid: pty.pid,
		type(keys) {
			pty.write(keys);
		},
		taken() {
			const taken = {bytes, writes};
			bytes = 0;
			writes = 0;
			return taken;
		},
		async close() {
			pty.kill('SIGTERM');
			const killing = setTimeout(() => {
				pty.kill('SIGKILL');
			}, 3000);
			await exited;
			clearTimeout(killing);
		},
	};
};

const ownMb = (pid: number): number => {
	const status = readFileSync(`/proc/${pid}/status`, 'utf8');
	return Number(/^RssAnon:\s+(\d+)/m.exec(status)![1]) / 1024;
};

const isInstalled = (program: string): boolean =>
	spawnSync(program, ['--version'], {stdio: 'ignore'}).status === 0;

/** A server with five members, each in another view or size. */
const openScreens = async (): Promise<readonly Screen[]> => {
	const port = String(await freePort());
	const sockchat = (
		name: string,
		[columns, rows]: readonly [number, number],
		command: 'serve' | 'connect',
		index = 0,
	) =>
		openScreen(
			name,
			[
				process.execPath,
				...[bin, command, '--port', port],
				...['--nick', `member-${index}`],
			],
			columns,
			rows,
		);

	const wide = [110, 30] as const;
	const server = sockchat('serve, 110x30, 5 members', wide, 'serve');
	// A connection that asks would be in TIME-WAIT, and watched, all the minute.
	await delay(startMs);
	const views = ['', '/lifecycle\r', '/wire\r'] as const;
	const members = [
		sockchat('connect, 110x30', wide, 'connect', 1),
		sockchat('its lifecycle view', wide, 'connect', 2),
		sockchat('its wire view', wide, 'connect', 3),
		sockchat('connect, 80x24', [80, 24], 'connect', 4),
		sockchat('connect, 200x60', [200, 60], 'connect', 5),
	];
	const others = isInstalled('weechat')
		? [openScreen('weechat, 110x30', ['weechat'], ...wide)]
		: [];
	await delay(startMs);
	for (const [index, keys] of views.entries()) {
		if (keys !== '') {
			members[index]!.type(keys);
		}
	}

	return [server, ...members, ...others];
};

export const measureIdle = async ({
	say,
}: Tools): Promise<{rows: readonly Idle[]}> => {
	const screens = await openScreens();
	try {
		await delay(settleMs);
		const before = screens.map(({pid, taken}) => {
			taken();
			return cpuSeconds(pid);
		});
		const startedAt = performance.now();
		await delay(measuredMs);
		const seconds = (performance.now() - startedAt) / 1000;
		const rows = screens.map(({name, pid, taken}, index) => {
			const {bytes, writes} = taken();
			return {
				name,
				bytesPerSecond: bytes / seconds,
				writes,
				cpuShare: (cpuSeconds(pid) - before[index]!) / seconds,
				rssMb: memoryMb(pid, 'VmRSS'),
				ownMb: ownMb(pid),
			};
		});
		for (const row of rows) {
			say(
				`${row.name}: ${row.bytesPerSecond.toFixed(1)} B/s in ${row.writes} writes, ${(row.cpuShare * 100).toFixed(2)}% of a core, ${row.rssMb.toFixed(0)} MB, ${row.ownMb.toFixed(0)} of them its own`,
			);
		}

		return {rows};
	} finally {
		for (const screen of screens.toReversed()) {
			await screen.close();
		}
	}
};
