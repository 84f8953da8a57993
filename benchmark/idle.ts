/**
 * Measures what a screen costs while nobody says anything, beside weechat: bytes
 * it writes, CPU, memory. All run at the same time, so each round is the same
 * stretch of time for all of them; with the default of three, it takes five
 * minutes.
 */
import {spawnSync} from 'node:child_process';
import {readdirSync, readFileSync} from 'node:fs';
import process from 'node:process';
import {setTimeout as delay} from 'node:timers/promises';
import {spawn} from '@lydell/node-pty';
import {bin} from './contestants.js';
import {median} from './generator.js';
import {folder} from './native.js';
import {freePort, memoryMb} from './processes.js';
import type {Tools} from './tools.js';

type Cost = {
	readonly bytesPerSecond: number;
	/** The share of a core. */
	readonly cpuShare: number;
	readonly rssMb: number;
};

/** Medians of the rounds; of what is written, which is a frame a minute, means. */
export type Idle = Cost & {
	readonly name: string;
	readonly writes: number;
	/** What it doesn't share with other processes of the same program. */
	readonly ownMb: number;
	/** Beside weechat, if it is here: the medians of the ratios of the rounds. */
	readonly ratio?: Partial<Omit<Cost, 'bytesPerSecond'>> | undefined;
};

const roundMs = 30_000;
/**
 * Then the welcome is drawn, the pace of sampling is that of rest, and the totals
 * of a new connection no longer double every few seconds. In its first two
 * minutes a screen takes up to twice as much.
 */
const settleMs = 150_000;

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

/** Of all its threads, in steps of less than a millisecond. */
const cpuSeconds = (pid: number): number => {
	let nanoseconds = 0;
	for (const thread of readdirSync(`/proc/${pid}/task`)) {
		const stat = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8');
		nanoseconds += Number(stat.split(' ', 1)[0]);
	}

	return nanoseconds / 1e9;
};

const isInstalled = (program: string): boolean =>
	spawnSync(program, ['--version'], {stdio: 'ignore'}).status === 0;

/** A server with five members, each in another view or size, and weechat last. */
const openScreens = async (
	say: Tools['say'],
): Promise<readonly [all: Screen[], weechat: Screen | undefined]> => {
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
	const weechat = isInstalled('weechat')
		? openScreen('weechat, 110x30', ['weechat'], ...wide)
		: undefined;
	if (!weechat) {
		say('Not here: weechat. For its row: apt-get install weechat-curses');
	}

	await delay(startMs);
	for (const [index, keys] of views.entries()) {
		if (keys !== '') {
			members[index]!.type(keys);
		}
	}

	return [[server, ...members, ...(weechat ? [weechat] : [])], weechat];
};

const close = async (screens: readonly Screen[]): Promise<void> => {
	for (const screen of screens.toReversed()) {
		await screen.close();
	}
};

type Round = Omit<Idle, 'name' | 'ratio'>;

/** What each screen costs in one stretch of time. */
const measureRound = async (screens: readonly Screen[]): Promise<Round[]> => {
	const before = screens.map(({pid, taken}) => {
		taken();
		return cpuSeconds(pid);
	});
	const startedAt = performance.now();
	await delay(roundMs);
	const seconds = (performance.now() - startedAt) / 1000;
	return screens.map(({pid, taken}, index) => {
		const {bytes, writes} = taken();
		return {
			bytesPerSecond: bytes / seconds,
			writes,
			cpuShare: (cpuSeconds(pid) - before[index]!) / seconds,
			rssMb: memoryMb(pid, 'VmRSS'),
			ownMb: ownMb(pid),
		};
	});
};

const medianOf = (rounds: readonly Round[], key: keyof Round): number =>
	median(rounds.map(round => round[key]));

const meanOf = (rounds: readonly Round[], key: keyof Round): number => {
	let total = 0;
	for (const round of rounds) {
		total += round[key];
	}

	return total / rounds.length;
};

const ratiosOf = (own: readonly Round[], theirs: readonly Round[]) => {
	const ratioOf = (key: 'cpuShare' | 'rssMb') => {
		const ratios = own.flatMap((round, index) => {
			const beside = theirs[index]![key];
			return beside > 0 ? [round[key] / beside] : [];
		});
		return ratios.length > 0 ? median(ratios) : undefined;
	};

	return {cpuShare: ratioOf('cpuShare'), rssMb: ratioOf('rssMb')};
};

const times = (ratio: number | undefined): string =>
	ratio === undefined ? '' : ` (${ratio.toFixed(1)} x)`;

const lineOf = ({name, writes, ratio, ...row}: Idle): string =>
	`${name}: ${row.bytesPerSecond.toFixed(1)} B/s in ${writes.toFixed(1)} writes a round, ${(row.cpuShare * 100).toFixed(2)}% of a core${times(ratio?.cpuShare)}, ${row.rssMb.toFixed(0)} MB${times(ratio?.rssMb)}, ${row.ownMb.toFixed(0)} of them its own`;

export const measureIdle = async ({
	rounds,
	say,
}: Tools): Promise<{rows: readonly Idle[]}> => {
	// Every start but the first has V8's cache of the program's code.
	const [first] = await openScreens(say);
	await delay(settleMs);
	await close(first);
	const [screens, weechat] = await openScreens(say);
	try {
		await delay(settleMs);
		const measured: Round[][] = screens.map(() => []);
		for (let round = 0; round < rounds; round++) {
			for (const [index, cost] of (await measureRound(screens)).entries()) {
				measured[index]!.push(cost);
			}
		}

		const beside = weechat && measured.at(-1);
		const rows = screens.map(({name}, index): Idle => {
			const each = measured[index]!;
			return {
				name,
				bytesPerSecond: meanOf(each, 'bytesPerSecond'),
				writes: meanOf(each, 'writes'),
				cpuShare: medianOf(each, 'cpuShare'),
				rssMb: medianOf(each, 'rssMb'),
				ownMb: medianOf(each, 'ownMb'),
				ratio: beside && each !== beside ? ratiosOf(each, beside) : undefined,
			};
		});
		for (const row of rows) {
			say(lineOf(row));
		}

		return {rows};
	} finally {
		await close(screens);
	}
};
