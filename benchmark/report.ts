/** Formats the results as Markdown: all of them, and the tables of docs/costs.md. */
import {existsSync, readFileSync} from 'node:fs';
import type {FanOutRow} from './fan-out.js';
import type {Flood} from './flood.js';
import type {Idle} from './idle.js';
import type {Latency} from './latency.js';
import type {Memory} from './memory.js';
import type {Past} from './past.js';
import type {PipeRow} from './pipe.js';
import type {ProxyRow} from './proxy.js';
import type {ScreenFlood} from './screen.js';
import type {EntryPoint, RowPoint} from './sizes.js';

type Measured<Part> = Part & {
	readonly date: string;
	readonly machine: string;
	readonly loadBefore: number;
};

export type GrowthPoint = {
	readonly members: number;
	readonly cells: Readonly<Record<string, number>>;
};

export type Results = {
	readonly 'fan-out'?: Measured<{rows: readonly FanOutRow[]}>;
	readonly latency?: Measured<{
		listening: readonly Latency[];
		talking: readonly Latency[];
		echo: readonly Latency[];
	}>;
	readonly memory?: Measured<{rows: readonly Memory[]}>;
	readonly flood?: Measured<{rows: readonly Flood[]}>;
	readonly pipe?: Measured<{mebibytes: number; rows: readonly PipeRow[]}>;
	readonly proxy?: Measured<{mebibytes: number; rows: readonly ProxyRow[]}>;
	readonly 'start-up'?: Measured<{
		bareMs: number;
		/** Undefined in results from before it was measured. */
		versionMs?: number;
		/** The same. */
		messageMs?: number;
		firstFrameMs: number;
		listeningMs: number;
	}>;
	readonly screen?: Measured<{flood: ScreenFlood; past: Past}>;
	readonly idle?: Measured<{rows: readonly Idle[]}>;
	readonly growth?: Measured<{points: readonly GrowthPoint[]}>;
	readonly sizes?: Measured<{
		entries: readonly EntryPoint[];
		rows: readonly RowPoint[];
	}>;
};

export const resultsFile = new URL('results.json', import.meta.url);

export const readResults = (): Results =>
	existsSync(resultsFile)
		? (JSON.parse(readFileSync(resultsFile, 'utf8')) as Results)
		: {};

const table = (
	head: readonly string[],
	rows: ReadonlyArray<readonly string[]>,
): string =>
	[head, head.map((_, index) => (index === 0 ? '---' : '--:')), ...rows]
		.map(row => `| ${row.join(' | ')} |`)
		.join('\n');

const digits = (value: number | undefined): string => {
	if (value === undefined) {
		return '–';
	}

	if (value >= 100) {
		return value.toFixed(0);
	}

	return value >= 1 ? value.toFixed(1) : value.toFixed(3);
};

const loadName = ({members, senders, window}: FanOutRow): string =>
	`${members.toLocaleString('en')}, ${senders}, ${window}`;

const namesOf = (rows: readonly FanOutRow[]): readonly string[] =>
	Object.keys(rows[0]!.cells);

const costs = (rows: readonly FanOutRow[]): string => {
	const names = namesOf(rows);
	return table(
		['members, senders, in flight', ...names],
		rows.map(row => [
			loadName(row),
			...names.map(name => digits(row.cells[name]?.cpuUs)),
		]),
	);
};

const rates = (rows: readonly FanOutRow[]): string => {
	const names = namesOf(rows);
	return table(
		['members, senders, in flight', ...names],
		rows.map(row => [
			loadName(row),
			...names.map(name => {
				const cell = row.cells[name];
				return cell
					? `${digits(cell.perSecond / 1e6)} (${Math.round(cell.generatorShare * 100)}%)`
					: '–';
			}),
		]),
	);
};

const ratios = (
	rows: readonly FanOutRow[],
	key: 'ratios' | 'historyRatios',
): string => {
	const names = namesOf(rows).filter(name => !name.startsWith('sockchat'));
	return table(
		['members, senders, in flight', ...names],
		rows.map(row => [
			loadName(row),
			...names.map(name => {
				const ratio = row[key][name];
				return ratio === undefined ? '–' : `${ratio.toFixed(2)}×`;
			}),
		]),
	);
};

const latencies = (rows: readonly Latency[]): string =>
	table(
		['', 'p50, ms', 'p99, ms'],
		rows.map(({name, p50Ms, p99Ms}) => [
			name,
			p50Ms.toFixed(2),
			p99Ms.toFixed(2),
		]),
	);

const memories = (rows: readonly Memory[]): string => {
	const names = [...new Set(rows.map(({name}) => name))];
	const cell = (name: string, members: number) =>
		rows.find(row => row.name === name && row.members === members)!;
	return table(
		['', 'none, MB', '1,000, MB', '10,000, MB', '10,000 joined, s'],
		names.map(name => [
			name,
			...[0, 1000, 10_000].map(members => cell(name, members).rssMb.toFixed(0)),
			(cell(name, 10_000).joinedMs! / 1000).toFixed(2),
		]),
	);
};

const floods = (rows: readonly Flood[]): string =>
	table(
		['', 'grew by, MB', 'longest wait, ms', 'took, s', 'told what it missed'],
		rows.map(row => [
			row.name,
			row.growthMb.toFixed(0),
			row.hasStalled ? 'all stopped' : row.longestMs.toFixed(0),
			row.seconds.toFixed(1),
			row.isTold ? 'yes' : 'no',
		]),
	);

const when = ({date, machine, loadBefore}: Measured<object>): string =>
	`${date} UTC, ${machine}; load average before: ${loadBefore.toFixed(2)}.`;

const fanOutReport = (part: NonNullable<Results['fan-out']>): string => {
	const {rows} = part;
	const hasHistory = namesOf(rows).includes('sockchat, history');
	return [
		`## Fan-out\n\n${when(part)} Texts of 128 bytes; medians of interleaved rounds; \`limit\` is the same design in C, bare lines.`,
		`Server CPU, µs per delivery (or s per million):\n\n${costs(rows)}`,
		`Deliveries per CPU second of sockchat, as a multiple of each other server's:\n\n${ratios(rows, 'ratios')}`,
		...(hasHistory
			? [`The same with history:\n\n${ratios(rows, 'historyRatios')}`]
			: []),
		`Million deliveries per second (in brackets: the generator's share of a core):\n\n${rates(rows)}`,
	].join('\n\n');
};

const screenReport = (part: NonNullable<Results['screen']>): string => {
	const {flood, past} = part;
	return [
		`## The screen\n\n${when(part)}`,
		`${Math.round(flood.perSecond).toLocaleString('en')} messages per second into an 80x24 pane:\n\n${table(
			['', ''],
			[
				['a key on screen, p50, ms', flood.keyP50Ms.toFixed(1)],
				['a key on screen, p95, ms', flood.keyP95Ms.toFixed(1)],
				['CPU, of a core', `${(flood.cpuShare * 100).toFixed(0)}%`],
				['memory at the start, MB', flood.rssStartMb.toFixed(0)],
				...flood.rss.map(({messages, mb}) => [
					`memory after ${messages.toLocaleString('en')}, MB`,
					mb.toFixed(0),
				]),
				[
					'frames with a message out of order',
					`${flood.disordered} of ${flood.frames}`,
				],
			],
		)}`,
		`${past.entries.toLocaleString('en')} entries of history, p95 of a key:\n\n${table(
			['', 'ms'],
			[
				['from start to the newest entry', past.openMs.toFixed(0)],
				['Home', past.homeMs.toFixed(1)],
				['Page Up', past.pageUpMs.toFixed(1)],
				['/search', past.searchMs.toFixed(1)],
			],
		)}`,
	].join('\n\n');
};

export const report = (results: Results): string => {
	const {latency, memory, flood, growth} = results;
	const startUp = results['start-up'];
	const sections = [
		'# Benchmark results\n\nWritten by `npm run benchmark`; the figures are in results.json.',
		...(results['fan-out'] ? [fanOutReport(results['fan-out'])] : []),
		...(latency
			? [
					`## Latency of a delivery\n\n${when(latency)}`,
					`200 messages per second to 100 members:\n\n${latencies(latency.listening)}`,
					`200 messages per second from 20 members that all send:\n\n${latencies(latency.talking)}`,
					`Round trip, one at a time, compared with a bare echo in Node:\n\n${latencies(latency.echo)}`,
				]
			: []),
		...(memory
			? [
					`## Memory of idle members\n\n${when(memory)}\n\n${memories(memory.rows)}`,
				]
			: []),
		...(flood
			? [
					`## 100 MB to ten members, one of which does not read\n\n${when(flood)}\n\n${floods(flood.rows)}`,
				]
			: []),
		...(results.pipe ? [pipeReport(results.pipe)] : []),
		...(results.proxy ? [proxyReport(results.proxy)] : []),
		...(startUp
			? [
					`## Start-up\n\n${when(startUp)}\n\n${table(
						['', 'ms', 'of bare Node'],
						[
							['`node -e 0`', startUp.bareMs] as const,
							...(startUp.versionMs === undefined
								? []
								: [['`--version`', startUp.versionMs] as const]),
							...(startUp.messageMs === undefined
								? []
								: [['`connect --message`', startUp.messageMs] as const]),
							['`connect`: first frame', startUp.firstFrameMs] as const,
							['`serve --json`: listening', startUp.listeningMs] as const,
						].map(([name, ms]) => [
							name,
							ms.toFixed(0),
							`${(ms / startUp.bareMs).toFixed(1)}×`,
						]),
					)}`,
				]
			: []),
		...(results.screen ? [screenReport(results.screen)] : []),
		...(results.idle ? [idleReport(results.idle)] : []),
		...(growth
			? [
					`## Growth\n\n${when(growth)} Server CPU per delivery, µs, 256 in flight:\n\n![cost per delivery by members](../docs/growth.svg)\n\n${table(
						['members', ...Object.keys(growth.points[0]!.cells)],
						growth.points.map(({members, cells}) => [
							members.toLocaleString('en'),
							...Object.keys(growth.points[0]!.cells).map(name =>
								digits(cells[name]),
							),
						]),
					)}`,
				]
			: []),
		...(results.sizes ? [sizesReport(results.sizes)] : []),
	];
	return `${sections.join('\n\n')}\n`;
};

const times = (ratio: number | undefined): string =>
	ratio === undefined ? '' : ` (${ratio.toFixed(1)}×)`;

const pipeReport = (part: NonNullable<Results['pipe']>): string =>
	[
		`## ${part.mebibytes} MiB through a pipe`,
		`${when(part)} From the program's start to its end; in brackets the median of the ratios to nc in the same round.`,
		table(
			['', 'sent, ms', 'received, ms'],
			part.rows.map(({name, upMs, downMs, ratio}) => [
				name,
				upMs.toFixed(0) + times(ratio.up),
				downMs.toFixed(0) + times(ratio.down),
			]),
		),
	].join('\n\n');

const proxyReport = (part: NonNullable<Results['proxy']>): string =>
	[
		`## ${part.mebibytes} MiB through a proxy`,
		`${when(part)} From the first connection to the last end; in brackets the median of the ratios to socat in the same round. Without \`-q\`, sockchat prints a line for each chunk. What it records is text, stored as base64 and as text.`,
		table(
			['', 'ms', 'peak memory, MB', 'recorded'],
			part.rows.map(({name, ms, ratio, peakMb, recorded}) => [
				`\`${name}\``,
				ms.toFixed(0) + times(ratio),
				peakMb.toFixed(0),
				recorded
					? `${recorded.mebibytes.toFixed(0)} MiB, in ${recorded.fileMb.toFixed(0)} MB`
					: '',
			]),
		),
	].join('\n\n');

const idleReport = (part: NonNullable<Results['idle']>): string =>
	[
		`## An idle screen\n\n${when(part)} From two and a half minutes after the start on nobody says anything, in rounds of 30 s: the mean of what is written, medians of the rest, and in brackets the median of the ratios to weechat in the same round. \`npm run benchmark -- idle\` repeats it. Node 24 alone, waiting for a timer, takes 42 MB, 8 of them its own. A server's screen with members adds 12 MB of pages of Node's program (5 of read-only data, 1.5 of Maglev, 1 of WebAssembly, 0.6 each of TurboFan and SQLite) and as much of its own, most of it V8's heap; the code that its start ran once is given back. The optimizing compilers, 10 MB more, rest until a screen has work, and never get to Yoga. All screens here run for the second time, with V8's cache of their code.`,
		table(
			['', 'written, B/s', 'CPU, of a core', 'memory, MB', 'of it its own'],
			part.rows.map(({name, ratio, ...row}) => [
				name,
				row.bytesPerSecond.toFixed(1),
				`${(row.cpuShare * 100).toFixed(2)}%${times(ratio?.cpuShare)}`,
				row.rssMb.toFixed(0) + times(ratio?.rssMb),
				row.ownMb.toFixed(0),
			]),
		),
	].join('\n\n');

const sizesReport = (sizes: NonNullable<Results['sizes']>): string =>
	[
		'## Costs per entry and per row',
		when(sizes),
		table(
			['entries of history', 'open it, ms', 'store one more, µs'],
			sizes.entries.map(({entries, openMs, appendUs}) => [
				entries.toLocaleString('en'),
				openMs.toFixed(0),
				appendUs.toFixed(0),
			]),
		),
		table(
			['peers in the table', 'a frame of it, µs', 'sort it, ms'],
			sizes.rows.map(({peers, frameUs, sortMs}) => [
				peers.toLocaleString('en'),
				frameUs.toFixed(0),
				sortMs.toFixed(2),
			]),
		),
	].join('\n\n');

/** For docs/costs.md: the cost of a delivery and a member, the date and the machine. */
export const costTables = (): string => {
	const {'fan-out': fanOut, latency, memory} = readResults();
	if (!fanOut || !latency || !memory) {
		return 'Not measured yet: `npm run benchmark`.';
	}

	return [
		`Server CPU, µs per delivery (${fanOut.date} UTC, ${fanOut.machine}):`,
		costs(fanOut.rows),
		`A delivery at 200 messages per second to 100 members (${latency.date} UTC):`,
		latencies(latency.listening),
		`Memory of idle members (${memory.date} UTC):`,
		memories(memory.rows),
	].join('\n\n');
};
